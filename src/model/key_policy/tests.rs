//! Which documents are kept.

use super::*;

const LOCKED_OUT: &str = "The new key policy will not allow you to update the key policy in the future.";

fn account() -> Account {
    Account::parse("111122223333").unwrap()
}

fn checked(policy: &str) -> Result<(), String> {
    check(policy, &account(), |name| name == "spiffe://example.org/admin", false).map_err(|unkept| unkept.to_string())
}

fn statement(principal: &str, action: &str) -> String {
    format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":{action},"Resource":"*"}}]}}"#)
}

#[test]
fn the_usual_document_is_one_that_would_be_kept() {
    let realm = Realm { partition: "aws-cn".to_owned(), region: "cn-north-1".to_owned() };
    let document = usual(&realm, &account());
    assert!(document.contains("arn:aws-cn:iam::111122223333:root"));
    assert_eq!(checked(&document), Ok(()));
}

#[test]
fn a_document_has_statements_that_say_whom_and_what() {
    #[rustfmt::skip]
    let cases = [
        ("",                                                                  "must be a JSON object"),
        ("not json",                                                          "must be a JSON object"),
        ("[]",                                                                "must be a JSON object"),
        ("{}",                                                                "must have a Statement"),
        (r#"{"Statement":[]}"#,                                               "must have a Statement"),
        (r#"{"Statement":["Allow"]}"#,                                        "each Statement must be a JSON object"),
        (r#"{"Statement":{"Principal":"*","Action":"*","Resource":"*"}}"#,    "an Effect, Allow or Deny"),
        (r#"{"Statement":{"Effect":"allow","Principal":"*","Action":"*","Resource":"*"}}"#, "an Effect, Allow or Deny"),
        (r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,   "a Principal or a NotPrincipal"),
        (r#"{"Statement":{"Effect":"Allow","Principal":"*","Resource":"*"}}"#, "an Action or a NotAction"),
        (r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}"#,  "a Resource"),
    ];
    for (policy, said) in cases {
        assert!(checked(policy).unwrap_err().contains(said), "{policy}");
    }
}

#[test]
fn somebody_of_the_account_can_change_the_document() {
    #[rustfmt::skip]
    let cases = [
        (r#""*""#,                                                       r#""*""#,                             true),
        (r#"{"AWS":"111122223333"}"#,                                    r#""kms:PutKeyPolicy""#,              true),
        (r#"{"AWS":["arn:aws:iam::999999999999:root","arn:aws:iam::111122223333:user/a"]}"#, r#"["kms:Get*","KMS:put*"]"#, true),
        (r#"{"AWS":"spiffe://example.org/admin"}"#,                      r#""kms:*Policy""#,                   true),
        (r#"{"AWS":"spiffe://example.org/other"}"#,                      r#""kms:*""#,                         false),
        (r#"{"AWS":"arn:aws:iam::999999999999:root"}"#,                  r#""kms:*""#,                         false),
        (r#"{"Service":"111122223333"}"#,                                r#""kms:*""#,                         false),
        (r#"{"AWS":"111122223333"}"#,                                    r#"["kms:Encrypt","kms:PutKey"]"#,    false),
        (r#"{"AWS":"111122223333"}"#,                                    r#""kms:PutKeyPolicyX""#,             false),
        (r#"{"AWS":"111122223333"}"#,                                    r#""s3:*""#,                          false),
    ];
    for (principal, action, kept) in cases {
        let policy = statement(principal, action);
        let expected = if kept { Ok(()) } else { Err(LOCKED_OUT.to_owned()) };
        assert_eq!(checked(&policy), expected, "{policy}");
        assert_eq!(check(&policy, &account(), |_| false, true), Ok(()), "bypassed: {policy}");
    }
    let denied = statement(r#""*""#, r#""*""#).replace("Allow", "Deny");
    assert_eq!(checked(&denied), Err(LOCKED_OUT.to_owned()));
}

#[test]
fn a_document_has_32768_bytes_at_most() {
    let policy = statement(r#""*""#, r#""*""#);
    let longest = format!("{policy}{}", " ".repeat(32_768 - policy.len()));
    assert_eq!(checked(&longest), Ok(()));
    assert_eq!(check(&format!("{longest} "), &account(), |_| false, true), Err(Unkept::TooLong));
}

#[test]
fn a_documents_characters_are_those_that_the_reference_takes() {
    assert!(text("{\t\r\n\u{ff}}".to_owned()).is_ok());
    for wrong in ["", "\u{100}", "\u{7}", "\0"] {
        assert!(text(wrong.to_owned()).is_err(), "{wrong:?}");
    }
    assert!(text("x".repeat(131_073)).is_err());
}
