//! Orders of events that nobody thought of.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::super::super::ImportType;
use super::super::super::example::NOW;
use super::world::{REGIONS, Way, World, birth};

/// One of the things that people do, or that the network does to them; the numbers say to which.
fn happens(world: &mut World, next: &mut u8, (what, first, second): (u8, usize, usize)) {
    let places: Vec<&'static str> = world.0.keys().copied().collect();
    let (here, there) = (places[first % places.len()], REGIONS[second % 3]);
    let materials = &world.key(here).materials;
    let known = materials[second % materials.len()].id.0[0];
    let waiting = materials.iter().find(|material| material.rotation.is_pending()).map(|material| material.id);
    let debts = world.debts();
    // What is refused changes nothing.
    let _refused = match what {
        0 if here != there => world.change(here, |key| key.replicate(there, birth(), NOW)),
        1 if here != there => world.change(here, |key| key.hand_over(there, "me", NOW)),
        2 => {
            let came = world.brings(here, *next, ImportType::New);
            *next += u8::from(came.is_ok());
            came
        }
        3 => world.brings(here, known, ImportType::Existing),
        4 => world.change(here, |key| key.rotate(NOW).map(drop)),
        5 if waiting.is_some() => world.change(here, |key| key.delete_material(waiting).map(drop)),
        6 if second % 4 == 0 => world.change(here, |key| Ok(key.leave())).map(drop),
        7 if !world.1.is_empty() => {
            let (from, debt, report) = world.1.swap_remove(first % world.1.len());
            world.answered(from, &debt, &report)
        }
        _ if debts.is_empty() => Ok(()),
        _ => {
            let (from, debt) = &debts[first % debts.len()];
            world.tell(from, debt, [Way::There, Way::AnswerLost, Way::AnswerLate][second % 3])
        }
    };
}

proptest! {
    // What goes wrong in few orders only is found in many.
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// At most one primary that is not handing over, always; and agreement once everything has been told.
    #[test]
    fn whatever_is_lost_or_told_twice_they_come_to_agree(events in vec((0_u8..12, 0_usize..64, 0_usize..64), 1..100)) {
        let (mut world, mut next) = (World::complete(), 2);
        for event in events {
            happens(&mut world, &mut next, event);
            let primaries = world.0.values().filter(|key| !key.is_replica() && !key.is_updating()).count();
            prop_assert!(primaries <= 1);
        }
        while let Some((from, debt, report)) = world.1.pop() {
            let _refused = world.answered(from, &debt, &report);
        }
        world.settle();
        world.agrees();
    }
}
