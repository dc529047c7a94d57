//! Every error that a user can meet: what it says, what it tells to do, and its exit code.

use super::desk::Desk;
use super::golden::Transcript;
use super::outputs::{import, parameters};
use crate::harness::{Daemon, Plaintext};

const ABSENT: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

#[test]
fn what_the_service_refuses_exits_with_254_and_says_what_to_do() {
    let mut desk = Desk::at(&Daemon::shared());
    let waiting = desk.create(&["--origin", "EXTERNAL"]);
    let filled = desk.create(&["--origin", "EXTERNAL"]);
    let made = desk.create(&["--key-spec", "ECC_NIST_P256", "--key-usage", "SIGN_VERIFY"]);
    let doomed = desk.create(&[]);
    import(&desk, &filled, Plaintext::aes(), &["--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE"]);
    desk.ok(&["disable-key", "--key-id", &made]);
    desk.ok(&["schedule-key-deletion", "--key-id", &doomed]);
    desk.write("used.json", std::fs::read(desk.path("parameters.json")).unwrap());
    desk.write("spoilt.bin", [0xa5; 256]);
    desk.write("parameters.json", desk.ok(&parameters(&waiting)));

    let import = |set: &'static str, blob: &'static str| {
        [
            "import-key-material",
            "--parameters",
            set,
            "--encrypted-key-material",
            blob,
            "--expiration-model",
            "KEY_MATERIAL_DOES_NOT_EXPIRE",
        ]
    };
    let of_sm2 = ["--wrapping-algorithm", "SM2PKE", "--wrapping-key-spec", "SM2"];
    #[rustfmt::skip]
    let refused: [&[&str]; 16] = [
        &["describe-key", "--key-id", ABSENT],
        &["describe-key", "--key-id", "alias/x"],
        &["describe-key", "--key-id", "arn:aws:s3:::bucket"],
        &["describe-key", "--key-id", ""],
        &["create-key", "--key-spec", "HMAC_256"],
        &["create-key", "--key-spec", "SM2", "--key-usage", "SIGN_VERIFY"],
        &["schedule-key-deletion", "--key-id", &made, "--pending-window-in-days", "-1"],
        &["list-keys", "--marker", "no marker of ours"],
        &["enable-key", "--key-id", &waiting],
        &["enable-key", "--key-id", &doomed],
        &["cancel-key-deletion", "--key-id", &made],
        &["get-public-key", "--key-id", &made],
        &["get-public-key", "--key-id", &filled],
        &parameters(&made),
        &[&["get-parameters-for-import", "--key-id", &waiting], &of_sm2[..]].concat(),
        &["get-parameters-for-import", "--key-id", &waiting, "--wrapping-algorithm", "RSA_AES_KEY_WRAP_SHA_256", "--wrapping-key-spec", "RSA_2048"],
    ];
    let mut transcript = Transcript::new(&desk);
    for (key, name) in [(&waiting, 'W'), (&filled, 'F'), (&made, 'M'), (&doomed, 'D')] {
        transcript.mask(key, &format!("KEY-{name}"));
    }
    for arguments in refused {
        transcript.expect(254, arguments);
    }
    // A token that is another key's, and one that is no token.
    let crossed = ["--key-id", &filled, "--import-token", "AQID", "--encrypted-key-material", "AQID"];
    transcript.expect(254, &[&["import-key-material"], &crossed[..]].concat());
    transcript.expect(254, &import("used.json", "fileb://spoilt.bin"));
    transcript.expect(254, &import("parameters.json", "AQID"));
    transcript.expect(254, &import("parameters.json", "fileb://spoilt.bin"));
    transcript.golden("errors-service");

    // Another material into a key that must have its own back.
    desk.ok(&["delete-imported-key-material", "--key-id", &filled]);
    let set: serde_json::Value = serde_json::from_str(&desk.ok(&parameters(&filled))).unwrap();
    let spki = <base64ct::Base64 as base64ct::Encoding>::decode_vec(set["PublicKey"].as_str().unwrap()).unwrap();
    desk.write("foreign.json", set.to_string());
    desk.write("foreign.bin", Plaintext::aes().wrap_simply(&spki));
    let mut foreign = Transcript::new(&desk);
    foreign.expect(254, &import("foreign.json", "fileb://foreign.bin"));
    foreign.golden("errors-foreign-material");

    let nameless = Daemon::shared().installation.authority.client_without_name();
    desk.be(&nameless);
    let mut unknown = Transcript::new(&desk);
    unknown.expect(254, &["list-keys"]);
    unknown.golden("errors-caller");
}

#[test]
fn a_wrong_command_line_exits_with_252() {
    let desk = Desk::bare();
    desk.write("text", "two words\n");
    desk.write("bytes", [0xff, 0xfe, 0, 1]);
    desk.write("base64", "AAECAwQFBgcICQoLDA0ODw==\n");
    let token = |given: &'static str| {
        ["import-key-material", "--key-id", "x", "--encrypted-key-material", "AQID", "--import-token", given]
    };
    let mut transcript = Transcript::new(&desk);
    #[rustfmt::skip]
    let wrong: [&[&str]; 26] = [
        &[],
        &["desribe-key"],
        &["describe-key"],
        &["describe-key", "--key-id"],
        &["describe-key", "--key"],
        &["describe-key", "x"],
        &["import-key-material"],
        &["import-key-material", "--parameters", "text", "--key-id", "x"],
        &["create-key", "--origin", "MOON"],
        &["schedule-key-deletion", "--key-id", "x", "--pending-window-in-days", "soon"],
        &["list-keys", "--output", "xml"],
        &["list-keys", "--color", "red"],
        &["list-keys", "--cli-read-timeout", "-1"],
        &["list-keys", "--query", "Keys["],
        &["describe-key", "--key-id", "fileb://text"],
        &["describe-key", "--key-id", "file://bytes"],
        &["describe-key", "--key-id", "file://absent"],
        &token("fileb://absent"),
        &token("fileb://base64"),
        &token("file://bytes"),
        &token("bytes"),
        &token("!"),
        &[&token("AQID")[..], &["--valid-to", "tomorrow"]].concat(),
        &["describe-key", "--cli-input-json", "{}", "--cli-input-yaml", "a: b"],
        &["describe-key", "--generate-cli-skeleton", "json"],
        &["completions", "powerful"],
    ];
    for arguments in wrong {
        let run = transcript.expect(252, arguments);
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert!(run.stderr.starts_with('\n') && run.stderr.trim().lines().count() > 1, "{arguments:?}: {}", run.stderr);
    }
    transcript.golden("errors-usage");
}

#[test]
fn a_wrong_configuration_exits_with_253() {
    let mut desk = Desk::bare();
    let authority = crate::harness::certificates::Authority::new();
    let (mine, other) = (authority.client_by_uri("spiffe://a/b"), authority.client_by_uri("spiffe://a/c"));
    for (name, pem) in
        [("ca.pem", &authority.certificate), ("cert.pem", &mine.certificate), ("other.pem", &other.private_key)]
    {
        desk.write(name, pem);
    }
    desk.set("XDG_CONFIG_HOME", "config");
    std::fs::create_dir_all(desk.path("config/keyferry")).unwrap();
    let file = "config/keyferry/config.toml";
    let here = ["list-keys", "--endpoint-url", "https://127.0.0.1:1"];
    let all = [&here[..], &["--ca-bundle", "ca.pem", "--client-cert", "cert.pem", "--client-key", "other.pem"]].concat();
    let mut transcript = Transcript::new(&desk);
    #[rustfmt::skip]
    let wrong: [&[&str]; 17] = [
        &["list-keys"],
        &["list-keys", "--profile", "absent"],
        &["list-keys", "--endpoint-url", "localhost:8443"],
        &["list-keys", "--endpoint-url", "https://"],
        &["list-keys", "--endpoint-url", "http://192.0.2.1:8443"],
        &["list-keys", "--endpoint-url", "https://192.0.2.1:8443", "--no-verify-ssl", "--no-sign-request"],
        &["list-keys", "--endpoint-url", "https://keyferry.{region}.example"],
        &here,
        &[&here[..], &["--ca-bundle", "absent"]].concat(),
        &[&here[..], &["--ca-bundle", "other.pem", "--no-sign-request"]].concat(),
        &[&here[..], &["--ca-bundle", "ca.pem"]].concat(),
        &[&here[..], &["--ca-bundle", "ca.pem", "--client-cert", "cert.pem"]].concat(),
        &[&here[..], &["--ca-bundle", "ca.pem", "--client-cert", "cert.pem", "--client-key", "absent"]].concat(),
        &[&here[..], &["--ca-bundle", "ca.pem", "--client-cert", "other.pem", "--client-key", "other.pem"]].concat(),
        &[&here[..], &["--ca-bundle", "ca.pem", "--client-cert", "cert.pem", "--client-key", "cert.pem"]].concat(),
        &all,
        &["configure", "list", "--profile", "absent"],
    ];
    for arguments in wrong {
        let run = transcript.expect(253, arguments);
        assert!(run.stderr.trim().lines().count() > 1, "{arguments:?} does not say what to do: {}", run.stderr);
    }
    for content in
        ["[default\n", "[default]\nendpoint = 1\n", "[default]\noutput = \"xml\"\n", "[default]\nregion = 1\n", "\u{7}"]
    {
        desk.write(file, content);
        transcript.note(&format!("{file}: {content:?}"));
        transcript.expect(253, &["list-keys"]);
    }
    transcript.golden("errors-configuration");
}

#[test]
fn nobody_there_exits_with_255() {
    let desk = Desk::bare();
    desk.write("ca.pem", crate::harness::certificates::Authority::new().certificate);
    // A port that was ours a moment ago and is nobody's now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut transcript = Transcript::new(&desk);
    transcript.expect(255, &["list-keys", "--endpoint-url", &format!("http://127.0.0.1:{port}")]);
    transcript.golden("errors-unreachable");
    // What a resolver says differs.
    let unknown = desk.run(&[
        "list-keys",
        "--endpoint-url",
        "https://keyferry.invalid",
        "--no-sign-request",
        "--cli-connect-timeout",
        "5",
        "--ca-bundle",
        "ca.pem",
    ]);
    assert_eq!(unknown.code, 255);
    let first = unknown.stderr.trim().lines().next().unwrap();
    assert!(
        first.starts_with("could not connect to the endpoint URL: \"https://keyferry.invalid\": "),
        "{}",
        unknown.stderr
    );
}
