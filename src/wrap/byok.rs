//! The key transfer blob that Azure Key Vault takes.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::json;

/// The content of a `.byok` file: `blob`, wrapped under the key exchange key whose identifier, an address, is `kid`.
///
/// The format is that of Microsoft's "Bring your own key specification" (Azure Key Vault documentation). It allows one
/// wrapping: CKM_RSA_AES_KEY_WRAP with SHA-1 in its OAEP, here
/// [`RsaAesKeyWrapSha1`](crate::model::WrappingAlgorithm::RsaAesKeyWrapSha1), for material of every kind.
pub fn byok(kid: &str, blob: &[u8]) -> String {
    let file = json!({
        "schema_version": "1.0.0",
        "header": { "kid": kid, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP" },
        "ciphertext": Base64UrlUnpadded::encode_string(blob),
        "generator": concat!("keyferry ", env!("CARGO_PKG_VERSION")),
    });
    format!("{file:#}\n")
}
