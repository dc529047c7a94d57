//! `[hsm]`: which token, and what it may be helped with; `[[hsm.further]]`: others that keys may live in.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::limits::within;
use crate::model::HostAssisted;

/// The token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Hsm {
    /// The PKCS#11 module, a shared library.
    pub module: PathBuf,
    /// Which of the module's tokens.
    pub token: TokenName,
    /// Where the user PIN comes from.
    pub pin: Pin,
    /// Sessions, and so threads, at work at once: 2 to 64.
    pub sessions: usize,
    /// Calls that wait for a session before more are refused: 1 to 4096.
    pub queue: usize,
    /// How long a call may take before it is taken for one that hangs: 1 s to 240 s.
    pub longest_call: Duration,
    /// The most that the host may see of what is unwrapped.
    pub host_assisted: HostAssisted,
    /// The file that holds what the token's vendor attests.
    pub vendor_attestation_file: Option<PathBuf>,
    /// Further tokens, each as this one but without further ones and attestation of its vendor.
    pub further: Vec<Self>,
}

impl Hsm {
    /// This token, and the further ones.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.further)
    }

    /// The most that the host may see of what is unwrapped in any of the tokens.
    pub fn most_host_assisted(&self) -> HostAssisted {
        self.all().map(|token| token.host_assisted).max().unwrap_or(self.host_assisted)
    }
}

/// How a token is found among those of its module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenName {
    /// By CK_TOKEN_INFO.label.
    Label(String),
    /// By CK_TOKEN_INFO.serialNumber.
    Serial(String),
}

/// Where the user PIN comes from: never from the configuration itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// A file that holds it, and nothing else but a newline.
    File(PathBuf),
    /// The systemd credential of this name.
    Credential(String),
    /// Somebody at the terminal, at each start.
    Prompt,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    module: PathBuf,
    token_label: Option<String>,
    token_serial: Option<String>,
    pin_file: Option<PathBuf>,
    pin_credential: Option<String>,
    #[serde(default)]
    pin_prompt: bool,
    #[serde(default = "sessions", deserialize_with = "within::<_, _, 2, 64>")]
    sessions: usize,
    #[serde(default = "queue", deserialize_with = "within::<_, _, 1, 4096>")]
    queue: usize,
    #[serde(default = "longest_call_seconds", deserialize_with = "within::<_, _, 1, 240>")]
    longest_call_seconds: u64,
    #[serde(default = "host_assisted", deserialize_with = "host_assisted_name")]
    host_assisted: HostAssisted,
    /// Empty is none, so that the environment can take it back.
    #[serde(default)]
    vendor_attestation_file: PathBuf,
    #[serde(default)]
    further: Vec<Hsm>,
}

fn sessions() -> usize {
    4
}

fn queue() -> usize {
    64
}

fn longest_call_seconds() -> u64 {
    60
}

fn host_assisted() -> HostAssisted {
    HostAssisted::None
}

fn host_assisted_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HostAssisted, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(|_| D::Error::custom(format!("expected none, kek or material, found {name:?}")))
}

impl TryFrom<Raw> for Hsm {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        let Raw {
            module,
            token_label,
            token_serial,
            pin_file,
            pin_credential,
            pin_prompt,
            sessions,
            queue,
            longest_call_seconds,
            host_assisted,
            vendor_attestation_file,
            further,
        } = raw;
        if further.iter().any(|token| !token.further.is_empty()) {
            return Err(
                "further: expected no further tokens of a further one; list all of them as [[hsm.further]]".to_owned()
            );
        }
        if further.iter().any(|token| token.vendor_attestation_file.is_some()) {
            return Err("further: expected no vendor_attestation_file, which only the first token has".to_owned());
        }
        let token = match (token_label, token_serial) {
            (Some(label), None) => TokenName::Label(bounded("token_label", label, 32)?),
            (None, Some(serial)) => TokenName::Serial(bounded("token_serial", serial, 16)?),
            (None, None) => return Err("expected token_label or token_serial, found neither".to_owned()),
            (Some(_), Some(_)) => {
                return Err("expected one of token_label and token_serial, found both; remove one".to_owned());
            }
        };
        let pin = match (pin_file, pin_credential, pin_prompt) {
            (Some(path), None, false) => Pin::File(path),
            (None, Some(name), false) => Pin::Credential(credential(name)?),
            (None, None, true) => Pin::Prompt,
            (None, None, false) => {
                return Err("expected one of pin_file, pin_credential and pin_prompt = true, found none".to_owned());
            }
            _ => {
                let one = "expected one of pin_file, pin_credential and pin_prompt = true, found more; leave one";
                return Err(one.to_owned());
            }
        };
        let vendor_attestation_file = Some(vendor_attestation_file).filter(|path| !path.as_os_str().is_empty());
        let longest_call = Duration::from_secs(longest_call_seconds);
        Ok(Self { module, token, pin, sessions, queue, longest_call, host_assisted, vendor_attestation_file, further })
    }
}

/// The lengths are those of CK_TOKEN_INFO (PKCS#11 v3.0 §3.2).
fn bounded(key: &str, name: String, most: usize) -> Result<String, String> {
    if (1..=most).contains(&name.len()) {
        Ok(name)
    } else {
        Err(format!("{key}: expected 1 to {most} bytes, found {}", name.len()))
    }
}

/// The name of a file in the folder of credentials (systemd.exec(5)), and no way out of it.
fn credential(name: String) -> Result<String, String> {
    let name = bounded("pin_credential", name, 255)?;
    if name == "." || name == ".." || name.contains(['/', '\0']) {
        return Err(format!("pin_credential: expected a name as in LoadCredential=, found {name:?}"));
    }
    Ok(name)
}
