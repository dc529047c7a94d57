//! Either side is killed at every step: nothing is half made.

use keyferry::proto as pb;

use super::world::{EUROPE, HOME, World, family, import, replicate, state, update_primary_region};
use crate::crashes::{FAILPOINT, killed};
use crate::harness::{Plaintext, Refusal};

/// What is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Replicate,
    Move,
}

/// What is true when the service that was killed serves again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// As if it had never been asked for; asked for again, it succeeds.
    Undone,
    /// It happens, without anybody asking again.
    Done,
}

/// What is done, the Region whose service is killed, and the step.
#[rustfmt::skip]
const STEPS: [(Doing, &str, &str, After); 8] = [
    (Doing::Replicate, HOME,   "replicate.recorded", After::Done),
    (Doing::Replicate, HOME,   "region.told",        After::Done),
    (Doing::Replicate, EUROPE, "region.heard",       After::Undone), // asked, and nobody heard what it said
    (Doing::Replicate, EUROPE, "region.recorded",    After::Done),
    (Doing::Move,      HOME,   "primary.recorded",   After::Done),
    (Doing::Move,      HOME,   "region.told",        After::Done),
    (Doing::Move,      EUROPE, "region.heard",       After::Undone),
    (Doing::Move,      EUROPE, "region.recorded",    After::Done),
];

/// The names of the steps.
pub fn steps() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|(_, _, step, _)| *step)
}

#[tokio::test]
async fn replicas_and_primaries_survive_the_end_of_either_side_at_every_step() {
    let mut world = World::of(&[HOME, EUROPE]).await;
    for (doing, dies, step, after) in STEPS {
        let case = format!("{doing:?}, {dies} at {step}");
        let material = Plaintext::aes();
        let key = world.primary(&material).await.key_id;
        let moves = doing == Doing::Move;
        if moves {
            let home = world.client(HOME).await;
            replicate(&home, &key, EUROPE).await.unwrap();
            import(&world.client(EUROPE).await, &key, &material, pb::ImportType::Unspecified).await.unwrap();
        }
        world.restart(dies, &[(FAILPOINT, step)]);
        let home = world.client(HOME).await;
        let asked = async |home: &crate::harness::Client| -> Result<(), Refusal> {
            match moves {
                true => update_primary_region(home, &key, EUROPE).await,
                false => replicate(home, &key, EUROPE).await.map(drop),
            }
        };
        let first = asked(&home).await;
        let ended = world.0.get_mut(dies).unwrap().daemon.take().unwrap();
        let installation = killed(ended, step);
        world.start(dies, installation, &[]);
        let home = world.client(HOME).await;
        match after {
            After::Done => {}
            After::Undone => {
                first.unwrap_err();
                let primary = family(home.describe(&key).await);
                assert_eq!(primary.1, HOME, "{case}");
                assert_eq!(primary.2.len(), usize::from(moves), "{case}");
                asked(&home).await.unwrap();
            }
        }
        let (primary, replica) = if moves { (EUROPE, HOME) } else { (HOME, EUROPE) };
        let wanted = |role| (role, primary.to_owned(), vec![replica.to_owned()]);
        world.until(primary, &key, wanted(pb::MultiRegionKeyType::Primary), family).await;
        world.until(replica, &key, wanted(pb::MultiRegionKeyType::Replica), family).await;
        if !moves {
            world.until(EUROPE, &key, pb::KeyState::PendingImport, state).await;
            import(&world.client(EUROPE).await, &key, &material, pb::ImportType::Unspecified).await.unwrap();
        }
        for region in [HOME, EUROPE] {
            world.until(region, &key, pb::KeyState::Enabled, state).await;
        }
    }
}
