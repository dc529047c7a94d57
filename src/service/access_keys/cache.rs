//! Signing keys that were derived lately: few, and wiped when they are not asked for any more.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{AccessKeyId, Timestamp};
use crate::sigv4::SigningKey;

/// The most there are. Whose is not among them costs the token one MAC.
const MOST: usize = 1024;

/// How long one stays that nobody asks for.
const UNUSED: Duration = Duration::from_secs(15 * 60);

/// One for each access key and day: around midnight two days are good, and neither must push the other out.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<Of, Entry>>);

/// An access key, and a day.
type Of = (AccessKeyId, String);

#[derive(Debug)]
struct Entry {
    derivation: String,
    key: SigningKey,
    used_at: Timestamp,
}

impl Cache {
    /// The key that what `derivation` says signs with on that day.
    pub(super) fn get(&self, id: &AccessKeyId, derivation: &str, date: &str, now: Timestamp) -> Option<SigningKey> {
        let mut entries = self.entries();
        let entry = entries.get_mut(&(id.clone(), date.to_owned())).filter(|entry| entry.derivation == derivation)?;
        entry.used_at = now;
        Some(entry.key.clone())
    }

    pub(super) fn put(&self, id: &AccessKeyId, derivation: String, date: &str, key: SigningKey, now: Timestamp) {
        let mut entries = self.entries();
        let of = (id.clone(), date.to_owned());
        if entries.len() >= MOST
            && !entries.contains_key(&of)
            && let Some(oldest) = entries.iter().min_by_key(|(_, entry)| entry.used_at).map(|(of, _)| of.clone())
        {
            entries.remove(&oldest);
        }
        entries.insert(of, Entry { derivation, key, used_at: now });
    }

    pub(super) fn forget(&self, id: &AccessKeyId) {
        self.entries().retain(|(of, _), _| of != id);
    }

    pub(super) fn forget_unused(&self, now: Timestamp) {
        self.entries().retain(|_, entry| now.since(entry.used_at) < UNUSED);
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Of, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::derive("a secret", "20261125", "eu-central-1", "kms")
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0).after(Duration::from_secs(seconds))
    }

    #[test]
    fn what_was_derived_otherwise_or_for_another_day_is_not_taken() {
        let (cache, id) = (Cache::default(), AccessKeyId::random());
        cache.put(&id, "derivation".to_owned(), "20261125", key(), at(0));
        assert!(cache.get(&id, "derivation", "20261125", at(1)).is_some());
        assert!(cache.get(&id, "derivation", "20261126", at(1)).is_none());
        cache.put(&id, "derivation".to_owned(), "20261126", key(), at(1));
        assert!(cache.get(&id, "derivation", "20261125", at(1)).is_some(), "both days of a midnight");
        assert!(cache.get(&id, "another", "20261125", at(1)).is_none());
        assert!(cache.get(&AccessKeyId::random(), "derivation", "20261125", at(1)).is_none());
        cache.forget(&id);
        assert!(cache.get(&id, "derivation", "20261125", at(1)).is_none());
    }

    #[test]
    fn what_is_not_asked_for_goes_and_what_is_stays() {
        let (cache, asked_for, quiet) = (Cache::default(), AccessKeyId::random(), AccessKeyId::random());
        for id in [&asked_for, &quiet] {
            cache.put(id, String::new(), "20261125", key(), at(0));
        }
        assert!(cache.get(&asked_for, "", "20261125", at(600)).is_some());
        cache.forget_unused(at(900));
        assert!(cache.get(&quiet, "", "20261125", at(900)).is_none());
        assert!(cache.get(&asked_for, "", "20261125", at(900)).is_some());
    }

    #[test]
    fn where_there_are_too_many_the_one_unused_the_longest_gives_way() {
        let cache = Cache::default();
        let ids: Vec<AccessKeyId> = (0..=MOST).map(|_| AccessKeyId::random()).collect();
        for (seconds, id) in ids.iter().enumerate() {
            cache.put(id, String::new(), "20261125", key(), at(seconds as u64));
        }
        assert_eq!(cache.entries().len(), MOST);
        assert!(cache.get(&ids[0], "", "20261125", at(0)).is_none());
        assert!(
            cache.get(&ids[1], "", "20261125", at(0)).is_some() && cache.get(&ids[MOST], "", "20261125", at(0)).is_some()
        );
    }
}
