//! Who may: the caller in both Regions, and the service of the one in the other.

use keyferry::proto as pb;
use pb::region_service_client::RegionServiceClient;
use pb::synchronize_multi_region_key_request::Told;

use super::world::{EUROPE, HOME, World, family, import, principal, replicate, update_primary_region};
use crate::call;
use crate::harness::daemon::field;
use crate::harness::installation::{ACCOUNT, IMPORTER};
use crate::harness::{Plaintext, Refusal};

const ALL_BUT: &str = "@id(\"all-but\") permit(principal, action, resource) unless";

fn reloaded(line: &serde_json::Value) -> bool {
    field(line, "message") == "policies reloaded"
}

#[tokio::test]
async fn the_replicas_region_has_to_let_the_caller_make_keys_and_move_the_primary() {
    let world = World::of(&[HOME, EUROPE]).await;
    let material = Plaintext::aes();
    let key = world.primary(&material).await.key_id;
    let home = world.client(HOME).await;
    let europe = world.daemon(EUROPE);
    let forbid = |action: &str| {
        let condition = format!("{{ principal == Principal::\"{IMPORTER}\" && action == Action::\"{action}\" }};");
        europe.installation.replace_policies(&format!("{ALL_BUT} {condition}"));
        europe.reload();
    };
    forbid("kms:CreateKey");
    europe
        .wait_for_logs(1, |line| line["fields"]["message"] == "policies reloaded" || line["message"] == "policies reloaded");
    let refusal = replicate(&home, &key, EUROPE).await.unwrap_err();
    refusal.assert_is("AccessDeniedException", "CreateKey");
    assert!(
        refusal.message.contains(&format!("User: {IMPORTER} is not authorized to perform: kms:CreateKey")),
        "{refusal:?}"
    );
    assert_eq!(family(home.describe(&key).await).2, [""; 0], "nothing is planned");
    forbid("kms:UpdatePrimaryRegion");
    europe
        .wait_for_logs(2, |line| line["fields"]["message"] == "policies reloaded" || line["message"] == "policies reloaded");
    replicate(&home, &key, EUROPE).await.unwrap();
    import(&world.client(EUROPE).await, &key, &material, pb::ImportType::Unspecified).await.unwrap();
    let refusal = update_primary_region(&home, &key, EUROPE).await.unwrap_err();
    refusal.assert_is("AccessDeniedException", "UpdatePrimaryRegion");
    assert_eq!(home.describe(&key).await.key_state(), pb::KeyState::Enabled, "it keeps its place");
    europe.installation.replace_policies(&format!(
        "{ALL_BUT} {{ principal == Principal::\"{}\" && action == Action::\"kms:SynchronizeMultiRegionKey\" }};",
        principal(HOME)
    ));
    europe.reload();
    europe.wait_for_logs(3, reloaded);
    let other = world.primary(&material).await.key_id;
    let refusal = replicate(&home, &other, EUROPE).await.unwrap_err();
    refusal.assert_is("AccessDeniedException", "the peer itself");
    assert!(refusal.message.contains("kms:SynchronizeMultiRegionKey"), "{refusal:?}");
}

#[tokio::test]
async fn nobody_but_the_service_of_a_region_speaks_for_it() {
    let world = World::of(&[HOME, EUROPE]).await;
    let key = world.everywhere(&Plaintext::aes()).await;
    let europe = world.daemon(EUROPE);
    let told = |from: &str, account: &str| pb::SynchronizeMultiRegionKeyRequest {
        account: account.to_owned(),
        key_id: key.clone(),
        from_region: from.to_owned(),
        told: Some(Told::Report(pb::ReplicaReport::default())),
        only_asks: false,
    };
    let authority = &europe.installation.authority;
    let [importer, peer] = [authority.client_by_uri(IMPORTER), authority.client_by_uri(&principal(HOME))];
    for (identity, from, case) in [
        (&importer, HOME, "a person"),
        (&peer, "sa-east-1", "a Region that it is not"),
        (&peer, EUROPE, "the very Region that is told"),
    ] {
        let client = RegionServiceClient::new(europe.client_as(identity).await.channel);
        let refusal = call!({ client.clone() }, synchronize_multi_region_key, told(from, ACCOUNT)).unwrap_err();
        refusal.assert_is("AccessDeniedException", case);
    }
    let client = RegionServiceClient::new(europe.client_as(&peer).await.channel);
    let ask = async |question| -> Result<(), Refusal> {
        call!({ client.clone() }, synchronize_multi_region_key, question).map(drop)
    };
    // A replica reports to its primary, and never the other way round.
    ask(told(HOME, ACCOUNT)).await.unwrap_err().assert_is("DependencyTimeoutException", "not the primary of it");
    ask(told(HOME, "444455556666")).await.unwrap_err().assert_is("NotFoundException", "another account's");
    let single = world.client(EUROPE).await.create_symmetric().await.key_id;
    let about = pb::SynchronizeMultiRegionKeyRequest { key_id: single, ..told(HOME, ACCOUNT) };
    ask(about).await.unwrap_err().assert_is("ValidationException", "no multi-Region key");
    let nothing = pb::SynchronizeMultiRegionKeyRequest { told: None, ..told(HOME, ACCOUNT) };
    ask(nothing).await.unwrap_err().assert_is("ValidationException", "nothing");
}

#[tokio::test]
async fn what_a_region_is_told_stands_in_its_audit_log() {
    let world = World::of(&[HOME, EUROPE]).await;
    let key = world.everywhere(&Plaintext::aes()).await;
    let events = |region: &str, name: &str| -> Vec<serde_json::Value> {
        let all = world.daemon(region).installation.events().into_iter();
        all.filter(|event| event["eventName"] == name && event.to_string().contains(&key)).collect()
    };
    assert_eq!(events(HOME, "ReplicateKey").len(), 1);
    assert_eq!(events(EUROPE, "CreateKey").len(), 1, "by the service itself");
    let told = events(EUROPE, "SynchronizeMultiRegionKey");
    assert_eq!(told[0]["requestParameters"]["fromRegion"], HOME);
    assert_eq!(told[0]["userIdentity"]["principalId"], principal(HOME), "{}", told[0]);
    assert_eq!(told[0]["additionalEventData"]["requester"], IMPORTER, "{}", told[0]);
}
