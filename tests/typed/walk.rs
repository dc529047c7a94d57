//! The walk, for a key of every kind and for keys that are there.

use std::time::Duration;

use keyferry::client::walk::{Outcome, Progress, Step, Target};
use keyferry::client::{Client, Error, Local, NewKey, Walk};
use keyferry::clock::{Clock, SetClock, SystemClock};
use keyferry::model::{
    Expiration, HostExposure, KeyMaterialId, KeySpec, KeyState, KeyUsage, WrappingAlgorithm, WrappingKeySpec,
};
use keyferry::wrap;

use super::client;
use crate::harness::{Daemon, Plaintext};

async fn run(client: &Client, walk: &Walk, material: &Plaintext) -> (Result<Outcome, Error>, Vec<Step>) {
    let (kind, mut steps) = (material.kind, Vec::new());
    let outcome = walk.run(
        client,
        |_| wrap::material(kind, &material.bytes),
        |progress| match progress {
            Progress::Ends(step) => steps.push(step),
            Progress::Waits(step, failure, _) => panic!("{step}: {failure}"),
            _ => {}
        },
    );
    (outcome.await, steps)
}

fn quick(target: Target) -> Walk {
    Walk::to(target).wrapping_key_spec(WrappingKeySpec::Rsa2048)
}

#[tokio::test]
async fn a_key_of_every_kind_gets_its_material() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    for spec in KeySpec::supported() {
        let material = Plaintext::for_spec(spec);
        let new = NewKey::external(spec).usage(spec.usages()[0]);
        // P-521 fits no RSAES_OAEP under RSA_2048.
        let wrapping = if spec == KeySpec::EccNistP521 { WrappingKeySpec::Rsa3072 } else { WrappingKeySpec::Rsa2048 };
        let walk = Walk::to(Target::New(new)).wrapping_key_spec(wrapping);
        let plan = walk.plan(&client).await.unwrap();
        let (outcome, steps) = run(&client, &walk, &material).await;
        let Outcome { key, made, imported, key_material_id, kcv, receipt: _ } =
            outcome.unwrap_or_else(|error| panic!("{spec}: {error}"));
        use Step::{Confirm, Create, Import, Parameters, Profile, Wrap};
        assert_eq!(steps, [Profile, Create, Parameters, Wrap, Import, Confirm], "{spec}");
        assert_eq!((made, key.state, key.spec, key.expiration), (true, KeyState::Enabled, spec, Some(Expiration::Never)));
        let fingerprint = KeyMaterialId::parse(&material.fingerprint(key.id.as_str())).unwrap();
        let proof = key.proof.unwrap();
        assert_eq!((proof.fingerprint, key_material_id), (fingerprint, fingerprint), "{spec}");
        assert_eq!(proof.public_key, material.spki(), "{spec}");
        assert_eq!(kcv.map(|kcv| base16ct::lower::encode_string(&kcv)), material.kcv(), "{spec}");
        assert_eq!(imported.as_ref(), Some(&plan.choice), "{spec}: as planned");
        assert_eq!(plan.choice.host_exposure, Some(proof.host_exposure), "{spec}: as told beforehand");
    }
}

#[tokio::test]
async fn the_strongest_that_exposes_least_is_chosen() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let walk = Walk::to(Target::New(NewKey::external(KeySpec::SymmetricDefault)));
    let plan = walk.plan(&client).await.unwrap();
    // SoftHSM 2.6.1 opens OAEP with SHA-1 by itself, and with SHA-256 only where the host helps.
    assert_eq!(
        (plan.choice.wrapping_algorithm, plan.choice.wrapping_key_spec),
        (WrappingAlgorithm::RsaesOaepSha1, WrappingKeySpec::Rsa4096)
    );
    assert_eq!(plan.choice.host_exposure, Some(HostExposure::Token));
    assert_eq!((plan.key, plan.usage), (None, KeyUsage::EncryptDecrypt));
    let fixed = walk.wrapping_algorithm(WrappingAlgorithm::RsaesOaepSha256).wrapping_key_spec(WrappingKeySpec::Rsa3072);
    let plan = fixed.plan(&client).await.unwrap();
    assert_eq!(
        (plan.choice.wrapping_algorithm, plan.choice.wrapping_key_spec),
        (WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa3072)
    );
    assert_eq!(plan.choice.host_exposure, Some(HostExposure::HostMaterial));
    assert_eq!(
        plan.choice.reason,
        "The service's host sees the material for a moment; algorithm and wrapping key spec are as asked for."
    );
    assert_eq!(plan.otherwise, []);
}

#[tokio::test]
async fn a_key_that_has_this_very_material_is_left_alone_unless_its_end_is_to_change() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let material = Plaintext::aes();
    let new = Target::New(NewKey::external(KeySpec::SymmetricDefault).description("once"));
    let first = run(&client, &quick(new), &material).await.0.unwrap();
    let target = || Target::Existing(first.key.arn.clone());

    let (again, steps) = run(&client, &quick(target()), &material).await;
    let again = again.unwrap();
    assert_eq!(steps, [Step::Describe, Step::Profile], "no set is asked for");
    assert_eq!((again.imported, again.made), (None, false));
    assert_eq!((&again.key, again.key_material_id, again.kcv), (&first.key, first.key_material_id, first.kcv));

    let end = Expiration::At(SystemClock.now().after(Duration::from_secs(3600)));
    let (changed, _) = run(&client, &quick(target()).expiration(end), &material).await;
    assert_eq!(changed.unwrap().key.expiration, Some(end));
    let (same, steps) = run(&client, &quick(target()).expiration(end).again(), &material).await;
    assert!(same.unwrap().imported.is_some() && steps.contains(&Step::Import), "as asked for");

    let (other, steps) = run(&client, &quick(target()), &Plaintext::aes()).await;
    let Err(Error::Local(Local::OtherMaterial { has, .. })) = other else { panic!("{other:?}") };
    assert_eq!((has, steps), (first.key_material_id, vec![Step::Describe, Step::Profile]));
}

#[tokio::test]
async fn material_that_was_taken_away_comes_back() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let material = Plaintext::aes();
    let first = run(&client, &quick(Target::New(NewKey::external(KeySpec::SymmetricDefault))), &material).await.0.unwrap();
    let id = first.key.id.as_str();
    client.delete_imported_key_material(id, None).await.unwrap();
    let target = || Target::Existing(id.to_owned());
    let other = run(&client, &quick(target()), &Plaintext::aes()).await.0;
    assert!(matches!(other, Err(Error::Local(Local::OtherMaterial { .. }))), "{other:?}");
    let back = run(&client, &quick(target()), &material).await.0.unwrap();
    assert_eq!((back.key.state, back.key_material_id), (KeyState::Enabled, first.key_material_id));
}

#[tokio::test]
async fn nothing_is_made_for_what_cannot_come_in() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let refusal = |outcome: Result<Outcome, Error>| outcome.unwrap_err().to_string();
    let marked = |spec| NewKey::external(spec).description("never made");

    let unfit = Walk::to(Target::New(marked(KeySpec::Hmac384)));
    let (outcome, steps) = run(&client, &unfit, &Plaintext::aes()).await;
    assert_eq!(refusal(outcome), "the key material is 32 bytes; expected exactly 48 raw bytes for HMAC_SHA_384");
    assert_eq!(steps, [Step::Profile]);
    let open = Walk::to(Target::New(marked(KeySpec::Rsa2048)));
    let (outcome, _) = run(&client, &open, &Plaintext::aes()).await;
    assert_eq!(refusal(outcome), "a key of RSA_2048 is for ENCRYPT_DECRYPT or SIGN_VERIFY: say which");
    let absent = run(&client, &Walk::to(Target::Existing("x".to_owned())), &Plaintext::aes()).await.0;
    assert!(refusal(absent).starts_with("NotFoundException: Invalid keyId 'x'"));

    let own = client.create_key(&NewKey::generated(KeySpec::SymmetricDefault)).await.unwrap();
    let (outcome, _) = run(&client, &Walk::to(Target::Existing(own.id.to_string())), &Plaintext::aes()).await;
    let why = "its origin is AWS_KMS, and only EXTERNAL keys wait for material";
    assert_eq!(refusal(outcome), format!("{} takes no import: {why}", own.arn));
    let doomed = client.create_key(&NewKey::external(KeySpec::SymmetricDefault)).await.unwrap();
    client.schedule_key_deletion(doomed.id.as_str(), None).await.unwrap();
    let (outcome, _) = run(&client, &Walk::to(Target::Existing(doomed.id.to_string())), &Plaintext::aes()).await;
    assert_eq!(refusal(outcome), format!("{} takes no import: it is pending deletion", doomed.arn));
    for listed in client.list_all_keys().await.unwrap() {
        assert_ne!(client.describe_key(listed.id.as_str()).await.unwrap().description, "never made");
    }
}

#[tokio::test]
async fn a_set_that_is_over_before_the_material_is_wrapped_is_not_used() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let key = client.create_key(&NewKey::external(KeySpec::SymmetricDefault)).await.unwrap();
    let late = SetClock::at(SystemClock.now().after(Duration::from_secs(25 * 3600)));
    let walk = quick(Target::Existing(key.id.to_string())).clock(std::sync::Arc::new(late));
    let refusal = run(&client, &walk, &Plaintext::aes()).await.0.unwrap_err().to_string();
    assert!(refusal.starts_with("the parameters ended at "), "{refusal}");
    assert_eq!(client.describe_key(key.id.as_str()).await.unwrap(), key);
}
