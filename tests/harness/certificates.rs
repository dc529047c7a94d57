//! Certificates of the tests: an authority, a server, and clients by URI or DNS name.

use std::net::{IpAddr, Ipv4Addr};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};

/// A certificate and its private key, both PEM.
#[derive(Clone)]
pub struct Identity {
    pub certificate: String,
    pub private_key: String,
}

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, PEM.
    pub certificate: String,
}

impl Authority {
    /// A fresh one that nobody knows yet.
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "keyferry tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A server at localhost and 127.0.0.1.
    pub fn server(&self) -> Identity {
        let names =
            vec![SanType::DnsName("localhost".try_into().unwrap()), SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        self.sign(names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client whose only name is a URI.
    pub fn client_by_uri(&self, uri: &str) -> Identity {
        self.sign(vec![SanType::URI(uri.try_into().unwrap())], ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A client whose only name is a DNS name.
    pub fn client_by_dns(&self, name: &str) -> Identity {
        self.sign(vec![SanType::DnsName(name.try_into().unwrap())], ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A client with no name that a principal could have.
    pub fn client_without_name(&self) -> Identity {
        self.sign(Vec::new(), ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, names: Vec<SanType>, purpose: ExtendedKeyUsagePurpose) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.subject_alt_names = names;
        params.extended_key_usages = vec![purpose];
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { certificate, private_key: key.serialize_pem() }
    }
}
