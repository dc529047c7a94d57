//! What holds for one command: flags first, then the environment, then the profile, then what is usual.

mod regions;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use clap::ValueEnum;
use keyferry::client::{self, Client, Endpoint};
use zeroize::Zeroizing;

use crate::clean::clean_line;
use crate::failure::Failure;
use crate::globals::{BinaryFormat, Color, Format, Globals};
use crate::profile::{self, Profile};

const USUAL_TIMEOUT: u64 = 60;

/// The place of the Region in an endpoint URL.
const REGION: &str = "{region}";

/// Everything that was decided before the command began.
pub(crate) struct Settings {
    pub(crate) format: Format,
    pub(crate) query: Option<String>,
    pub(crate) color: Color,
    pub(crate) binary_format: BinaryFormat,
    pub(crate) auto_prompt: bool,
    pub(crate) no_paginate: bool,
    /// The command that shows long answers on a terminal; empty for none.
    pub(crate) pager: String,
    endpoint_url: Option<String>,
    region: Option<String>,
    verify: bool,
    sign: bool,
    ca_bundle: Option<PathBuf>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    read_timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
}

impl Settings {
    /// Decides.
    ///
    /// # Errors
    /// Where the profile is missing or wrong.
    pub(crate) fn new(globals: Globals) -> Result<Self, Failure> {
        let profile = profile::load(globals.profile.as_deref())?;
        let auto_prompt = if globals.no_cli_auto_prompt { Some(false) } else { globals.cli_auto_prompt.then_some(true) };
        let timeout =
            |seconds: Option<u64>| Some(seconds.unwrap_or(USUAL_TIMEOUT)).filter(|s| *s > 0).map(Duration::from_secs);
        Ok(Self {
            format: one_of(globals.output, profile.output.as_deref(), "output")?.unwrap_or(Format::Json),
            query: globals.query,
            color: globals.color.unwrap_or(Color::Auto),
            binary_format: one_of(globals.cli_binary_format, profile.cli_binary_format.as_deref(), "cli_binary_format")?
                .unwrap_or(BinaryFormat::Base64),
            auto_prompt: auto_prompt.or(profile.cli_auto_prompt).unwrap_or(false),
            no_paginate: globals.no_paginate,
            pager: if globals.no_cli_pager { String::new() } else { pager(&profile) },
            endpoint_url: globals.endpoint_url.or(profile.endpoint_url),
            region: globals.region.or(profile.region),
            verify: !globals.no_verify_ssl,
            sign: !globals.no_sign_request,
            ca_bundle: globals.ca_bundle.or(profile.ca_bundle),
            client_cert: globals.client_cert.or(profile.client_cert),
            client_key: globals.client_key.or(profile.client_key),
            read_timeout: timeout(globals.cli_read_timeout.or(profile.cli_read_timeout)),
            connect_timeout: timeout(globals.cli_connect_timeout.or(profile.cli_connect_timeout)),
        })
    }

    /// Connects to the service.
    ///
    /// # Errors
    /// Where the settings do not lead to one, or to one of another Region than was asked for.
    pub(crate) async fn connect(&self) -> Result<Client, Failure> {
        let (client, is_regional) = self.reach().await?;
        if let (Some(wanted), false) = (&self.region, is_regional) {
            self.require_region(&client, wanted, "Change --region, or the endpoint URL").await?;
        }
        Ok(client)
    }

    /// Connects to whatever service is there; whether the Region is a part of where.
    async fn reach(&self) -> Result<(Client, bool), Failure> {
        let (endpoint, is_regional) = self.endpoint().map_err(Failure::Configuration)?;
        let client = Client::connect(&endpoint).await.map_err(|error| self.unconnected(error))?;
        Ok((client, is_regional))
    }

    /// Checks that the service is of this Region.
    async fn require_region(&self, client: &Client, wanted: &str, remedy: &str) -> Result<(), Failure> {
        let info = client.get_server_info().await;
        let found = info.map_err(|error| Failure::of("GetServerInfo", error))?.region;
        if found == *wanted {
            return Ok(());
        }
        let url = self.endpoint_url.as_deref().unwrap_or_default().replace(REGION, wanted);
        // Somebody else's word: it is to look like none of ours.
        let found = clean_line(&found);
        Err(Failure::Configuration(anyhow!("the service at {url} is of the Region {found}, not {wanted}\n{remedy}")))
    }

    /// No connection, and what these settings had to do with it.
    fn unconnected(&self, error: client::Error) -> Failure {
        let is_distrust = matches!(&error, client::Error::Connection(unreachable) if !unreachable.is_passing());
        let failure = Failure::of("", error);
        match is_distrust && !self.sign {
            true => failure.advised("The service wants to see a certificate: leave --no-sign-request away"),
            false => failure,
        }
    }

    /// The endpoint, and whether the Region is a part of it.
    fn endpoint(&self) -> anyhow::Result<(Endpoint, bool)> {
        let url = self.endpoint_url.as_deref().ok_or_else(|| {
            anyhow!("no endpoint URL\nGive --endpoint-url, set KEYFERRY_ENDPOINT_URL, for example by sourcing .local/env, or run keyferry configure")
        })?;
        let is_regional = url.contains(REGION);
        let url = match (&self.region, is_regional) {
            // It becomes a part of a host name: nothing in it may end one.
            (Some(region), true) if !is_region(region) => {
                return Err(anyhow!(
                    "the Region {region:?} is none\nGive one of small letters, digits and dashes, such as eu-central-1: --region"
                ));
            }
            (Some(region), true) => url.replace(REGION, region),
            (None, true) => {
                return Err(anyhow!(
                    "You must specify a region.\nGive --region, set KEYFERRY_REGION, or run keyferry configure"
                ));
            }
            (_, false) => url.to_owned(),
        };
        let mut endpoint = Endpoint::new(&url).connect_timeout(self.connect_timeout).call_timeout(self.read_timeout);
        if !url.starts_with("https:") {
            return Ok((endpoint, is_regional));
        }
        if !self.verify {
            endpoint = endpoint.accept_any_certificate();
        } else {
            endpoint = endpoint.ca_bundle(file(&self.ca_bundle, "--ca-bundle", "KEYFERRY_CA_BUNDLE")?.to_vec());
        }
        if self.sign {
            let cert = file(&self.client_cert, "--client-cert", "KEYFERRY_CLIENT_CERT")?;
            let key = file(&self.client_key, "--client-key", "KEYFERRY_CLIENT_KEY")?;
            endpoint = endpoint.identity(cert.to_vec(), key);
        }
        Ok((endpoint, is_regional))
    }

    /// The settings by name, as `keyferry configure list` shows them.
    pub(crate) fn listed(&self) -> Vec<(&'static str, Option<String>)> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        vec![
            ("endpoint_url", self.endpoint_url.clone()),
            ("ca_bundle", path(&self.ca_bundle)),
            ("client_cert", path(&self.client_cert)),
            ("client_key", path(&self.client_key)),
            ("region", self.region.clone()),
        ]
    }
}

fn is_region(region: &str) -> bool {
    (1..=63).contains(&region.len())
        && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn file(path: &Option<PathBuf>, option: &str, variable: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let path: &Path = path
        .as_deref()
        .ok_or_else(|| anyhow!("an https endpoint needs {option}\nGive it, set {variable}, or run keyferry configure"))?;
    std::fs::read(path).map(Zeroizing::new).map_err(|error| {
        anyhow!("{option} {}: {error}\nIt may come from {variable} or the profile: keyferry configure list", path.display())
    })
}

fn one_of<T: ValueEnum>(flag: Option<T>, profile: Option<&str>, name: &str) -> Result<Option<T>, Failure> {
    match (flag, profile) {
        (None, Some(text)) => T::from_str(text, false).map(Some).map_err(|_| {
            let possible = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let names: Vec<String> = possible.map(|value| value.get_name().to_owned()).collect();
            Failure::Configuration(anyhow!("{name} = {text:?} in the profile\nExpected one of {}", names.join(", ")))
        }),
        (flag, _) => Ok(flag),
    }
}

/// As the reference: its own variable, the profile, what the system uses, less.
fn pager(profile: &Profile) -> String {
    std::env::var("KEYFERRY_PAGER")
        .ok()
        .or_else(|| profile.cli_pager.clone())
        .or_else(|| std::env::var("PAGER").ok())
        .unwrap_or_else(|| "less".to_owned())
}
