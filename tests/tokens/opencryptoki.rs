//! openCryptoki's software token: it ignores that a key is to be hidden when it is unwrapped, and is told again.

use std::path::{Path, PathBuf};

use cryptoki::context::Pkcs11;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};
use keyferry::hsm::{Hiding, Hsm, Import, Settings, TokenName, initialise_token};
use keyferry::model::{
    HostAssisted, HostExposure, KeySpec, KeyUsage, ObjectId, PairKind, PairUse, WrappingAlgorithm, WrappingKeySpec,
};
use secrecy::SecretString;

use crate::harness::Plaintext;
use crate::harness::material::Wrapper;

const PLACES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/pkcs11/libopencryptoki.so",
    "/usr/lib/aarch64-linux-gnu/pkcs11/libopencryptoki.so",
    "/usr/lib64/pkcs11/libopencryptoki.so",
];
/// What openCryptoki gives every new token.
const SO_PIN: &str = "87654321";
/// No longer than it takes.
const PIN: &str = "91605541";
const LABEL: &str = "keyferry";

fn open(module: &Path) -> Hsm {
    let settings = || Settings {
        module: module.to_owned(),
        token: TokenName::Label(LABEL.to_owned()),
        pin: SecretString::from(PIN),
        sessions: 2,
        fillers: 0,
        longest_call: std::time::Duration::from_secs(30),
        queue: 8,
        host_assisted: HostAssisted::None,
        sm2: true,
    };
    // The machine's one token is ours from an earlier run, or new.
    Hsm::open(settings()).unwrap_or_else(|_| {
        initialise_token(module, LABEL, &SecretString::from(SO_PIN), &SecretString::from(PIN))
            .expect("pkcsslotd does not run, or its token is somebody else's: `make tokens` starts it");
        Hsm::open(settings()).unwrap()
    })
}

#[tokio::test]
#[ignore = "run by `make tokens`, which installs openCryptoki and takes its token"]
async fn opencryptoki_is_told_twice_to_hide_what_it_unwraps_and_does() {
    let module: PathBuf = PLACES.iter().map(PathBuf::from).find(|place| place.exists()).expect("it is not installed");
    let hsm = open(&module);
    hsm.profile().isolation.require_fit().unwrap();
    let hiding: Vec<&Hiding> = hsm.profile().isolation.unwrapped.iter().map(|unwrapped| &unwrapped.hiding).collect();
    assert!(!hiding.is_empty() && hiding.iter().all(|hiding| **hiding == Hiding::Afterwards), "{hiding:?}");

    let algorithm = WrappingAlgorithm::RsaesOaepSha256;
    let path = hsm.profile().route(KeySpec::SymmetricDefault, algorithm).unwrap().path.unwrap();
    assert_eq!(path.exposure(), HostExposure::Token);
    let (wrapping_key, object) = (ObjectId::random(), ObjectId::random());
    let kind = PairKind { spec: WrappingKeySpec::Rsa2048, pair_use: PairUse::Unwrap };
    let spki = hsm.make(move |token| token.make_wrapping_key(&wrapping_key, kind)).await.unwrap().spki;
    let plaintext = Plaintext::for_spec(KeySpec::SymmetricDefault);
    let import = Import {
        wrapping_key,
        algorithm,
        path,
        ciphertext: plaintext.wrap(Wrapper::OpenSsl, algorithm, &spki),
        spki,
        kind: plaintext.kind,
        usage: KeyUsage::EncryptDecrypt,
        object,
    };
    hsm.call(move |token| token.import(&import, |_| Ok::<(), ()>(()))).await.unwrap().unwrap();

    // Behind the service's back, in its login: the module is the process's.
    let context = Pkcs11::new(&module).unwrap();
    let slot = context.get_slots_with_token().unwrap().into_iter().find_map(|slot| {
        let session = context.open_rw_session(slot).ok()?;
        let found = session.find_objects(&[Attribute::Token(true), Attribute::Id(object.0.to_vec())]).ok()?;
        (found.len() == 1).then_some((session, found[0]))
    });
    let (session, key) = slot.expect("what was imported is not in any slot");
    let asked = [AttributeType::Sensitive, AttributeType::Extractable, AttributeType::Value];
    let shown = session.get_attributes(key, &asked).unwrap();
    assert_eq!(shown, [Attribute::Sensitive(true), Attribute::Extractable(false)]);
    let kek = [Attribute::Token(false), Attribute::ValueLen(32.into()), Attribute::Wrap(true)];
    let kek = session.generate_key(&Mechanism::AesKeyGen, &kek).unwrap();
    session.wrap_key(&Mechanism::AesCbcPad([0; 16]), kek, kek).expect("the mechanism wraps what may be wrapped");
    session.wrap_key(&Mechanism::AesCbcPad([0; 16]), kek, key).unwrap_err();

    let swept = hsm.sweep(move |token| Ok(token.destroy_all(&[wrapping_key, object]))).await.unwrap();
    assert!(swept.left.is_empty(), "{swept:?}");
}
