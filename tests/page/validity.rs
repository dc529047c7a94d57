//! How long a set is good for, in a house whose clock moves; over the wire it is tried by
//! `aws::scripts::sets_material_and_keys_end_when_they_were_said_to`.

use std::time::Duration;

use keyferry::clock::Clock;
use keyferry::service::{Error, GetParametersForImport, ImportKeyMaterial, Imported, Kind, Parameters};

use super::doors::kept_up;
use crate::harness::Plaintext;
use crate::harness::service::{House, call, start};
use crate::life::{described, external_key, import};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MOMENT: Duration = Duration::from_millis(1);

pub(super) async fn ask(house: &House, key_id: &str) -> Result<Parameters, Error> {
    let request = GetParametersForImport {
        key_id: key_id.to_owned(),
        wrapping_algorithm: Some("RSAES_OAEP_SHA_256".to_owned()),
        wrapping_key_spec: Some("RSA_2048".to_owned()),
    };
    house.service.parameters_for_import(&call(), request).await
}

/// The import of this material, for ever.
fn request(set: &Parameters, material: &Plaintext) -> ImportKeyMaterial {
    ImportKeyMaterial {
        key_id: set.arn.to_string(),
        import_token: set.import_token.clone(),
        encrypted_key_material: material.wrap_simply(&set.spki),
        valid_to: None,
        expiration_model: Some("KEY_MATERIAL_DOES_NOT_EXPIRE".to_owned()),
        import_type: None,
        key_material_description: None,
        key_material_id: None,
    }
}

async fn bring(house: &House, set: &Parameters) -> Result<Imported, Kind> {
    import(house, request(set, &Plaintext::aes())).await.map_err(|error| error.kind())
}

/// "… reimport the original key material into a KMS key whose key material expired …"
#[tokio::test]
async fn the_original_key_material_can_be_reimported_into_a_key_whose_key_material_expired() {
    let (_daemon, house) = (kept_up(), start("page: expired").await);
    let (key, material) = (external_key(&house).await, Plaintext::aes());
    let set = ask(&house, key.arn.as_str()).await.unwrap();
    let end = Some(house.clock.now().after(DAY));
    let ending = ImportKeyMaterial { expiration_model: None, valid_to: end, ..request(&set, &material) };
    import(&house, ending).await.unwrap();
    let state = async || described(&house, key.arn.as_str()).await;
    house.clock.advance(DAY);
    let expired = state().await;
    assert_eq!(expired.key.state(expired.now).as_str(), "PendingImport");
    let set = ask(&house, key.arn.as_str()).await.unwrap();
    assert_eq!(bring(&house, &set).await, Err(Kind::IncorrectKeyMaterial), "not the original");
    import(&house, request(&set, &material)).await.unwrap();
    let back = state().await;
    assert_eq!(back.key.state(back.now).as_str(), "Enabled");
}

/// "Each public key and import token set is valid for 24 hours." "The expiration date and time appear in the ParametersValidTo field …"
#[tokio::test]
async fn each_set_is_valid_for_24_hours_until_parameters_valid_to() {
    let (_daemon, house) = (kept_up(), start("page: 24 hours").await);
    let key = external_key(&house).await;
    let asked = house.clock.now();
    let [one, other] = [ask(&house, key.arn.as_str()).await, ask(&house, key.arn.as_str()).await].map(Result::unwrap);
    assert_eq!(other.valid_to.since(asked), DAY);
    house.clock.advance(DAY - MOMENT);
    bring(&house, &one).await.unwrap();
    house.clock.advance(MOMENT);
    assert_eq!(bring(&house, &other).await, Err(Kind::ExpiredImportToken));
}

/// "You cannot use an expired public key or import token in an ImportKeyMaterial request. If your key and token expire, send another
/// GetParametersForImport request."
#[tokio::test]
async fn an_expired_public_key_or_import_token_cannot_be_used_and_another_request_brings_new_ones() {
    let (_daemon, house) = (kept_up(), start("page: expired set").await);
    let key = external_key(&house).await;
    let expired = ask(&house, key.arn.as_str()).await.unwrap();
    house.clock.advance(DAY);
    let set = ask(&house, key.arn.as_str()).await.unwrap();
    assert_eq!(bring(&house, &expired).await, Err(Kind::ExpiredImportToken));
    let with_new_token =
        ImportKeyMaterial { import_token: set.import_token.clone(), ..request(&expired, &Plaintext::aes()) };
    assert_eq!(import(&house, with_new_token).await.unwrap_err().kind(), Kind::InvalidCiphertext);
    bring(&house, &set).await.unwrap();
}
