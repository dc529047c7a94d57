//! What the CAs of callers have revoked: their lists, read with the certificates and refused where they leave a gap.
//!
//! A list that is missing or expired would refuse callers one by one later on; here it is said once, and a reload keeps what
//! was good. What only a handshake shows, such as an intermediate CA without a list, is refused there.

use std::path::Path;
use std::time::{Duration, SystemTime};

use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Decode, SliceReader, Tag};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, RootCertStore};
use webpki::{BorrowedCertRevocationList, CertRevocationList};

use super::{Error, explain};

const KEY: &str = "server.tls.client_crl";

/// The lists in a file: of each CA in `callers` one, none of them expired.
pub(super) fn read(path: &Path, callers: &RootCertStore) -> Result<Vec<CertificateRevocationListDer<'static>>, Error> {
    let at = |problem: String| Error::at(KEY, path, problem);
    let lists = CertificateRevocationListDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| at(explain(error, "certificate revocation lists")))?;
    let mut issuers = Vec::with_capacity(lists.len());
    for list in &lists {
        let parsed = BorrowedCertRevocationList::from_der(list)
            .map_err(|error| at(format!("not a certificate revocation list that this program reads: {error}")))?;
        issuers.push(CertRevocationList::from(parsed).issuer().to_vec());
        let until = next_update(list).ok_or_else(|| at("a certificate revocation list without an end".to_owned()))?;
        if until <= SystemTime::now() {
            let until = time::OffsetDateTime::from(until).date();
            return Err(at(format!("a list in it expired on {until}: have its CA issue a new one and put it here")));
        }
    }
    for ca in &callers.roots {
        if !issuers.iter().any(|issuer| issuer.as_slice() == ca.subject.as_ref()) {
            return Err(at(format!(
                "{} lists for {} CAs in server.tls.client_ca, and none of one of them: add the list of each",
                lists.len(),
                callers.len()
            )));
        }
    }
    Ok(lists)
}

/// What an operator can do about a refusal that no caller can.
pub(in crate::server) fn advice(error: &std::io::Error) -> Option<&'static str> {
    use rustls::Error::{InvalidCertRevocationList, InvalidCertificate};
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        InvalidCertificate(CertificateError::ExpiredRevocationList)
        | InvalidCertificate(CertificateError::ExpiredRevocationListContext { .. }) => {
            Some("a list in server.tls.client_crl is expired: put a new one there and send SIGHUP")
        }
        InvalidCertificate(CertificateError::UnknownRevocationStatus) => {
            Some("server.tls.client_crl has no list of the CA that signed this caller's certificate: add it and send SIGHUP")
        }
        InvalidCertRevocationList(_) => Some(
            "a list in server.tls.client_crl is not signed by the CA that it names: put that CA's own there and send SIGHUP",
        ),
        _ => None,
    }
}

/// The `nextUpdate` of a list (RFC 5280 §5.1), which `webpki` demands and does not tell.
fn next_update(list: &[u8]) -> Option<SystemTime> {
    let outer = AnyRef::from_der(list).ok()?;
    let mut outer = SliceReader::new(outer.value()).ok()?;
    let signed = AnyRef::decode(&mut outer).ok()?;
    let mut fields = SliceReader::new(signed.value()).ok()?;
    // Version, signature, issuer and thisUpdate stand before it.
    for _ in 0..4 {
        AnyRef::decode(&mut fields).ok()?;
    }
    let since_epoch: Duration = match Tag::peek(&fields).ok()? {
        Tag::UtcTime => UtcTime::decode(&mut fields).ok()?.to_unix_duration(),
        Tag::GeneralizedTime => GeneralizedTime::decode(&mut fields).ok()?.to_unix_duration(),
        _ => return None,
    };
    SystemTime::UNIX_EPOCH.checked_add(since_epoch)
}
