//! TLS to the service: believe the CA bundle and nobody else, and show who asks.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use zeroize::Zeroizing;

use super::endpoint::{Endpoint, Identity};
use super::error::Misconfigured;

/// What TLS to this endpoint is to be.
pub(super) fn config(endpoint: &Endpoint) -> Result<ClientConfig, Misconfigured> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| Misconfigured::CaBundle(error.to_string()))?;
    let builder = if endpoint.accept_any {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    } else {
        builder.with_root_certificates(roots(endpoint.ca_bundle.as_deref().unwrap_or_default())?)
    };
    let mut config = match &endpoint.identity {
        Some(identity) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified(identity)?))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn roots(pem: &[u8]) -> Result<RootCertStore, Misconfigured> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem).map_err(Misconfigured::CaBundle)? {
        roots.add(certificate).map_err(|error| Misconfigured::CaBundle(format!("not a CA certificate: {error}")))?;
    }
    Ok(roots)
}

fn certified(identity: &Identity) -> Result<CertifiedKey, Misconfigured> {
    let chain = certificates(&identity.certificate).map_err(Misconfigured::ClientCertificate)?;
    let key = PrivateKeyDer::from_pem_slice(&identity.private_key).map(Zeroizing::new);
    let key = key.map_err(|error| Misconfigured::ClientKey(explain(error, "an unencrypted private key")))?;
    let key = aws_lc_rs::sign::any_supported_type(&key).map_err(|error| Misconfigured::ClientKey(error.to_string()))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(Misconfigured::ClientKey("not the key of the client certificate".to_owned()))
        }
        Err(error) => Err(Misconfigured::ClientCertificate(error.to_string())),
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(none) if none.is_empty() => Err("no certificate in it; expected PEM".to_owned()),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(explain(error, "certificates")),
    }
}

fn explain(error: pem::Error, expected: &str) -> String {
    match error {
        pem::Error::NoItemsFound => format!("nothing of use in it; expected {expected} as PEM"),
        _ => format!("not well-formed; expected {expected} as PEM"),
    }
}

/// Believes every certificate, and still checks that the service holds its key: the handshake is signed with it.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
