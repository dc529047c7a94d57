//! A token of this process, and PKCS#11 calls on it with nothing in between.

use std::sync::atomic::{AtomicUsize, Ordering};

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use keyferry::model::{ObjectId, ObjectKind};

use super::super::pair;
use crate::harness::inprocess;

/// A new token, logged into.
pub struct BareToken {
    slot: Slot,
    mac_key: ObjectHandle,
    // Login lasts as long as the first session; its handles do too.
    session: Session,
}

impl BareToken {
    pub fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let label = format!("floor-{}", MADE.fetch_add(1, Ordering::Relaxed));
        inprocess::initialise(&label);
        let module = inprocess::context();
        let slots = module.get_slots_with_initialized_token().unwrap();
        let ours = |slot: &Slot| module.get_token_info(*slot).is_ok_and(|info| info.label().trim_end() == label);
        let slot = slots.into_iter().find(ours).unwrap();
        let session = module.open_rw_session(slot).unwrap();
        session.login(UserType::User, Some(&inprocess::PIN.into())).unwrap();
        let mac_key = mac_key(&session);
        Self { slot, mac_key, session }
    }

    /// The first session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// A session for another thread.
    pub fn another_session(&self) -> Session {
        inprocess::context().open_rw_session(self.slot).unwrap()
    }

    /// HMAC-SHA-256 with a key on the token, as the service has its key there.
    pub fn mac(&self, data: &[u8]) -> Vec<u8> {
        self.session.sign(&Mechanism::Sha256Hmac, self.mac_key, data).unwrap()
    }

    /// The key of [`BareToken::mac`].
    pub fn mac_key(&self) -> ObjectHandle {
        self.mac_key
    }
}

/// A key for HMACs on the token, as the service has its key there.
pub(super) fn mac_key(session: &Session) -> ObjectHandle {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Verify(true),
        Attribute::ValueLen(32.into()),
    ];
    let key = session.generate_key(&Mechanism::GenericSecretKeyGen, &template).unwrap();
    let kept = pair::copy(session, key, &ObjectId::random(), ObjectKind::Mac);
    session.destroy_object(key).unwrap();
    kept
}
