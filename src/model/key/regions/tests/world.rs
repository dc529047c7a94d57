//! The records of one key in three Regions, without anything that carries what they tell each other.

use std::collections::BTreeMap;

use super::super::super::super::{Expiration, ImportType, KeyId, Material, Rotation};
use super::super::super::example::NOW;
use super::super::super::{Arrival, Birth, Debt, Key, KeyState, Refused, Replica, Report, Told};

pub(super) const HOME: &str = "us-east-1";
pub(super) const EUROPE: &str = "eu-west-1";
pub(super) const ASIA: &str = "ap-south-1";
pub(super) const REGIONS: [&str; 3] = [HOME, EUROPE, ASIA];

/// The records of one key in all Regions, and the answers that are on their way.
#[derive(Clone, Default)]
pub(super) struct World(pub(super) BTreeMap<&'static str, Key>, pub(super) Vec<(&'static str, Debt, Report)>);

/// How far a message comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    There,
    /// It is heard, and the answer is lost.
    AnswerLost,
    /// It is heard, and the answer comes when something else has happened.
    AnswerLate,
}

pub(super) fn birth() -> Birth {
    Birth { description: "made there".to_owned(), tags: Default::default(), policy: None, requester: "me".to_owned() }
}

pub(super) fn region(name: &str) -> &'static str {
    REGIONS.into_iter().find(|region| *region == name).unwrap()
}

impl World {
    /// A primary at home that has its first material.
    pub(super) fn new() -> Self {
        let mut key = Key { id: KeyId::random(true), ..Key::example() };
        key.accept(arrival(ImportType::New), Material::example(1), NOW).unwrap();
        Self([(HOME, key)].into(), Vec::new())
    }

    /// The same, with replicas everywhere that have the material.
    pub(super) fn complete() -> Self {
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

    pub(super) fn key(&self, region: &str) -> &Key {
        &self.0[region]
    }

    pub(super) fn state(&self, region: &str) -> KeyState {
        self.key(region).state(NOW)
    }

    pub(super) fn waiting(&self, region: &str) -> Option<Rotation> {
        self.key(region).materials.iter().map(|material| material.rotation).find(|rotation| rotation.is_pending())
    }

    /// As the service changes a record.
    pub(super) fn change<T>(
        &mut self,
        region: &str,
        change: impl FnOnce(&mut Key) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
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

    pub(super) fn brings(&mut self, region: &str, byte: u8, import_type: ImportType) -> Result<(), Refused> {
        self.change(region, |key| key.accept(arrival(import_type), Material::example(byte), NOW).map(drop))
    }

    pub(super) fn debts(&self) -> Vec<(&'static str, Debt)> {
        let debts = self.0.iter().flat_map(|(region, key)| key.debts(region).into_iter().map(|debt| (*region, debt)));
        debts.collect()
    }

    /// Tells one thing.
    pub(super) fn tell(&mut self, from: &'static str, debt: &Debt, way: Way) -> Result<(), Refused> {
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
    pub(super) fn answered(&mut self, from: &'static str, debt: &Debt, report: &Report) -> Result<(), Refused> {
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

    pub(super) fn leave(&mut self, region: &str, heard_by: &str, said: &Report) {
        if self.key(region).may_go(region, heard_by, said) {
            self.0.remove(region);
        }
    }

    pub(super) fn hear(&mut self, from: &str, to: &'static str, told: &Told) -> Result<Report, Refused> {
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
    pub(super) fn settle(&mut self) {
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
    pub(super) fn agrees(&self) {
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

pub(super) fn arrival(import_type: ImportType) -> Arrival {
    Arrival { import_type: Some(import_type), material_id: None, description: None, expiration: Expiration::Never }
}
