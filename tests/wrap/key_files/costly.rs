//! Encrypted files that say of themselves how long a passphrase is worked at: refused before anybody types one.

use der::{Decode, Encode};
use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;
use keyferry::wrap::{Error, Format, KeyFile};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};

use super::openssh::{bytes_of, openssh};
use super::{PASSPHRASE, pem_of};
use crate::openssl;
use crate::wrap::scratch;

/// What is said of the file, by which nobody is asked for a passphrase.
fn refused(file: &[u8]) -> String {
    KeyFile::open(file, Format::Auto, &mut || panic!("asked")).unwrap_err().to_string()
}

fn is_asked_for(file: &[u8]) -> bool {
    matches!(KeyFile::open(file, Format::Auto, &mut || None), Err(Error::Passphrase(_)))
}

/// A file that OpenSSL encrypted, and what it is when the derivation of its key is said to be another.
fn derived(options: &str, change: impl Fn(&mut Kdf)) -> Vec<u8> {
    let (_guard, dir) = scratch();
    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    let command = format!("pkcs8 -topk8 -inform DER -outform DER {options} -passout pass:x");
    let file = openssl::run(&dir, &command, &key);
    let mut info = EncryptedPrivateKeyInfoRef::from_der(&file).unwrap();
    let Parameters { mut kdf, encryption } = info.encryption_algorithm.pbes2().unwrap().clone();
    change(&mut kdf);
    info.encryption_algorithm = EncryptionScheme::Pbes2(Parameters { kdf, encryption });
    info.to_der().unwrap()
}

#[test]
fn too_many_iterations_of_pbkdf2_are_refused() {
    let iterations = |count: u32| {
        derived("-v2 aes-256-cbc", move |kdf| {
            let Kdf::Pbkdf2(pbkdf2) = kdf else { panic!("{kdf:?}") };
            pbkdf2.iteration_count = count;
        })
    };
    assert!(is_asked_for(&iterations(10_000_000)));
    for count in [10_000_001, 200_000_000] {
        let found = format!("a PKCS#8 private key that is encrypted with {count} iterations of PBKDF2, more than 10000000");
        let message = |inform: &str| {
            format!("the key file is {found}; encrypt it anew: openssl pkcs8 -topk8 {inform}-in KEY -out KEY.pem")
        };
        let file = iterations(count);
        assert_eq!(refused(&file), message("-inform DER "));
        assert_eq!(refused(&pem_of("ENCRYPTED PRIVATE KEY", &file)), message(""));
    }
}

#[test]
fn too_much_memory_or_work_for_scrypt_is_refused() {
    let scrypt = |n: u64, r: u16, p: u16| {
        derived("-scrypt -scrypt_N 1024", move |kdf| {
            let Kdf::Scrypt(scrypt) = kdf else { panic!("{kdf:?}") };
            (scrypt.cost_parameter, scrypt.block_size, scrypt.parallelization) = (n, r, p);
        })
    };
    for (n, r, p) in [(1 << 14, 8, 1), (1 << 20, 8, 1), (1 << 17, 8, 8)] {
        assert!(is_asked_for(&scrypt(n, r, p)), "{n} {r} {p}");
    }
    let cases = [
        (1 << 15, 1 << 14, 1, 65536_u128),
        (1 << 20, 8, 2, 2048),
        (2, 1 << 15, 1 << 15, 262_144),
        (1 << 21, 8, 1, 2048),
        ((1 << 20) + 1, 8, 1, 1025),
        (u64::MAX, u16::MAX, u16::MAX, (u128::from(u64::MAX) * 65535 * 65535 * 128).div_ceil(1 << 20)),
    ];
    for (n, r, p, mixed) in cases {
        let found = format!(
            "a PKCS#8 private key that is encrypted with scrypt over {mixed} MiB (N = {n}, r = {r}, p = {p}), more than 1024"
        );
        let advice = "encrypt it anew: openssl pkcs8 -topk8 -inform DER -in KEY -out KEY.pem";
        assert_eq!(refused(&scrypt(n, r, p)), format!("the key file is {found}; {advice}"));
    }
}

#[test]
fn too_many_rounds_of_bcrypt_are_refused() {
    let (_guard, dir) = scratch();
    for kind in [MaterialKind::Ec(Curve::P256), MaterialKind::Rsa(2048)] {
        let file = bytes_of(&openssh(&dir, &openssl::pkcs8(kind), &["-N", PASSPHRASE]));
        // PROTOCOL.key: the name of the KDF, the length of its options, a salt of 16 bytes, the rounds.
        let at = file.windows(6).position(|window| window == b"bcrypt").unwrap() + 6 + 4 + 4 + 16;
        assert_eq!(file[at..at + 4], [0, 0, 0, 1]);
        let rounds = |count: u32| {
            let mut file = file.clone();
            file[at..at + 4].copy_from_slice(&count.to_be_bytes());
            pem_of("OPENSSH PRIVATE KEY", &file)
        };
        assert!(is_asked_for(&rounds(1024)));
        for count in [1025, u32::MAX] {
            let found = format!("an OpenSSH private key that is encrypted with {count} rounds of bcrypt, more than 1024");
            let advice = "encrypt a copy of it anew, which replaces the file: ssh-keygen -p -a 16 -f COPY";
            assert_eq!(refused(&rounds(count)), format!("the key file is {found}; {advice}"));
        }
    }
}
