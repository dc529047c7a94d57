//! Ciphertexts are read back as they were written, and in no other way.
#![allow(clippy::unwrap_used)]

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use proptest::prelude::*;

use super::*;

type Context = BTreeMap<String, String>;

fn header() -> Header {
    Header { key: KeyId::parse("1234abcd-12ab-34cd-56ef-1234567890ab").unwrap(), material: KeyMaterialId([3; 32]) }
}

fn key() -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[9; 32]).unwrap())
}

fn seal(plaintext: &[u8], context: &Context) -> Vec<u8> {
    let (header, iv) = (header(), [5; IV_BYTES]);
    let additional = header.additional_data(context).unwrap();
    let mut sealed = plaintext.to_vec();
    key().seal_in_place_append_tag(Nonce::assume_unique_for_key(iv), Aad::from(additional), &mut sealed).unwrap();
    Ciphertext { header, iv, sealed }.encode().unwrap()
}

fn open(bytes: &[u8], context: &Context) -> Option<Vec<u8>> {
    let Ciphertext { header: named, iv, mut sealed } = Ciphertext::parse(bytes).ok()?;
    if named != header() {
        return None;
    }
    let additional = named.additional_data(context).unwrap();
    let opened = key().open_in_place(Nonce::assume_unique_for_key(iv), Aad::from(additional), &mut sealed).ok()?;
    Some(opened.to_vec())
}

fn context(pairs: &[(&str, &str)]) -> Context {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_ciphertext_is_a_tagged_cose_encrypt0_over_its_own_structure() {
    assert_eq!(seal(b"x", &Context::new())[0], 0xd0, "CBOR tag 16");
    let structure = header().additional_data(&Context::new()).unwrap();
    assert!(structure.starts_with(b"\x83\x68Encrypt0"), "Enc_structure of RFC 9052 §5.3");
}

#[test]
fn the_longest_plaintext_fits_into_what_decrypt_takes() {
    let sealed = seal(&[7; MAX_PLAINTEXT_BYTES], &context(&[("a", "b")]));
    assert!(sealed.len() < MAX_PLAINTEXT_BYTES + 256, "{}", sealed.len());
}

#[test]
fn contexts_that_look_alike_when_run_together_are_not_the_same() {
    let alike = [
        context(&[]),
        context(&[("ab", "c")]),
        context(&[("a", "bc")]),
        context(&[("a", ""), ("b", "c")]),
        context(&[("a", "b"), ("c", "")]),
        context(&[("a", "c"), ("b", "")]),
    ];
    for (index, one) in alike.iter().enumerate() {
        for (other_index, other) in alike.iter().enumerate() {
            assert_eq!(open(&seal(b"x", one), other).is_some(), index == other_index, "{one:?} {other:?}");
        }
    }
    let named = Header { key: KeyId::random(true), ..header() };
    assert_ne!(named.additional_data(&alike[0]).unwrap(), header().additional_data(&alike[0]).unwrap());
}

#[test]
fn what_could_be_added_outside_the_tag_is_refused() {
    let bytes = seal(b"x", &Context::new());
    let mut cose = CoseEncrypt0::from_tagged_slice(&bytes).unwrap();
    cose.unprotected.key_id = vec![1];
    assert_eq!(Ciphertext::parse(&cose.to_tagged_vec().unwrap()), Err(Malformed));
    let mut cose = CoseEncrypt0::from_tagged_slice(&bytes).unwrap();
    cose.unprotected.iv = vec![5; 16];
    assert_eq!(Ciphertext::parse(&cose.to_tagged_vec().unwrap()), Err(Malformed));
}

#[test]
fn no_altered_byte_is_accepted() {
    let (context, sealed) = (context(&[("a", "b")]), seal(b"what was encrypted", &context(&[("a", "b")])));
    assert!(open(&sealed, &context).is_some());
    for at in 0..sealed.len() {
        for mask in [1, 0x20, 0x80, 0xff] {
            let mut altered = sealed.clone();
            altered[at] ^= mask;
            assert_eq!(open(&altered, &context), None, "byte {at}, {mask:#x}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        plaintext in prop::collection::vec(any::<u8>(), 1..500),
        context in prop::collection::btree_map(".{0,20}", ".{0,20}", 0..5),
    ) {
        let sealed = seal(&plaintext, &context);
        prop_assert_eq!(open(&sealed, &context), Some(plaintext));
        let other = [("another".to_owned(), "context".to_owned())].into_iter().collect();
        prop_assert_eq!(open(&sealed, &other), None);
    }

    #[test]
    fn no_altered_ciphertext_is_accepted(position in any::<prop::sample::Index>(), mask in 1u8..) {
        let mut sealed = seal(b"what was encrypted", &Context::new());
        let position = position.index(sealed.len());
        sealed[position] ^= mask;
        prop_assert_eq!(open(&sealed, &Context::new()), None);
    }

    #[test]
    fn no_shortened_or_lengthened_ciphertext_is_accepted(cut in any::<prop::sample::Index>(), tail in prop::collection::vec(any::<u8>(), 1..40)) {
        let sealed = seal(b"what was encrypted", &Context::new());
        prop_assert_eq!(open(&sealed[..cut.index(sealed.len())], &Context::new()), None);
        let longer: Vec<u8> = sealed.iter().chain(&tail).copied().collect();
        prop_assert_eq!(open(&longer, &Context::new()), None);
    }

    #[test]
    fn garbage_is_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert_eq!(Ciphertext::parse(&bytes), Err(Malformed));
    }
}
