//! The client in several Regions: `keyferry import --regions`, `replicate-key` and `update-primary-region`.

use serde_json::{Value, json};

use super::world::{ASIA, EUROPE, HOME, World, decrypts, encrypt};
use crate::client::desk::{Desk, Run};
use crate::harness::Plaintext;

/// Wraps quickly: longer keys take their time.
const QUICK: [&str; 2] = ["--wrapping-key-spec", "RSA_2048"];

/// A desk with a profile for each Region, and this in the file `KEY`.
fn desk(world: &World, material: &Plaintext) -> Desk {
    let mut desk = Desk::bare();
    let mut profiles = String::new();
    for region in world.0.keys() {
        let daemon = world.daemon(region);
        let installation = &daemon.installation;
        desk.write(&format!("{region}-ca.pem"), &installation.authority.certificate);
        desk.write(&format!("{region}-cert.pem"), &installation.importer.certificate);
        desk.write(&format!("{region}-key.pem"), &installation.importer.private_key);
        profiles.push_str(&format!(
            "[{region}]\nregion = \"{region}\"\nendpoint_url = \"https://{}\"\nca_bundle = \"{region}-ca.pem\"\n\
             client_cert = \"{region}-cert.pem\"\nclient_key = \"{region}-key.pem\"\n",
            daemon.address()
        ));
    }
    desk.write("config.toml", profiles);
    desk.write("KEY", &material.bytes);
    desk.set("KEYFERRY_CONFIG_FILE", "config.toml");
    desk
}

#[track_caller]
fn answer(run: &Run) -> Value {
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    serde_json::from_str(&run.stdout).unwrap()
}

/// One member of what is said of each Region.
fn each(answer: &Value, member: &str) -> Vec<Value> {
    answer["Regions"].as_array().unwrap().iter().map(|region| region[member].clone()).collect()
}

/// How often this was done in each of the Regions, as their audit logs have it.
fn count(world: &World, event: &str) -> Vec<usize> {
    let events = |region| world.daemon(region).installation.events();
    let of = |region| events(region).iter().filter(|one| one["eventName"] == event && one["errorCode"].is_null()).count();
    [HOME, EUROPE, ASIA].into_iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_brings_a_key_file_into_three_regions_and_completes_what_broke_off() {
    let world = World::of(&[HOME, EUROPE, ASIA]).await;
    let material = Plaintext::aes();
    let desk = desk(&world, &material);
    let everywhere = format!("{HOME},{EUROPE},{ASIA}");
    let import = [&["import", "KEY", "--regions", &everywhere, "--patience", "0s"], &QUICK[..]].concat();

    // One that no profile is of: nothing is begun anywhere.
    let unknown = desk.run(&["import", "KEY", "--regions", &format!("{everywhere},sa-east-1")]);
    assert_eq!(unknown.code, 253, "{}", unknown.stderr);
    assert!(unknown.stderr.contains("no profile in config.toml is of the Region sa-east-1\n"), "{}", unknown.stderr);
    let dry = answer(&desk.run(&[&import[..], &["--dry-run"]].concat()));
    assert_eq!(each(&dry, "WouldImport"), [true, true, true]);
    assert_eq!(each(&dry, "WouldReplicate"), [Value::Null, true.into(), true.into()]);
    assert_eq!((dry["KeyFile"].as_str(), dry.get("KeyId")), (Some("32 bytes"), None), "{dry}");
    assert_eq!(count(&world, "CreateKey"), [0, 0, 0]);

    world.cut_off(ASIA);
    let broken = desk.run(&[&import[..], &["--description", "of mine"]].concat());
    assert_eq!((broken.code, broken.stdout.as_str()), (254, ""), "{}", broken.stderr);
    let said = &broken.stderr;
    let refusal = format!("(DependencyTimeoutException) when calling the ReplicateKey operation: {ASIA} is not reached: ");
    assert!(said.contains(&refusal), "{said}");
    assert!(said.contains("\nThe other Region is away, and nothing was changed: try again in "), "{said}");
    assert!(said.contains(&format!("\nThis was in the Region {ASIA}; done before it: {HOME}, {EUROPE}\n")), "{said}");
    assert_eq!(count(&world, "ImportKeyMaterial"), [1, 1, 0]);

    // The very command that it says.
    let command = said.lines().find_map(|line| line.strip_prefix("  keyferry ")).unwrap();
    let id = command.split(" --key-id ").nth(1).unwrap();
    assert_eq!(command, format!("{} --key-id {id}", import.join(" ")));
    let command: Vec<&str> = command.split(' ').collect();
    let dry = answer(&desk.run(&[&command[..], &["--dry-run"]].concat()));
    assert_eq!((each(&dry, "WouldImport"), &dry["KeyId"]), (vec![false.into(), false.into(), true.into()], &id.into()));
    assert_eq!(each(&dry, "WouldReplicate"), [Value::Null, false.into(), true.into()]);
    world.reach(ASIA);
    let patient: Vec<&str> = command.iter().map(|word| if *word == "0s" { "60s" } else { word }).collect();
    let completed = answer(&desk.run(&patient));
    assert_eq!(each(&completed, "Imported"), [false, false, true]);
    let again = answer(&desk.run(&command));
    assert_eq!(each(&again, "Imported"), [false, false, false]);
    for event in ["ImportKeyMaterial", "CreateKey"] {
        assert_eq!(count(&world, event), [1, 1, 1], "{event}");
    }

    let fingerprint = material.fingerprint(id);
    for shown in [&completed, &again] {
        assert_eq!((&shown["KeyId"], &shown["KeyMaterialId"]), (&id.into(), &fingerprint.as_str().into()));
        assert_eq!(each(shown, "Region"), [HOME, EUROPE, ASIA]);
        assert_eq!(each(shown, "KeyMaterialId"), [fingerprint.as_str(); 3]);
        for (metadata, region) in each(shown, "KeyMetadata").iter().zip([HOME, EUROPE, ASIA]) {
            let related = &metadata["MultiRegionConfiguration"];
            assert_eq!((&metadata["KeyState"], &metadata["Description"]), (&"Enabled".into(), &"of mine".into()));
            assert!(metadata["Arn"].as_str().unwrap().contains(&format!(":kms:{region}:")), "{metadata}");
            assert_eq!(related["PrimaryKey"]["Region"], HOME, "{metadata}");
        }
        let home = &shown["Regions"][0]["KeyMetadata"]["MultiRegionConfiguration"]["ReplicaKeys"];
        assert_eq!(home.as_array().unwrap().iter().map(|key| &key["Region"]).collect::<Vec<_>>(), [ASIA, EUROPE]);
    }
    for from in [HOME, EUROPE, ASIA] {
        let ciphertext = encrypt(&world.client(from).await, id).await.unwrap();
        for to in [HOME, EUROPE, ASIA] {
            assert!(decrypts(&world.client(to).await, &ciphertext).await, "{from} to {to}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_region_must_be_that_of_the_primary_and_the_key_a_multi_region_key() {
    let world = World::of(&[HOME, EUROPE]).await;
    let material = Plaintext::aes();
    let desk = desk(&world, &material);
    let (there, back) = (format!("{HOME},{EUROPE}"), format!("{EUROPE},{HOME}"));
    let import =
        |regions: &str, id: &str| desk.run(&[&["import", "KEY", "--regions", regions, "--key-id", id], &QUICK[..]].concat());
    let single = desk.create(&["--origin", "EXTERNAL", "--profile", HOME]);
    let no_family = import(&there, &single);
    assert_eq!(no_family.code, 255);
    assert!(
        no_family.stderr.contains("takes no import: it is no multi-Region key, and has no replicas\n"),
        "{}",
        no_family.stderr
    );
    let state = ["describe-key", "--key-id", &single, "--profile", HOME];
    assert_eq!(desk.query("KeyMetadata.KeyState", &state), "PendingImport");

    let key = desk.create(&["--origin", "EXTERNAL", "--multi-region", "--profile", HOME]);
    let done = answer(&import(&there, &key));
    assert_eq!(each(&done, "Imported"), [true, true]);
    let wrong = import(&back, &key);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (255, ""));
    let said = format!("key/{key} is a replica key, and its primary key is in {HOME}\nName {HOME} first: --regions {HOME},");
    assert!(wrong.stderr.contains(&said), "{}", wrong.stderr);
    let place = format!("\nThis was in the Region {EUROPE}, the first, and nothing was changed\n");
    assert!(wrong.stderr.ends_with(&place), "{}", wrong.stderr);
    // The ARN is as good as the id, and other material goes nowhere.
    let arn = done["Regions"][0]["KeyId"].as_str().unwrap();
    assert_eq!(each(&answer(&import(&there, arn)), "Imported"), [false, false]);
    desk.write("KEY", Plaintext::aes().bytes);
    let other = import(&there, &key);
    assert!(other.code == 255 && other.stderr.contains("is bound to other key material"), "{}", other.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verbs_of_the_reference_replicate_a_key_and_move_its_primary() {
    let world = World::of(&[HOME, EUROPE]).await;
    let material = Plaintext::aes();
    let desk = desk(&world, &material);
    let key = world.primary(&material).await.key_id;
    let europe = format!("{{\"KeyId\": \"{key}\", \"ReplicaRegion\": \"{EUROPE}\"}}");
    let replicate =
        ["replicate-key", "--cli-input-json", &europe, "--tags", "TagKey=team,TagValue=hsm", "TagKey=a,TagValue="];
    let replicate = [&replicate[..], &["--description", "by verb", "--profile", HOME]].concat();
    world.cut_off(EUROPE);
    let away = desk.run(&replicate);
    assert_eq!(away.code, 254);
    assert!(away.stderr.contains("\nThe other Region is away, and nothing was changed: try again in "), "{}", away.stderr);
    world.reach(EUROPE);
    let made: Value = serde_json::from_str(&desk.ok(&replicate)).unwrap();
    let names: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(names, ["ReplicaKeyMetadata", "ReplicaPolicy", "ReplicaTags"]);
    let shown = &made["ReplicaKeyMetadata"];
    assert_eq!((&shown["KeyState"], &shown["Description"]), (&"Creating".into(), &"by verb".into()));
    assert_eq!(shown["MultiRegionConfiguration"]["MultiRegionKeyType"], "REPLICA");
    assert_eq!(shown.get("PendingDeletionWindowInDays"), None, "{shown}");
    let tags = json!([{ "TagKey": "a", "TagValue": "" }, { "TagKey": "team", "TagValue": "hsm" }]);
    assert_eq!(made["ReplicaTags"], tags);
    let twice = desk.run(&replicate);
    assert_eq!(twice.code, 254);
    assert!(twice.stderr.contains("\nImport the same material into the replica that is there: "), "{}", twice.stderr);

    let move_to =
        |region: &str| desk.run(&["update-primary-region", "--key-id", &key, "--primary-region", region, "--profile", HOME]);
    assert!(move_to(ASIA).stderr.contains("\nMake a replica there first: keyferry replicate-key "));
    let import = ["import", "KEY", "--key-id", &key, "--profile", EUROPE];
    desk.ok(&[&import[..], &QUICK].concat());
    let moved = move_to(EUROPE);
    assert_eq!((moved.code, moved.stdout.as_str(), moved.stderr.as_str()), (0, "", ""));
    let primary = (keyferry::proto::MultiRegionKeyType::Primary, EUROPE.to_owned(), vec![HOME.to_owned()]);
    world.until(EUROPE, &key, primary, super::world::family).await;
    let no_verb = desk.run(&["synchronize-multi-region-key"]);
    assert_eq!(no_verb.code, 252);
}
