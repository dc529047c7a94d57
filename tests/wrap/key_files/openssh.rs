//! Private keys of OpenSSH, made by ssh-keygen from keys that OpenSSL made.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use base64ct::{Base64, Encoding};
use keyferry::model::key_spec::Curve;
use keyferry::model::{Evidence, MaterialKind};
use keyferry::wrap::{Error, Format, KeyFile};

use super::{PASSPHRASE, is_key, noun, open_as, pem_of, private_specs, refusal};
use crate::harness::der::ec_pkcs8;
use crate::openssl;
use crate::wrap::scratch;

fn ssh_keygen(dir: &Path, arguments: &[&str]) {
    let output = Command::new("ssh-keygen").args(arguments).current_dir(dir).output().expect("ssh-keygen is on the path");
    assert!(output.status.success(), "ssh-keygen {arguments:?}: {output:?}");
}

/// The key in OpenSSH's own form; few rounds, for these take their time on purpose.
pub(super) fn openssh(dir: &Path, pkcs8: &[u8], options: &[&str]) -> Vec<u8> {
    let path = dir.join("KEY");
    std::fs::write(&path, pem_of("PRIVATE KEY", pkcs8)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    ssh_keygen(dir, &[&["-q", "-p", "-a", "1", "-f", "KEY"], options].concat());
    let file = std::fs::read(&path).unwrap();
    assert!(file.starts_with(b"-----BEGIN OPENSSH PRIVATE KEY-----"));
    file
}

/// What the PEM holds, whose lines are of 70 characters.
pub(super) fn bytes_of(pem: &[u8]) -> Vec<u8> {
    let lines = std::str::from_utf8(pem).unwrap().lines().filter(|line| !line.starts_with("-----"));
    Base64::decode_vec(&lines.collect::<String>()).unwrap()
}

#[test]
fn rsa_and_ecdsa_keys_of_openssh_are_taken_encrypted_or_not() {
    let (_guard, dir) = scratch();
    for (spec, kind) in private_specs().filter(|(_, kind)| !matches!(kind, MaterialKind::Ec(Curve::K256 | Curve::Sm2))) {
        let key = openssl::pkcs8(kind);
        let plain = openssh(&dir, &key, &["-N", ""]);
        is_key(&plain, &format!("an OpenSSH {}, PEM", noun(kind)), (spec, kind), &key);
        assert_eq!(open_as(&plain, Format::OpenSsh).unwrap().material(kind).unwrap().bytes(), key);
        for cipher in ["aes256-ctr", "aes256-cbc", "aes256-gcm@openssh.com"] {
            let encrypted = openssh(&dir, &key, &["-N", PASSPHRASE, "-Z", cipher]);
            is_key(&encrypted, &format!("an encrypted OpenSSH {}, PEM", noun(kind)), (spec, kind), &key);
            let opened = |answer: Option<&str>| KeyFile::open(&encrypted, Format::Auto, &mut || answer.map(Into::into));
            assert_eq!(opened(None).unwrap_err(), Error::Passphrase("an OpenSSH private key"));
            assert_eq!(opened(Some("wrong")).unwrap_err(), Error::WrongPassphrase("an OpenSSH private key"), "{cipher}");
        }
    }
}

#[test]
fn a_scalar_that_openssh_wrote_without_its_leading_zeros_is_the_same_scalar() {
    let (_guard, dir) = scratch();
    let kind = MaterialKind::Ec(Curve::P256);
    // OpenSSH takes no scalar below the square root of the order.
    for zeros in [1, 2, 15] {
        let scalar: Vec<u8> = (0..32).map(|at| if at < zeros { 0 } else { 0x90 + at as u8 }).collect();
        let bare = ec_pkcs8(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], &scalar);
        let ciphers = ["aes256-ctr", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"];
        let encrypted = ciphers.map(|cipher| vec!["-N", PASSPHRASE, "-Z", cipher]);
        for options in [vec!["-N", ""]].iter().chain(&encrypted) {
            let file = openssh(&dir, &bare, options);
            let material = open_as(&file, Format::Auto).unwrap().material(kind).unwrap();
            assert_eq!(material.ec_scalar().unwrap(), scalar, "{zeros} zeros");
            assert_eq!(material.evidence(), Evidence::Spki(openssl::spki(&bare)), "{zeros} zeros");
            openssl::run(&dir, "pkey -inform DER -check -noout", material.bytes());
        }
    }
}

#[test]
fn other_keys_of_openssh_are_refused_by_name_before_a_passphrase_is_asked_for() {
    let (_guard, dir) = scratch();
    let kinds = "what can be imported is RSA of 2048, 3072 or 4096 bits, and EC on P-256, P-384, P-521 or secp256k1";
    ssh_keygen(&dir, &["-q", "-t", "ed25519", "-a", "1", "-N", "secret", "-f", "ed25519"]);
    let file = std::fs::read(dir.join("ed25519")).unwrap();
    let refused = KeyFile::open(&file, Format::Auto, &mut || panic!("asked")).unwrap_err().to_string();
    assert_eq!(refused, format!("the key file is an OpenSSH private key of Ed25519; {kinds}"));

    let public = std::fs::read(dir.join("ed25519.pub")).unwrap();
    assert_eq!(refusal(&public), "the key file is an OpenSSH public key; give the private key that belongs to it");
    assert_eq!(
        refusal(&security_key()),
        format!("the key file is an OpenSSH private key of a security key, which keeps the private key itself; {kinds}")
    );

    let cut = String::from_utf8(file).unwrap().lines().take(3).collect::<Vec<_>>().join("\n");
    let cut = format!("{cut}\n-----END OPENSSH PRIVATE KEY-----\n");
    let advice = "write a copy of it as PKCS#8, which replaces the file: ssh-keygen -p -m PKCS8 -f COPY";
    assert_eq!(refusal(cut.as_bytes()), format!("the key file is an OpenSSH private key that cannot be read; {advice}"));

    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    let old = openssh(&dir, &key, &["-N", PASSPHRASE, "-Z", "3des-cbc"]);
    let refused = KeyFile::open(&old, Format::Auto, &mut || panic!("asked")).unwrap_err().to_string();
    assert_eq!(refused, format!("the key file is an OpenSSH private key that cannot be read; {advice}"));
}

/// Every byte that is no key says whether the rest is whole: one that is changed is found.
#[test]
fn an_ec_key_of_openssh_that_does_not_agree_with_itself_is_refused() {
    let (_guard, dir) = scratch();
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let [own, other] = [0, 1].map(|_| bytes_of(&openssh(&dir, &openssl::pkcs8(MaterialKind::Ec(curve)), &["-N", ""])));
        let advice = "write a copy of it as PKCS#8, which replaces the file: ssh-keygen -p -m PKCS8 -f COPY";
        let unreadable = format!("the key file is an OpenSSH private key that cannot be read; {advice}");
        let foreign = format!(
            "the key file is an EC key on {curve} with the public point of another key; take another copy of the key"
        );
        let refused = |file: &[u8]| refusal(&pem_of("OPENSSH PRIVATE KEY", file));

        // The point stands twice: in the public key, and before the private one.
        let width = curve.field_bytes() * 2;
        let name = format!("nist{}", curve.as_str().replace("P-", "p"));
        let marker = [name.as_bytes(), &u32::try_from(width + 1).unwrap().to_be_bytes(), &[4]].concat();
        let points = |file: &[u8]| -> Vec<usize> {
            let ends = file.windows(marker.len()).enumerate().filter(|(_, window)| *window == marker);
            ends.map(|(at, _)| at + marker.len()).collect()
        };
        let at = points(&own);
        assert_eq!(at.len(), 2);
        let encrypted = bytes_of(&openssh(&dir, &openssl::pkcs8(MaterialKind::Ec(curve)), &["-N", PASSPHRASE]));
        for (file, point) in [(&own, at[0]), (&own, at[1]), (&encrypted, points(&encrypted)[0])] {
            let mut file = file.clone();
            file[point..point + width].copy_from_slice(&other[at[0]..at[0] + width]);
            assert_eq!(refused(&file), foreign, "{curve}");
        }

        let checks = at[1] - marker.len() - (4 + "ecdsa-sha2-".len() + name.len() + 4) - 8;
        assert_eq!(own[checks..checks + 4], own[checks + 4..checks + 8]);
        for byte in checks..checks + 8 {
            let mut file = own.clone();
            file[byte] ^= 1;
            assert_eq!(refused(&file), unreadable, "{curve}");
        }
        let mut file = own.clone();
        *file.last_mut().unwrap() ^= 0x80;
        assert_eq!(refused(&file), unreadable, "{curve}: the padding");
        assert_eq!(refused(&[&own[..], &[0]].concat()), unreadable, "{curve}: more than the key");
    }
}

/// A key as a security key leaves it, by PROTOCOL.key and PROTOCOL.u2f: none can be made without one.
fn security_key() -> Vec<u8> {
    let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let name = string(b"sk-ssh-ed25519@openssh.com");
    let public = [name, string(&[7; 32]), string(b"ssh:")].concat();
    let section = [&[0; 8], &public[..], &[1], &string(b"handle"), &string(b""), &string(b"")].concat();
    let padding: Vec<u8> = (1..).take(section.len().next_multiple_of(8) - section.len()).collect();
    let outer = [
        string(b"none"),
        string(b"none"),
        string(b""),
        vec![0, 0, 0, 1],
        string(&public),
        string(&[section, padding].concat()),
    ];
    pem_of("OPENSSH PRIVATE KEY", &[b"openssh-key-v1\0".as_slice(), &outer.concat()].concat())
}
