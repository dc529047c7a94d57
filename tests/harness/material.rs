//! Key material in the clear, as its owner has it, and what the owner can say of it without a token.

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use keyferry::model::fingerprint::{DOMAIN, aes_blocks};
use keyferry::model::{Evidence, KeyId, KeySpec, MaterialKind, WrappingAlgorithm};

use super::{openssl, rustcrypto};

/// Who wraps.
#[derive(Clone, Copy, Debug)]
pub enum Wrapper {
    OpenSsl,
    RustCrypto,
}

/// Key material that never saw a token.
#[derive(Clone)]
pub struct Plaintext {
    pub kind: MaterialKind,
    /// Raw bytes, or PKCS#8 DER.
    pub bytes: Vec<u8>,
}

impl Plaintext {
    /// Fresh material for a key of this spec; RSA keys are made once per process.
    pub fn for_spec(spec: KeySpec) -> Self {
        let kind = spec.material().unwrap();
        let bytes = kind.secret_bytes().map_or_else(|| openssl::private_key(kind), openssl::random);
        Self { kind, bytes }
    }

    /// Fresh AES-256 material. Its check value is none that could be a number, as one in ten is: YAML quotes those.
    pub fn aes() -> Self {
        loop {
            let material = Self::for_spec(KeySpec::SymmetricDefault);
            if material.kcv().is_some_and(|kcv| kcv.contains(['a', 'b', 'c', 'd', 'f'])) {
                return material;
            }
        }
    }

    /// The ciphertext to import under this wrapping key.
    pub fn wrap(&self, wrapper: Wrapper, algorithm: WrappingAlgorithm, spki: &[u8]) -> Vec<u8> {
        wrap(wrapper, algorithm, spki, &self.bytes)
    }

    /// The ciphertext to import under [`super::Client::some_parameters`].
    pub fn wrap_simply(&self, spki: &[u8]) -> Vec<u8> {
        self.wrap(Wrapper::RustCrypto, WrappingAlgorithm::RsaesOaepSha256, spki)
    }

    /// The public half of a private key, from OpenSSL.
    pub fn spki(&self) -> Option<Vec<u8>> {
        self.kind.secret_bytes().is_none().then(|| openssl::public_key(&self.bytes))
    }

    /// The key check value of an AES key, 6 hex digits.
    pub fn kcv(&self) -> Option<String> {
        (self.kind == MaterialKind::Aes256).then(|| openssl::hex(&self.encrypt_block([0; 16])[..3]))
    }

    /// The fingerprint as material of this key, 64 hex digits.
    pub fn fingerprint(&self, key_id: &str) -> String {
        let evidence = match self.kind {
            MaterialKind::Aes256 => {
                let blocks = aes_blocks();
                let halves = [&blocks[..16], &blocks[16..]].map(|half| self.encrypt_block(half.try_into().unwrap()));
                Evidence::Aes(halves.concat().try_into().unwrap())
            }
            MaterialKind::Hmac(hash) => Evidence::Hmac(openssl::hmac(hash, &self.bytes, DOMAIN)),
            MaterialKind::Rsa(_) | MaterialKind::Ec(_) => Evidence::Spki(openssl::public_key(&self.bytes)),
        };
        evidence.material_id(&KeyId::parse(key_id).unwrap()).to_string()
    }

    fn encrypt_block(&self, block: [u8; 16]) -> [u8; 16] {
        let mut block = block.into();
        aes::Aes256::new_from_slice(&self.bytes).unwrap().encrypt_block(&mut block);
        block.into()
    }
}

/// Wraps whatever it is given, right or wrong.
pub fn wrap(wrapper: Wrapper, algorithm: WrappingAlgorithm, spki: &[u8], bytes: &[u8]) -> Vec<u8> {
    let Some(hash) = algorithm.oaep_hash() else {
        return match wrapper {
            Wrapper::OpenSsl => openssl::sm2pke(spki, bytes),
            Wrapper::RustCrypto => rustcrypto::sm2pke(spki, bytes),
        };
    };
    let oaep = |plaintext: &[u8]| match wrapper {
        Wrapper::OpenSsl => openssl::oaep(spki, hash, plaintext),
        Wrapper::RustCrypto => rustcrypto::oaep(spki, hash, plaintext),
    };
    if !algorithm.is_hybrid() {
        return oaep(bytes);
    }
    let kek: [u8; 32] = openssl::random(32).try_into().unwrap();
    let wrapped = match wrapper {
        Wrapper::OpenSsl => openssl::kwp(&kek, bytes),
        Wrapper::RustCrypto => rustcrypto::kwp(&kek, bytes),
    };
    [oaep(&kek), wrapped].concat()
}
