//! Encrypt and data keys: what comes out opens outside with the key that was imported.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use coset::{CoseEncrypt0, TaggedCborSerializable};
use keyferry::model::{Account, KeyId, KeyMaterialId};
use keyferry::service::{Encrypt, EncryptionContext, GenerateDataKey, GenerateRandom, Kind, Options};

use super::decryption::decrypt;
use super::{MESSAGE, call, dry, said, secret, shown, start, symmetric_key};
use crate::harness::Plaintext;

pub(super) fn encrypt(key_id: &str, plaintext: &[u8], context: EncryptionContext) -> Encrypt {
    Encrypt {
        key_id: key_id.to_owned(),
        plaintext: secret(plaintext),
        encryption_context: context,
        encryption_algorithm: None,
        options: Options::default(),
    }
}

pub(super) fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Opens a ciphertext by what the documentation says of it, and nothing of ours.
fn open_outside(material: &Plaintext, key_id: &str, context: &[&str], ciphertext: &[u8]) -> Vec<u8> {
    let cose = CoseEncrypt0::from_tagged_slice(ciphertext).unwrap();
    let text = |text: &str| [&[0x78, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let short = |text: &str| [&[0x60 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let pairs: Vec<u8> = context.iter().flat_map(|text| short(text)).collect();
    let external = [&[0x82], &text(key_id)[..], &[0x80 | u8::try_from(context.len()).unwrap()], &pairs].concat();
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &material.bytes).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&cose.unprotected.iv).unwrap();
    let opened = cose.decrypt_ciphertext(
        &external,
        || panic!("no ciphertext"),
        |sealed, additional| {
            let mut sealed = sealed.to_vec();
            key.open_in_place(nonce, Aad::from(additional), &mut sealed).map(|plaintext| plaintext.to_vec())
        },
    );
    let named = [key_id.as_bytes(), &KeyMaterialId::parse(&material.fingerprint(key_id)).unwrap().0].concat();
    assert_eq!(cose.protected.header.key_id, named, "it names the key and its material");
    opened.unwrap()
}

#[tokio::test]
async fn what_is_encrypted_opens_outside_with_the_imported_key_and_names_it() {
    let house = start("encrypts").await;
    let (key_id, material) = symmetric_key(&house).await;
    let longest = vec![7; 4096];
    for plaintext in [MESSAGE, &[0], &longest] {
        let request = encrypt(&key_id, plaintext, context(&[("b", "2"), ("a", "1")]));
        let encrypted = house.service.encrypt(&call(), request).await.unwrap();
        assert_eq!(encrypted.algorithm, "SYMMETRIC_DEFAULT");
        assert!(encrypted.arn.as_str().ends_with(&key_id));
        assert!(encrypted.ciphertext.len() <= 6144);
        assert_eq!(open_outside(&material, &key_id, &["a", "1", "b", "2"], &encrypted.ciphertext), plaintext);
    }
    let once = house.service.encrypt(&call(), encrypt(&key_id, MESSAGE, context(&[]))).await.unwrap().ciphertext;
    let again = house.service.encrypt(&call(), encrypt(&key_id, MESSAGE, context(&[]))).await.unwrap().ciphertext;
    assert_ne!(once, again, "each has an IV of its own");
}

#[tokio::test]
async fn a_data_key_is_what_its_ciphertext_holds() {
    let house = start("data keys").await;
    let (key_id, material) = symmetric_key(&house).await;
    let ask = |spec: Option<&str>, number_of_bytes| GenerateDataKey {
        key_id: key_id.clone(),
        encryption_context: context(&[("a", "1")]),
        key_spec: spec.map(str::to_owned),
        number_of_bytes,
        options: Options::default(),
    };
    for (spec, number, bytes) in [(Some("AES_256"), None, 32), (Some("AES_128"), None, 16), (None, Some(1024), 1024)] {
        let made = house.service.generate_data_key(&call(), ask(spec, number)).await.unwrap();
        let plaintext = made.plaintext.unwrap();
        assert_eq!(shown(&plaintext).len(), bytes);
        assert_eq!(open_outside(&material, &key_id, &["a", "1"], &made.ciphertext), shown(&plaintext));
        assert_eq!(made.material.to_string(), material.fingerprint(&key_id));
    }
    let hidden = house.service.generate_data_key_without_plaintext(&call(), ask(Some("AES_256"), None)).await.unwrap();
    assert!(hidden.plaintext.is_none());
    assert_eq!(open_outside(&material, &key_id, &["a", "1"], &hidden.ciphertext).len(), 32);
    let either = (Kind::Validation, "Please specify either number of bytes or key spec.".to_owned());
    assert_eq!(said(house.service.generate_data_key(&call(), ask(None, None)).await), either);
    let asks = GenerateDataKey { options: dry(), ..ask(Some("AES_256"), None) };
    assert_eq!(said(house.service.generate_data_key(&call(), asks).await).0, Kind::DryRun);
}

#[tokio::test]
async fn random_bytes_are_as_many_as_were_asked_for() {
    let house = start("random bytes").await;
    let ask = |number_of_bytes| GenerateRandom { number_of_bytes, ..GenerateRandom::default() };
    for bytes in [1, 1024] {
        let random = house.service.generate_random(&call(), ask(Some(bytes))).await.unwrap();
        assert_eq!(shown(&random).len(), usize::try_from(bytes).unwrap());
    }
    for number in [None, Some(0), Some(1025)] {
        assert_eq!(said(house.service.generate_random(&call(), ask(number)).await).0, Kind::Validation);
    }
    for wanting in [
        GenerateRandom { for_recipient: true, ..ask(Some(1)) },
        GenerateRandom { custom_key_store_id: Some("cks-1".to_owned()), ..ask(Some(1)) },
    ] {
        assert_eq!(said(house.service.generate_random(&call(), wanting).await).0, Kind::Unsupported);
    }
}

/// As people change when material ends: they bring it again, while the key is in use.
#[tokio::test(flavor = "multi_thread")]
async fn a_use_goes_on_where_the_same_material_was_brought_again_meanwhile() {
    let house = start("brought again").await;
    let (key_id, material) = symmetric_key(&house).await;
    let (account, id) = (Account::parse("111122223333").unwrap(), KeyId::parse(&key_id).unwrap());
    let object = async || house.store.key(&account, &id).await.unwrap().unwrap().materials[0].object;
    let before = object().await;
    super::import(&house, &key_id, &material, None).await;
    let after = object().await;
    assert_ne!(before, after);
    house.service.tidy().await.unwrap();
    // The use reads the record as it was before, when the object of then is gone.
    house.tamper(&format!("UPDATE materials SET object = x'{before}'")).await;
    house.tamper_meanwhile(format!("UPDATE materials SET object = x'{after}'"));
    let encrypted = house.service.encrypt(&call(), encrypt(&key_id, MESSAGE, context(&[]))).await.unwrap();
    let decrypted = house.service.decrypt(&call(), decrypt(&encrypted.ciphertext, None, context(&[]))).await.unwrap();
    assert_eq!(shown(&decrypted.plaintext), MESSAGE);
}
