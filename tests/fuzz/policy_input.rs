//! A folder of policies may hold anything: it is refused in words, or loaded, and then every question has an answer.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use keyferry::model::{Account, Action, Principal};
use keyferry::policy::{Circumstances, Policies, Question, Resource};
use libfuzzer_sys::fuzz_target;

static FOLDER: LazyLock<std::path::PathBuf> = LazyLock::new(|| {
    // Memory, where there is such a place: a disk would be the slowest part.
    let shared = Path::new("/dev/shm");
    let place = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    let folder = place.join(format!("keyferry-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
});

// The first byte says which of the two files the rest is.
fuzz_target!(|bytes: &[u8]| {
    let Some((which, text)) = bytes.split_first() else { return };
    let good = ("version = \"v1\"\n".as_bytes(), "@id(\"x\") permit(principal, action, resource);".as_bytes());
    let (principals, policies) = if which % 2 == 0 { (text, good.1) } else { (good.0, text) };
    std::fs::write(FOLDER.join("principals.toml"), principals).expect("a file can be written");
    std::fs::write(FOLDER.join("x.cedar"), policies).expect("a file can be written");
    let loaded = match Policies::load(&FOLDER) {
        Ok(loaded) => loaded,
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            return;
        }
    };
    let account = Account::parse("111122223333").expect("twelve digits");
    let principal = Principal { name: "a.test".to_owned(), account: account.clone(), tags: Default::default() };
    for action in Action::ALL.iter().filter(|action| action.is_on_account()) {
        let (resource, circumstances) = (Resource::Account(&account), &Circumstances::default());
        let decision = loaded.decide(&Question { principal: &principal, action: *action, resource, circumstances });
        assert!(decision.policies.iter().all(|id| loaded.ids().contains(id)));
    }
});
