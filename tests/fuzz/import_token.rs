//! An import token that comes back may be anything: it is taken apart without a panic, or it is, byte for byte, one of ours.
#![no_main]

use keyferry::import_token::{Received, Unsigned};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(received) = Received::parse(bytes) else { return };
    let mac_key = *received.mac_key();
    let maced = received.to_be_maced();
    // The MAC stands last. Taken for right, so that the claims are read too.
    let mac: [u8; 32] = bytes[bytes.len() - 32..].try_into().expect("a token that parses has a MAC");
    assert!(received.clone().verify(&mac.map(|byte| !byte)).is_err(), "a wrong MAC is believed");
    let Ok(claims) = received.verify(&mac) else { return };
    let again = Unsigned::new(&claims, &mac_key).expect("claims that were read can be written");
    assert_eq!(again.to_be_maced(), maced);
    assert_eq!(again.with_mac(&mac).expect("a token that was parsed is short enough"), bytes);
});
