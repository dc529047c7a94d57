//! The options that every command takes, under the reference CLI's names.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Indented by four spaces, members in the reference's order
    Json,
    /// Tabs between values, for cut and awk
    Text,
    /// For reading on a terminal
    Table,
    /// One document
    Yaml,
    /// A list of one document for each page, printed as it comes
    YamlStream,
}

/// Whether there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// Always
    On,
    /// Never
    Off,
    /// On a terminal, and not where NO_COLOR is set
    Auto,
}

/// What stands for bytes where an option or an input file has text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BinaryFormat {
    /// Base64 of the bytes
    Base64,
    /// The bytes themselves, as far as text can be them
    RawInBase64Out,
}

/// The global options. What is not given comes from the environment, and then from the profile.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Say on standard error what is done and how long it takes; never a secret, a token or a blob
    #[arg(long, global = true)]
    pub(crate) debug: bool,
    /// The service, for example https://keyferry.example:8443; {region} in it stands for the Region; http only to this machine
    #[arg(long, global = true, env = "KEYFERRY_ENDPOINT_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Take whatever certificate the service shows; to this machine only, for otherwise nobody could tell who takes the material
    #[arg(long, global = true)]
    pub(crate) no_verify_ssl: bool,
    /// Get one page only, where there are more
    #[arg(long, global = true)]
    pub(crate) no_paginate: bool,
    /// How answers are printed; json where not given
    #[arg(long, global = true, env = "KEYFERRY_OUTPUT", hide_env_values = true, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
    /// Print only what this JMESPath expression takes from the answer
    #[arg(long, global = true, value_name = "EXPRESSION")]
    pub(crate) query: Option<String>,
    /// The profile to use, of KEYFERRY_CONFIG_FILE or ~/.config/keyferry/config.toml; default where not given
    #[arg(long, global = true, env = "KEYFERRY_PROFILE", hide_env_values = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The Region: takes the place of {region} in the endpoint URL, or must be the service's
    #[arg(long, global = true, env = "KEYFERRY_REGION", hide_env_values = true)]
    pub(crate) region: Option<String>,
    /// Whether there is colour; auto where not given
    #[arg(long, global = true, value_name = "WHEN")]
    pub(crate) color: Option<Color>,
    /// Show no client certificate
    #[arg(long, global = true)]
    pub(crate) no_sign_request: bool,
    /// PEM of the authorities that vouch for the service
    #[arg(long, global = true, env = "KEYFERRY_CA_BUNDLE", hide_env_values = true, value_name = "FILE")]
    pub(crate) ca_bundle: Option<PathBuf>,
    /// PEM of the caller's certificate
    #[arg(long, global = true, env = "KEYFERRY_CLIENT_CERT", hide_env_values = true, value_name = "FILE")]
    pub(crate) client_cert: Option<PathBuf>,
    /// PEM of the certificate's private key
    #[arg(long, global = true, env = "KEYFERRY_CLIENT_KEY", hide_env_values = true, value_name = "FILE")]
    pub(crate) client_key: Option<PathBuf>,
    /// Seconds to wait for an answer; 0 is for ever, 60 where not given
    #[arg(long, global = true, value_name = "SECONDS")]
    pub(crate) cli_read_timeout: Option<u64>,
    /// Seconds to wait for a connection; 0 is for ever, 60 where not given
    #[arg(long, global = true, value_name = "SECONDS")]
    pub(crate) cli_connect_timeout: Option<u64>,
    /// What stands for bytes in options and input files; base64 where not given. fileb:// is always the bytes of a file
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) cli_binary_format: Option<BinaryFormat>,
    /// Print to the terminal at once, not through KEYFERRY_PAGER, the cli_pager of the profile, PAGER or less
    #[arg(long, global = true)]
    pub(crate) no_cli_pager: bool,
    /// Ask for what is required and was not given
    #[arg(long, global = true, overrides_with = "no_cli_auto_prompt", action = ArgAction::SetTrue)]
    pub(crate) cli_auto_prompt: bool,
    /// Ask for nothing, whatever the profile says
    #[arg(long, global = true, overrides_with = "cli_auto_prompt")]
    pub(crate) no_cli_auto_prompt: bool,
}

impl Globals {
    /// The same with this profile, and nothing but it, saying where the service is and who asks.
    pub(crate) fn of_profile(self, name: String) -> Self {
        Self {
            profile: Some(name),
            endpoint_url: None,
            ca_bundle: None,
            client_cert: None,
            client_key: None,
            region: None,
            output: None,
            ..self
        }
    }
}
