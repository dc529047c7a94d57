//! How a caller's connection is protected.

/// What TLS agreed on, by the names of the IANA registries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsDetails {
    /// For example `TLSv1.3`.
    pub version: String,
    /// For example `TLS_AES_256_GCM_SHA384`.
    pub cipher_suite: String,
    /// For example `X25519MLKEM768`; empty where none was negotiated.
    pub key_exchange: String,
}
