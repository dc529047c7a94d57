//! Flags before the environment, the environment before the profile, the profile before what is usual.

use serde_json::Value;

use super::desk::Desk;
use crate::harness::Daemon;

/// What `keyferry configure list` says of a setting.
fn setting(desk: &Desk, name: &str, arguments: &[&str]) -> Value {
    let shown = desk.ok(&[&["configure", "list", "--output", "json"], arguments].concat());
    serde_json::from_str::<Value>(&shown).unwrap()[name].clone()
}

#[test]
fn a_flag_is_before_the_environment_and_this_before_the_profile() {
    #[rustfmt::skip]
    let cases = [
        ("endpoint_url", "--endpoint-url", "KEYFERRY_ENDPOINT_URL"),
        ("region",       "--region",       "KEYFERRY_REGION"),
        ("ca_bundle",    "--ca-bundle",    "KEYFERRY_CA_BUNDLE"),
        ("client_cert",  "--client-cert",  "KEYFERRY_CLIENT_CERT"),
        ("client_key",   "--client-key",   "KEYFERRY_CLIENT_KEY"),
    ];
    for (name, flag, variable) in cases {
        let mut desk = Desk::bare();
        desk.set("KEYFERRY_CONFIG_FILE", "/nowhere/of/mine");
        assert_eq!(setting(&desk, name, &[]), Value::Null, "{name}");
        desk.write("config.toml", format!("[default]\n{name} = \"/profile\"\n[other]\n{name} = \"/other\"\n"));
        let file = desk.path("config.toml").display().to_string();
        desk.set("KEYFERRY_CONFIG_FILE", &file);
        assert_eq!(setting(&desk, name, &[]), "/profile", "{name}");
        assert_eq!(setting(&desk, name, &["--profile", "other"]), "/other", "{name}");
        desk.set("KEYFERRY_PROFILE", "other");
        assert_eq!(setting(&desk, name, &[]), "/other", "{name}");
        assert_eq!(setting(&desk, name, &["--profile", "default"]), "/profile", "{name}");
        desk.set(variable, "");
        assert_eq!(setting(&desk, name, &[]), "/other", "{name}: an empty variable says nothing");
        desk.set(variable, "/environment");
        assert_eq!(setting(&desk, name, &[]), "/environment", "{name}");
        assert_eq!(setting(&desk, name, &[flag, "/flag"]), "/flag", "{name}");
    }
}

#[test]
fn the_output_comes_from_the_flag_the_environment_or_the_profile() {
    let mut desk = Desk::at(&Daemon::shared());
    desk.write("config.toml", "[default]\noutput = \"yaml\"\n");
    let info = ["get-server-info", "--query", "[Store, Region]"];
    let json = "[\n    \"sqlite\",\n    \"us-east-1\"\n]\n";
    assert_eq!(desk.ok(&info), json);
    desk.set("KEYFERRY_CONFIG_FILE", "config.toml");
    assert_eq!(desk.ok(&info), "- sqlite\n- us-east-1\n");
    desk.set("KEYFERRY_OUTPUT", "text");
    assert_eq!(desk.ok(&info), "sqlite\tus-east-1\n");
    assert_eq!(desk.ok(&[&info[..], &["--output", "json"]].concat()), json);
    // Before the verb and behind it are the same place.
    assert_eq!(desk.ok(&[&["--output", "json"], &info[..]].concat()), json);
}

#[test]
fn the_file_is_where_it_is_said_to_be() {
    let mut desk = Desk::bare();
    for (place, region) in
        [("named.toml", "named"), ("xdg/keyferry/config.toml", "xdg"), (".config/keyferry/config.toml", "home")]
    {
        std::fs::create_dir_all(desk.path(place).parent().unwrap()).unwrap();
        desk.write(place, format!("[default]\nregion = \"{region}\"\n"));
    }
    assert_eq!(setting(&desk, "region", &[]), "home");
    desk.set("XDG_CONFIG_HOME", "xdg");
    assert_eq!(setting(&desk, "region", &[]), "xdg");
    desk.set("KEYFERRY_CONFIG_FILE", "named.toml");
    assert_eq!(setting(&desk, "region", &[]), "named");
    // Without any place there is no profile, and nobody misses it.
    desk.unset("KEYFERRY_CONFIG_FILE").unset("XDG_CONFIG_HOME").unset("HOME");
    assert_eq!(setting(&desk, "region", &[]), Value::Null);
    assert_eq!(desk.run(&["configure", "list", "--profile", "x"]).code, 253);
}
