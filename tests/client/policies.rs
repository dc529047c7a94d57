//! `keyferry policy`: asks a folder of policies, and nobody else.

use serde_json::{Value, json};

use super::desk::{Desk, Run};

const STARTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/policy");
const IMPORTER: &str = "spiffe://example.org/importer";
const CUSTODIAN: &str = "spiffe://example.org/custodian";
const ADMINISTRATOR: &str = "spiffe://example.org/administrator";

/// Who asks for what, with which options, the exit code, and the policies that decide.
type Case<'a> = (&'a str, &'a str, Vec<&'a str>, i32, &'a [&'a str]);

fn ask(desk: &Desk, principal: &str, action: &str, more: &[&str]) -> Run {
    let asked = ["policy", "test", "--policy", STARTER, "--principal", principal, "--action", action];
    desk.run(&[&asked[..], more].concat())
}

#[test]
fn a_question_is_answered_in_json_and_in_the_exit_code() {
    let desk = Desk::bare();
    let (import, parameters) = ("kms:ImportKeyMaterial", "kms:GetParametersForImport");
    let two_person = ["--tag", "approval=two-person"];
    let under = |spec| ["--wrapping-algorithm", "RSAES_OAEP_SHA_256", "--wrapping-key-spec", spec];
    let (under_2048, under_4096) = (under("RSA_2048"), under("RSA_4096"));
    let sha_1 = ["--wrapping-algorithm", "RSAES_OAEP_SHA_1", "--wrapping-key-spec", "RSA_4096"];
    #[rustfmt::skip]
    let cases: [Case; 14] = [
        (IMPORTER,      import,     vec![],                                       0, &["importers-import"]),
        (IMPORTER,      import,     two_person.to_vec(),                          1, &["two-person-rule"]),
        (IMPORTER,      import,     [&two_person[..], &["--approved"]].concat(),  0, &["importers-import"]),
        (IMPORTER,      import,     vec!["--account", "444455556666"],            1, &[]),
        (IMPORTER,      parameters, under_2048.to_vec(),                          1, &["no-aes-under-rsa-2048"]),
        (IMPORTER,      parameters, [&under_2048[..], &["--key-spec", "HMAC_256"]].concat(), 0, &["importers-import"]),
        (IMPORTER,      parameters, under_4096.to_vec(),                          0, &["importers-import"]),
        (IMPORTER,      parameters, sha_1.to_vec(),                               1, &["sha-1-for-legacy-only"]),
        (IMPORTER,      "kms:CreateKey", vec![],                                  1, &["only-administrators-create"]),
        (ADMINISTRATOR, "kms:CreateKey", vec!["--request-tag", "approval=two-person"], 0, &["administrators-keep-keys"]),
        (ADMINISTRATOR, "kms:ScheduleKeyDeletion", vec!["--pending-window-in-days", "7"], 0, &["administrators-keep-keys"]),
        (ADMINISTRATOR, "kms:GetPublicKey", vec![],                               1, &[]),
        (CUSTODIAN,     "keyferry:ApproveImport", vec!["--requester", IMPORTER],  0, &["custodians-approve"]),
        (CUSTODIAN,     "keyferry:ApproveImport", vec!["--requester", CUSTODIAN], 1, &["no-approval-of-ones-own"]),
    ];
    for (principal, action, more, code, policies) in cases {
        let run = ask(&desk, principal, action, &more);
        assert_eq!((run.code, run.stderr.as_str()), (code, ""), "{principal} {action} {more:?}");
        let expected = json!({"Decision": if code == 0 { "Allow" } else { "Deny" }, "Policies": policies});
        assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap(), expected, "{principal} {action} {more:?}");
    }
    let run = ask(&desk, IMPORTER, import, &[]);
    let shown = "{\n    \"Decision\": \"Allow\",\n    \"Policies\": [\n        \"importers-import\"\n    ]\n}\n";
    assert_eq!(run.stdout, shown, "as every answer is printed");
    let run = ask(&desk, IMPORTER, import, &["--query", "Decision", "--output", "text", "--account", "444455556666"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, "Deny\n"), "denied however it is shown");
}

#[test]
fn every_option_reaches_the_policies() {
    let desk = Desk::bare();
    let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    desk.write("principals.toml", "version = \"v1\"\n[[principal]]\nname = \"a.test\"\naccount = \"111122223333\"\n");
    #[rustfmt::skip]
    let cases: [(&str, &str, &[&str]); 11] = [
        ("kms:DescribeKey",            "resource.spec == \"RSA_3072\"",                        &["--key-spec", "RSA_3072"]),
        ("kms:DescribeKey",            "resource.usage == \"KEY_AGREEMENT\"",                  &["--key-spec", "ECC_NIST_P384", "--key-usage", "KEY_AGREEMENT"]),
        ("kms:DescribeKey",            "resource.origin == \"AWS_KMS\"",                       &["--origin", "AWS_KMS"]),
        ("kms:DescribeKey",            "resource.multiRegion",                                 &["--multi-region"]),
        ("kms:DescribeKey",            "resource.token == \"0123\"",                           &["--token", "0123"]),
        ("kms:DescribeKey",            "resource == Key::\"ARN\"",                             &["--key-arn", arn]),
        ("kms:DescribeKey",            "context has tls && context.tls.version == \"TLSv1.3\" && context.tls.cipherSuite == \"TLS_AES_256_GCM_SHA384\" && context.tls.keyExchange == \"X25519\"",
                                       &["--tls-version", "TLSv1.3", "--tls-cipher-suite", "TLS_AES_256_GCM_SHA384", "--tls-key-exchange", "X25519"]),
        ("kms:ImportKeyMaterial",      "context.expirationModel == \"KEY_MATERIAL_DOES_NOT_EXPIRE\"", &["--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE"]),
        ("kms:ImportKeyMaterial",      "context has validTo && context.validTo == datetime(\"2026-12-01T12:00:00Z\")", &["--valid-to", "2026-12-01T12:00:00Z"]),
        ("kms:ImportKeyMaterial",      "context has unwrapPath && context.unwrapPath == \"host-kek\" && context has hostExposure && context.hostExposure == \"HOST_KEK\"", &["--unwrap-path", "host-kek"]),
        ("kms:ScheduleKeyDeletion",    "context.scheduleKeyDeletionPendingWindowInDays == 7",  &["--pending-window-in-days", "7"]),
    ];
    for (action, condition, options) in cases {
        let condition = condition.replace("ARN", arn);
        let scope = format!("principal, action == Action::\"{action}\", resource");
        desk.write("a.cedar", format!("@id(\"x\") permit ({scope}) when {{ {condition} }};"));
        let asked = ["policy", "test", "--policy", ".", "--principal", "a.test", "--action", action];
        let with = desk.run(&[&asked[..], options].concat());
        assert_eq!((with.code, with.stderr.as_str()), (0, ""), "{action} {condition}");
        assert_eq!(desk.run(&asked).code, 1, "{action} {condition} without {options:?}");
    }
}

#[test]
fn what_cannot_be_asked_is_no_denial() {
    let desk = Desk::bare();
    #[rustfmt::skip]
    let cases: [(&str, &str, &[&str], i32, &str); 9] = [
        ("nobody.test", "kms:DescribeKey",            &[], 255, "principals.toml names no nobody.test, so a service refuses it\nGive one of: "),
        (IMPORTER,      "kms:DescribeKeys",           &[], 252, "invalid value 'kms:DescribeKeys' for '--action <ACTION>'"),
        (IMPORTER,      "kms:GetParametersForImport", &[], 252, "--wrapping-algorithm <NAME>"),
        (IMPORTER,      "kms:GetParametersForImport", &["--wrapping-algorithm", "RSAES_OAEP_SHA_256"], 252, "--wrapping-key-spec <NAME>"),
        (CUSTODIAN,     "keyferry:ApproveImport",     &[], 252, "--requester <NAME>"),
        (IMPORTER,      "kms:DescribeKey",            &["--tag", "approval"], 252, "expected KEY=VALUE"),
        (IMPORTER,      "kms:DescribeKey",            &["--account", "1"], 252, "expected twelve digits"),
        (IMPORTER,      "kms:DescribeKey",            &["--key-arn", "arn:aws:s3:::x"], 252, "expected arn:aws:kms:REGION:ACCOUNT:key/ID"),
        (IMPORTER,      "kms:ImportKeyMaterial",      &["--valid-to", "soon"], 252, "expected a time of RFC 3339"),
    ];
    for (principal, action, more, code, expected) in cases {
        let run = ask(&desk, principal, action, more);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{action} {more:?}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{action} {more:?}: {}", run.stderr);
    }
}

#[test]
fn a_folder_is_good_or_it_is_said_where_it_is_not() {
    let desk = Desk::bare();
    let check = |folder: &str| desk.run(&["policy", "check", "--policy", folder]);
    let good = check(STARTER);
    assert_eq!((good.code, good.stderr.as_str()), (0, ""));
    let said: Value = serde_json::from_str(&good.stdout).unwrap();
    assert_eq!((&said["Principals"][3], &said["Warnings"]), (&json!(IMPORTER), &json!([])));
    assert!(said["Policies"].as_array().unwrap().contains(&json!("two-person-rule")), "{said}");
    assert!(said["Files"][0].as_str().unwrap().ends_with("principals.toml"), "{said}");

    desk.write("principals.toml", "version = \"v1\"\n");
    desk.write("a.cedar", "@id(\"x\")\npermit (principal, action, resource) when { principal.rank == 1 };");
    for run in [check("."), desk.run(&["policy", "test", "--policy", ".", "--principal", "x", "--action", "kms:ListKeys"])] {
        assert_eq!((run.code, run.stdout.as_str()), (253, ""));
        assert!(run.stderr.starts_with("\n./a.cedar:2: policy \"x\": attribute `rank`"), "{}", run.stderr);
    }
    desk.write("a.cedar", "@id(\"x\") permit (principal, action, resource is Key) when { principal == resource };");
    let odd = check(".");
    assert_eq!(odd.code, 0);
    assert!(odd.stdout.contains("./a.cedar:1: policy \\\"x\\\": policy is impossible"), "{}", odd.stdout);
}
