//! The starter set, spelled out a second time: a change there must be made here as well, and so on purpose.

use keyferry::model::Action::{self, *};
use keyferry::model::KeySpec::{self, *};
use keyferry::model::WrappingAlgorithm::{self, *};
use keyferry::model::{Principal, WrappingKeySpec};
use keyferry::policy::Circumstances;

use super::{ELSEWHERE, HOME, Named, ask, key, policies, principal, resource, starter, usual};

const ROLES: [&str; 6] = ["administrator", "importer", "custodian", "auditor", "user", "peer"];

type Tag = (&'static str, &'static str);

fn of_role(role: &str) -> Principal {
    principal(&format!("spiffe://example.org/{role}"), &[("role", role)])
}

#[test]
fn each_role_may_do_what_is_its_own_and_nothing_else() {
    let starter = starter();
    #[rustfmt::skip]
    let expected: [(Action, [bool; 6]); 48] = [
        //                                administrator  importer  custodian  auditor  user    peer
        (AdvanceClock,                    [false,         false,    false,     false,   false,  false]),
        (ApproveImport,                   [false,         false,    true,      false,   false,  false]),
        (CancelKeyDeletion,               [true,          false,    false,     false,   false,  false]),
        (CreateAlias,                     [true,          false,    false,     false,   false,  false]),
        (CreateKey,                       [true,          false,    false,     false,   false,  false]),
        (Decrypt,                         [false,         false,    false,     false,   true,   false]),
        (DeleteAlias,                     [true,          false,    false,     false,   false,  false]),
        (DeleteImportedKeyMaterial,       [true,          false,    false,     false,   false,  false]),
        (DeriveSharedSecret,              [false,         false,    false,     false,   true,   false]),
        (DescribeKey,                     [true,          true,     true,      true,    true,   false]),
        (DisableKey,                      [true,          false,    false,     false,   false,  false]),
        (DisableKeyRotation,              [false,         false,    false,     false,   false,  false]),
        (EnableKey,                       [true,          false,    false,     false,   false,  false]),
        (EnableKeyRotation,               [false,         false,    false,     false,   false,  false]),
        (Encrypt,                         [false,         false,    false,     false,   true,   false]),
        (GenerateDataKey,                 [false,         false,    false,     false,   true,   false]),
        (GenerateDataKeyWithoutPlaintext, [false,         false,    false,     false,   true,   false]),
        (GenerateMac,                     [false,         false,    false,     false,   true,   false]),
        (GenerateRandom,                  [false,         false,    false,     false,   true,   false]),
        (GetKeyPolicy,                    [true,          false,    false,     true,    false,  false]),
        (GetKeyRotationStatus,            [true,          false,    false,     true,    false,  false]),
        (GetParametersForImport,          [false,         true,     false,     false,   false,  false]),
        (GetPublicKey,                    [false,         true,     false,     false,   true,   false]),
        (GetServerInfo,                   [true,          true,     true,      true,    true,   false]),  // clients see by it whom they talk to
        (GetTokenProfile,                 [false,         true,     false,     true,    false,  false]),  // keyferry import chooses by it
        (ImportKeyMaterial,               [false,         true,     false,     false,   false,  false]),
        (ListAliases,                     [true,          true,     false,     true,    true,   false]),
        (ListKeyPolicies,                 [true,          false,    false,     true,    false,  false]),
        (ListKeyRotations,                [true,          true,     false,     true,    false,  false]),
        (ListKeys,                        [true,          true,     false,     true,    false,  false]),
        (ListPendingImports,              [false,         false,    true,      true,    false,  false]),
        (ListResourceTags,                [true,          false,    false,     true,    false,  false]),
        (PutKeyPolicy,                    [true,          false,    false,     false,   false,  false]),
        (ReEncryptFrom,                   [false,         false,    false,     false,   true,   false]),
        (ReEncryptTo,                     [false,         false,    false,     false,   true,   false]),
        (RejectImport,                    [false,         false,    true,      false,   false,  false]),
        (ReplicateKey,                    [true,          false,    false,     false,   false,  false]),
        (RotateKeyOnDemand,               [true,          false,    false,     false,   false,  false]),
        (ScheduleKeyDeletion,             [true,          false,    false,     false,   false,  false]),
        (Sign,                            [false,         false,    false,     false,   true,   false]),
        (SynchronizeMultiRegionKey,       [false,         false,    false,     false,   false,  true]),
        (TagResource,                     [true,          false,    false,     false,   false,  false]),
        (UntagResource,                   [true,          false,    false,     false,   false,  false]),
        (UpdateAlias,                     [true,          false,    false,     false,   false,  false]),
        (UpdateKeyDescription,            [true,          false,    false,     false,   false,  false]),
        (UpdatePrimaryRegion,             [true,          false,    false,     false,   false,  false]),
        (Verify,                          [false,         false,    false,     false,   true,   false]),
        (VerifyMac,                       [false,         false,    false,     false,   true,   false]),
    ];
    assert_eq!(expected.map(|(action, _)| action), Action::ALL);
    let key = key(SymmetricDefault, &[], HOME);
    let foreign = super::key(SymmetricDefault, &[], ELSEWHERE);
    // Without a role, and with one that nobody has.
    let strangers =
        [principal("a.test", &[]), principal("b.test", &[("role", "root")]), principal("c.test", &[("rôle", "importer")])];
    for (action, cells) in expected {
        for (role, expected) in ROLES.iter().zip(cells) {
            let over = |key: &Named| ask(&starter, &of_role(role), action, resource(action, key), &usual());
            assert_eq!(over(&key).allowed, expected, "{role} {action}");
            assert!(!over(&foreign).allowed, "{role} {action} in another account");
        }
        for stranger in &strangers {
            assert!(
                !ask(&starter, stranger, action, resource(action, &key), &usual()).allowed,
                "{} {action}",
                stranger.name
            );
        }
    }
}

#[test]
fn wrapping_is_as_strong_as_the_policies_ask() {
    let starter = starter();
    let importer = of_role("importer");
    let legacy = principal("spiffe://example.org/legacy", &[("role", "importer"), ("legacy", "sha-1")]);
    let sha_256 = principal("spiffe://example.org/modern", &[("role", "importer"), ("legacy", "sha-256")]);
    const WEAK: &[&str] = &["no-aes-under-rsa-2048"];
    const SHA_1: &[&str] = &["sha-1-for-legacy-only"];
    const BOTH: &[&str] = &["no-aes-under-rsa-2048", "sha-1-for-legacy-only"];
    #[rustfmt::skip]
    let expected: [(KeySpec, WrappingAlgorithm, [&[&str]; 3]); 14] = [
        //                                      RSA_2048  RSA_3072  RSA_4096
        (SymmetricDefault, RsaesOaepSha1,       [BOTH,    SHA_1,    SHA_1]),
        (SymmetricDefault, RsaesOaepSha256,     [WEAK,    &[],      &[]]),
        (SymmetricDefault, RsaAesKeyWrapSha1,   [BOTH,    SHA_1,    SHA_1]),
        (SymmetricDefault, RsaAesKeyWrapSha256, [WEAK,    &[],      &[]]),
        (Hmac224,          RsaesOaepSha256,     [&[],     &[],      &[]]),
        (Hmac256,          RsaesOaepSha1,       [SHA_1,   SHA_1,    SHA_1]),
        (Hmac512,          RsaesOaepSha256,     [&[],     &[],      &[]]),
        (Rsa2048,          RsaAesKeyWrapSha256, [&[],     &[],      &[]]),
        (Rsa4096,          RsaAesKeyWrapSha256, [&[],     &[],      &[]]),
        (Rsa4096,          RsaAesKeyWrapSha1,   [SHA_1,   SHA_1,    SHA_1]),
        (EccNistP256,      RsaesOaepSha256,     [&[],     &[],      &[]]),
        (EccNistP256,      RsaAesKeyWrapSha256, [&[],     &[],      &[]]),
        (EccNistP521,      RsaesOaepSha1,       [SHA_1,   SHA_1,    SHA_1]),
        (EccSecgP256k1,    RsaAesKeyWrapSha1,   [SHA_1,   SHA_1,    SHA_1]),
    ];
    let specs = [WrappingKeySpec::Rsa2048, WrappingKeySpec::Rsa3072, WrappingKeySpec::Rsa4096];
    for (spec, algorithm, cells) in expected {
        let key = key(spec, &[], HOME);
        for (wrapping, forbidding) in specs.into_iter().zip(cells) {
            let with = Circumstances { wrapping_algorithm: Some(algorithm), wrapping_key_spec: Some(wrapping), ..usual() };
            let ask = |who: &Principal| ask(&starter, who, GetParametersForImport, key.resource(), &with);
            let permitting = if forbidding.is_empty() { &["importers-import"][..] } else { forbidding };
            for who in [&importer, &sha_256] {
                assert_eq!(ask(who).policies, permitting, "{spec} {algorithm} {wrapping}");
                assert_eq!(ask(who).allowed, forbidding.is_empty(), "{spec} {algorithm} {wrapping}");
            }
            let is_weak = forbidding.contains(&"no-aes-under-rsa-2048");
            assert_eq!(ask(&legacy).allowed, !is_weak, "legacy: {spec} {algorithm} {wrapping}");
        }
    }
}

#[test]
fn under_the_two_person_rule_an_import_waits_for_another_ones_approval() {
    let starter = starter();
    let importer = of_role("importer");
    #[rustfmt::skip]
    let expected: [(&[Tag], bool, bool); 7] = [
        // the key's tags               approved  allowed
        (&[],                           false,    true),
        (&[],                           true,     true),
        (&[("approval", "two-person")], false,    false),
        (&[("approval", "two-person")], true,     true),
        (&[("approval", "none")],       false,    true),
        (&[("approval", "")],           false,    true),
        (&[("Approval", "two-person")], false,    true), // tags are told apart by case, as the reference has it
    ];
    for (tags, approved, allowed) in expected {
        let key = key(SymmetricDefault, tags, HOME);
        let circumstances = Circumstances { approved, ..usual() };
        let decision = ask(&starter, &importer, ImportKeyMaterial, key.resource(), &circumstances);
        assert_eq!(decision.policies, [if allowed { "importers-import" } else { "two-person-rule" }], "{tags:?} {approved}");
        assert_eq!(decision.allowed, allowed, "{tags:?} {approved}");
        // Approved or not, it is an importer's.
        for role in ["administrator", "custodian", "auditor"] {
            assert!(!ask(&starter, &of_role(role), ImportKeyMaterial, key.resource(), &circumstances).allowed, "{role}");
        }
    }
}

#[test]
fn a_replica_of_a_key_under_the_two_person_rule_is_under_it_too() {
    let starter = starter();
    let key = key(SymmetricDefault, &[("approval", "two-person")], HOME);
    for (tags, allowed) in [(vec![], false), (vec![("approval", "none")], false), (vec![("approval", "two-person")], true)] {
        let tags = tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let circumstances = Circumstances { request_tags: Some(tags), ..usual() };
        let decision = ask(&starter, &of_role("administrator"), ReplicateKey, key.resource(), &circumstances);
        let policy = if allowed { "administrators-keep-keys" } else { "replicas-keep-the-approval-tag" };
        assert_eq!((decision.allowed, decision.policies), (allowed, vec![policy.to_owned()]));
    }
}

#[test]
fn nobody_approves_what_is_their_own() {
    let starter = starter();
    let key = key(SymmetricDefault, &[("approval", "two-person")], HOME);
    let custodian = of_role("custodian");
    let ask = |action, requester: &str| {
        let circumstances = Circumstances { requester: Some(requester.to_owned()), ..usual() };
        ask(&starter, &custodian, action, key.resource(), &circumstances)
    };
    assert!(ask(ApproveImport, "spiffe://example.org/importer").allowed);
    assert_eq!(ask(ApproveImport, &custodian.name).policies, ["no-approval-of-ones-own"]);
    assert!(!ask(ApproveImport, &custodian.name).allowed);
    // Taking one's own back harms nobody.
    assert!(ask(RejectImport, &custodian.name).allowed);
}

/// The forbids hold beside a permit for everything: so a policy that is added in haste undoes no separation.
#[test]
fn the_limits_hold_whatever_else_is_permitted() {
    let limits = include_str!("../../deploy/policy/limits.cedar");
    let everything = policies(&format!("{limits}\n@id(\"all\") permit (principal, action, resource);"));
    let key = key(SymmetricDefault, &[], HOME);
    #[rustfmt::skip]
    let expected: [(Action, [&str; 4]); 5] = [
        //                       administrator               importer                      custodian                     auditor
        (CreateKey,              ["all",                     "only-administrators-create", "only-administrators-create", "only-administrators-create"]),
        (GetParametersForImport, ["only-importers-import",   "all",                        "only-importers-import",      "only-importers-import"]),
        (ImportKeyMaterial,      ["only-importers-import",   "all",                        "only-importers-import",      "only-importers-import"]),
        (ApproveImport,          ["only-custodians-approve", "only-custodians-approve",    "all",                        "only-custodians-approve"]),
        (RejectImport,           ["only-custodians-approve", "only-custodians-approve",    "all",                        "only-custodians-approve"]),
    ];
    for (action, cells) in expected {
        for (role, policy) in ROLES.iter().zip(cells) {
            let decision = ask(&everything, &of_role(role), action, resource(action, &key), &usual());
            assert_eq!((decision.allowed, decision.policies), (policy == "all", vec![policy.to_owned()]), "{role} {action}");
        }
    }
}
