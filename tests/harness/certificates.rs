//! Certificates of the tests: an authority and what it revokes, a server, and clients by URI or DNS name, good and bad.

use std::net::{IpAddr, Ipv4Addr};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyPair, RevokedCertParams, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

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
        Self::named("keyferry tests")
    }

    /// As [`Authority::new`], with a name of its own.
    pub fn named(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
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

    /// A client by DNS name that differs in something from a good one.
    pub fn client_but(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = client_params();
        change(&mut params);
        self.issue(params)
    }

    /// An authority under this one, whose clients show its certificate too.
    pub fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A list of the serial numbers that it has revoked, good until that many hours from now; PEM.
    pub fn revocations(&self, serials: &[u64], hours: i64) -> String {
        let now = OffsetDateTime::now_utc();
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: now - Duration::DAY,
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: now - Duration::WEEK,
            next_update: now + Duration::hours(hours),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    fn sign(&self, names: Vec<SanType>, purpose: ExtendedKeyUsagePurpose) -> Identity {
        let mut params = CertificateParams::new([]).unwrap();
        params.subject_alt_names = names;
        params.extended_key_usages = vec![purpose];
        self.issue(params)
    }

    fn issue(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { certificate, private_key: key.serialize_pem() }
    }
}

/// A client by DNS name that nobody vouches for but itself.
pub fn self_signed_client() -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = client_params().self_signed(&key).unwrap().pem();
    Identity { certificate, private_key: key.serialize_pem() }
}

fn client_params() -> CertificateParams {
    let mut params = CertificateParams::new(["importer.test".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}
