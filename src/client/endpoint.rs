//! Where the service is, who asks, and how long to wait.

mod address;

use std::time::Duration;

use zeroize::Zeroizing;

pub(super) use address::{Address, loopback};

use super::error::Misconfigured;

/// How long to wait for a connection, TLS included, where nothing else is said.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait for an answer, where nothing else is said.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// A call that would take longer may as well be waited for. The wire has room for eight digits.
const LONGEST_CALL: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A service and the way to it. What does not fit together is refused by [`super::Client::connect`].
#[derive(Clone)]
pub struct Endpoint {
    pub(super) url: String,
    pub(super) ca_bundle: Option<Vec<u8>>,
    pub(super) identity: Option<Identity>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) call_timeout: Option<Duration>,
    pub(super) accept_any: bool,
}

/// Who asks: PEM of a certificate, what vouches for it behind it, and of its private key.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) certificate: Vec<u8>,
    pub(super) private_key: Zeroizing<Vec<u8>>,
}

impl Endpoint {
    /// The service at `https://host:port`; or `http://` on this machine, where nobody can listen in.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ca_bundle: None,
            identity: None,
            connect_timeout: Some(CONNECT_TIMEOUT),
            call_timeout: Some(CALL_TIMEOUT),
            accept_any: false,
        }
    }

    /// PEM of the authorities that vouch for the service. An https endpoint needs it; the system's own are not asked.
    #[must_use]
    pub fn ca_bundle(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { ca_bundle: Some(pem.into()), ..self }
    }

    /// PEM of the caller's certificate and of its private key, which is wiped when the endpoint is dropped.
    #[must_use]
    pub fn identity(self, certificate: impl Into<Vec<u8>>, private_key: impl Into<Zeroizing<Vec<u8>>>) -> Self {
        Self { identity: Some(Identity { certificate: certificate.into(), private_key: private_key.into() }), ..self }
    }

    /// How long to wait for a connection, TLS included; `None` is for ever. 10 seconds where it is not called.
    #[must_use]
    pub fn connect_timeout(self, timeout: Option<Duration>) -> Self {
        Self { connect_timeout: timeout, ..self }
    }

    /// How long to wait for an answer; `None` is for ever. 60 seconds where it is not called. The service is told, and may
    /// stop waiting for its token.
    #[must_use]
    pub fn call_timeout(self, timeout: Option<Duration>) -> Self {
        Self { call_timeout: timeout.map(|timeout| timeout.min(LONGEST_CALL)), ..self }
    }

    /// Believes whatever certificate the service shows. For a service on this machine only.
    #[must_use]
    pub fn accept_any_certificate(self) -> Self {
        Self { accept_any: true, ..self }
    }

    /// Whether nothing but the address says who the service is.
    pub(super) fn is_believed_by_address(&self, address: &Address) -> bool {
        self.accept_any || !address.is_https
    }

    /// The URL, if the other settings go with it.
    pub(super) fn address(&self) -> Result<Address, Misconfigured> {
        let address = Address::parse(&self.url)?;
        match (address.is_https, address.is_loopback()) {
            (false, false) => Err(Misconfigured::PlainHttp(self.url.clone())),
            (true, false) if self.accept_any => Err(Misconfigured::AcceptAny(self.url.clone())),
            (true, _) if !self.accept_any && self.ca_bundle.is_none() => Err(Misconfigured::NoCaBundle),
            _ => Ok(address),
        }
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("url", &Address::parse(&self.url).map(|_| &self.url))
            .field("identity", &self.identity.as_ref().map(|_| "redacted"))
            .field("connect_timeout", &self.connect_timeout)
            .field("call_timeout", &self.call_timeout)
            .field("accept_any", &self.accept_any)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(endpoint: &Endpoint) -> String {
        endpoint.address().err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for url in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://127.8.9.1:1"] {
            assert_eq!(refusal(&Endpoint::new(url)), "", "{url}");
        }
        for url in ["http://192.0.2.1:1", "http://localhost.example:1", "http://127.0.0.1.example:1", "http://[::2]:1"] {
            assert_eq!(
                refusal(&Endpoint::new(url)),
                format!("{url} is not this machine: plain http goes to loopback only, use https")
            );
        }
    }

    #[test]
    fn only_a_service_on_this_machine_may_show_any_certificate() {
        for url in ["https://127.0.0.1:1", "https://localhost:1", "https://[::1]:1"] {
            assert_eq!(refusal(&Endpoint::new(url).accept_any_certificate()), "", "{url}");
        }
        for url in ["https://192.0.2.1:1", "https://localhost.example:1", "https://[::2]:1"] {
            for endpoint in [Endpoint::new(url), Endpoint::new(url).ca_bundle("PEM")] {
                assert_eq!(
                    refusal(&endpoint.accept_any_certificate()),
                    format!(
                        "{url} is not this machine: without a check of its certificate nobody could tell whom the key \
                         material goes to"
                    )
                );
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(refusal(&Endpoint::new("https://localhost:1")), "an https endpoint needs a CA bundle");
        assert_eq!(refusal(&Endpoint::new("ftp://localhost")), "the endpoint \"ftp://localhost\" is neither http nor https");
        assert_eq!(refusal(&Endpoint::new("localhost:1")), "the endpoint \"localhost:1\" is neither http nor https");
        assert_eq!(refusal(&Endpoint::new("https://")), "the endpoint \"https://\" is no URL");
        assert_eq!(refusal(&Endpoint::new("")), "the endpoint \"\" is no URL");
    }

    #[test]
    fn an_endpoint_prints_nothing_of_the_key() {
        let endpoint = Endpoint::new("https://localhost:1").identity("certificate", b"s3cret key".to_vec());
        let printed = format!("{endpoint:?}");
        assert!(printed.contains("redacted") && !printed.contains("s3cret") && !printed.contains("115, 51"), "{printed}");
        let printed = format!("{:?}", Endpoint::new("https://me:s3cret@localhost:1"));
        assert!(printed.contains("Userinfo") && !printed.contains("s3cret"), "{printed}");
    }

    proptest::proptest! {
        /// TimeoutValue of the gRPC protocol has at most eight digits, and tonic panics where there would be more.
        #[test]
        fn every_time_to_wait_can_be_told_to_the_service(seconds: u64, bits in 0_u32..64, nanos in 0_u32..1_000_000_000) {
            for seconds in [seconds >> bits, 360_000_000_000, u64::MAX, 0] {
                let endpoint = Endpoint::new("http://localhost").call_timeout(Some(Duration::new(seconds, nanos)));
                let mut request = tonic::Request::new(());
                request.set_timeout(endpoint.call_timeout.unwrap());
                let told = request.metadata().get("grpc-timeout").unwrap().to_str().unwrap();
                proptest::prop_assert!((2..=9).contains(&told.len()), "{told}");
            }
        }
    }
}
