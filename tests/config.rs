//! The reference configuration means what it says, and a wrong one is refused in words that help.

use std::collections::BTreeMap;

use keyferry::config::{Config, Error, Format, Forward, Marks, TokenName};
use keyferry::model::{Action, HostAssisted};

const REFERENCE: &str = include_str!("../deploy/keyferryd.toml");

const LEAST: &str = r#"
version = "v1"
[hsm]
module = "/usr/lib/softhsm/libsofthsm2.so"
token_label = "keyferry"
pin_file = "/etc/keyferry/pin"
[store]
url = "sqlite:/var/lib/keyferry/keyferry.db"
[policy]
folder = "/etc/keyferry/policy"
[audit]
file = "/var/log/keyferry/audit.jsonl"
"#;

fn parse(text: &str) -> Result<Config, Error> {
    Config::parse(text, [])
}

fn with_environment(text: &str, variables: &[(&str, &str)]) -> Result<Config, Error> {
    Config::parse(text, variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
}

/// Whether a line of the reference is a default, `# key = value`, rather than prose.
fn as_default(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("# ")?;
    let (key, _) = rest.split_once(" = ")?;
    key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_').then_some(rest)
}

#[test]
fn the_commented_lines_of_the_reference_are_the_defaults() {
    let uncommented: Vec<&str> = REFERENCE.lines().map(|line| as_default(line).unwrap_or(line)).collect();
    let defaults = REFERENCE.lines().filter_map(as_default).count();
    assert_eq!(defaults, 79, "a key was added or lost: say so here");
    assert_eq!(parse(&uncommented.join("\n")).unwrap(), parse(REFERENCE).unwrap());
}

#[test]
fn the_reference_leaves_out_no_key() {
    // The longest answer to an unknown key in each table is the list of the known ones.
    for table in [
        "server",
        "server.tls",
        "json",
        "hsm",
        "store",
        "policy",
        "audit",
        "kms",
        "import",
        "pool",
        "capacity",
        "janitor",
        "log",
        "metrics",
        "traces",
    ] {
        let refusal = with_environment(REFERENCE, &[(&format!("KEYFERRY__{}__NO_SUCH_KEY", table.replace('.', "__")), "1")]);
        let refusal = refusal.unwrap_err().to_string();
        let known: Vec<&str> =
            refusal.split('`').skip(3).step_by(2).filter(|key| !["tls", "further"].contains(key)).collect();
        assert!(!known.is_empty(), "{refusal}");
        for key in known {
            let mentioned = REFERENCE.lines().any(|line| {
                line.starts_with(&format!("{key} = "))
                    || line.starts_with(&format!("# {key} = "))
                    || line.contains(&format!(", {key}."))
            });
            assert!(mentioned, "{table}.{key}");
        }
    }
}

#[test]
fn what_is_left_out_has_a_safe_value() {
    let config = parse(LEAST).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8443");
    assert_eq!(config.server.tls, None);
    assert_eq!(config.hsm.host_assisted, HostAssisted::None);
    assert_eq!(config.hsm.token, TokenName::Label("keyferry".to_owned()));
    assert_eq!((config.hsm.sessions, config.hsm.queue), (4, 64));
    assert_eq!(config.hsm.longest_call, std::time::Duration::from_secs(60));
    assert_eq!((config.limits.burst_seconds.get(), config.limits.per_second[&Action::GetParametersForImport]), (10, 1));
    assert_eq!(config.store.max_clock_skew.as_secs(), 30);
    assert_eq!(config.import.lifetime.as_secs(), 24 * 60 * 60);
    assert_eq!(config.log.format, Format::Human);
    assert_eq!(config.pool.rsa_4096, Marks { low: 8, high: 16 });
    assert_eq!((config.capacity.objects, config.metrics.listen), (None, None));
}

#[test]
fn a_further_token_is_told_as_the_first_and_has_none_of_its_own() {
    let second = "[[hsm.further]]\nmodule = \"/m\"\ntoken_serial = \"2\"\npin_file = \"/p\"\nhost_assisted = \"kek\"\n";
    let third = second.replace("\"2\"", "\"3\"").replace("\"kek\"", "\"none\"");
    let config = parse(&format!("{LEAST}{second}{third}")).unwrap();
    assert_eq!(config.hsm.further.len(), 2);
    assert_eq!(config.hsm.further[0].token, TokenName::Serial("2".to_owned()));
    assert_eq!((config.hsm.further[0].sessions, config.hsm.further[0].queue), (4, 64));
    assert_eq!(config.hsm.most_host_assisted(), HostAssisted::Kek);
    #[rustfmt::skip]
    let cases = [
        (second.replace("pin_file = \"/p\"\n", ""), "expected one of pin_file, pin_credential and pin_prompt = true, found none"),
        (second.replace("module", "modul"), "unknown field `modul`"),
        (format!("{second}vendor_attestation_file = \"/v\"\n"), "further: expected no vendor_attestation_file, which only the first token has"),
        (format!("{second}[[hsm.further.further]]\nmodule = \"/m\"\ntoken_serial = \"3\"\npin_file = \"/p\"\n"), "further: expected no further tokens of a further one; list all of them as [[hsm.further]]"),
    ];
    for (text, expected) in cases {
        let refusal = parse(&format!("{LEAST}{text}")).unwrap_err().to_string();
        assert!(refusal.starts_with("hsm") && refusal.contains(expected), "expected {expected:?}, found {refusal:?}");
    }
}

#[test]
fn a_peer_is_another_region_with_an_endpoint_and_a_principal_of_its_own() {
    let peer = "[[peer]]\nregion = \"eu-west-1\"\nendpoint = \"https://eu.example:8443\"\nserver_ca = \"/ca\"\n\
                certificate = \"/c\"\nprivate_key = \"/k\"\nprincipal = \"eu\"\n";
    let config = parse(&format!("{LEAST}{peer}")).unwrap();
    assert_eq!((config.peer[0].region.as_str(), config.peer[0].principal.as_str()), ("eu-west-1", "eu"));
    #[rustfmt::skip]
    let cases = [
        (peer.replace("eu-west-1", "eu"),              "peer[0].region: expected a name such as eu-west-1, found \"eu\""),
        (peer.replace("eu-west-1", "us-east-1"),       "peer[0].region: expected another Region than kms.region, found \"us-east-1\""),
        (peer.replace("https", "http"),                "peer[0].endpoint: expected https://host:port, found \"http://eu.example:8443\""),
        (peer.replace("server_ca", "ca"),              "unknown field `ca`"),
        (format!("{peer}{peer}"),                      "peer[1].region: expected each Region once, found \"eu-west-1\" again"),
        (format!("{peer}{}", peer.replace("west", "east")), "peer[1].principal: expected a principal for each Region, found \"eu\" again"),
    ];
    for (text, expected) in cases {
        let refusal = parse(&format!("{LEAST}{text}")).unwrap_err().to_string();
        assert!(refusal.contains(expected), "expected {expected:?}, found {refusal:?}");
    }
    for key in ["region", "endpoint", "server_ca", "certificate", "private_key", "principal"] {
        assert!(REFERENCE.lines().any(|line| line.starts_with(&format!("#     {key} = "))), "peer.{key}");
    }
}

#[test]
fn the_environment_overrides_the_file() {
    let config = with_environment(
        LEAST,
        &[
            ("KEYFERRY__SERVER__LISTEN", "[::1]:0"),
            ("KEYFERRY__HSM__SESSIONS", "8"),
            ("KEYFERRY__LIMITS__GET_PARAMETERS_FOR_IMPORT", "50"),
            ("KEYFERRY__AUDIT__FORWARD", "journald"),
            ("KEYFERRY__LOG__FORMAT", "json"),
            ("KEYFERRY__CAPACITY__OBJECTS", "5000"),
            ("KEYFERRY__POOL__RSA_4096__LOW", "1"),
            ("KEYFERRY__POOL__RSA_4096__HIGH", "2"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.listen.to_string(), "[::1]:0");
    assert_eq!(config.hsm.sessions, 8);
    assert_eq!(config.limits.per_second[&Action::GetParametersForImport], 50);
    assert_eq!(config.audit.forward, Forward::Journald);
    assert_eq!(config.log.format, Format::Json);
    assert_eq!((config.capacity.objects, config.pool.rsa_4096), (Some(5000), Marks { low: 1, high: 2 }));
}

#[test]
fn the_variables_of_the_client_do_not_disturb() {
    let variables = [
        ("KEYFERRY_ENDPOINT_URL", "https://localhost:8443"),
        ("KEYFERRY_CA_BUNDLE", "/x"),
        ("KEYFERRY_CLIENT_CERT", "/x"),
        ("KEYFERRY_CLIENT_KEY", "/x"),
        ("KEYFERRY_FAILPOINT", "claimed"),
        ("PATH", "/bin"),
    ];
    assert_eq!(with_environment(LEAST, &variables).unwrap(), parse(LEAST).unwrap());
}

#[test]
fn what_is_wrong_is_named() {
    let with = |addition: &str| format!("{LEAST}\n{addition}");
    let tls_without_key = "[server.tls]\ncertificate = \"a\"\nclient_ca = \"b\"";
    #[rustfmt::skip]
    let cases = [
        (String::new(),                                       "version: missing; the file must say version = \"v1\""),
        (LEAST.replace("\"v1\"", "\"v2\""),                   "version: expected \"v1\", found \"v2\"; this program reads no other"),
        (LEAST.replace("module = ", "modul = "),              "hsm: unknown field `modul`"),
        (LEAST.replace("pin_file = \"/etc/keyferry/pin\"", ""), "hsm: expected one of pin_file, pin_credential and pin_prompt = true, found none"),
        (LEAST.replace("pin_file", "pin_prompt = true\npin_file"), "hsm: expected one of pin_file, pin_credential and pin_prompt = true, found more; leave one"),
        (LEAST.replace("pin_file", "pin_credential = \"pin\"\npin_file"), "hsm: expected one of pin_file, pin_credential and pin_prompt = true, found more; leave one"),
        (LEAST.replace("pin_file = \"/etc/keyferry/pin\"", "pin_credential = \"../pin\""), "hsm: pin_credential: expected a name as in LoadCredential=, found \"../pin\""),
        (LEAST.replace("pin_file = \"/etc/keyferry/pin\"", "pin_prompt = false"), "hsm: expected one of pin_file, pin_credential and pin_prompt = true, found none"),
        (LEAST.replace("token_label = \"keyferry\"", ""),     "hsm: expected token_label or token_serial, found neither"),
        (LEAST.replace("pin_file", "token_serial = \"1\"\npin_file"), "hsm: expected one of token_label and token_serial, found both; remove one"),
        (LEAST.replace("\"keyferry\"", "\"\""),               "hsm: token_label: expected 1 to 32 bytes, found 0"),
        (LEAST.replace("[store]", "sessions = 1\n[store]"),   "hsm.sessions: expected 2 to 64, found 1"),
        (LEAST.replace("[store]", "sessions = 65\n[store]"),  "hsm.sessions: expected 2 to 64, found 65"),
        (LEAST.replace("[store]", "host_assisted = \"all\"\n[store]"), "hsm.host_assisted: expected none, kek or material, found \"all\""),
        (LEAST.replace("sqlite:", "mysql:"),                  "store.url: expected a URL that begins with sqlite: or postgres:"),
        (LEAST.replace("[policy]", "max_clock_skew_seconds = 0\n[policy]"), "store.max_clock_skew_seconds: expected 1 to 3600, found 0"),
        (with("[server]\nlisten = \"0.0.0.0:8443\""),         "server.listen: expected a loopback address because there is no [server.tls], found 0.0.0.0:8443"),
        (with("[server]\nlisten = \"localhost\""),            "server.listen: invalid socket address"),
        (with("[server]\nmax_requests = 0"),                  "server.max_requests: expected 1 to 500, found 0"),
        (with("[server]\nmax_requests = \"many\""),           "server.max_requests: expected an integer, found string \"many\""),
        (with(tls_without_key),                               "server.tls.private_key: missing"),
        (with("[kms]\nregion = \"here\""),                    "kms: region: expected a name such as us-east-1, found \"here\""),
        (with("[limits]\nfly = 5"),                        "limits: unknown field `fly`, expected an operation such as create_key, enabled or burst_seconds"),
        (with("[limits]\nlist_keys = -1"),                     "limits: list_keys: expected 0 to 1000000, found -1"),
        (with("[limits]\nenabled = \"maybe\""),                 "limits: enabled: expected true or false, found maybe"),
        (LEAST.replace("\nfile =", "\npath ="),                   "audit: unknown field `path`"),
        (with("[import]\nlifetime_seconds = 86401"),          "import.lifetime_seconds: expected 60 to 86400, found 86401"),
        (with("[import]\nmax_attempts = 0"),                  "import.max_attempts: expected 1 to 1000, found 0"),
        (with("[janitor]\ninterval_seconds = 0"),             "janitor.interval_seconds: expected 1 to 3600, found 0"),
        (with("[log]\nlevel = \"request=loud\""),             "log.level: expected a level such as info or warn,request=info, found \"request=loud\""),
        (with("[metrics]\nlisten = \"here\""),                "metrics.listen: invalid socket address"),
        (with("[pool]\nsessions = 0"),                        "pool.sessions: expected 1 to 16, found 0"),
        (with("[pool]\nwaiting = 0"),                         "pool.waiting: expected 1 to 4096, found 0"),
        (with("[pool]\nrsa_2048 = { low = 3, high = 2 }"),    "pool.rsa_2048: expected low to be at most high, found low = 3 and high = 2"),
        (with("[pool]\nrsa_2048 = { high = 2 }"),             "pool.rsa_2048.low: missing"),
        (with("[pool]\nrsa_1024 = { low = 0, high = 0 }"),    "pool: unknown field `rsa_1024`"),
        (with("[capacity]\nobjects = 15"),                    "capacity.objects: invalid value: another number, expected 16 to 10000000, or \"auto\""),
        (with("[capacity]\nobjects = \"all\""),               "capacity.objects: invalid value: string \"all\", expected 16 to 10000000, or \"auto\""),
        (with("[capacity]\nimport_share = 0"),                "capacity.import_share: expected 1 to 90, found 0"),
        (with("[capacity]\nsets_per_key = 0"),                "capacity.sets_per_key: expected 1 to 1000000, found 0"),
        (with("[metric]"),                                    "unknown field `metric`"),
    ];
    for (text, expected) in cases {
        let refusal = parse(&text).unwrap_err().to_string();
        assert!(refusal.starts_with(expected), "expected {expected:?}, found {refusal:?}");
    }
    for variable in ["KEYFERRY__X__Y", "KEYFERRY__HSM__PIN", "KEYFERRY__X"] {
        let refusal = with_environment(LEAST, &[(variable, "secret-value")]).unwrap_err().to_string();
        assert!(refusal.contains("unknown field"), "{refusal}");
        assert!(!refusal.contains("secret-value"), "{refusal}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let refusal = Config::load("/nowhere/keyferryd.toml".as_ref()).unwrap_err();
    assert_eq!(refusal.to_string(), "cannot read /nowhere/keyferryd.toml: check the path and its permissions");
}

#[test]
fn a_password_is_in_no_debug_output_and_no_message() {
    let secret = "hunter2";
    let text = LEAST.replace("sqlite:/var/lib/keyferry/keyferry.db", &format!("postgres://keyferry:{secret}@db/keyferry"));
    let config = parse(&text).unwrap();
    assert!(config.store.url.expose().contains(secret));
    assert!(!format!("{config:?} {config:#?}").contains(secret));

    // Left open, so that the parser wants to quote the line.
    let refusals = BTreeMap::from([
        ("no closing quote", text.replace("@db/keyferry\"", "@db/keyferry")),
        ("no opening quote", text.replace("\"postgres", "postgres")),
        ("another scheme", text.replace("postgres:", "mysql:")),
        ("another key", text.replace("url = ", "uri = ")),
    ]);
    for (what, text) in refusals {
        let refusal = parse(&text).unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains(secret), "{what}: {refusal}");
        assert!(!refusal.to_string().is_empty(), "{what}");
    }
}
