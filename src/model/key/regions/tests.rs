//! Related keys in three Regions: whatever is lost on the way, and told twice, they come to agree.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::super::{Expiration, ImportType, KeyMaterialId, KeySpec, Material, Rotation};
use super::super::example::NOW;
use super::super::{Arrival, Birth, Debt, Deletion, Key, KeyState, Refused, Replica, Report, Told};
use super::*;

const HOME: &str = "us-east-1";
const EUROPE: &str = "eu-west-1";
const ASIA: &str = "ap-south-1";
const REGIONS: [&str; 3] = [HOME, EUROPE, ASIA];

/// The records of one key in all Regions, and the answers that are on their way.
#[derive(Clone, Default)]
struct World(BTreeMap<&'static str, Key>, Vec<(&'static str, Debt, Report)>);

/// How far a message comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    /// It is heard, and the answer is lost.
    AnswerLost,
    /// It is heard, and the answer comes when something else has happened.
    AnswerLate,
}

fn birth() -> Birth {
    Birth { description: "made there".to_owned(), tags: Default::default(), policy: None, requester: "me".to_owned() }
}

fn region(name: &str) -> &'static str {
    REGIONS.into_iter().find(|region| *region == name).unwrap()
}

impl World {
    /// A primary at home that has its first material.
    fn new() -> Self {
        let mut key = Key { id: KeyId::random(true), ..Key::example() };
        key.accept(arrival(ImportType::New), Material::example(1), NOW).unwrap();
        Self([(HOME, key)].into(), Vec::new())
    }

    /// The same, with replicas everywhere that have the material.
    fn complete() -> Self {
        let mut world = Self::new();
        for region in [EUROPE, ASIA] {
            world.change(HOME, |key| key.replicate(region, birth(), NOW)).unwrap();
        }
        world.settle();
        for region in [EUROPE, ASIA] {
            world.brings(region, 1, ImportType::Existing).unwrap();
        }
        world.settle();
        world
    }

    fn key(&self, region: &str) -> &Key {
        &self.0[region]
    }

    fn state(&self, region: &str) -> KeyState {
        self.key(region).state(NOW)
    }

    fn waiting(&self, region: &str) -> Option<Rotation> {
        self.key(region).materials.iter().map(|material| material.rotation).find(|rotation| rotation.is_pending())
    }

    /// As the service changes a record.
    fn change<T>(&mut self, region: &str, change: impl FnOnce(&mut Key) -> Result<T, Refused>) -> Result<T, Refused> {
        let key = self.0.get_mut(region).unwrap();
        let before = key.clone();
        let changed = change(key);
        match &changed {
            Ok(_) => {
                key.note_relations(&before, NOW);
                if *key != before {
                    key.version += 1;
                }
            }
            Err(_) => *key = before,
        }
        changed
    }

    fn brings(&mut self, region: &str, byte: u8, import_type: ImportType) -> Result<(), Refused> {
        self.change(region, |key| key.accept(arrival(import_type), Material::example(byte), NOW).map(drop))
    }

    fn debts(&self) -> Vec<(&'static str, Debt)> {
        let debts = self.0.iter().flat_map(|(region, key)| key.debts(region).into_iter().map(|debt| (*region, debt)));
        debts.collect()
    }

    /// Tells one thing.
    fn tell(&mut self, from: &'static str, debt: &Debt, way: Way) -> Result<(), Refused> {
        let to = region(&debt.to);
        let report = match self.hear(from, to, &debt.told) {
            Err(Refused::Unrelated) => {
                if let Told::Report(said) = &debt.told
                    && said.is_leaving
                {
                    self.leave(from, to, said);
                    return Ok(());
                }
                return self.change(from, |key| {
                    key.is_gone(to);
                    Ok(())
                });
            }
            heard => heard?,
        };
        match way {
            Way::There => self.answered(from, debt, &report),
            Way::AnswerLost => Ok(()),
            Way::AnswerLate => {
                self.1.push((from, debt.clone(), report));
                Ok(())
            }
        }
    }

    /// An answer comes.
    fn answered(&mut self, from: &'static str, debt: &Debt, report: &Report) -> Result<(), Refused> {
        let to = region(&debt.to);
        if !self.0.contains_key(from) {
            return Ok(());
        }
        match &debt.told {
            Told::Report(said) if said.is_leaving => self.leave(from, to, said),
            Told::Report(said) => {
                let said = said.clone();
                self.change(from, |key| {
                    key.report_was_heard(&said);
                    Ok(())
                })?;
            }
            Told::Shared(shared) => {
                self.change(from, |key| {
                    key.shared_was_heard(to, shared, report, NOW);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    fn leave(&mut self, region: &str, heard_by: &str, said: &Report) {
        if self.key(region).may_go(region, heard_by, said) {
            self.0.remove(region);
        }
    }

    fn hear(&mut self, from: &str, to: &'static str, told: &Told) -> Result<Report, Refused> {
        match told {
            Told::Shared(shared) if !self.0.contains_key(to) => {
                let Some(birth) = shared.birth.clone() else { return Err(Refused::Unrelated) };
                let any = self.0.values().next().unwrap();
                let (id, account, token) = (any.id.clone(), any.account.clone(), "there".to_owned());
                let key = Key::replica(Replica { id, account, own: to, shared, birth, token }, NOW)?;
                self.0.insert(to, key);
            }
            Told::Shared(shared) => {
                self.change(to, |key| key.hear_primary(to, from, shared, NOW).map(drop))?;
            }
            Told::Report(_) if !self.0.contains_key(to) => return Err(Refused::Unrelated),
            Told::Report(report) => self.change(to, |key| key.hear_replica(from, report, NOW))?,
        }
        Ok(self.key(to).own_report().unwrap())
    }

    /// Tells everything until nothing is owed.
    fn settle(&mut self) {
        for _ in 0..100 {
            let debts = self.debts();
            if debts.is_empty() {
                return;
            }
            for (from, debt) in debts {
                // A replica that was made lives for seven days at least: no plan of its making is on its way for so long.
                let is_late = matches!(&debt.told, Told::Shared(shared) if shared.birth.is_some())
                    && !self.debts().contains(&(from, debt.clone()));
                if self.0.contains_key(from) && !is_late {
                    // What has to wait for something else is told again.
                    let _heard = self.tell(from, &debt, Way::There);
                }
            }
        }
        panic!("still owed: {:?}", self.debts());
    }

    /// Everything that related keys have to agree about.
    #[track_caller]
    fn agrees(&self) {
        let regions: Vec<&str> = self.0.keys().copied().collect();
        let mut first = None;
        for (region, key) in &self.0 {
            let family = key.family(region).unwrap();
            let mut all: Vec<_> = family.replicas.iter().map(String::as_str).chain([family.primary.as_str()]).collect();
            all.sort_unstable();
            assert_eq!(all, regions, "{region} knows all");
            assert_eq!(key.is_replica(), family.primary != *region);
            let materials = key.materials.iter().map(|one| (one.id, one.rotation, one.rotated_at));
            let materials: Vec<_> = materials.collect();
            let seen = (materials, family.primary);
            assert_eq!(first.get_or_insert_with(|| seen.clone()), &seen, "{region}");
        }
    }
}

fn arrival(import_type: ImportType) -> Arrival {
    Arrival { import_type: Some(import_type), material_id: None, description: None, expiration: Expiration::Never }
}

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
