//! A file with key material may be anything: it is recognised or refused without a panic, and what comes out of it is material
//! that comes out of itself again.
#![no_main]

use keyferry::model::KeySpec;
use keyferry::wrap::{Format, KeyFile, material};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let kinds = || KeySpec::supported().filter_map(KeySpec::material);
    for kind in kinds() {
        if let Ok(found) = material(kind, bytes) {
            assert_eq!(material(kind, found.bytes()).expect("material is material").bytes(), found.bytes());
        }
    }
    for format in Format::ALL {
        // Without a passphrase: deriving a key from one is slow on purpose, and nothing that is read before it needs one.
        let Ok(file) = KeyFile::open(bytes, *format, &mut || None) else { continue };
        assert!(!file.description().is_empty());
        let specs = file.specs();
        for kind in kinds() {
            let found = file.material(kind);
            let listed = specs.iter().any(|spec| spec.material() == Some(kind));
            assert_eq!(listed, found.is_ok(), "{kind:?}: listed, or there");
            if let Ok(found) = found {
                assert_eq!(material(kind, found.bytes()).expect("material is material").bytes(), found.bytes());
            }
        }
    }
});
