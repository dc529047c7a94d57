//! What the policies can see, and that doubt is a no.

use keyferry::model::{Action, ExpirationModel, HostExposure, KeySpec, Timestamp, TlsDetails, UnwrapPath};
use keyferry::policy::{Circumstances, Resource};

use super::{ELSEWHERE, HOME, account, ask, key, load, policies, principal, resource, usual};

const ALL: &str = "@id(\"all\") permit (principal, action, resource);";

#[test]
fn what_no_policy_permits_is_denied_and_a_permit_is_named() {
    let somebody = principal("a.test", &[]);
    let key = key(KeySpec::SymmetricDefault, &[], HOME);
    let policies = policies(
        "@id(\"b\") permit (principal, action == Action::\"kms:DescribeKey\", resource);
         @id(\"a\") permit (principal == Principal::\"a.test\", action == Action::\"kms:DescribeKey\", resource);
         @id(\"not-enabling\") forbid (principal, action == Action::\"kms:EnableKey\", resource);",
    );
    let ask = |action| ask(&policies, &somebody, action, key.resource(), &usual());
    let (permitted, denied, forbidden) = (ask(Action::DescribeKey), ask(Action::DisableKey), ask(Action::EnableKey));
    assert_eq!((permitted.allowed, permitted.policies), (true, vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!((denied.allowed, denied.policies), (false, vec![]));
    assert_eq!((forbidden.allowed, forbidden.policies), (false, vec!["not-enabling".to_owned()]));
}

#[test]
fn no_permit_opens_another_accounts_keys() {
    let policies = policies(ALL);
    let somebody = principal("a.test", &[]);
    let elsewhere = account(ELSEWHERE);
    let foreign = key(KeySpec::SymmetricDefault, &[], ELSEWHERE);
    let own = key(KeySpec::SymmetricDefault, &[], HOME);
    for action in Action::ALL {
        let over = |resource| ask(&policies, &somebody, *action, resource, &usual());
        assert!(over(resource(*action, &own)).allowed, "{action}");
        assert_eq!(over(resource(*action, &foreign)).policies, [""; 0], "{action}");
        assert!(!over(resource(*action, &foreign)).allowed, "{action}");
    }
    assert!(!ask(&policies, &somebody, Action::ListKeys, Resource::Account(&elsewhere), &usual()).allowed);
}

#[test]
fn a_policy_that_cannot_be_evaluated_denies_whichever_it_is() {
    let days = "context.scheduleKeyDeletionPendingWindowInDays";
    let somebody = principal("a.test", &[]);
    let key = key(KeySpec::SymmetricDefault, &[], HOME);
    for effect in ["permit", "forbid"] {
        // 7 fits, 30 is beyond what Cedar can count to.
        let policies = policies(&format!(
            "{ALL} @id(\"errs\") {effect} (principal, action == Action::\"kms:ScheduleKeyDeletion\", resource)
             when {{ {days} * 1000000000000000000 == 1 }};"
        ));
        let ask = |days| {
            let circumstances = Circumstances { pending_window_in_days: Some(days), ..usual() };
            ask(&policies, &somebody, Action::ScheduleKeyDeletion, key.resource(), &circumstances)
        };
        assert!(ask(7).allowed);
        let denied = ask(30);
        assert_eq!((denied.allowed, denied.policies), (false, vec!["errs".to_owned()]), "{effect}");
    }
}

#[test]
fn a_question_that_lacks_what_its_action_has_is_denied() {
    let policies = policies(ALL);
    let somebody = principal("a.test", &[]);
    let key = key(KeySpec::SymmetricDefault, &[], HOME);
    let lacking = [
        Action::ApproveImport,
        Action::CreateKey,
        Action::GetParametersForImport,
        Action::ImportKeyMaterial,
        Action::RejectImport,
        Action::ReplicateKey,
        Action::ScheduleKeyDeletion,
        Action::UpdatePrimaryRegion,
    ];
    for action in Action::ALL {
        let decision = ask(&policies, &somebody, *action, resource(*action, &key), &Circumstances::default());
        assert_eq!(decision.allowed, !lacking.contains(action), "{action}");
    }
    // And one about what its action is not on.
    let account = account(HOME);
    assert!(!ask(&policies, &somebody, Action::DescribeKey, Resource::Account(&account), &usual()).allowed);
    assert!(!ask(&policies, &somebody, Action::CreateKey, key.resource(), &usual()).allowed);
}

/// Each condition holds, and its opposite does not: of the principal, the key and the circumstances.
#[test]
fn policies_see_everything_that_the_schema_says() {
    let key = key(KeySpec::Hmac384, &[("approval", "two-person")], HOME);
    let somebody = principal("a.test", &[("role", "importer")]);
    let circumstances = Circumstances {
        expiration_model: Some(ExpirationModel::Expires),
        valid_to: Some(Timestamp::parse_rfc3339("2026-12-01T12:00:00.25Z").unwrap()),
        unwrap_path: Some(UnwrapPath::HostKek),
        host_exposure: Some(HostExposure::HostKek),
        approved: true,
        request_tags: Some(principal("", &[("team", "payments")]).tags),
        requester: Some("b.test".to_owned()),
        tls: Some(TlsDetails {
            version: "TLSv1.3".into(),
            cipher_suite: "TLS_AES_256_GCM_SHA384".into(),
            key_exchange: "X25519MLKEM768".into(),
        }),
        ..usual()
    };
    use Action::{
        ApproveImport, CreateKey, GetParametersForImport, ImportKeyMaterial, ReplicateKey, ScheduleKeyDeletion,
        UpdatePrimaryRegion,
    };
    let arn = key.arn.as_str();
    #[rustfmt::skip]
    let cases = [
        (ImportKeyMaterial, format!("resource == Key::\"{arn}\"")),
        (ImportKeyMaterial, format!("principal.account == Account::\"{HOME}\" && resource.account == principal.account && resource in principal.account")),
        (ImportKeyMaterial, "principal.hasTag(\"role\") && principal.getTag(\"role\") == \"importer\"".into()),
        (ImportKeyMaterial, "resource.hasTag(\"approval\") && resource.getTag(\"approval\") == \"two-person\"".into()),
        (ImportKeyMaterial, "resource.spec == \"HMAC_384\" && resource.usage == \"GENERATE_VERIFY_MAC\" && resource.origin == \"EXTERNAL\"".into()),
        (ImportKeyMaterial, "!(resource has multiRegionKeyType)".into()),
        (ReplicateKey, "context.replicaRegion == \"eu-west-1\"".into()),
        (UpdatePrimaryRegion, "context.primaryRegion == \"eu-west-1\"".into()),
        (ImportKeyMaterial, "!resource.multiRegion && resource.token == \"0123456789abcdef\"".into()),
        (ImportKeyMaterial, "context.expirationModel == \"KEY_MATERIAL_EXPIRES\" && context.approved".into()),
        (ImportKeyMaterial, "context has validTo && context.validTo == datetime(\"2026-12-01T12:00:00.250Z\")".into()),
        (ImportKeyMaterial, "context has unwrapPath && context.unwrapPath == \"host-kek\"".into()),
        (ImportKeyMaterial, "context has hostExposure && context.hostExposure == \"HOST_KEK\"".into()),
        (ImportKeyMaterial, "context has tls && context.tls.version == \"TLSv1.3\" && context.tls.cipherSuite == \"TLS_AES_256_GCM_SHA384\" && context.tls.keyExchange == \"X25519MLKEM768\"".into()),
        (CreateKey, "context.keySpec == \"SYMMETRIC_DEFAULT\" && context.keyUsage == \"ENCRYPT_DECRYPT\" && context.keyOrigin == \"EXTERNAL\" && !context.multiRegion".into()),
        (CreateKey, "context.requestTags.contains({key: \"team\", value: \"payments\"}) && context.requestTagKeys == [\"team\"]".into()),
        (CreateKey, format!("resource == Account::\"{HOME}\"")),
        (GetParametersForImport, "context.wrappingAlgorithm == \"RSAES_OAEP_SHA_256\" && context.wrappingKeySpec == \"RSA_4096\"".into()),
        (ScheduleKeyDeletion, "context.scheduleKeyDeletionPendingWindowInDays == 30".into()),
        (ApproveImport, "context.requester == Principal::\"b.test\" && context.requester != principal".into()),
        (ApproveImport, "context.requester.hasTag(\"team\") && context.requester.getTag(\"team\") == \"hsm\"".into()),
    ];
    let principals =
        format!("version = \"v1\"\n[[principal]]\nname = \"b.test\"\naccount = \"{HOME}\"\ntags = {{ team = \"hsm\" }}\n");
    for (action, condition) in cases {
        for (word, expected) in [("when", true), ("unless", false)] {
            let text =
                format!("@id(\"x\") permit (principal, action == Action::\"{action}\", resource) {word} {{ {condition} }};");
            let policies = load(&text, &principals).unwrap_or_else(|error| panic!("{error}"));
            let decision = ask(&policies, &somebody, action, resource(action, &key), &circumstances);
            assert_eq!(decision.allowed, expected, "{action} {word} {condition}");
        }
    }
}

/// Names go in as they are, and never as a part of Cedar's own text.
#[test]
fn a_name_that_looks_like_cedar_is_but_a_name() {
    let policies = policies("@id(\"x\") permit (principal == Principal::\"admin\", action, resource);");
    let key = key(KeySpec::SymmetricDefault, &[], HOME);
    let ask = |name: &str| ask(&policies, &principal(name, &[]), Action::DescribeKey, key.resource(), &usual()).allowed;
    assert!(ask("admin"));
    for name in ["admin\"", "\"admin\"", "Principal::\"admin\"", "x\" || \"admin", "admin\\", "Admin", "admin\0"] {
        assert!(!ask(name), "{name}");
    }
}

#[test]
fn policies_tell_primaries_from_replicas() {
    use keyferry::model::key::{Relations, Role};
    let policies = policies(
        "@id(\"x\") permit (principal, action, resource) when { resource has multiRegionKeyType && resource.multiRegionKeyType == \"REPLICA\" };",
    );
    let somebody = principal("a.test", &[]);
    let mut key = key(KeySpec::SymmetricDefault, &[], HOME);
    let allows = |key: &super::Named| ask(&policies, &somebody, Action::Encrypt, key.resource(), &usual()).allowed;
    assert!(!allows(&key));
    key.key.id = keyferry::model::KeyId::random(true);
    assert!(!allows(&key), "a primary");
    let role = Role::Replica { primary: "eu-west-1".to_owned() };
    let relations =
        Relations { role, generation: 1, born: 1, others: vec![], handing_over: None, owes_report: None, is_leaving: false };
    key.key.relations = Some(Box::new(relations));
    assert!(allows(&key));
}
