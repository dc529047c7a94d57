//! Certificates for development: a CA, the service and one caller, each made where it is missing or old.
//!
//! The CA's key stays, so that a caller who trusts the CA need not be told of new certificates. A certificate is written
//! after its key: one that is there is complete.

use std::time::Duration;

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use time::OffsetDateTime;

use super::folder::Folder;

/// Who the caller of `.local/env` is.
pub(super) const CALLER: &str = "spiffe://keyferry.local/dev";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const LEAF_DAYS: u32 = 365;
const CA_DAYS: u32 = 3650;
/// What is older is made anew, well before it ends.
const OLD_DAYS: u32 = 300;

/// Makes `ca`, `server` and `client`, `.pem` and `.key`, as far as need be.
pub(crate) fn ensure(folder: &Folder) -> anyhow::Result<()> {
    if !folder.has("ca.pem") {
        // Signed by the CA that is gone.
        folder.remove("server.pem")?;
        folder.remove("client.pem")?;
        let key = KeyPair::generate()?;
        let certificate = authority().self_signed(&key)?;
        write(folder, "ca", &certificate, &key)?;
    }
    let key = std::fs::read_to_string(folder.path("ca.key")).context("tls/ca.key")?;
    let key = KeyPair::from_pem(&key).context("tls/ca.key")?;
    let ca = Issuer::new(authority(), key);
    let names = vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress([127, 0, 0, 1].into()),
        SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()),
    ];
    issue(folder, &ca, "server", names, ExtendedKeyUsagePurpose::ServerAuth)?;
    issue(folder, &ca, "client", vec![SanType::URI(CALLER.try_into()?)], ExtendedKeyUsagePurpose::ClientAuth)
}

fn authority() -> CertificateParams {
    let mut params = dated("keyferry development CA", CA_DAYS);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn issue(
    folder: &Folder,
    ca: &Issuer<'_, KeyPair>,
    name: &str,
    subject: Vec<SanType>,
    purpose: ExtendedKeyUsagePurpose,
) -> anyhow::Result<()> {
    if !is_missing_or_old(folder, name) {
        return Ok(());
    }
    let mut params = dated(&format!("keyferry development {name}"), LEAF_DAYS);
    params.subject_alt_names = subject;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    write(folder, name, &params.signed_by(&key, ca)?, &key)
}

fn dated(name: &str, days: u32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = OffsetDateTime::now_utc();
    // For clocks that are not quite in step.
    params.not_before = now - DAY;
    params.not_after = now + DAY * days;
    params
}

fn is_missing_or_old(folder: &Folder, name: &str) -> bool {
    let made = std::fs::metadata(folder.path(&format!("{name}.pem"))).and_then(|metadata| metadata.modified());
    let age = made.ok().and_then(|made| made.elapsed().ok());
    !folder.has(&format!("{name}.key")) || age.is_none_or(|age| age > DAY * OLD_DAYS)
}

fn write(folder: &Folder, name: &str, certificate: &rcgen::Certificate, key: &KeyPair) -> anyhow::Result<()> {
    folder.remove(&format!("{name}.pem"))?;
    folder.write(&format!("{name}.key"), &zeroize::Zeroizing::new(key.serialize_pem()))?;
    folder.write(&format!("{name}.pem"), &certificate.pem())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn all(folder: &Folder) -> Vec<(String, String)> {
        ["ca.pem", "ca.key", "server.pem", "server.key", "client.pem", "client.key"]
            .map(|name| (name.to_owned(), std::fs::read_to_string(folder.path(name)).unwrap()))
            .to_vec()
    }

    fn changed(before: &[(String, String)], after: &[(String, String)]) -> Vec<String> {
        before.iter().zip(after).filter(|(old, new)| old != new).map(|(old, _)| old.0.clone()).collect()
    }

    #[test]
    fn only_what_is_missing_or_old_is_made_anew() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(outer.path()).unwrap();
        ensure(&folder).unwrap();
        let first = all(&folder);
        ensure(&folder).unwrap();
        assert_eq!(all(&folder), first);

        folder.remove("server.pem").unwrap();
        ensure(&folder).unwrap();
        let second = all(&folder);
        assert_eq!(changed(&first, &second), ["server.pem", "server.key"]);

        let client = std::fs::File::options().write(true).open(folder.path("client.pem")).unwrap();
        client.set_modified(SystemTime::now() - DAY * (OLD_DAYS + 1)).unwrap();
        ensure(&folder).unwrap();
        let third = all(&folder);
        assert_eq!(changed(&second, &third), ["client.pem", "client.key"]);

        folder.remove("ca.pem").unwrap();
        ensure(&folder).unwrap();
        assert_eq!(changed(&third, &all(&folder)).len(), 6);
    }

    #[test]
    fn certificates_are_still_good_when_the_ca_is_read_back() {
        use rustls::pki_types::pem::PemObject;
        use rustls::pki_types::{CertificateDer, UnixTime};

        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(outer.path()).unwrap();
        ensure(&folder).unwrap();
        folder.remove("client.pem").unwrap();
        ensure(&folder).unwrap();
        let ca = CertificateDer::from_pem_file(folder.path("ca.pem")).unwrap();
        let anchor = webpki::anchor_from_trusted_cert(&ca).unwrap();
        for (name, usage) in [("server", webpki::KeyUsage::server_auth()), ("client", webpki::KeyUsage::client_auth())] {
            let leaf = CertificateDer::from_pem_file(folder.path(&format!("{name}.pem"))).unwrap();
            let leaf = webpki::EndEntityCert::try_from(&leaf).unwrap();
            let anchors = [anchor.clone()];
            leaf.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &[], UnixTime::now(), usage, None, None).unwrap();
        }
    }
}
