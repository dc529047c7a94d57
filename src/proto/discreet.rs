//! Messages that hold what is secret print its length. `build.rs` derives `Debug` for all others.
//!
//! A field that is added to one of these does not compile until it is decided here whether it is shown.

use std::fmt::{Debug, Formatter, Result};

macro_rules! discreet {
    ($($message:ident { $($shown:ident)* } hides $($hidden:ident)+;)+) => {$(
        impl Debug for super::$message {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                let Self { $($shown,)* $($hidden,)+ } = self;
                f.debug_struct(stringify!($message))
                    $(.field(stringify!($shown), $shown))*
                    $(.field(stringify!($hidden), &format_args!("({} bytes)", $hidden.len())))+
                    .finish()
            }
        }
    )+};
}

discreet! {
    DecryptResponse { key_id encryption_algorithm key_material_id } hides plaintext;
    DeriveSharedSecretResponse { key_id key_agreement_algorithm key_origin } hides shared_secret;
    EncryptRequest { key_id encryption_context encryption_algorithm grant_tokens dry_run } hides plaintext;
    GenerateDataKeyResponse { ciphertext_blob key_id key_material_id } hides plaintext;
    GenerateMacRequest { key_id mac_algorithm grant_tokens dry_run } hides message;
    GenerateMacResponse { mac_algorithm key_id } hides mac;
    GenerateRandomResponse { } hides plaintext;
    SignRequest { key_id message_type signing_algorithm grant_tokens dry_run } hides message;
    VerifyMacRequest { key_id mac_algorithm grant_tokens dry_run } hides message mac;
    VerifyRequest { key_id message_type signature signing_algorithm grant_tokens dry_run } hides message;
}

#[cfg(test)]
mod tests {
    use crate::proto;

    /// Decimal, as `Debug` writes bytes; no other number in these messages.
    const SECRET: [u8; 3] = [151, 152, 153];

    #[test]
    fn what_is_secret_is_printed_by_its_length() {
        macro_rules! printed {
            ($($message:ident $($hidden:ident)+;)+) => {
                [$(format!("{:?}", proto::$message { $($hidden: SECRET.to_vec(),)+ ..Default::default() }),)+]
            };
        }
        let printed = printed! {
            DecryptResponse plaintext;
            DeriveSharedSecretResponse shared_secret;
            EncryptRequest plaintext;
            GenerateDataKeyResponse plaintext;
            GenerateMacRequest message;
            GenerateMacResponse mac;
            GenerateRandomResponse plaintext;
            SignRequest message;
            VerifyMacRequest message mac;
            VerifyRequest message;
        };
        for text in printed {
            assert!(text.contains("(3 bytes)") && !text.contains("15"), "{text}");
        }
    }

    /// A message with such a field is named above; the fields of the wire are looked through, not a list of ours.
    #[test]
    fn no_secret_field_is_left_to_a_derived_debug() {
        use prost_reflect::{DescriptorPool, Kind};
        let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
        let names = ["mac", "message", "plaintext", "shared_secret"];
        let secret = |message: &prost_reflect::MessageDescriptor| {
            message.fields().any(|field| field.kind() == Kind::Bytes && names.contains(&field.name()))
        };
        let found: Vec<String> = pool.all_messages().filter(secret).map(|message| message.name().to_owned()).collect();
        let source = include_str!("discreet.rs");
        for message in &found {
            assert!(source.contains(&format!("    {message} {{")), "{message}");
        }
        assert_eq!(found.len(), 10);
    }
}
