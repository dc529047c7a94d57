//! Decrypt under symmetric keys: which key, which material, and what is refused alike.

use keyferry::ciphertext::Ciphertext;
use keyferry::model::{Account, KeyId, KeyMaterialId};
use keyferry::service::{
    AliasTarget, Call, Decrypt, Decrypted, DeleteImportedKeyMaterial, EncryptionContext, Error, Kind, Options,
};

use super::encryption::{context, encrypt};
use super::{House, MESSAGE, Plaintext, call, dry, import, said, shown, start, symmetric_key};

pub(super) fn decrypt(ciphertext: &[u8], key_id: Option<&str>, context: EncryptionContext) -> Decrypt {
    Decrypt {
        ciphertext: ciphertext.to_vec(),
        encryption_context: context,
        key_id: key_id.map(str::to_owned),
        encryption_algorithm: None,
        options: Options::default(),
    }
}

async fn encrypted(house: &House, key_id: &str) -> Vec<u8> {
    let request = encrypt(key_id, MESSAGE, context(&[("a", "1")]));
    house.service.encrypt(&call(), request).await.unwrap().ciphertext
}

async fn decrypted(house: &House, ciphertext: &[u8], key_id: Option<&str>) -> Result<Decrypted, Error> {
    house.service.decrypt(&call(), decrypt(ciphertext, key_id, context(&[("a", "1")]))).await
}

#[tokio::test]
async fn a_ciphertext_names_its_key_and_a_request_may_only_agree() {
    let house = start("decrypts").await;
    let (key_id, material) = symmetric_key(&house).await;
    let (other, _) = symmetric_key(&house).await;
    let ciphertext = encrypted(&house, &key_id).await;
    for named in [None, Some(key_id.as_str())] {
        let answer = decrypted(&house, &ciphertext, named).await.unwrap();
        assert_eq!(shown(&answer.plaintext), MESSAGE);
        assert!(answer.arn.as_str().ends_with(&key_id));
        assert_eq!(answer.material.unwrap().to_string(), material.fingerprint(&key_id));
    }
    let alias = AliasTarget { alias_name: "alias/by-another-name".to_owned(), target_key_id: key_id.clone() };
    house.service.create_alias(&call(), alias).await.unwrap();
    let by_alias = encrypted(&house, "alias/by-another-name").await;
    let answer = decrypted(&house, &by_alias, Some("alias/by-another-name")).await.unwrap();
    assert_eq!(shown(&answer.plaintext), MESSAGE);
    assert!(answer.arn.as_str().ends_with(&key_id));
    let (kind, message) = said(decrypted(&house, &ciphertext, Some(&other)).await);
    assert_eq!(kind, Kind::IncorrectKey);
    assert_eq!(message, "The key ID in the request does not identify a CMK that can perform this operation.");
    let asks = Decrypt { options: dry(), ..decrypt(&ciphertext, None, context(&[("a", "1")])) };
    assert_eq!(said(house.service.decrypt(&call(), asks).await).0, Kind::DryRun);
}

#[tokio::test]
async fn whatever_is_no_ciphertext_of_the_caller_is_refused_alike() {
    let house = start("alike").await;
    let (key_id, material) = symmetric_key(&house).await;
    let (other, other_material) = symmetric_key(&house).await;
    let ciphertext = encrypted(&house, &key_id).await;
    let forged = |alter: &dyn Fn(&mut Ciphertext)| {
        let mut parsed = Ciphertext::parse(&ciphertext).unwrap();
        alter(&mut parsed);
        parsed.encode().unwrap()
    };
    let material_of = |material: &Plaintext, key: &str| KeyMaterialId::parse(&material.fingerprint(key)).unwrap();
    let cases = [
        ("garbage", vec![7; 100]),
        ("a byte short", ciphertext[..ciphertext.len() - 1].to_vec()),
        ("a byte long", [&ciphertext[..], &[0]].concat()),
        ("an altered tag", forged(&|it| *it.sealed.last_mut().unwrap() ^= 1)),
        ("an altered plaintext", forged(&|it| it.sealed[0] ^= 1)),
        ("another IV", forged(&|it| it.iv[0] ^= 1)),
        ("a key that is not", forged(&|it| it.header.key = KeyId::random(false))),
        ("a material that is not", forged(&|it| it.header.material = KeyMaterialId([7; 32]))),
        (
            "another key, its material",
            forged(&|it| {
                it.header.key = KeyId::parse(&other).unwrap();
                it.header.material = material_of(&other_material, &other);
            }),
        ),
        (
            "another key, this one's material",
            forged(&|it| {
                it.header.key = KeyId::parse(&other).unwrap();
                it.header.material = material_of(&material, &key_id);
            }),
        ),
    ];
    let expected = said(decrypted(&house, &[1], None).await);
    assert_eq!(expected.0, Kind::InvalidCiphertext);
    for (what, case) in cases {
        assert_eq!(said(decrypted(&house, &case, None).await), expected, "{what}");
    }
    for wrong in [context(&[]), context(&[("a", "2")]), context(&[("A", "1")]), context(&[("a", "1"), ("b", "")])] {
        let refused = house.service.decrypt(&call(), decrypt(&ciphertext, None, wrong.clone())).await;
        assert_eq!(said(refused), expected, "{wrong:?}");
    }
    let mut stranger: Call = call();
    stranger.principal.account = Account::parse("999999999999").unwrap();
    let refused = house.service.decrypt(&stranger, decrypt(&ciphertext, None, context(&[("a", "1")]))).await;
    assert_eq!(said(refused), expected, "of another account");
    assert_eq!(shown(&decrypted(&house, &ciphertext, None).await.unwrap().plaintext), MESSAGE);
}

#[tokio::test]
async fn an_old_ciphertext_decrypts_after_a_rotation_and_not_while_its_material_is_gone() {
    let house = start("rotated").await;
    let (key_id, first) = symmetric_key(&house).await;
    let old = encrypted(&house, &key_id).await;
    let second = Plaintext::aes();
    import(&house, &key_id, &second, Some("NEW_KEY_MATERIAL")).await;
    house.service.rotate_key_on_demand(&call(), key_id.clone()).await.unwrap();

    let new = encrypted(&house, &key_id).await;
    for (ciphertext, material) in [(&old, &first), (&new, &second)] {
        let answer = decrypted(&house, ciphertext, None).await.unwrap();
        assert_eq!(shown(&answer.plaintext), MESSAGE);
        assert_eq!(answer.material.unwrap().to_string(), material.fingerprint(&key_id));
    }
    let delete = DeleteImportedKeyMaterial { key_id: key_id.clone(), key_material_id: Some(first.fingerprint(&key_id)) };
    house.service.delete_imported_key_material(&call(), delete).await.unwrap();
    for ciphertext in [&old, &new] {
        let (kind, message) = said(decrypted(&house, ciphertext, None).await);
        assert_eq!(kind, Kind::InvalidState);
        assert!(message.ends_with(&format!(":key/{key_id} is pending import.")), "{message}");
    }
    import(&house, &key_id, &first, Some("EXISTING_KEY_MATERIAL")).await;
    for ciphertext in [&old, &new] {
        assert_eq!(shown(&decrypted(&house, ciphertext, None).await.unwrap().plaintext), MESSAGE);
    }
}
