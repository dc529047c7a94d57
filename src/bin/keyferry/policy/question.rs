//! A question to policies, as options have it. What is not said is as the service has it where a request does not say it.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use keyferry::model::{
    Account, Action, ExpirationModel, Key, KeyId, KeySpec, KeyUsage, Origin, Principal, Realm, Tags, Timestamp, TlsDetails,
    UnwrapPath, WrappingAlgorithm, WrappingKeySpec,
};
use keyferry::policy::{Circumstances, Decision, Policies, Question, Resource};

use crate::failure::Failure;

/// The names of an enumeration, and nothing else.
macro_rules! one_of {
    ($name:ty) => {
        PossibleValuesParser::new(<$name>::ALL.iter().map(|member| member.as_str())).try_map(|text| text.parse::<$name>())
    };
}

/// Who asks for what.
#[derive(Args)]
pub(super) struct Asked {
    /// The name in the caller's certificate
    #[arg(long, value_name = "NAME")]
    principal: String,
    /// What it asks for, for example kms:ImportKeyMaterial
    #[arg(long, value_name = "ACTION", value_parser = one_of!(Action), hide_possible_values = true)]
    action: Action,
    #[command(flatten)]
    key: OnKey,
    #[command(flatten)]
    circumstances: Given,
}

#[derive(Args)]
#[command(next_help_heading = "The key that it is on, or for kms:CreateKey the key that is to be made")]
struct OnKey {
    /// Its kind
    #[arg(long, value_name = "NAME", value_parser = one_of!(KeySpec), hide_possible_values = true, default_value = "SYMMETRIC_DEFAULT")]
    key_spec: KeySpec,
    /// What it is for; the usual of its kind where not given
    #[arg(long, value_name = "NAME", value_parser = one_of!(KeyUsage))]
    key_usage: Option<KeyUsage>,
    /// Where its material comes from
    #[arg(long, value_name = "NAME", value_parser = one_of!(Origin), hide_possible_values = true, default_value = "EXTERNAL")]
    origin: Origin,
    /// It is a multi-Region key
    #[arg(long)]
    multi_region: bool,
    /// A tag that it has; once for each
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    tag: Vec<(String, String)>,
    /// Its ARN, where policies name keys by it
    #[arg(long, value_name = "ARN", value_parser = arn, conflicts_with = "account")]
    key_arn: Option<(Realm, Account, KeyId)>,
    /// Whose it is; the principal's own where not given
    #[arg(long, value_name = "DIGITS", value_parser = account)]
    account: Option<Account>,
    /// The serial number of the token that holds it
    #[arg(long, value_name = "SERIAL", default_value = "")]
    token: String,
}

#[derive(Args)]
#[command(next_help_heading = "What the request says")]
struct Given {
    /// kms:GetParametersForImport: how it is wrapped
    #[arg(long, value_name = "NAME", value_parser = one_of!(WrappingAlgorithm), hide_possible_values = true,
          required_if_eq("action", "kms:GetParametersForImport"))]
    wrapping_algorithm: Option<WrappingAlgorithm>,
    /// kms:GetParametersForImport: under which kind of key
    #[arg(long, value_name = "NAME", value_parser = one_of!(WrappingKeySpec), hide_possible_values = true,
          required_if_eq("action", "kms:GetParametersForImport"))]
    wrapping_key_spec: Option<WrappingKeySpec>,
    /// kms:ImportKeyMaterial: whether the material ends
    #[arg(long, value_name = "NAME", value_parser = one_of!(ExpirationModel), default_value = "KEY_MATERIAL_EXPIRES")]
    expiration_model: ExpirationModel,
    /// kms:ImportKeyMaterial: when, a time of RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    valid_to: Option<Timestamp>,
    /// kms:ImportKeyMaterial: another principal has approved it
    #[arg(long)]
    approved: bool,
    /// keyferry:ApproveImport and keyferry:RejectImport: who asked for the import
    #[arg(long, value_name = "NAME", required_if_eq_any([("action", "keyferry:ApproveImport"), ("action", "keyferry:RejectImport")]))]
    requester: Option<String>,
    /// How the material comes into the token, and so what of it the host sees
    #[arg(long, value_name = "NAME", value_parser = one_of!(UnwrapPath))]
    unwrap_path: Option<UnwrapPath>,
    /// kms:ScheduleKeyDeletion: the waiting period
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pending_window_in_days: u32,
    /// kms:ReplicateKey: the Region of the replica
    #[arg(long, value_name = "REGION", required_if_eq("action", "kms:ReplicateKey"))]
    replica_region: Option<String>,
    /// kms:UpdatePrimaryRegion: the Region of the replica that becomes the primary
    #[arg(long, value_name = "REGION", required_if_eq("action", "kms:UpdatePrimaryRegion"))]
    primary_region: Option<String>,
    /// kms:CreateKey: a tag that the key is to have; once for each
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    request_tag: Vec<(String, String)>,
    /// The version of TLS, for example TLSv1.3; no TLS where not given
    #[arg(long, value_name = "NAME", requires = "tls_cipher_suite")]
    tls_version: Option<String>,
    /// The cipher suite, for example TLS_AES_256_GCM_SHA384
    #[arg(long, value_name = "NAME", requires = "tls_version")]
    tls_cipher_suite: Option<String>,
    /// The key exchange, for example X25519MLKEM768
    #[arg(long, value_name = "NAME", requires = "tls_version", default_value = "")]
    tls_key_exchange: String,
}

impl Asked {
    /// Who asks.
    pub(super) fn principal(&self) -> &str {
        &self.principal
    }

    /// What these policies say.
    pub(super) fn put_to(&self, policies: &Policies, principal: &Principal) -> Result<Decision, Failure> {
        let key_usage = self.key.key_usage.or_else(|| self.key.key_spec.usages().first().copied());
        let key_usage = key_usage.ok_or_else(|| Failure::usage("give --key-usage"))?;
        let (realm, account, id) = self.key.key_arn.clone().unwrap_or_else(|| {
            let realm = Realm { partition: "aws".to_owned(), region: "us-east-1".to_owned() };
            let account = self.key.account.as_ref().unwrap_or(&principal.account);
            (realm, account.clone(), KeyId::random(self.key.multi_region))
        });
        let key = Key {
            id,
            account,
            spec: self.key.key_spec,
            usage: key_usage,
            origin: self.key.origin,
            description: String::new(),
            tags: tags(&self.key.tag),
            policy: None,
            enabled: true,
            created_at: Timestamp::from_millis(0),
            deletion: None,
            token: self.key.token.clone(),
            materials: Vec::new(),
            relations: None,
            version: 0,
        };
        let arn = realm.arn(&key.account, &key.id);
        let resource = match self.action.is_on_account() {
            true => Resource::Account(&key.account),
            false => Resource::Key { arn: &arn, key: &key },
        };
        let circumstances = self.circumstances.of(&key);
        Ok(policies.decide(&Question { principal, action: self.action, resource, circumstances: &circumstances }))
    }
}

impl Given {
    fn of(&self, key: &Key) -> Circumstances {
        let tls = match (&self.tls_version, &self.tls_cipher_suite) {
            (Some(version), Some(cipher_suite)) => Some(TlsDetails {
                version: version.clone(),
                cipher_suite: cipher_suite.clone(),
                key_exchange: self.tls_key_exchange.clone(),
            }),
            _ => None,
        };
        Circumstances {
            wrapping_algorithm: self.wrapping_algorithm,
            wrapping_key_spec: self.wrapping_key_spec,
            expiration_model: Some(self.expiration_model),
            valid_to: self.valid_to,
            key_spec: Some(key.spec),
            key_usage: Some(key.usage),
            key_origin: Some(key.origin),
            multi_region: Some(key.id.is_multi_region()),
            request_tags: Some(tags(&self.request_tag)),
            pending_window_in_days: Some(self.pending_window_in_days),
            replica_region: self.replica_region.clone(),
            primary_region: self.primary_region.clone(),
            unwrap_path: self.unwrap_path,
            host_exposure: self.unwrap_path.map(UnwrapPath::exposure),
            approved: self.approved,
            requester: self.requester.clone(),
            tls,
        }
    }
}

fn tags(given: &[(String, String)]) -> Tags {
    given.iter().cloned().collect()
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| "expected a time of RFC 3339, such as 2026-12-01T12:00:00Z".to_owned())
}

fn account(text: &str) -> Result<Account, String> {
    Account::parse(text).ok_or_else(|| "expected twelve digits".to_owned())
}

fn arn(text: &str) -> Result<(Realm, Account, KeyId), String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let parsed = match parts[..] {
        ["arn", partition, "kms", region, owner, key] => {
            let realm = Realm { partition: partition.to_owned(), region: region.to_owned() };
            Account::parse(owner).zip(key.strip_prefix("key/").and_then(KeyId::parse)).map(|(owner, id)| (realm, owner, id))
        }
        _ => None,
    };
    parsed.ok_or_else(|| "expected arn:aws:kms:REGION:ACCOUNT:key/ID".to_owned())
}
