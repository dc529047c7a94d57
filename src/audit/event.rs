//! What a line of the audit log says of a request, under the field names of the reference's own (KMS Developer Guide, "Logging").

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::model::{Account, Action, KeyArn, Timestamp};

/// Who called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A name that no principal has, or no name.
    Unknown(Option<String>),
    /// A principal.
    Principal {
        /// Its name.
        name: String,
        /// Its account.
        account: Account,
    },
    /// The service itself: what it does when its time has come.
    Service,
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The reference's name of the error; `None` where it was done.
    pub error_code: Option<String>,
    /// What the caller was told.
    pub error_message: Option<String>,
}

/// A decision and what came of it. Never holds a token, a ciphertext or a secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it was decided.
    pub at: Timestamp,
    /// Who called.
    pub identity: Identity,
    /// What for: an operation, or what the service does by itself, such as DeleteExpiredKeyMaterial.
    pub name: &'static str,
    /// Whether it only reads, as the reference counts it.
    pub read_only: bool,
    /// The region of the installation.
    pub region: String,
    /// Where the call came from.
    pub source_ip_address: Option<String>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The access key that the request was signed with, or was said to be.
    pub access_key_id: Option<String>,
    /// The fields of the request that may be shown.
    pub request_parameters: Option<Map<String, Value>>,
    /// The fields of the answer that may be shown.
    pub response_elements: Option<Map<String, Value>>,
    /// Names the request in the log and in error details.
    pub request_id: Uuid,
    /// The keys that it is about.
    pub resources: Vec<(Account, KeyArn)>,
    /// How the caller is connected: version and cipher suite.
    pub tls: Option<(String, String)>,
    /// Whether the policies allowed it; `None` where it did not come to that.
    pub allowed: Option<bool>,
    /// The policies that decided.
    pub policies: Vec<String>,
    /// What else is known: the unwrap path, what crossed the host, the fingerprint.
    pub additional: Map<String, Value>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Event {
    /// What an operation of a caller begins with.
    pub fn of(action: Action, at: Timestamp, region: &str, request_id: Uuid) -> Self {
        Self { read_only: action.is_read_only(), ..Self::named(action.operation(), at, region, request_id) }
    }

    /// What the service does by itself.
    pub fn of_service(name: &'static str, at: Timestamp, region: &str) -> Self {
        Self { identity: Identity::Service, ..Self::named(name, at, region, Uuid::new_v4()) }
    }

    fn named(name: &'static str, at: Timestamp, region: &str, request_id: Uuid) -> Self {
        Self {
            at,
            identity: Identity::Unknown(None),
            name,
            read_only: false,
            region: region.to_owned(),
            source_ip_address: None,
            user_agent: None,
            access_key_id: None,
            request_parameters: None,
            response_elements: None,
            request_id,
            resources: Vec::new(),
            tls: None,
            allowed: None,
            policies: Vec::new(),
            additional: Map::new(),
            outcome: Outcome::default(),
        }
    }
}

/// The envelope, its fields in the reference's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    event_version: &'static str,
    user_identity: Map<String, Value>,
    event_time: String,
    event_source: &'static str,
    event_name: &'static str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress", skip_serializing_if = "Option::is_none")]
    source_ip_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<&'a Map<String, Value>>,
    response_elements: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    additional_event_data: Map<String, Value>,
    #[serde(rename = "requestID")]
    request_id: String,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
    resources: Vec<Value>,
    event_type: &'static str,
    management_event: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_account_id: Option<&'a str>,
    event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<Value>,
}

impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut user_identity, account, from) = identity(&self.identity);
        if let Some(id) = &self.access_key_id {
            user_identity.insert("accessKeyId".to_owned(), id.as_str().into());
        }
        let mut additional = self.additional.clone();
        if let Some(allowed) = self.allowed {
            additional.insert("decision".to_owned(), if allowed { "Allow" } else { "Deny" }.into());
            additional.insert("policies".to_owned(), self.policies.clone().into());
        }
        let resources = self.resources.iter().map(|(account, arn)| {
            serde_json::json!({ "accountId": account.as_str(), "type": "AWS::KMS::Key", "ARN": arn.as_str() })
        });
        let envelope = Envelope {
            event_version: "1.11",
            user_identity,
            event_time: self.at.rfc3339().unwrap_or_default(),
            event_source: "kms.amazonaws.com",
            event_name: self.name,
            aws_region: &self.region,
            source_ip_address: from.or(self.source_ip_address.as_deref()),
            user_agent: from.or(self.user_agent.as_deref()),
            error_code: self.outcome.error_code.as_deref(),
            error_message: self.outcome.error_message.as_deref(),
            request_parameters: self.request_parameters.as_ref(),
            response_elements: self.response_elements.as_ref(),
            additional_event_data: additional,
            request_id: self.request_id.to_string(),
            event_id: Uuid::new_v4().to_string(),
            read_only: self.read_only,
            resources: resources.collect(),
            event_type: if self.identity == Identity::Service { "AwsServiceEvent" } else { "AwsApiCall" },
            management_event: true,
            recipient_account_id: account,
            event_category: "Management",
            tls_details: self
                .tls
                .as_ref()
                .map(|(version, suite)| serde_json::json!({ "tlsVersion": version, "cipherSuite": suite })),
        };
        envelope.serialize(serializer)
    }
}

/// userIdentity, the account, and what stands for the address where the service itself acts.
fn identity(identity: &Identity) -> (Map<String, Value>, Option<&str>, Option<&'static str>) {
    let mut fields = Map::new();
    let mut put = |name: &str, value: &str| fields.insert(name.to_owned(), value.into());
    match identity {
        Identity::Unknown(name) => {
            put("type", "Unknown");
            if let Some(name) = name {
                put("principalId", name);
            }
            (fields, None, None)
        }
        Identity::Principal { name, account } => {
            put("type", "Principal");
            put("principalId", name);
            put("accountId", account.as_str());
            (fields, Some(account.as_str()), None)
        }
        Identity::Service => {
            put("invokedBy", "keyferry");
            (fields, None, Some("keyferry"))
        }
    }
}
