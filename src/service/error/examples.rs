//! One error of every kind, for the tests of fronts, which must not know what lies under the service.

use super::{Error, Kind};
use std::time::Duration;

use crate::model::{Account, Action, Invalid, KeyId, KeyUsage, Realm, Refused, Unresolved};
use crate::{hsm, sigv4, store};

impl Error {
    /// An error of this kind.
    pub(crate) fn example(kind: Kind) -> Self {
        match kind {
            Kind::AccessDenied => Self::Denied {
                principal: "spiffe://example.org/auditor".to_owned(),
                action: Action::CreateKey,
                resource: "*".to_owned(),
                forbidden: false,
            },
            Kind::AlreadyExists => Self::AliasTaken("arn:aws:kms:us-east-1:111122223333:alias/billing".to_owned()),
            Kind::DryRun => Self::DryRun,
            Kind::IncorrectKey => Self::IncorrectKey,
            Kind::InvalidGrantToken => Self::GrantTokens,
            Kind::InvalidKeyUsage => refused(Refused::Usage { usage: KeyUsage::SignVerify, operation: "Encrypt" }),
            Kind::IncompleteSignature => sigv4::Refused::InQuery.into(),
            Kind::InvalidSignature => sigv4::Refused::Mismatch.into(),
            Kind::MissingAuthenticationToken => sigv4::Refused::Missing.into(),
            Kind::KmsInvalidMac => Self::WrongMac,
            Kind::KmsInvalidSignature => Self::WrongSignature,
            Kind::MalformedPolicyDocument => Self::MalformedPolicy("the policy is not JSON".to_owned()),
            Kind::Serialization => Self::Unreadable("the body is not JSON".to_owned()),
            Kind::DependencyTimeout => Self::Store(store::Error::Conflict),
            Kind::Disabled => refused(Refused::Disabled),
            Kind::ExpiredImportToken => Self::TokenExpired,
            Kind::IncorrectKeyMaterial => refused(Refused::IncorrectMaterial),
            Kind::Internal => Self::Hsm(hsm::Error::Misbehaved("slot 7 answered slot 8".to_owned())),
            Kind::InvalidArn => Unresolved::InvalidArn("Invalid arn arn:".to_owned()).into(),
            Kind::InvalidCiphertext => Self::Hsm(hsm::Error::Rejected),
            Kind::InvalidImportToken => Self::InvalidImportToken,
            Kind::InvalidMarker => Self::InvalidMarker,
            Kind::InvalidState => refused(Refused::PendingImport),
            Kind::LimitExceeded => Self::TokenFull { retry_after: Duration::from_secs(60) },
            Kind::NotFound => Unresolved::NotFound("Invalid keyId 'x'".to_owned()).into(),
            Kind::Tag => Self::Tags("Duplicate tag keys"),
            Kind::Throttling => Self::Hsm(hsm::Error::Busy),
            Kind::UnrecognizedClient => Self::Unidentified,
            Kind::Unsupported => Self::Unsupported("SM2PKE is not served".to_owned()),
            Kind::Validation => Invalid::missing("wrappingKeySpec").into(),
        }
    }
}

fn refused(refused: Refused) -> Error {
    let realm = Realm { partition: "aws".to_owned(), region: "us-east-1".to_owned() };
    let account = Account::parse("111122223333").unwrap();
    Error::Key { arn: realm.arn(&account, &KeyId::random(false)), refused }
}

#[test]
fn what_the_token_lacks_is_unsupported_and_named() {
    let lacks = Error::Hsm(hsm::Error::Lacks("CKM_AES_GCM"));
    assert_eq!(lacks.kind(), Kind::Unsupported);
    assert_eq!(lacks.to_string(), "the token does not support CKM_AES_GCM");
}

#[test]
fn an_example_is_of_its_kind() {
    for kind in Kind::ALL {
        assert_eq!(Error::example(*kind).kind(), *kind);
    }
}
