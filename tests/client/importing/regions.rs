//! `--regions` before anything is begun: what is wrong with the words, and how each Region is to be reached.

use super::between::Between;
use super::{answer, import};
use crate::client::desk::Desk;
use crate::client::terminal::Terminal;
use crate::harness::{Daemon, Plaintext};

/// Profiles that say of these Regions that they are where the desk's service is.
fn settle(desk: &mut Desk, regions: &[&str]) {
    let url = desk.variable("KEYFERRY_ENDPOINT_URL").to_owned();
    let profile = |region: &&str| format!("[of-{region}]\nregion = \"{region}\"\nendpoint_url = \"{url}\"\n");
    desk.write("config.toml", regions.iter().map(profile).collect::<String>());
    desk.set("KEYFERRY_CONFIG_FILE", "config.toml");
}

#[test]
fn what_says_nothing_or_two_things_is_a_wrong_command_line() {
    let mut desk = Desk::bare();
    desk.write("KEY", [7; 32]);
    #[rustfmt::skip]
    let cases: [(&[&str], &str); 6] = [
        (&["--regions", ""],                                          "expected Regions, such as us-east-1,eu-west-1"),
        (&["--regions", "us-east-1,Europe"],                          "invalid value 'Europe' for '--regions"),
        (&["--regions", "us-east-1,eu-west-1,us-east-1"],             "--regions names us-east-1 twice\nName each Region once"),
        (&["--regions", "us-east-1", "--region", "us-east-1"],        "Leave --region away"),
        (&["--regions", "us-east-1", "--trust", "attestation.pem"],   "'--regions <REGION,REGION>' cannot be used with '--trust <FILE>'"),
        (&["--regions", "us-east-1", "--key-id", "x", "--description", "of mine"], "cannot be used with"),
    ];
    for (arguments, expected) in cases {
        let run = desk.run(&[&["import", "KEY"], arguments].concat());
        assert_eq!((run.code, run.stdout.as_str()), (252, ""), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{arguments:?}: {}", run.stderr);
    }
    // What the environment says holds where nothing else is said.
    desk.set("KEYFERRY_REGION", "us-east-1");
    assert_eq!(desk.run(&["import", "KEY", "--regions", "us-east-1"]).code, 253);
}

#[test]
fn each_region_is_reached_through_the_url_or_as_its_one_profile_says() {
    let mut desk = Desk::bare();
    desk.write("KEY", [7; 32]);
    let config = desk.path("config.toml").display().to_string();
    desk.set("KEYFERRY_CONFIG_FILE", &config);
    let of_europe = "region = \"eu-west-1\"\n";
    let url = "endpoint_url = \"http://eu-west-1.profile\"\n";
    #[rustfmt::skip]
    let cases = [
        (String::new(), format!("no profile in {config} is of the Region eu-west-1\nWrite one there, a table with region = \"eu-west-1\" and endpoint_url, or put {{region}} into the endpoint URL")),
        (format!("[a]\n{of_europe}"), format!("the profile a in {config}, which is of the Region eu-west-1, has no endpoint_url\nSay where the service is: keyferry configure --profile a")),
        (format!("[a]\n{of_europe}{url}[b]\n{of_europe}"), format!("more than one profile in {config} is of the Region eu-west-1: a, b\nLeave region = \"eu-west-1\" in the one that is to be used")),
        // Plain http is refused before anybody is asked, and so is wherever this leads.
        (format!("[a]\n{of_europe}{url}"), "http://eu-west-1.profile is not this machine".to_owned()),
        (format!("[a]\n{of_europe}{url}[default]\nendpoint_url = \"http://{{region}}.default\"\n"), "http://eu-west-1.default is not this machine".to_owned()),
    ];
    for (profiles, expected) in cases {
        desk.write("config.toml", &profiles);
        let run = desk.run(&["import", "KEY", "--regions", "eu-west-1"]);
        assert_eq!((run.code, run.stdout.as_str()), (253, ""), "{profiles}: {}", run.stderr);
        assert!(run.stderr.contains(&expected), "{profiles}: {}", run.stderr);
    }
    // The profile is used wholly: an endpoint without a place for the Region is not the Region's.
    desk.write("config.toml", format!("[a]\n{of_europe}{url}"));
    desk.set("KEYFERRY_ENDPOINT_URL", "http://elsewhere");
    let run = desk.run(&["import", "KEY", "--regions", "eu-west-1"]);
    assert!(run.stderr.contains("http://eu-west-1.profile is not this machine"), "{}", run.stderr);
    assert!(run.stderr.contains("\nIt was to be the service of eu-west-1\n"), "{}", run.stderr);
}

#[test]
fn nothing_is_begun_where_a_service_is_of_another_region() {
    let between = Between::idle(&Daemon::shared());
    let mut desk = between.desk();
    desk.write("KEY", [7; 32]);
    let url = desk.variable("KEYFERRY_ENDPOINT_URL").to_owned();
    settle(&mut desk, &["us-east-1", "eu-west-1"]);
    let run = desk.run(&["import", "KEY", "--regions", "us-east-1,eu-west-1"]);
    let wrong = format!(
        "\nthe service at {url} is of the Region us-east-1, not eu-west-1\nCorrect endpoint_url or region of the profile of-eu-west-1\n"
    );
    assert_eq!((run.code, run.stdout, run.stderr), (253, String::new(), wrong));
    assert!(between.seen("create_key").is_empty() && between.seen("get_server_info").len() == 2);
}

#[test]
fn one_region_is_enough_and_its_key_can_be_replicated_later() {
    let between = Between::idle(&Daemon::shared());
    let mut desk = between.desk();
    let material = Plaintext::aes();
    desk.write("KEY", &material.bytes);
    settle(&mut desk, &["us-east-1"]);
    let shown = answer(&desk.run(&import(&["KEY", "--regions", "us-east-1"])));
    let id = shown["KeyId"].as_str().unwrap();
    assert!(id.starts_with("mrk-"), "{shown}");
    assert_eq!(shown["KeyMaterialId"], material.fingerprint(id).as_str());
    assert_eq!((&shown["Regions"][0]["Imported"], shown["Regions"].as_array().unwrap().len()), (&true.into(), 1));
}

/// Each line says where.
#[test]
fn somebody_who_watches_is_told_the_region() {
    let between = Between::idle(&Daemon::shared());
    let mut desk = between.desk();
    desk.write("KEY", Plaintext::aes().bytes);
    settle(&mut desk, &["us-east-1"]);
    let arguments = ["import", "KEY", "--regions", "us-east-1", "--dry-run", "--color", "off", "--no-cli-pager"];
    let (code, seen) = Terminal::start(desk.command(&arguments), 80).end();
    assert_eq!(code, 0, "{seen}");
    for line in ["✓ read the key file", "  us-east-1: ask what the token can do …", "✓ us-east-1: choose how to wrap"]
    {
        assert!(seen.contains(line), "{line}: {seen}");
    }
}
