//! Whether what was acknowledged is there: said by every replica, and proved by the material's own answer.

use super::REPLICAS;
use super::fleet::Fleet;
use super::key::Acknowledged;
use crate::harness::refusal::surely;

/// How many acknowledged imports some replica does not know, or cannot put to work. One whose material is another stops the bench.
pub async fn count(fleet: &Fleet, imported: &[Acknowledged]) -> usize {
    let lines = fleet.lines(REPLICAS).await;
    let mut lost = 0;
    for (key, material) in imported {
        let mut is_lost = false;
        for client in &lines {
            let described = surely(async || key.describe(client).await).await;
            let is_there = described.is_ok_and(|described| described.current_key_material_id == *material);
            let works = surely(async || key.mac(client).await).await;
            if let Err(refusal) = &works {
                eprintln!("  key {} does not work: {refusal:?}", key.id);
            }
            is_lost |= !is_there || works.is_err();
        }
        lost += usize::from(is_lost);
    }
    lost
}
