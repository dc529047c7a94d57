//! The other end of a connection, and whose it is: the name in a client certificate that TLS has verified.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;

use crate::model::TlsDetails;
use crate::service::Caller;

/// The most characters of what a program calls itself that are written down: whoever knocks can send it.
const MAX_USER_AGENT: usize = 256;

/// The other end of a connection; every request that comes over it carries one.
#[derive(Clone, Debug)]
pub struct Peer {
    name: Option<Arc<str>>,
    /// What TLS agreed on; absent without TLS.
    pub tls: Option<Arc<TlsDetails>>,
    /// Where it calls from.
    pub address: Option<SocketAddr>,
}

impl Peer {
    /// A caller without a certificate, on an address that only this machine reaches.
    pub fn loopback() -> Self {
        Self { name: Some("loopback".into()), tls: None, address: None }
    }

    /// The owner of a verified leaf certificate: its first URI name, else its first DNS name.
    ///
    /// Names that a log line cannot hold, and wildcards, name nobody.
    pub fn of_certificate(leaf: &CertificateDer<'_>) -> Self {
        let nobody = Self::unnamed();
        let Ok(certificate) = webpki::EndEntityCert::try_from(leaf) else { return nobody };
        let uri = certificate.valid_uri_names().find(|name| is_printable(name));
        let name = uri.or_else(|| certificate.valid_dns_names().find(|name| is_printable(name) && !name.contains('*')));
        Self { name: name.map(Into::into), ..nobody }
    }

    /// A caller who shows no certificate, and has to say in each request who it is.
    pub fn unnamed() -> Self {
        Self { name: None, tls: None, address: None }
    }

    /// The same, as it is connected.
    #[must_use]
    pub fn connected(self, tls: Option<TlsDetails>, address: SocketAddr) -> Self {
        Self { tls: tls.map(Arc::new), address: Some(address), ..self }
    }

    /// The name, where there is one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Who sends a request from there; `user_agent` is what their program calls itself.
    pub fn calls(&self, user_agent: Option<&str>) -> Caller {
        Caller {
            name: self.name().map(str::to_owned),
            tls: self.tls.as_deref().cloned(),
            address: self.address,
            access_key_id: None,
            user_agent: user_agent.map(|user_agent| user_agent.chars().take(MAX_USER_AGENT).collect()),
        }
    }
}

fn is_printable(name: &str) -> bool {
    !name.is_empty() && name.len() <= 2048 && name.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, SanType};

    fn dns(name: &str) -> SanType {
        SanType::DnsName(name.try_into().unwrap())
    }

    fn uri(name: &str) -> SanType {
        SanType::URI(name.try_into().unwrap())
    }

    fn owner(names: Vec<SanType>) -> Option<String> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Peer::of_certificate(certificate.der()).name().map(str::to_owned)
    }

    #[test]
    fn a_caller_goes_by_its_first_uri_else_by_its_first_dns_name() {
        let spiffe = "spiffe://example.org/importer";
        let named = |name: &str| Some(name.to_owned());
        let address = SanType::IpAddress("127.0.0.1".parse().unwrap());
        #[rustfmt::skip]
        let cases = [
            (vec![uri(spiffe)],                                  named(spiffe)),
            (vec![dns("a.example"), uri(spiffe)],                named(spiffe)),
            (vec![uri(spiffe), uri("spiffe://example.org/b")],   named(spiffe)),
            (vec![dns("a.example"), dns("b.example")],           named("a.example")),
            (vec![dns("*.example"), dns("b.example")],           named("b.example")), // nobody in particular
            (vec![uri("x\ny"), dns("a.example")],                named("a.example")), // would forge a log line
            (vec![uri("x y")],                                   None),
            (vec![address],                                      None),
            (vec![],                                             None), // the subject's common name is no name
        ];
        for (names, expected) in cases {
            assert_eq!(owner(names.clone()), expected, "{names:?}");
        }
    }

    #[test]
    fn what_is_no_certificate_names_nobody() {
        assert_eq!(Peer::of_certificate(&CertificateDer::from(vec![0x30, 0x00])).name(), None);
    }
}
