//! The certificates of mutual TLS, and how they are changed under a running service.
//!
//! The whole configuration is swapped, so that a reload covers the certificate, its key, the CAs of callers and what these
//! have revoked alike.
//! Sessions are never resumed: a caller whose CA is gone must not come back on an old ticket.

mod revocation;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::private::{Exposed, require_private};
use crate::config;
pub(super) use revocation::advice;

/// What is wrong with a file of `[server.tls]`.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {}: {problem}", path.display())]
pub struct Error {
    key: &'static str,
    path: PathBuf,
    problem: String,
}

/// The key of the configuration whose file is secret.
pub(super) const PRIVATE_KEY: &str = "server.tls.private_key";

impl From<Exposed> for Error {
    fn from(exposed: Exposed) -> Self {
        let problem = exposed.problem();
        Self { key: exposed.key, path: exposed.path, problem }
    }
}

impl Error {
    fn at(key: &'static str, path: &Path, problem: impl Into<String>) -> Self {
        Self { key, path: path.to_owned(), problem: problem.into() }
    }
}

/// Who this service is, and whose callers it believes.
#[derive(Debug)]
pub(super) struct Identity {
    files: config::Tls,
    current: ArcSwap<Both>,
}

/// The same certificate at two doors.
#[derive(Debug)]
struct Both {
    certified: Arc<ServerConfig>,
    signed: Arc<ServerConfig>,
}

/// Who comes in at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    /// Those who show a certificate.
    Certified,
    /// Those who sign each request: the reference's clients have no certificates.
    Signed,
}

impl Identity {
    /// Reads the files.
    pub(super) fn load(files: config::Tls) -> Result<Self, Error> {
        let current = ArcSwap::from_pointee(read(&files)?);
        Ok(Self { files, current })
    }

    /// Reads the files again. Where one is bad, what was read before stays in force.
    pub(super) fn reload(&self) -> Result<(), Error> {
        self.current.store(Arc::new(read(&self.files)?));
        Ok(())
    }

    /// For the next connection.
    pub(super) fn acceptor(&self, callers: Callers) -> TlsAcceptor {
        let both = self.current.load();
        TlsAcceptor::from(match callers {
            Callers::Certified => Arc::clone(&both.certified),
            Callers::Signed => Arc::clone(&both.signed),
        })
    }
}

fn read(files: &config::Tls) -> Result<Both, Error> {
    let config::Tls { certificate, private_key, client_ca, client_crl } = files;
    let chain = certificates("server.tls.certificate", certificate)?;
    require_private(PRIVATE_KEY, private_key)?;
    let key = PrivateKeyDer::from_pem_file(private_key)
        .map_err(|error| Error::at(PRIVATE_KEY, private_key, explain(error, "a private key")))?;
    let at_client_ca = |problem: String| Error::at("server.tls.client_ca", client_ca, problem);
    let mut callers = RootCertStore::empty();
    for ca in certificates("server.tls.client_ca", client_ca)? {
        callers.add(ca).map_err(|error| at_client_ca(format!("not a CA certificate: {error}")))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let revoked = client_crl.as_deref().map(|path| revocation::read(path, &callers)).transpose()?;
    // Without lists nothing is looked up; with some, what no list speaks of is refused, up to the CA in `client_ca`.
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(callers), provider.clone())
        .with_crls(revoked.unwrap_or_default())
        .enforce_revocation_expiration()
        .build()
        .map_err(|error: VerifierBuilderError| at_client_ca(error.to_string()))?;
    let versions = || {
        ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::at("server.tls.certificate", certificate, error.to_string()))
    };
    let unusable = |error| match error {
        rustls::Error::InconsistentKeys(_) => {
            Error::at(PRIVATE_KEY, private_key, format!("not the key of the certificate in {}", certificate.display()))
        }
        other => Error::at("server.tls.certificate", certificate, other.to_string()),
    };
    let certified = versions()?.with_client_cert_verifier(verifier);
    let certified = certified.with_single_cert(chain.clone(), key.clone_key()).map_err(unusable)?;
    let signed = versions()?.with_no_client_auth().with_single_cert(chain, key).map_err(unusable)?;
    Ok(Both { certified: at_door(certified, &[b"h2"]), signed: at_door(signed, &[b"h2", b"http/1.1"]) })
}

fn at_door(mut config: ServerConfig, protocols: &[&[u8]]) -> Arc<ServerConfig> {
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Arc::new(config)
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| Error::at(key, path, explain(error, "certificates")))?;
    if certificates.is_empty() {
        return Err(Error::at(key, path, "no certificate in it; expected PEM"));
    }
    Ok(certificates)
}

fn explain(error: pem::Error, expected: &str) -> String {
    match error {
        pem::Error::Io(error) if error.kind() == ErrorKind::NotFound => "there is no such file".to_owned(),
        pem::Error::Io(error) => format!("cannot be read: {error}"),
        pem::Error::NoItemsFound => format!("nothing of use in it; expected {expected} as PEM"),
        _ => format!("not well-formed; expected {expected} as PEM"),
    }
}
