//! What `keyferryd dev` writes at each start: settings of the token and of the service, and what clients are to be told.

use std::path::{Path, PathBuf};

use anyhow::Context;
use keyferry::config;

use super::folder::{self, Folder};
use super::{Doors, LABEL};

/// What the clients of the KMS API sign with.
pub(super) struct AccessKey {
    id: String,
    secret: String,
}

impl AccessKey {
    pub(super) fn read(printed: &str) -> anyhow::Result<Self> {
        let printed: serde_json::Value = serde_json::from_str(printed)?;
        let member = |name: &str| {
            let text = printed["AccessKey"][name].as_str().map(str::to_owned);
            text.with_context(|| format!("{name} is missing: remove the file, and another one is made"))
        };
        Ok(Self { id: member("AccessKeyId")?, secret: member("SecretAccessKey")? })
    }
}

pub(super) fn softhsm_settings(folder: &Folder) -> String {
    format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
        folder.path("softhsm").display()
    )
}

pub(super) fn settings(folder: &Folder, module: &Path, doors: Doors) -> anyhow::Result<String> {
    // A JSON string is a TOML string too.
    let text = |path: PathBuf| -> anyhow::Result<String> {
        let path = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
        serde_json::to_string(path).context("JSON")
    };
    let database = folder.path("keyferry.db");
    let database = database.to_str().context("the folder's path is not UTF-8")?.replace('%', "%25").replace('?', "%3F");
    Ok(format!(
        "# Written by keyferryd dev at each start: set KEYFERRY__<TABLE>__<KEY> in the environment instead of editing.
version = \"v1\"

[server]
listen = \"{grpc}\"

[json]
listen = \"{json}\"

[server.tls]
certificate = {certificate}
private_key = {private_key}
client_ca = {client_ca}

[hsm]
module = {module}
token_label = \"{LABEL}\"
pin_file = {pin_file}
host_assisted = \"material\"

[pool]
rsa_2048 = {{ low = 2, high = 2 }}
rsa_3072 = {{ low = 2, high = 2 }}
rsa_4096 = {{ low = 2, high = 2 }}

[store]
url = {url}

[policy]
folder = {policy}

[audit]
file = {audit}

[limits]
enabled = false
",
        grpc = doors.grpc,
        json = doors.json,
        certificate = text(folder.path("tls/server.pem"))?,
        private_key = text(folder.path("tls/server.key"))?,
        client_ca = text(folder.path("tls/ca.pem"))?,
        policy = text(folder.path("policy"))?,
        audit = text(folder.path("audit.jsonl"))?,
        module = text(module.to_owned())?,
        pin_file = text(folder.path("pin"))?,
        url = serde_json::to_string(&format!("sqlite:{database}"))?,
    ))
}

pub(super) fn environment(folder: &Folder, program: &Path, doors: Doors, access_key: &AccessKey) -> anyhow::Result<String> {
    let programs = folder::quoted(program.parent().context("this program's own folder")?)?;
    Ok(format!(
        "# Written by keyferryd dev at each start; for `source`.
export KEYFERRY_ENDPOINT_URL=https://localhost:{port}
export KEYFERRY_CA_BUNDLE={ca}
export KEYFERRY_CLIENT_CERT={certificate}
export KEYFERRY_CLIENT_KEY={key}
# For the clients of the KMS API: the aws command, boto3, Terraform.
export AWS_ENDPOINT_URL_KMS=https://localhost:{json}
export AWS_CA_BUNDLE={ca}
export AWS_ACCESS_KEY_ID={id}
export AWS_SECRET_ACCESS_KEY={secret}
export AWS_DEFAULT_REGION={region}
unset AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION
# For keyferryd doctor.
export SOFTHSM2_CONF={softhsm}
case \":$PATH:\" in *:{programs}:*) ;; *) export PATH={programs}:\"$PATH\" ;; esac
",
        port = doors.grpc.port(),
        json = doors.json.port(),
        id = access_key.id,
        secret = folder::quoted(Path::new(&access_key.secret))?,
        region = config::Kms::default().realm.region,
        softhsm = folder::quoted(&folder.path("softhsm2.conf"))?,
        ca = folder::quoted(&folder.path("tls/ca.pem"))?,
        certificate = folder::quoted(&folder.path("tls/client.pem"))?,
        key = folder::quoted(&folder.path("tls/client.key"))?,
    ))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::process::Command;

    use keyferry::config::{Config, Pin};
    use keyferry::hsm::SOFTHSM2_PLACES;

    use super::*;

    const DOORS: Doors = Doors {
        grpc: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7443),
        json: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7444),
    };
    const PRINTED: &str = r#"{"AccessKey":{"AccessKeyId":"AKIAX","SecretAccessKey":"s3/cr+t"}}"#;

    #[test]
    fn the_settings_are_good_whatever_the_folder_is_called() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(&outer.path().join("it's \"odd\" 100%?")).unwrap();
        let text = settings(&folder, Path::new(SOFTHSM2_PLACES[0]), DOORS).unwrap();
        let config = Config::parse(&text, []).unwrap();
        assert_eq!(config.hsm.pin, Pin::File(folder.path("pin")));
        assert!(config.store.url.expose().ends_with("/it's \"odd\" 100%25%3F/keyferry.db"));
    }

    #[test]
    fn a_shell_reads_the_environment_as_it_is_meant() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(&outer.path().join("it's odd")).unwrap();
        let program = Path::new("/opt/it's here/keyferryd");
        let access_key = AccessKey::read(PRINTED).unwrap();
        folder.write("env", &environment(&folder, program, DOORS, &access_key).unwrap()).unwrap();
        let script = format!(
            "PATH=/bin; . {env}; . {env}; printf '%s\\n' \"$KEYFERRY_ENDPOINT_URL\" \"$KEYFERRY_CLIENT_KEY\" \"$PATH\" \"$AWS_ENDPOINT_URL_KMS\" \"$AWS_SECRET_ACCESS_KEY\"",
            env = folder::quoted(&folder.path("env")).unwrap()
        );
        let output = Command::new("/bin/sh").arg("-c").arg(script).output().unwrap();
        let key = folder.path("tls/client.key");
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            format!("https://localhost:7443\n{}\n/opt/it's here:/bin\nhttps://localhost:7444\ns3/cr+t\n", key.display())
        );
    }
}
