//! What a key file may be said to be.

crate::named! {
    /// How a key file is written.
    pub enum Format {
        /// Whatever it turns out to be.
        Auto = "auto",
        /// The bytes of a secret key, as they are.
        Raw = "raw",
        /// Hexadecimal text.
        Hex = "hex",
        /// Base64 text, standard or URL-safe (RFC 4648).
        Base64 = "base64",
        /// PEM of a private key (RFC 7468).
        Pem = "pem",
        /// DER of a private key: PKCS#8, PKCS#1 or SEC1.
        Der = "der",
        /// A JSON Web Key (RFC 7517).
        Jwk = "jwk",
        /// A private key of OpenSSH.
        OpenSsh = "openssh",
    }
}
