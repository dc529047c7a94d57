//! AWS Signature Version 4 from the server's side: what a request says of who signed it, and whether they did.
//!
//! One form is read, the `Authorization` header over a body that is here as a whole. The others (in the query, over chunks,
//! with a session token, by elliptic curves) are refused by their names, so that nobody takes them for a wrong secret.
//! Nothing here looks anything up: the secret behind an access key is somebody else's business, and so is how long
//! that takes.

mod authorization;
mod canonical;
mod date;
mod key;
mod refused;
#[cfg(test)]
mod tests;

pub use key::SigningKey;
pub use refused::Refused;

use http::request::Parts;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use authorization::Authorization;

/// The only algorithm.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What ends every scope.
const TERMINATOR: &str = "aws4_request";

/// What a signature must be for: another region's or service's says nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    /// For example `eu-central-1`.
    pub region: &'a str,
    /// For example `kms`.
    pub service: &'a str,
}

/// A request that is whole and timely, and says who signed it; whether they did, [`Signed::matches`] tells.
pub struct Signed {
    access_key_id: String,
    date: String,
    string_to_sign: String,
    signature: [u8; 32],
}

impl Signed {
    /// Reads the signature of a request that came at `now`, whose body is the whole of it.
    ///
    /// # Errors
    /// Where there is none, it is not of the form that is read, not for `scope`, not of now, or leaves out what must be signed.
    pub fn read(parts: &Parts, body: &[u8], scope: &Scope<'_>, now: OffsetDateTime) -> Result<Self, Refused> {
        let authorization = Authorization::read(parts)?;
        let signed_at = date::of(parts)?;
        let moment = date::basic(signed_at);
        let day = authorization.check_scope(scope, &moment)?;
        date::require_recent(signed_at, now)?;
        // Before what else could be wrong: none of it is what its sender would have to change.
        if parts.headers.contains_key("x-amz-security-token") {
            return Err(Refused::SessionToken);
        }
        let names = authorization.signed_headers();
        canonical::require_signed(parts, &names)?;
        let body_hash = canonical::hash_of(parts, body)?;
        let request = canonical::request(parts, &names, &body_hash);
        let request_hash = base16ct::lower::encode_string(&Sha256::digest(request));
        let Scope { region, service } = scope;
        Ok(Self {
            access_key_id: authorization.access_key_id().to_owned(),
            string_to_sign: format!("{ALGORITHM}\n{moment}\n{day}/{region}/{service}/{TERMINATOR}\n{request_hash}"),
            date: day.to_owned(),
            signature: authorization.signature()?,
        })
    }

    /// Whom it says to be from. Believe it only where [`Signed::matches`], and show it nobody before: who mistakes the one
    /// for the other sends their secret here.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The day that its key is for, `yyyymmdd`: today, or where midnight is near a neighbour of it.
    pub fn date(&self) -> &str {
        &self.date
    }

    /// Whether it was made with this key. Takes as long whether it was or not.
    pub fn matches(&self, key: &SigningKey) -> bool {
        key.signs(self.string_to_sign.as_bytes(), &self.signature)
    }
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed").field("date", &self.date).finish_non_exhaustive()
    }
}
