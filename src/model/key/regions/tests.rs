//! Related keys in three Regions: whatever is lost on the way, and told twice, they come to agree.

mod orders;
mod world;

use super::super::super::{ImportType, KeyMaterialId, KeySpec, Rotation};
use super::super::example::NOW;
use super::super::{Birth, Debt, Deletion, Key, KeyState, Refused, Report, Told};
use super::*;
use world::{ASIA, EUROPE, HOME, REGIONS, Way, World, birth, region};

#[test]
fn a_replica_begins_without_material_and_takes_only_that_of_its_primary() {
    let mut world = World::new();
    world.change(HOME, |key| key.replicate(EUROPE, birth(), NOW)).unwrap();
    world.settle();
    assert_eq!((world.state(HOME), world.state(EUROPE)), (KeyState::Enabled, KeyState::PendingImport));
    assert_eq!(world.key(EUROPE).description, "made there");
    assert_eq!(world.brings(EUROPE, 2, ImportType::Existing), Err(Refused::IncorrectMaterial));
    assert_eq!(world.brings(EUROPE, 2, ImportType::New), Err(Refused::NewInReplica));
    world.brings(EUROPE, 1, ImportType::Existing).unwrap();
    assert_eq!(world.state(EUROPE), KeyState::Enabled);
    world.settle();
    world.agrees();
}

#[test]
fn only_an_imported_multi_region_primary_that_can_be_used_is_replicated_and_once_into_each_region() {
    type Change = fn(&mut Key);
    #[rustfmt::skip]
    let cases: [(Change, Refused); 9] = [
        (|key| key.id = KeyId::random(false),                                      Refused::NotPrimary),
        (|key| key.origin = super::super::Origin::AwsKms,                          Refused::Origin(super::super::Origin::AwsKms)),
        (|key| key.enabled = false,                                                Refused::Disabled),
        (|key| drop(key.delete_material(None)),                                    Refused::PendingImport),
        (|key| key.deletion = Some(Deletion { at: Some(NOW), window_in_days: 7 }), Refused::PendingDeletion),
        (|key| key.deletion = Some(Deletion { at: None, window_in_days: 7 }),      Refused::PendingReplicaDeletion),
        (|key| *key = World::complete().key(HOME).clone(),                         Refused::Replicated(EUROPE.to_owned())),
        (|key| *key = World::complete().key(EUROPE).clone(),                       Refused::NotPrimary),
        (|key| {
            *key = World::complete().key(HOME).clone();
            key.hand_over(ASIA, "me", NOW).unwrap();
        },                                                                         Refused::Updating),
    ];
    for (change, refused) in cases {
        let mut key = World::new().key(HOME).clone();
        change(&mut key);
        assert_eq!(key.replicate(EUROPE, birth(), NOW), Err(refused));
    }
}

#[test]
fn new_material_takes_its_turn_when_it_is_in_every_region() {
    let mut world = World::complete();
    world.brings(HOME, 2, ImportType::New).unwrap();
    let waits = Some(Rotation::PendingMultiRegionImportAndRotation);
    assert_eq!(world.waiting(HOME), waits);
    assert_eq!(world.change(HOME, |key| key.rotate(NOW)), Err(Refused::NoneToRotateTo));
    world.settle();
    assert_eq!((world.waiting(EUROPE), world.state(EUROPE)), (waits, KeyState::Enabled), "what waits hinders nothing");
    world.brings(EUROPE, 2, ImportType::Existing).unwrap();
    world.settle();
    assert_eq!(world.waiting(HOME), waits, "one Region lacks it");
    world.brings(ASIA, 2, ImportType::Existing).unwrap();
    world.settle();
    let ready = Some(Rotation::PendingRotation);
    assert_eq!(REGIONS.map(|region| world.waiting(region)), [ready; 3]);
    world.change(ASIA, |key| key.delete_material(Some(KeyMaterialId([2; 32])))).unwrap();
    world.settle();
    assert_eq!(REGIONS.map(|region| world.waiting(region)), [waits; 3], "it is the primary's to forget");
    world.brings(ASIA, 2, ImportType::Existing).unwrap();
    world.settle();
    assert_eq!(world.change(EUROPE, |key| key.rotate(NOW)), Err(Refused::NotPrimary));
    world.change(HOME, |key| key.rotate(NOW)).unwrap();
    world.settle();
    for region in REGIONS {
        let key = world.key(region);
        assert_eq!(key.current().unwrap().id, KeyMaterialId([2; 32]), "{region}");
        assert_eq!((key.state(NOW), key.materials.len(), world.waiting(region)), (KeyState::Enabled, 2, None));
    }
    world.agrees();
}

#[test]
fn what_waits_and_is_deleted_in_the_primary_is_gone_everywhere_and_the_other_way_round_nothing_is() {
    let mut world = World::complete();
    world.brings(HOME, 2, ImportType::New).unwrap();
    world.settle();
    world.brings(EUROPE, 2, ImportType::Existing).unwrap();
    world.settle();
    world.change(HOME, |key| key.delete_material(Some(KeyMaterialId([2; 32])))).unwrap();
    world.settle();
    assert_eq!(REGIONS.map(|region| world.key(region).materials.len()), [1; 3]);
    world.change(EUROPE, |key| key.delete_material(None)).unwrap();
    world.settle();
    let states = REGIONS.map(|region| world.state(region));
    assert_eq!(states, [KeyState::Enabled, KeyState::PendingImport, KeyState::Enabled]);
    world.agrees();
}

#[test]
fn a_primary_waits_for_its_replicas_to_go_and_its_period_begins_then() {
    let mut world = World::complete();
    let scheduled = world.change(HOME, |key| key.schedule_deletion(9, NOW)).unwrap();
    assert_eq!((scheduled.at, world.state(HOME)), (None, KeyState::PendingReplicaDeletion));
    let again = world.change(HOME, |key| key.schedule_deletion(9, NOW));
    assert_eq!(again, Err(Refused::PendingReplicaDeletion));
    for region in [EUROPE, ASIA] {
        world.change(region, |key| key.schedule_deletion(7, NOW)).unwrap();
        world.settle();
        assert_eq!(world.state(HOME), KeyState::PendingReplicaDeletion);
        assert!(world.change(region, |key| Ok(key.leave())).unwrap().0);
        assert_eq!(world.change(region, Key::cancel_deletion), Err(Refused::Leaving));
        world.settle();
        assert!(!world.0.contains_key(region));
    }
    assert_eq!(world.state(HOME), KeyState::PendingDeletion);
    let due = NOW.after(std::time::Duration::from_secs(9 * 24 * 60 * 60));
    assert_eq!(world.key(HOME).deletion, Some(Deletion { at: Some(due), window_in_days: 9 }));
    world.change(HOME, Key::cancel_deletion).unwrap();
    assert_eq!(world.state(HOME), KeyState::Disabled);
}

#[test]
fn a_replica_that_was_gone_can_be_made_again_and_late_words_of_the_first_do_not_count() {
    let mut world = World::complete();
    world.change(EUROPE, |key| Ok(key.leave())).unwrap();
    let farewell = world.key(EUROPE).own_report().unwrap();
    world.settle();
    assert_eq!(world.key(HOME).family(HOME).unwrap().replicas, [ASIA]);
    world.change(HOME, |key| key.replicate(EUROPE, birth(), NOW)).unwrap();
    world.settle();
    world.hear(EUROPE, HOME, &Told::Report(farewell)).unwrap();
    world.settle();
    world.agrees();
    assert_eq!(world.0.len(), 3);
}

#[test]
fn the_primary_moves_when_the_other_has_taken_over_and_is_updating_until_then() {
    let mut world = World::complete();
    world.change(HOME, |key| key.hand_over(EUROPE, "me", NOW)).unwrap();
    assert_eq!(world.state(HOME), KeyState::Updating);
    assert!(world.key(HOME).use_now(NOW).is_ok(), "it can be used all the while");
    assert_eq!(world.change(HOME, |key| key.set_enabled(false, NOW)), Err(Refused::Updating));
    assert_eq!(world.change(HOME, |key| key.schedule_deletion(7, NOW)), Err(Refused::Updating));
    assert_eq!(world.change(HOME, |key| key.rotate(NOW)), Err(Refused::Updating));
    assert_eq!(world.change(HOME, |key| key.hand_over(ASIA, "me", NOW)), Err(Refused::Updating));
    let debts = world.debts();
    assert_eq!(debts.iter().map(|(_, debt)| debt.to.as_str()).collect::<Vec<_>>(), [EUROPE], "the others hear of it later");
    // Its answer is lost: Europe is the primary, and home still asks it.
    world.tell(HOME, &debts[0].1, Way::AnswerLost).unwrap();
    assert!(!world.key(EUROPE).is_replica() && world.state(HOME) == KeyState::Updating);
    world.settle();
    world.agrees();
    assert_eq!(REGIONS.map(|region| world.key(region).is_replica()), [true, false, true]);
    assert_eq!(REGIONS.map(|region| world.state(region)), [KeyState::Enabled; 3]);
    assert_eq!(world.brings(HOME, 2, ImportType::New), Err(Refused::NewInReplica));
    world.brings(EUROPE, 2, ImportType::New).unwrap();
}

#[test]
fn nobody_but_its_primary_is_believed() {
    let mut world = World::complete();
    world.brings(HOME, 2, ImportType::New).unwrap();
    let debts = world.debts();
    let (_, Debt { told: Told::Shared(shared), .. }) = &debts[0] else { panic!("{debts:?}") };
    let claims = |primary: &str| {
        let mut claims = shared.as_ref().clone();
        claims.generation += 10;
        claims.primary = primary.to_owned();
        Told::Shared(Box::new(claims))
    };
    assert_eq!(world.hear(ASIA, EUROPE, &claims(ASIA)), Err(Refused::NotItsPrimary(ASIA.to_owned())));
    assert_eq!(world.hear(ASIA, HOME, &claims(ASIA)), Err(Refused::NotItsPrimary(ASIA.to_owned())));
    let mut other = shared.as_ref().clone();
    other.spec = KeySpec::Hmac256;
    assert_eq!(world.hear(HOME, EUROPE, &Told::Shared(Box::new(other))), Err(Refused::Unrelated));
    let report = Report { born: 99, version: 0, materials: vec![], is_leaving: false };
    assert_eq!(world.hear(EUROPE, HOME, &Told::Report(report.clone())), Err(Refused::Unrelated));
    assert_eq!(world.hear(EUROPE, ASIA, &Told::Report(report)), Err(Refused::NotItsPrimary(EUROPE.to_owned())));
    let mut alone = World::new();
    let told = Told::Shared(shared.clone());
    assert_eq!(alone.hear(EUROPE, HOME, &told), Err(Refused::Unrelated), "a key that was never replicated is nobody's");
}

#[test]
fn an_answer_that_comes_late_says_nothing_of_what_has_changed_since() {
    // To what the primary said before it handed over.
    let mut world = World::complete();
    world.brings(HOME, 2, ImportType::New).unwrap();
    let debts = world.debts();
    for (from, debt) in &debts {
        world.tell(from, debt, Way::AnswerLate).unwrap();
    }
    world.change(HOME, |key| key.hand_over(EUROPE, "me", NOW)).unwrap();
    let (from, debt, report) = world.1.iter().find(|(_, debt, _)| debt.to == EUROPE).cloned().unwrap();
    world.answered(from, &debt, &report).unwrap();
    assert_eq!(world.state(HOME), KeyState::Updating, "Europe has not heard of that");
    let handover = world.debts().remove(0).1;
    world.tell(HOME, &handover, Way::There).unwrap();
    let (from, debt, report) = world.1.iter().find(|(_, debt, _)| debt.to == ASIA).cloned().unwrap();
    world.answered(from, &debt, &report).unwrap();
    assert!(world.debts().iter().any(|(from, debt)| (*from, debt.to.as_str()) == (HOME, ASIA)), "Asia has not heard either");
    world.settle();
    world.agrees();
    // To a report, when there has been another one and the first is true again.
    let mut world = World::complete();
    world.brings(HOME, 2, ImportType::New).unwrap();
    world.settle();
    world.brings(ASIA, 2, ImportType::Existing).unwrap();
    let first = world.debts().remove(0).1;
    world.tell(ASIA, &first, Way::AnswerLate).unwrap();
    world.change(ASIA, |key| key.delete_material(Some(KeyMaterialId([2; 32])))).unwrap();
    let second = world.debts().into_iter().find(|(from, _)| *from == ASIA).unwrap().1;
    world.tell(ASIA, &second, Way::AnswerLost).unwrap();
    world.brings(ASIA, 2, ImportType::Existing).unwrap();
    let (from, debt, report) = world.1.remove(0);
    world.answered(from, &debt, &report).unwrap();
    assert!(world.debts().iter().any(|(from, _)| *from == ASIA), "home believes the second");
}

#[test]
fn what_no_primary_can_say_is_refused_and_changes_nothing() {
    let mut world = World::complete();
    world.brings(HOME, 2, ImportType::New).unwrap();
    let debts = world.debts();
    let (_, Debt { told: Told::Shared(said), .. }) = &debts[0] else { panic!("{debts:?}") };
    let to = region(&debts[0].1.to);
    type Change = fn(&mut super::super::Shared);
    let cases: [Change; 9] = [
        |shared| shared.siblings.retain(|sibling| sibling.region != HOME),
        |shared| shared.siblings.push(shared.siblings[0].clone()),
        |shared| shared.primary = "sa-east-1".to_owned(),
        |shared| shared.origin = super::super::Origin::AwsKms,
        |shared| shared.materials.clear(),
        |shared| shared.materials[0].id = KeyMaterialId([9; 32]),
        |shared| shared.materials[1].rotation = Rotation::Current,
        |shared| shared.materials[1].id = shared.materials[0].id,
        |shared| shared.generation = u64::MAX,
    ];
    for (number, change) in cases.into_iter().enumerate() {
        let mut shared = said.as_ref().clone();
        change(&mut shared);
        let before = world.key(to).clone();
        let heard = world.hear(HOME, to, &Told::Shared(Box::new(shared)));
        assert!(matches!(heard, Err(Refused::Invalid(_) | Refused::Unrelated)), "{number}: {heard:?}");
        assert_eq!(*world.key(to), before, "{number}");
    }
    let mut born = said.as_ref().clone();
    (born.birth, born.primary) = (Some(birth()), ASIA.to_owned());
    assert!(born.check(HOME, EUROPE).is_err(), "a replica is made by its primary");
}

#[test]
fn what_was_planned_can_be_asked_for_by_somebody_else() {
    let mut world = World::complete();
    let somebody = || Birth { requester: "somebody".to_owned(), ..birth() };
    world.change(EUROPE, |key| Ok(key.leave())).unwrap();
    world.settle();
    world.change(HOME, |key| key.replicate(EUROPE, birth(), NOW)).unwrap();
    world.change(HOME, |key| key.replicate(EUROPE, somebody(), NOW)).unwrap();
    let debts = world.debts();
    let told = debts.iter().find_map(|(_, debt)| match &debt.told {
        Told::Shared(shared) => shared.birth.clone(),
        Told::Report(_) => None,
    });
    assert_eq!(told, Some(somebody()));
    let mut world = World::complete();
    world.change(HOME, |key| key.hand_over(EUROPE, "me", NOW)).unwrap();
    world.change(HOME, |key| key.hand_over(EUROPE, "somebody", NOW)).unwrap();
    let Told::Shared(shared) = &world.debts()[0].1.told.clone() else { panic!() };
    assert_eq!(shared.requester.as_deref(), Some("somebody"));
}
