//! The command line: the reference CLI's names and options, and what is keyferry's own.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};
use keyferry::proto;

use crate::blob::Blob;
use crate::names::parser;

/// Brings key material into an HSM, wrapped.
#[derive(Parser)]
#[command(name = "keyferry", version)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) endpoint: Endpoint,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the service is, and who asks.
#[derive(Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Endpoint {
    /// The service, for example https://keyferry.example:8443; http only to this machine
    #[arg(long, global = true, env = "KEYFERRY_ENDPOINT_URL", value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// PEM of the authorities that vouch for the service
    #[arg(long, global = true, env = "KEYFERRY_CA_BUNDLE", value_name = "FILE")]
    pub(crate) ca_bundle: Option<PathBuf>,
    /// PEM of the caller's certificate
    #[arg(long, global = true, env = "KEYFERRY_CLIENT_CERT", value_name = "FILE")]
    pub(crate) client_cert: Option<PathBuf>,
    /// PEM of the certificate's private key
    #[arg(long, global = true, env = "KEYFERRY_CLIENT_KEY", value_name = "FILE")]
    pub(crate) client_key: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Keys(Keys),
    #[command(flatten)]
    Imports(Imports),
    /// Wrap key material offline, with saved parameters
    Wrap(Wrap),
}

#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Make a key
    CreateKey(CreateKey),
    /// Show a key
    DescribeKey(Key),
    /// List the account's keys
    ListKeys(ListKeys),
    /// Show the public half of a private key
    GetPublicKey(Key),
    /// Let a key be used
    EnableKey(Key),
    /// Keep a key from being used
    DisableKey(Key),
    /// Set the day on which a key is destroyed for good
    ScheduleKeyDeletion(ScheduleKeyDeletion),
    /// Take a scheduled deletion back
    CancelKeyDeletion(Key),
    /// Change the words that describe a key
    UpdateKeyDescription(UpdateKeyDescription),
}

#[derive(Subcommand)]
pub(crate) enum Imports {
    /// Get a wrapping public key and its import token; save the answer for wrap and import-key-material
    GetParametersForImport(GetParametersForImport),
    /// Import wrapped key material
    ImportKeyMaterial(Box<ImportKeyMaterial>),
    /// Destroy imported key material; the key stays
    DeleteImportedKeyMaterial(DeleteImportedKeyMaterial),
}

#[derive(Args)]
pub(crate) struct Key {
    /// Key id or key ARN
    #[arg(long)]
    pub(crate) key_id: String,
}

#[derive(Args)]
pub(crate) struct CreateKey {
    /// Up to 8192 characters
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// Required for every key spec but SYMMETRIC_DEFAULT
    #[arg(long, value_parser = parser::<proto::KeyUsage>())]
    pub(crate) key_usage: Option<proto::KeyUsage>,
    /// SYMMETRIC_DEFAULT where not given
    #[arg(long, value_parser = parser::<proto::KeySpec>())]
    pub(crate) key_spec: Option<proto::KeySpec>,
    /// EXTERNAL for material that is to be imported; AWS_KMS, made in the token, where not given
    #[arg(long, value_parser = parser::<proto::Origin>())]
    pub(crate) origin: Option<proto::Origin>,
    /// Give the key an id that begins with mrk-
    #[arg(long, overrides_with = "no_multi_region")]
    pub(crate) multi_region: bool,
    /// The opposite of --multi-region, and the default
    #[arg(long, overrides_with = "multi_region")]
    pub(crate) no_multi_region: bool,
}

#[derive(Args)]
pub(crate) struct ListKeys {
    /// Keys in one answer: 1 to 1000; 100 where not given
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) limit: Option<i32>,
    /// NextMarker of the answer before
    #[arg(long)]
    pub(crate) marker: Option<String>,
}

#[derive(Args)]
pub(crate) struct ScheduleKeyDeletion {
    #[command(flatten)]
    pub(crate) key: Key,
    /// Days, 7 to 30; 30 where not given
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) pending_window_in_days: Option<i32>,
}

#[derive(Args)]
pub(crate) struct UpdateKeyDescription {
    #[command(flatten)]
    pub(crate) key: Key,
    /// Up to 8192 characters
    #[arg(long)]
    pub(crate) description: String,
}

#[derive(Args)]
pub(crate) struct GetParametersForImport {
    #[command(flatten)]
    pub(crate) key: Key,
    /// How the material will be wrapped
    #[arg(long, value_parser = parser::<proto::WrappingAlgorithm>())]
    pub(crate) wrapping_algorithm: proto::WrappingAlgorithm,
    /// The kind of the wrapping key
    #[arg(long, value_parser = parser::<proto::WrappingKeySpec>())]
    pub(crate) wrapping_key_spec: proto::WrappingKeySpec,
}

#[derive(Args)]
#[command(group = ArgGroup::new("set").required(true).multiple(true).args(["key_id", "parameters"]))]
pub(crate) struct ImportKeyMaterial {
    /// Key id or key ARN
    #[arg(long, requires = "import_token")]
    pub(crate) key_id: Option<String>,
    /// The import token: fileb:// and a path, or base64
    #[arg(long, requires = "key_id")]
    pub(crate) import_token: Option<Blob>,
    /// The saved answer of get-parameters-for-import, instead of --key-id and --import-token
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key_id", "import_token"])]
    pub(crate) parameters: Option<PathBuf>,
    /// The wrapped key material: fileb:// and a path, or base64
    #[arg(long)]
    pub(crate) encrypted_key_material: Blob,
    /// KEY_MATERIAL_EXPIRES where not given
    #[arg(long, value_parser = parser::<proto::ExpirationModel>())]
    pub(crate) expiration_model: Option<proto::ExpirationModel>,
    /// When the material ends, RFC 3339, for example 2026-12-01T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = crate::shape::moment)]
    pub(crate) valid_to: Option<prost_types::Timestamp>,
    /// Whether the key has had this material before; symmetric encryption keys only
    #[arg(long, value_parser = parser::<proto::ImportType>())]
    pub(crate) import_type: Option<proto::ImportType>,
    /// Up to 256 characters; symmetric encryption keys only
    #[arg(long)]
    pub(crate) key_material_description: Option<String>,
    /// 64 hex digits, with EXISTING_KEY_MATERIAL; symmetric encryption keys only
    #[arg(long)]
    pub(crate) key_material_id: Option<String>,
}

#[derive(Args)]
pub(crate) struct DeleteImportedKeyMaterial {
    #[command(flatten)]
    pub(crate) key: Key,
    /// 64 hex digits; the current key material where not given
    #[arg(long)]
    pub(crate) key_material_id: Option<String>,
}

#[derive(Args)]
pub(crate) struct Wrap {
    /// The saved answer of get-parameters-for-import
    #[arg(long, value_name = "FILE")]
    pub(crate) parameters: PathBuf,
    /// Raw bytes of a secret key; PKCS#8, DER or PEM, of a private key
    #[arg(long, value_name = "FILE")]
    pub(crate) key_material: PathBuf,
    /// Where the wrapped material goes; what is there is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
