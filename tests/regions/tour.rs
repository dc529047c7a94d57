//! The client library's way through several Regions, where a replica is there before or after it is looked for.

use std::time::Duration;

use keyferry::client::walk::{Outcome, Progress, Step, Target, Tour};
use keyferry::client::{Client, Error, Local, Walk};
use keyferry::model::{KeyMaterialId, WrappingKeySpec};
use keyferry::wrap;

use super::world::{EUROPE, HOME, World, replicate};
use crate::crashes::FAILPOINT;
use crate::harness::Plaintext;
use crate::typed::client;

fn to(key: &str) -> Walk {
    Walk::to(Target::Existing(key.to_owned())).wrapping_key_spec(WrappingKeySpec::Rsa2048)
}

async fn visit(
    tour: &mut Tour,
    region: &str,
    client: &Client,
    material: &Plaintext,
    progress: impl FnMut(Progress<'_>) + Send,
) -> Result<Outcome, Error> {
    tour.visit(region, client, |kind| wrap::material(kind, &material.bytes), progress).await
}

#[tokio::test]
async fn a_replica_that_somebody_else_made_meanwhile_is_as_good_as_ones_own() {
    let world = World::of(&[HOME, EUROPE]).await;
    let material = Plaintext::aes();
    let key = world.primary(&material).await.key_id;
    let [home, europe] = [client(world.daemon(HOME)).await, client(world.daemon(EUROPE)).await];
    let mut tour = Tour::new(to(&key));
    let first = visit(&mut tour, HOME, &home, &material, |_| {}).await.unwrap();
    assert_eq!((first.made, first.imported), (false, None));
    replicate(&world.client(HOME).await, &key, EUROPE).await.unwrap();
    let second = visit(&mut tour, EUROPE, &europe, &material, |_| {}).await.unwrap();
    assert!(!second.made && second.imported.is_some(), "{second:?}");
    assert_eq!(Some(second.key_material_id), KeyMaterialId::parse(&material.fingerprint(&key)));
    let again = visit(&mut tour, EUROPE, &europe, &material, |_| {}).await.unwrap();
    assert_eq!(again.imported, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_its_region_has_still_to_hear_of_is_waited_for() {
    let mut world = World::of(&[HOME, EUROPE]).await;
    let material = Plaintext::aes();
    let key = world.primary(&material).await.key_id;
    // It is recorded at home, and Europe does not hear of it.
    world.restart(HOME, &[(FAILPOINT, "replicate.recorded")]);
    replicate(&world.client(HOME).await, &key, EUROPE).await.unwrap_err();
    let (_, installation, _) = world.0.get_mut(HOME).unwrap().daemon.take().unwrap().wait();
    world.cut_off(EUROPE);
    world.start(HOME, installation, &[]);
    let [home, europe] = [client(world.daemon(HOME)).await, client(world.daemon(EUROPE)).await];

    let mut hasty = Tour::new(to(&key).patience(Duration::ZERO));
    let plan = hasty.survey(HOME, &home, None, |_| {}).await.unwrap();
    assert_eq!(hasty.survey(EUROPE, &europe, Some((HOME, &plan)), |_| {}).await.unwrap().key, None);
    visit(&mut hasty, HOME, &home, &material, |_| {}).await.unwrap();
    let not_yet = visit(&mut hasty, EUROPE, &europe, &material, |_| {}).await.unwrap_err();
    assert!(matches!(&not_yet, Error::Local(Local::NotYetThere { arn }) if arn.contains(EUROPE)), "{not_yet}");

    let mut patient = Tour::new(to(&key).patience(Duration::from_secs(120)));
    visit(&mut patient, HOME, &home, &material, |_| {}).await.unwrap();
    let mut waited = 0;
    let there = visit(&mut patient, EUROPE, &europe, &material, |progress| {
        if let Progress::Waits(Step::Await, failure, _) = progress {
            assert!(matches!(failure, Error::Local(Local::NotYetThere { .. })), "{failure}");
            world.reach(EUROPE);
            waited += 1;
        }
    });
    let there = there.await.unwrap();
    assert!(waited > 0 && there.imported.is_some() && !there.made, "{there:?}");
}
