//! Refusals of the service on the way: each is the refusal of the operation of its step.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::between::Between;
use super::import;
use crate::client::golden::{golden, mask};
use crate::harness::front::Lie;
use crate::harness::{Daemon, Plaintext};

fn refusal(code: Code, reason: &str, message: &str, retry: Option<Duration>) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, "keyferry", []);
    details.set_retry_info(retry);
    Status::with_error_details(code, message, details)
}

/// What the client says where the n-th call of a method is refused.
fn said(method: &'static str, nth: usize, more: &[&str]) -> (i32, String) {
    let busy = method == "get_token_profile";
    let between = Between::new(&Daemon::shared(), Lie::Nothing, move |_, called, count| {
        (called == method && count == nth).then(|| match busy {
            // A refusal for good would be taken for a service that does not say.
            true => refusal(Code::ResourceExhausted, "ThrottlingException", "Rate exceeded", Some(Duration::from_secs(1))),
            false => refusal(Code::PermissionDenied, "AccessDeniedException", "not allowed", None),
        })
    });
    let desk = between.desk();
    desk.write("KEY", Plaintext::aes().bytes);
    let run = desk.run(&[&import(&["KEY", "--patience", "0s"])[..], more].concat());
    assert_eq!(run.stdout, "", "{method}");
    (run.code, run.stderr)
}

#[test]
fn a_refusal_names_the_operation_of_its_step_and_how_to_go_on() {
    let key = crate::client::desk::Desk::at(&Daemon::shared()).create(&["--origin", "EXTERNAL"]);
    let there: [&str; 2] = ["--key-id", &key];
    #[rustfmt::skip]
    let cases: [(&str, usize, &[&str], &str); 9] = [
        ("get_token_profile",         1, &[],            "GetTokenProfile"),
        ("get_token_profile",         1, &["--dry-run"], "GetTokenProfile"),
        ("describe_key",              1, &there,         "DescribeKey"),
        ("describe_key",              1, &[there[0], there[1], "--dry-run"], "DescribeKey"),
        ("create_key",                1, &[],            "CreateKey"),
        ("get_parameters_for_import", 1, &[],            "GetParametersForImport"),
        ("import_key_material",       1, &[],            "ImportKeyMaterial"),
        // The last two looks.
        ("describe_key",              1, &[],            "DescribeKey"),
        ("describe_key",              2, &[],            "DescribeKey"),
    ];
    let mut all = String::new();
    for (method, nth, more, operation) in cases {
        let (code, stderr) = said(method, nth, more);
        assert_eq!(code, 254, "{method}: {stderr}");
        assert!(stderr.contains(&format!("Exception) when calling the {operation} operation: ")), "{method}: {stderr}");
        let call = format!("# call {nth} of {method} {}", more.join(" ").replace(&key, "KEY"));
        all.push_str(&format!("{}{stderr}\n", call.trim_end()));
    }
    golden("errors-import-steps", &mask(&all));
}

#[test]
fn nobody_is_told_to_go_on_with_a_key_that_has_other_material() {
    let between = Between::new(&Daemon::shared(), Lie::Fingerprint, |_, _, _| None);
    let desk = between.desk();
    desk.write("KEY", Plaintext::aes().bytes);
    let run = desk.run(&import(&["KEY"]));
    let lines: Vec<&str> = run.stderr.trim().lines().collect();
    assert_eq!((run.code, run.stdout.as_str(), lines.len()), (255, "", 2), "{lines:?}");
    assert!(lines[0].starts_with("THE TOKEN HOLDS OTHER KEY MATERIAL THAN WAS WRAPPED: "), "{lines:?}");
    assert!(lines[1].starts_with("Do not use the key: delete its imported key material"), "{lines:?}");
}
