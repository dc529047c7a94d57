//! What is not written as it must be is refused, in words that say where and what to do.

use std::collections::BTreeSet;

use keyferry::model::Action;
use keyferry::policy::{Error, Policies, SCHEMA};

use super::{NOBODY, folder, load, starter};

#[test]
fn the_schema_has_exactly_one_action_for_each_that_can_be_asked_for() {
    let (schema, warnings) = cedar_policy::Schema::from_cedarschema_str(SCHEMA).unwrap();
    assert_eq!(warnings.map(|warning| warning.to_string()).collect::<Vec<_>>(), [""; 0]);
    let named: Vec<&str> = schema.actions().map(|uid| uid.id().as_ref()).collect();
    let asked: BTreeSet<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(named.len(), asked.len());
    assert_eq!(BTreeSet::from_iter(named), asked);
    for action in Action::ALL {
        let uid = schema.actions().find(|uid| uid.id().as_ref() as &str == action.as_str()).unwrap();
        let on: Vec<String> = schema.resources_for_action(uid).unwrap().map(ToString::to_string).collect();
        assert_eq!(on, [if action.is_on_account() { "Account" } else { "Key" }], "{action}");
    }
}

#[test]
fn policies_can_be_held_and_shared_by_every_thread() {
    fn is_shared<T: Send + Sync + 'static>(_: &T) {}
    is_shared(&starter());
}

#[test]
fn a_policy_that_does_not_hold_up_is_refused_with_file_and_line() {
    const ALL: &str = "permit (principal, action, resource)";
    let when = |condition: &str| format!("@id(\"x\")\n{ALL}\nwhen {{ {condition} }};");
    let on = |action: &str, condition: &str| {
        format!("@id(\"x\")\npermit (principal, action == Action::\"{action}\", resource)\nwhen {{ {condition} }};")
    };
    let import = "kms:ImportKeyMaterial";
    #[rustfmt::skip]
    let cases: [(String, &[&str]); 16] = [
        (format!("// why\n\n{ALL};"),                               &["a.cedar:3: the policy has no id; write @id("]),
        (format!("@id(\"\")\n{ALL};"),                              &["a.cedar:1: the policy has no id"]),
        (format!("@id(\"a b\")\n{ALL};"),                           &["a.cedar:1: the policy has no id"]),
        (format!("@id(\"x\")\n{ALL};\n@id(\"x\")\n{ALL};"),         &["a.cedar:3: the id \"x\" is taken by the policy at ", "a.cedar:1; give this one"]),
        (format!("{ALL};\n@id(\"x\")\n{ALL};\n{ALL};"),             &["a.cedar:1: the policy has no id"]),
        (format!("@id(\"x\")\n{ALL};\n{ALL};\n{ALL};"),             &["a.cedar:3: the policy has no id"]),
        ("@id(\"x\")\npermit (\n  principal,\n  action\n);".into(), &["a.cedar:4: this policy is missing the `resource` variable"]),
        (format!("@id(\"x\")\n{ALL}\n\nwhen {{ 1 + }};"),          &["a.cedar:4: unexpected token `}`; expected "]),
        ("@id(\"x\")\npermit (principal == ?principal, action, resource);".into(), &["a.cedar:1: a template"]),
        (when("principal.rank == 1"),                               &["a.cedar:3: policy \"x\": ", "attribute `rank` on entity type `Principal` not found"]),
        (on(import, "context.wrappingAlgorithm == \"x\""),          &["a.cedar:3: policy \"x\": ", "attribute `wrappingAlgorithm` in context for Action::\"kms:ImportKeyMaterial\" not found"]),
        (on(import, "context.validTo < datetime(\"2027-01-01\")"),  &["a.cedar:3: policy \"x\": ", "unable to guarantee safety of access to optional attribute `validTo`"]),
        (on(import, "principal.getTag(\"role\") == \"importer\""),  &["a.cedar:3: policy \"x\": ", "unable to guarantee safety of access to tag"]),
        (on("kms:ImportKeyMateral", "true"),                        &["a.cedar:2: policy \"x\": ", "unrecognized action `Action::\"kms:ImportKeyMateral\"`", "kms:ImportKeyMaterial"]),
        (on(import, "resource.spec == 256"),                        &["a.cedar:3: policy \"x\": ", "String", "Long"]),
        (when("principal is Person"),                               &["a.cedar:3: policy \"x\": ", "unrecognized entity type `Person`"]),
    ];
    for (policy, expected) in cases {
        let refusal = load(&policy, NOBODY).unwrap_err().to_string();
        for part in expected {
            assert!(refusal.contains(part), "{policy}\n{refusal}\n{part}");
        }
    }
}

#[test]
fn every_fault_of_every_file_is_said_at_once() {
    let folder = folder("@id(\"x\") permit (principal, action, resource) when { principal.a };", NOBODY);
    let second = "// another\n@id(\"y\") permit (principal, action, resource) when { principal.b };";
    std::fs::write(folder.path().join("b.cedar"), second).unwrap();
    let refusal = Policies::load(folder.path()).unwrap_err();
    assert!(matches!(refusal, Error::Unsound(_)));
    let lines: Vec<String> = refusal.to_string().lines().map(str::to_owned).collect();
    assert!(lines.iter().any(|line| line.contains("a.cedar:1: policy \"x\"") && line.contains("`a`")), "{refusal}");
    assert!(lines.iter().any(|line| line.contains("b.cedar:2: policy \"y\"") && line.contains("`b`")), "{refusal}");
}

#[test]
fn an_id_is_taken_over_all_files() {
    let policy = "@id(\"x\") permit (principal, action, resource);";
    let folder = folder(policy, NOBODY);
    std::fs::write(folder.path().join("b.cedar"), policy).unwrap();
    let refusal = Policies::load(folder.path()).unwrap_err().to_string();
    assert!(refusal.contains("b.cedar:1: the id \"x\" is taken by the policy at ") && refusal.contains("a.cedar:1;"));
    // What no shell would call *.cedar is none: a lock of an editor's, for example.
    std::fs::rename(folder.path().join("b.cedar"), folder.path().join(".#b.cedar")).unwrap();
    assert_eq!(Policies::load(folder.path()).unwrap().ids(), ["x"]);
}

#[test]
fn what_can_never_apply_is_warned_of_and_loaded() {
    let policies =
        super::policies("@id(\"x\")\npermit (principal, action, resource is Account)\nwhen { principal == resource };");
    let [warning] = policies.warnings() else { panic!("{:?}", policies.warnings()) };
    assert!(warning.contains("a.cedar:1: policy \"x\": ") && warning.contains("impossible"), "{warning}");
}

#[test]
fn principals_that_are_not_as_they_must_be_are_refused() {
    let entry = |name: &str, account: &str, more: &str| {
        format!("version = \"v1\"\n[[principal]]\nname = {name:?}\naccount = \"{account}\"\n{more}\n")
    };
    let good = "111122223333";
    #[rustfmt::skip]
    let cases = [
        ("".to_owned(),                                            "version: missing; the file must say version = \"v1\""),
        ("version = \"v2\"\nx = 1".to_owned(),                     "version: expected \"v1\", found \"v2\"; this program reads no other"),
        ("version = \"v1\"\n[[principals]]".to_owned(),            "unknown field `principals`"),
        ("version = \"v1\"\n=".to_owned(),                         "line 2"),
        (entry("a.test", good, "role = \"importer\""),             "unknown field `role`"),
        (entry("a.test", good, "tags = { role = 1 }"),             "expected a string"),
        ("version = \"v1\"\n[[principal]]\nname = \"a\"".into(),   "missing field `account`"),
        (entry("a.test", "1111", ""),                              "principal \"a.test\": account: expected twelve digits, found \"1111\""),
        (entry("", good, ""),                                      "principal \"\": expected a URI or a DNS name in printable ASCII"),
        (entry("a b", good, ""),                                   "principal \"a b\": expected a URI or a DNS name"),
        (entry("ä.test", good, ""),                                "principal \"ä.test\": expected a URI or a DNS name"),
        (entry("a.test", good, "") + &entry("a.test", good, "").replace("version = \"v1\"", ""), "principal \"a.test\": named twice"),
    ];
    for (text, expected) in cases {
        let refusal = load("@id(\"x\") permit (principal, action, resource);", &text).unwrap_err().to_string();
        assert!(refusal.contains("principals.toml: ") && refusal.contains(expected), "{text}\n{refusal}");
    }
}

#[test]
fn a_folder_without_policies_or_principals_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = || Policies::load(folder.path()).unwrap_err().to_string();
    assert!(refusal().starts_with("cannot read ") && refusal().contains("principals.toml: No such file"), "{}", refusal());
    std::fs::write(folder.path().join("principals.toml"), NOBODY).unwrap();
    assert!(refusal().ends_with("no policies; the folder must hold one or more *.cedar files"), "{}", refusal());
    let absent = Policies::load(&folder.path().join("absent")).unwrap_err();
    assert!(matches!(absent, Error::Unreadable { .. }), "{absent}");
}

#[test]
fn the_starter_set_is_sound_and_nothing_about_it_is_odd() {
    let starter = starter();
    assert_eq!(starter.warnings(), [""; 0]);
    let names: Vec<&str> = starter.principals().map(|principal| principal.tags["role"].as_str()).collect();
    assert_eq!(names, ["administrator", "auditor", "custodian", "importer", "peer", "user"]);
    let files: Vec<_> = starter.sources().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(files, ["principals.toml", "limits.cedar", "roles.cedar"]);
}

#[test]
fn a_name_stands_for_a_principal_only_to_the_letter() {
    let starter = starter();
    let name = "spiffe://example.org/importer";
    assert_eq!(starter.principal(name).unwrap().name, name);
    for other in ["spiffe://example.org/importer/", "spiffe://EXAMPLE.org/importer", "importer", ""] {
        assert_eq!(starter.principal(other), None, "{other}");
    }
}
