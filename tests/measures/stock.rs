//! What a daemon finds when it starts: wrapping keys that stand ready or are handed out, and keys. Made without it, for a pool
//! of thousands of pairs takes a real one an hour to fill.
//!
//! The pairs of one lot are copies of one: no call under measure looks at what is inside. Each has its own CKA_ID, its own
//! object on the token and its own row.

pub mod rows;

use std::path::Path;

use keyferry::model::WrappingKeySpec;
use tempfile::TempDir;

use super::errand::{Errand, Lot, Planted};
use crate::harness::Installation;
use rows::Rows;

/// What is to be in stock.
#[derive(Default)]
pub struct Stock {
    /// Pairs that stand ready: how many of which spec.
    pub ready: Vec<(WrappingKeySpec, usize)>,
    /// Pairs of RSA_2048 that are handed out until tomorrow, to many principals for many keys.
    pub issued: usize,
    /// Symmetric keys that wait for material.
    pub keys: usize,
}

impl Stock {
    /// Lays it in. The daemon must be down. Returns the ids of the keys.
    pub async fn lay_in(&self, installation: &Installation) -> Vec<String> {
        let Self { ready, issued, keys } = self;
        let specs = ready.iter().map(|(spec, copies)| (*spec, *copies)).chain([(WrappingKeySpec::Rsa2048, *issued)]);
        let lots: Vec<_> = specs.map(|(spec, copies)| Lot { bits: bits(spec), copies }).collect();
        let mut planted = plant(&installation.token.conf(), lots);
        let handed_out = planted.lots.pop().unwrap();
        let mut rows = Rows::open(&installation.database()).await;
        for ((spec, _), lot) in ready.iter().zip(&planted.lots) {
            rows.ready(&planted.serial, *spec, lot).await;
        }
        rows.keys(&planted.serial, *keys).await;
        let ids = rows.key_ids().await;
        if *issued > 0 {
            rows.issued(&planted.serial, &handed_out, &ids).await;
        }
        rows.close().await;
        // What the system still has to write is not to be written under the measures.
        let _best_effort = std::process::Command::new("sync").status();
        ids
    }
}

/// Lays in pairs of one spec that stand ready, over PostgreSQL. No service may run on the installation.
pub async fn lay_in_over_postgres(installation: &Installation, spec: WrappingKeySpec, pairs: usize) {
    let planted = plant(&installation.token.conf(), vec![Lot { bits: bits(spec), copies: pairs }]);
    let [lot] = &planted.lots[..] else { panic!("one lot was asked for, not {}", planted.lots.len()) };
    rows::ready_over_postgres(&installation.store_url(), &planted.serial, spec, lot).await;
    let _best_effort = std::process::Command::new("sync").status();
}

pub fn bits(spec: WrappingKeySpec) -> u64 {
    8 * u64::try_from(spec.modulus_bytes().unwrap()).unwrap()
}

/// Plants in memory where there is some, and brings the token home to the disk: SoftHSM writes an object in so many steps
/// that ten thousand take minutes there.
pub fn plant(conf: &Path, lots: Vec<Lot>) -> Planted {
    let errand = Errand::Plant(lots);
    let Ok(memory) = TempDir::new_in("/dev/shm") else { return errand.run(conf) };
    let home = conf.with_file_name("tokens");
    let (tokens, elsewhere) = (memory.path().join("tokens"), memory.path().join("softhsm2.conf"));
    copy_folder(&home, &tokens);
    let text = std::fs::read_to_string(conf).unwrap();
    std::fs::write(&elsewhere, text.replace(home.to_str().unwrap(), tokens.to_str().unwrap())).unwrap();
    let planted = errand.run(&elsewhere);
    copy_folder(&tokens, &home);
    planted
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
