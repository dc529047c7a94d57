//! The `Authorization` header: `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, in any order, spaces or none.

use std::collections::BTreeSet;

use http::header::AUTHORIZATION;
use http::request::Parts;

use super::refused::{hashed, shortened};
use super::{ALGORITHM, Refused, Scope, TERMINATOR, date};

/// The header, taken apart but not yet held to anything.
pub(super) struct Authorization<'r> {
    access_key_id: &'r str,
    /// Day, region, service, terminator.
    scope: [&'r str; 4],
    signed_headers: &'r str,
    signature: &'r str,
}

impl<'r> Authorization<'r> {
    pub(super) fn read(parts: &'r Parts) -> Result<Self, Refused> {
        if is_presigned(parts) {
            return Err(Refused::InQuery);
        }
        let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
        let header = headers.next().filter(|header| !header.is_empty()).ok_or(Refused::Missing)?;
        let hash = hashed(header.as_bytes());
        let (Ok(text), None) = (header.to_str(), headers.next()) else {
            return Err(Refused::Incomplete(format!(
                "Expected one Authorization header in printable ASCII. (Hashed with SHA-256 and encoded with Base64) Authorization={hash}"
            )));
        };
        let (algorithm, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if algorithm != ALGORITHM {
            return Err(Refused::Incomplete(unsupported(algorithm)));
        }
        let [mut credential, mut signature, mut signed_headers] = [None; 3];
        for pair in rest.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=').map(|(name, value)| (name.trim(), value.trim())) else {
                return Err(Refused::Incomplete(format!(
                    "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '{hash}'."
                )));
            };
            let place = match name {
                "Credential" => &mut credential,
                "Signature" => &mut signature,
                "SignedHeaders" => &mut signed_headers,
                // What is to come must not break what is.
                _ => continue,
            };
            // Of two, who knows which one another reader would take.
            if place.replace(value).is_some() {
                return Err(Refused::Incomplete(format!(
                    "Authorization header has two '{name}' parameters. (Hashed with SHA-256 and encoded with Base64) Authorization={hash}"
                )));
            }
        }
        let dated = parts.headers.contains_key(date::header(parts));
        let given = |value: Option<&'r str>| value.filter(|value| !value.is_empty());
        let (Some(credential), Some(signature), Some(signed_headers), true) =
            (given(credential), given(signature), given(signed_headers), dated)
        else {
            let mut message = String::new();
            for (name, value) in [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)] {
                if given(value).is_none() {
                    message += &format!("Authorization header requires '{name}' parameter. ");
                }
            }
            if !dated {
                message += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
            }
            message += &format!("(Hashed with SHA-256 and encoded with Base64) Authorization={hash}");
            return Err(Refused::Incomplete(message));
        };
        let [access_key_id, scope @ ..] = elements(credential)?;
        Ok(Self { access_key_id, scope, signed_headers, signature })
    }

    /// Checks what it is for, of a request signed at `moment`. Returns the day.
    pub(super) fn check_scope(&self, scope: &Scope<'_>, moment: &str) -> Result<&'r str, Refused> {
        let [day, region, service, terminator] = self.scope;
        let mut faults = String::new();
        if region != scope.region {
            faults += "Credential should be scoped to a valid region. ";
        }
        if service != scope.service {
            faults += &format!("Credential should be scoped to correct service: '{}'. ", scope.service);
        }
        if terminator != TERMINATOR {
            faults += &format!("Credential should be scoped with a valid terminator: '{TERMINATOR}'. ");
        }
        let today = moment.get(..8).unwrap_or_default();
        if day != today {
            faults += &format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{today}', from '{moment}'.",
                if is_day(day) { day.to_owned() } else { hashed(day.as_bytes()) }
            );
        }
        if faults.is_empty() { Ok(day) } else { Err(Refused::OutOfScope(faults)) }
    }

    pub(super) fn access_key_id(&self) -> &'r str {
        self.access_key_id
    }

    /// The names of the signed headers, in lower case and in order.
    pub(super) fn signed_headers(&self) -> BTreeSet<String> {
        self.signed_headers.split(';').map(|name| name.trim().to_ascii_lowercase()).collect()
    }

    pub(super) fn signature(&self) -> Result<[u8; 32], Refused> {
        let mut signature = [0; 32];
        match base16ct::lower::decode(self.signature, &mut signature) {
            Ok(decoded) if decoded.len() == 32 => Ok(signature),
            _ => Err(Refused::Mismatch),
        }
    }
}

/// The five parts of a credential.
fn elements(credential: &str) -> Result<[&str; 5], Refused> {
    let elements: Vec<&str> = credential.split('/').collect();
    elements.try_into().map_err(|_| {
        Refused::Incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got (hashed with SHA-256 and encoded with Base64): '{}'.",
            hashed(credential.as_bytes())
        ))
    })
}

/// Where what looks like no day is a part of a secret, it is not repeated.
fn is_day(day: &str) -> bool {
    day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit())
}

/// Only what looks like an algorithm is repeated: the first word of the header could be a secret.
fn unsupported(algorithm: &str) -> String {
    let shown = if algorithm.starts_with("AWS4-") { shortened(algorithm) } else { hashed(algorithm.as_bytes()) };
    format!("Unsupported AWS 'algorithm': '{shown}' (only {ALGORITHM} for now). ")
}

fn is_presigned(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    query.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        name.eq_ignore_ascii_case("X-Amz-Algorithm") || name.eq_ignore_ascii_case("X-Amz-Signature")
    })
}
