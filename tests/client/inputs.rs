//! Input files, and what the command line says against them.

use serde_json::{Value, json};

use super::desk::Desk;
use super::golden::Transcript;
use super::outputs::parameters;
use crate::harness::Daemon;

#[test]
fn the_command_line_has_the_last_word() {
    let desk = Desk::at(&Daemon::shared());
    let input = json!({"Description": "of the file", "Origin": "EXTERNAL", "MultiRegion": true, "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"});
    desk.write("input.json", input.to_string());
    desk.write("input.yaml", "# of mine\nDescription: 'of the file'\nOrigin: EXTERNAL\nMultiRegion: true\nKeySpec: HMAC_256\nKeyUsage: GENERATE_VERIFY_MAC\n");
    let shown = "KeyMetadata.[Description, Origin, MultiRegion, KeySpec]";
    for file in [["--cli-input-json", "file://input.json"], ["--cli-input-yaml", "file://input.yaml"]] {
        let create = |more: &[&str]| desk.query(shown, &[&["create-key"], &file[..], more].concat());
        assert_eq!(create(&[]), "of the file\tEXTERNAL\tTrue\tHMAC_256");
        let over = ["--no-multi-region", "--description", "of the line", "--key-spec", "HMAC_512"];
        assert_eq!(create(&over), "of the line\tEXTERNAL\tFalse\tHMAC_512");
        // Empty is something, too.
        assert_eq!(create(&["--description", ""]), "\tEXTERNAL\tTrue\tHMAC_256");
    }
    let literal = ["create-key", "--cli-input-json", "{\"Origin\": \"EXTERNAL\"}"];
    assert_eq!(desk.query("KeyMetadata.Origin", &literal), "EXTERNAL");
    let literal = ["create-key", "--cli-input-yaml", "Origin: EXTERNAL\nMultiRegion: true"];
    assert_eq!(desk.query("KeyMetadata.MultiRegion", &literal), "True");
}

#[test]
fn what_an_input_file_says_wrongly_is_named_all_of_it() {
    let desk = Desk::bare();
    desk.write("broken.json", "{\"KeyId\": \"x\",\n  \"PendingWindowInDays\" 7}");
    desk.write("broken.yaml", "KeyId: [x\nb: c");
    desk.write("bytes", [0xff, 0xfe]);
    let both = json!({"KeyId": 7, "ImportToken": "!", "EncryptedKeyMaterial": ["AQID"], "ValidTo": "soon", "ExpirationModel": "SOMETIMES", "ImportType": null, "Colour": "blue"});
    let number = json!({"KeyId": "x", "PendingWindowInDays": "7"});
    let large = json!({"KeyId": "x", "PendingWindowInDays": 5_000_000_000u64});
    let part = json!({"KeyId": "x", "PendingWindowInDays": 7.5});
    let blob = json!({"KeyId": "x", "ImportToken": "fileb://bytes", "EncryptedKeyMaterial": "AQID"});
    let mut transcript = Transcript::new(&desk);
    let (json, yaml) = ("--cli-input-json", "--cli-input-yaml");
    #[rustfmt::skip]
    let wrong: [(&str, &str, &str); 16] = [
        ("import-key-material",   json, &both.to_string()),
        ("import-key-material",   json, "{}"),
        ("import-key-material",   json, &blob.to_string()),
        ("schedule-key-deletion", json, &number.to_string()),
        ("schedule-key-deletion", json, &large.to_string()),
        ("schedule-key-deletion", json, &part.to_string()),
        ("create-key",            json, "{\"MultiRegion\": \"true\"}"),
        ("create-key",            json, "[]"),
        ("create-key",            json, "{"),
        ("create-key",            json, "input.json"),
        ("create-key",            json, "file://absent"),
        ("create-key",            json, "file://broken.json"),
        ("create-key",            json, "fileb://broken.json"),
        ("create-key",            json, "file://bytes"),
        ("create-key",            yaml, "file://broken.yaml"),
        ("create-key",            yaml, "just words"),
    ];
    for (verb, option, input) in wrong {
        transcript.expect(252, &[verb, option, input]);
    }
    transcript.golden("errors-input");
}

/// A skeleton is an input: the client takes it as it is, and only the service has something to say about it.
#[test]
fn a_skeleton_is_taken_as_an_input() {
    let desk = Desk::at(&Daemon::shared());
    let key = desk.create(&[]);
    let verbs = desk.ok(&["--help"]);
    let verbs = verbs.split("Commands:\n").nth(1).unwrap().lines().map(str::trim);
    let verbs: Vec<&str> =
        verbs.take_while(|line| !line.starts_with("import ")).filter(|line| line.contains("  ")).collect();
    let mut taken = 0;
    for line in verbs {
        let verb = line.split(' ').next().unwrap();
        let [json, yaml] = ["input", "yaml-input"].map(|kind| desk.ok(&[verb, "--generate-cli-skeleton", kind]));
        assert!(serde_json::from_str::<Value>(&json).unwrap().is_object(), "{verb}");
        for (option, input) in [("--cli-input-json", &json), ("--cli-input-yaml", &yaml)] {
            let run = desk.run(&[verb, option, input]);
            assert!(matches!(run.code, 0 | 254), "{verb} {option}: {} {}", run.code, run.stderr);
            taken += 1;
        }
    }
    assert_eq!(taken, 2 * 46);
    // With what is missing in it, it does what it says.
    let input = desk.ok(&["schedule-key-deletion", "--generate-cli-skeleton"]);
    let arguments = ["schedule-key-deletion", "--cli-input-json", &input, "--key-id", &key, "--pending-window-in-days", "7"];
    assert_eq!(desk.query("PendingWindowInDays", &arguments), "7");
}

#[test]
fn bytes_are_base64_unless_they_are_said_to_be_raw() {
    let desk = Desk::at(&Daemon::shared());
    let key = desk.create(&["--origin", "EXTERNAL"]);
    let set: Value = serde_json::from_str(&desk.ok(&parameters(&key))).unwrap();
    let token = set["ImportToken"].as_str().unwrap();
    let import = |token: &str, more: &[&str]| {
        let arguments =
            ["import-key-material", "--key-id", &key, "--import-token", token, "--encrypted-key-material", "AQID"];
        desk.run(&[&arguments, more].concat())
    };
    // The service looks at the token first; with a good one, at the ciphertext, whose size it says is wrong.
    let no_expiry = ["--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE"];
    let size = import(token, &no_expiry);
    assert!(size.stderr.contains("Invalid encrypted key size."), "{}", size.stderr);
    let raw = import(token, &[&no_expiry[..], &["--cli-binary-format", "raw-in-base64-out"]].concat());
    assert!(raw.stderr.contains("(InvalidImportTokenException)"), "the letters themselves: {}", raw.stderr);
    desk.write("config.toml", "[raw]\ncli_binary_format = \"raw-in-base64-out\"\n");
    let config = desk.path("config.toml").display().to_string();
    let mut command = desk.command(&["import-key-material", "--key-id", &key, "--import-token", token]);
    command
        .args(["--encrypted-key-material", "AQID", "--profile", "raw"])
        .args(no_expiry)
        .env("KEYFERRY_CONFIG_FILE", config);
    let profile = super::Run::of(command.output().unwrap());
    assert!(profile.stderr.contains("(InvalidImportTokenException)"), "{}", profile.stderr);
    // In an input file, too.
    let input = json!({"KeyId": key, "ImportToken": token, "EncryptedKeyMaterial": "AQID", "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}).to_string();
    let file = desk.run(&["import-key-material", "--cli-input-json", &input]);
    assert!(file.stderr.contains("Invalid encrypted key size."), "{}", file.stderr);
}
