//! What is wrong with the settings of an endpoint.

crate::named! {
    /// A setting of an endpoint, so that a program can name the option that it comes from.
    pub enum Setting {
        /// Whether any certificate is believed.
        AcceptAnyCertificate = "accept any certificate",
        /// The authorities that vouch for the service.
        CaBundle = "CA bundle",
        /// The caller's certificate.
        ClientCertificate = "client certificate",
        /// The private key of the caller's certificate.
        ClientKey = "client key",
        /// Where the service is.
        EndpointUrl = "endpoint URL",
    }
}

/// Why an endpoint is not one that can be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misconfigured {
    /// Any certificate would be believed of a service on another machine.
    #[error("{0} is not this machine: without a check of its certificate nobody could tell whom the key material goes to")]
    AcceptAny(String),
    /// Not PEM of certificates.
    #[error("the CA bundle is of no use: {0}")]
    CaBundle(String),
    /// Not PEM of a certificate.
    #[error("the client certificate is of no use: {0}")]
    ClientCertificate(String),
    /// Not PEM of a private key, or of another certificate's.
    #[error("the client key is of no use: {0}")]
    ClientKey(String),
    /// Nobody vouches for the service.
    #[error("an https endpoint needs a CA bundle")]
    NoCaBundle,
    /// A path, a query or a fragment behind it.
    #[error(
        "the endpoint {0:?} has more than a scheme, a host and a port, which nothing would come of: leave the rest away"
    )]
    NotAnOrigin(String),
    /// Not a URL.
    #[error("the endpoint {0:?} is no URL")]
    NotAUrl(String),
    /// Without TLS to another machine.
    #[error("{0} is not this machine: plain http goes to loopback only, use https")]
    PlainHttp(String),
    /// Another protocol.
    #[error("the endpoint {0:?} is neither http nor https")]
    Scheme(String),
    /// A user name or a password, which is not repeated here.
    #[error(
        "the endpoint URL has a user name or a password in it (what stands before an @): leave it away, the service knows its \
         callers by their certificates"
    )]
    Userinfo,
}

impl Misconfigured {
    /// The setting that is to blame.
    pub fn setting(&self) -> Setting {
        match self {
            Self::AcceptAny(_) => Setting::AcceptAnyCertificate,
            Self::CaBundle(_) | Self::NoCaBundle => Setting::CaBundle,
            Self::ClientCertificate(_) => Setting::ClientCertificate,
            Self::ClientKey(_) => Setting::ClientKey,
            Self::NotAUrl(_) | Self::NotAnOrigin(_) | Self::PlainHttp(_) | Self::Scheme(_) | Self::Userinfo => {
                Setting::EndpointUrl
            }
        }
    }
}
