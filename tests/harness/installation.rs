//! Everything that one keyferryd needs, in folders of its own: token, certificates, configuration, database.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::any_token::{AnyToken, Make};
use super::certificates::{Authority, Identity};
use super::faults;
use super::softhsm;

/// The account that callers belong to.
pub const ACCOUNT: &str = "111122223333";
/// The name of the client that tests call as, unless they say otherwise.
pub const IMPORTER: &str = "spiffe://example.org/importer";

/// Tests call as often as they like.
const NO_LIMITS: &str = "[limits]\nenabled = false\n";

/// Who may call, besides the usual importer, each with the tag `role`.
const OTHERS: [(&str, &str, &str); 8] = [
    ("importer.test", ACCOUNT, "importer"),
    ("spiffe://example.org/another", ACCOUNT, "importer"),
    ("importer.example.org", ACCOUNT, "importer"),
    ("spiffe://example.org/administrator", ACCOUNT, "administrator"),
    ("spiffe://example.org/custodian", ACCOUNT, "custodian"),
    ("spiffe://example.org/auditor", ACCOUNT, "auditor"),
    ("spiffe://example.com/importer", "444455556666", "importer"),
    ("loopback", ACCOUNT, "importer"),
];

fn principal((name, account, role): (&str, &str, &str)) -> String {
    format!("[[principal]]\nname = \"{name}\"\naccount = \"{account}\"\ntags = {{ role = \"{role}\" }}\n")
}

fn principals() -> String {
    let all = [(IMPORTER, ACCOUNT, "importer")].into_iter().chain(OTHERS).map(principal);
    format!("version = \"v1\"\n{}", all.collect::<String>())
}

/// Pairs are made on demand: most tests use few, and a pool for each would take the time of all.
pub const NO_POOL: &str = "\
[pool]
rsa_2048 = { low = 0, high = 0 }
rsa_3072 = { low = 0, high = 0 }
rsa_4096 = { low = 0, high = 0 }
";

/// A pool of few pairs: three to unwrap with, and three to decrypt with.
pub const FEW_PAIRS: &str = "\
[pool]
rsa_2048 = { low = 2, high = 3 }
rsa_3072 = { low = 0, high = 0 }
rsa_4096 = { low = 0, high = 0 }
";

/// What differs between the configurations of tests.
#[derive(Clone)]
pub struct Settings {
    pub make: Make,
    pub host_assisted: &'static str,
    pub lifetime_seconds: u32,
    pub max_attempts: u32,
    /// TOML of further tables.
    pub more: String,
    /// SQLite in the installation's folder where absent.
    pub store_url: Option<String>,
    /// Whether the token is behind the module that fails as it is told: [`super::Faults`] tells it.
    pub faults: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            make: Make::default(),
            host_assisted: "material",
            lifetime_seconds: 86_400,
            max_attempts: 16,
            more: NO_POOL.to_owned(),
            store_url: None,
            faults: false,
        }
    }
}

/// One installation. Its folders go when it does.
pub struct Installation {
    folder: TempDir,
    settings: Settings,
    pub token: AnyToken,
    pub authority: Authority,
    /// The usual client.
    pub importer: Identity,
}

impl Installation {
    /// Makes one and runs `keyferryd init` on it.
    pub fn new(settings: Settings) -> Self {
        let installation = Self::uninitialised(settings);
        let made = installation.command("init").output().unwrap();
        assert!(made.status.success(), "keyferryd init: {}", String::from_utf8_lossy(&made.stderr));
        installation
    }

    /// Makes one that `keyferryd init` has not seen.
    pub fn uninitialised(settings: Settings) -> Self {
        let authority = Authority::new();
        let importer = authority.client_by_uri(IMPORTER);
        let folder = TempDir::new().unwrap();
        let token = AnyToken::new(settings.make);
        let installation = Self { folder, settings, token, authority, importer };
        installation.write_server_certificate(&installation.authority.server());
        std::fs::write(installation.file("client-ca.pem"), &installation.authority.certificate).unwrap();
        write_private(&installation.file("pin"), softhsm::PIN);
        std::fs::create_dir(installation.file("policy")).unwrap();
        installation.write_policy("principals.toml", &principals());
        installation.write_policy("everything.cedar", "@id(\"everything\")\npermit(principal, action, resource);\n");
        std::fs::write(installation.config(), installation.config_text()).unwrap();
        installation
    }

    /// Where the server's certificate and key are, for tests that exchange them.
    pub fn write_server_certificate(&self, server: &Identity) {
        std::fs::write(self.file("server.pem"), &server.certificate).unwrap();
        write_private(&self.file("server-key.pem"), &server.private_key);
    }

    /// Lets one more call, who has this tag `role`.
    pub fn add_principal(&self, name: &str, role: &str) {
        let principals = self.file("policy").join("principals.toml");
        let known = std::fs::read_to_string(principals).unwrap();
        self.write_policy("principals.toml", &format!("{known}{}", principal((name, ACCOUNT, role))));
    }

    /// Writes a file of the folder of policies.
    pub fn write_policy(&self, name: &str, text: &str) {
        write_private(&self.file("policy").join(name), text);
    }

    /// Exchanges all policies for these; the principals stay.
    pub fn replace_policies(&self, text: &str) {
        for entry in std::fs::read_dir(self.file("policy")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "cedar") {
                std::fs::remove_file(path).unwrap();
            }
        }
        self.write_policy("policies.cedar", text);
    }

    /// The events of the audit log so far, those of files that are full left out.
    pub fn events(&self) -> Vec<serde_json::Value> {
        let log = std::fs::read_to_string(self.file("audit.jsonl")).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter_map(|mut line| line.get_mut("event").map(serde_json::Value::take)).collect()
    }

    /// `keyferryd <verb> --config …` with this installation's token; a verb may be of several words.
    pub fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyferryd"));
        command.args(verb.split(' ')).arg("--config").arg(self.config());
        command.env(self.token.variable(), self.token.conf()).env_remove("RUST_LOG").env_remove("KEYFERRY_FAILPOINT");
        if self.settings.faults {
            command.envs(faults::environment(&self.token.module(), &self.faults_socket()));
        }
        command
    }

    /// Where a process of it that has the module which fails as it is told takes its orders.
    pub fn faults_socket(&self) -> PathBuf {
        self.file("faults.sock")
    }

    /// A file of its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.file("keyferryd.toml")
    }

    /// The SQLite file.
    pub fn database(&self) -> PathBuf {
        self.file("keyferry.db")
    }

    /// Replaces a part of the configuration, which must be there.
    pub fn edit_config(&self, old: &str, new: &str) {
        let text = std::fs::read_to_string(self.config()).unwrap();
        assert!(text.contains(old), "{old} is not in the configuration");
        std::fs::write(self.config(), text.replace(old, new)).unwrap();
    }

    /// Its database's URL.
    pub fn store_url(&self) -> String {
        self.settings.store_url.clone().unwrap_or_else(|| format!("sqlite://{}", self.database().display()))
    }

    fn config_text(&self) -> String {
        let Settings { make: _, host_assisted, lifetime_seconds, max_attempts, more, store_url: _, faults } = &self.settings;
        let store_url = self.store_url();
        let file = |name: &str| self.file(name).display().to_string();
        let (certificate, private_key, client_ca) = (file("server.pem"), file("server-key.pem"), file("client-ca.pem"));
        let (policy, audit) = (file("policy"), file("audit.jsonl"));
        // As in the Regions where the reference offers it.
        let kms = if more.contains("[kms]") { "" } else { "[kms]\nsm2 = true\n" };
        let limits = if more.contains("[limits]") { "" } else { NO_LIMITS };
        let module = if *faults { faults::module() } else { self.token.module() };
        let (module, pin_file, label) = (module.display(), file("pin"), softhsm::LABEL);
        format!(
            r#"version = "v1"
[server]
listen = "127.0.0.1:0"
[json]
listen = "127.0.0.1:0"
[server.tls]
certificate = "{certificate}"
private_key = "{private_key}"
client_ca = "{client_ca}"
[hsm]
module = "{module}"
token_label = "{label}"
pin_file = "{pin_file}"
host_assisted = "{host_assisted}"
[store]
url = "{store_url}"
[policy]
folder = "{policy}"
[audit]
file = "{audit}"
checkpoint_seconds = 1
{limits}[import]
lifetime_seconds = {lifetime_seconds}
max_attempts = {max_attempts}
[janitor]
interval_seconds = 1
[log]
format = "json"
{kms}{more}
"#
        )
    }
}

/// Writes a file that is its owner's alone.
pub fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
