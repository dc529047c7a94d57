//! RSA-OAEP blocks that are broken in one place each, encrypted without anyone's padding.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use keyferry::wrap::spki;
use sha2::{Digest, Sha256};

/// Where a block is broken. Each is refused after the RSA operation, for a reason of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    FirstByte,
    LabelHash,
    Separator,
    /// Nowhere: the material in it has a wrong length.
    Material,
    /// Everywhere: random bytes.
    Throughout,
}

impl Broken {
    pub const ALL: [Self; 5] = [Self::FirstByte, Self::LabelHash, Self::Separator, Self::Material, Self::Throughout];
    const K: usize = 256;

    /// A block of 2048 bits, SHA-256, empty label (RFC 8017 §7.1.1), with `random` where chance decides.
    fn block(self, random: &mut impl FnMut(usize) -> Vec<u8>) -> Vec<u8> {
        let hash = Sha256::output_size();
        if self == Self::Throughout {
            return [vec![0x2a], random(Self::K - 1)].concat();
        }
        let mut label_hash = Sha256::digest([]).to_vec();
        if self == Self::LabelHash {
            label_hash[7] ^= 1;
        }
        let message = random(if self == Self::Material { 31 } else { 32 });
        let separator = if self == Self::Separator { 0 } else { 1 };
        // Nothing in the message may stand in for the separator that is not there.
        let message = if self == Self::Separator { vec![0; message.len()] } else { message };
        let zeros = vec![0; Self::K - 2 * hash - 2 - message.len()];
        let mut block = [label_hash, zeros, vec![separator], message].concat();
        let mut seed = random(hash);
        mask(&seed, &mut block);
        mask(&block, &mut seed);
        [vec![u8::from(self == Self::FirstByte)], seed, block].concat()
    }
}

/// XORs MGF1 of `seed` into `target` (RFC 8017 appendix B.2.1).
fn mask(seed: &[u8], target: &mut [u8]) {
    for (counter, chunk) in (0u32..).zip(target.chunks_mut(Sha256::output_size())) {
        let block = Sha256::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        chunk.iter_mut().zip(block).for_each(|(byte, mask)| *byte ^= mask);
    }
}

/// Encrypts blocks with bare RSA: a token's, which pads nothing under CKM_RSA_X_509.
pub struct Press<'a> {
    session: &'a Session,
    key: ObjectHandle,
}

impl<'a> Press<'a> {
    pub fn new(session: &'a Session, public_key: &[u8]) -> Self {
        let (modulus, exponent) = spki::rsa_parts(public_key).unwrap();
        let template = [
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Token(false),
            Attribute::Private(false),
            Attribute::Encrypt(true),
            Attribute::Modulus(modulus),
            Attribute::PublicExponent(exponent),
        ];
        Self { session, key: session.create_object(&template).unwrap() }
    }

    /// A ciphertext like no other.
    pub fn ciphertext(&self, broken: Broken) -> Vec<u8> {
        let mut random = |length| {
            let mut bytes = vec![0; length];
            getrandom::fill(&mut bytes).unwrap();
            bytes
        };
        self.session.encrypt(&Mechanism::RsaX509, self.key, &broken.block(&mut random)).unwrap()
    }
}
