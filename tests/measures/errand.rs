//! What is done on a daemon's token while the daemon is down: in a process of its own, for a process loads a module once, and
//! SoftHSM then holds to one folder of tokens.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::{Session, UserType};
use keyferry::model::ObjectId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::floor::processes::{self, Share};
use super::pair;
use crate::harness::softhsm;

/// What such a process is to do, as JSON.
const ERRAND: &str = "KEYFERRY_BENCH_ERRAND";

/// What can be asked.
#[derive(Serialize, Deserialize)]
pub enum Errand {
    /// Puts copies of one fresh pair of each size on the token; answers [`Planted`].
    Plant(Vec<Lot>),
    /// Says how much memory a process takes that opens the token, logs in and lists it, in bytes.
    Weigh,
    /// Does its share of what several processes do to one token at once, when it is told to; answers [`processes::Done`].
    Work(Share),
}

/// An errand that waits to be told to go on.
pub struct Waiting {
    process: Child,
    said: BufReader<ChildStdout>,
}

/// What it says when it does.
const READY: &str = "ready\n";

/// So many copies of one pair.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Lot {
    pub bits: u64,
    pub copies: usize,
}

/// What [`Errand::Plant`] has done.
#[derive(Serialize, Deserialize)]
pub struct Planted {
    /// CK_TOKEN_INFO.serialNumber.
    pub serial: String,
    pub lots: Vec<PlantedLot>,
}

/// The copies of one pair.
#[derive(Serialize, Deserialize)]
pub struct PlantedLot {
    /// DER SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// CKA_ID of each.
    pub ids: Vec<[u8; 16]>,
}

impl Errand {
    /// Runs it on the token of this SOFTHSM2_CONF.
    pub fn run<T: DeserializeOwned>(&self, conf: &Path) -> T {
        let done = self.command(conf).output().unwrap();
        assert!(done.status.success(), "an errand to the token: {}", done.status);
        serde_json::from_slice(&done.stdout).unwrap()
    }

    /// Begins one that waits, and returns when it does.
    pub fn begin(&self, conf: &Path) -> Waiting {
        let mut process = self.command(conf).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut said, mut first) = (BufReader::new(process.stdout.take().unwrap()), String::new());
        said.read_line(&mut first).unwrap();
        assert_eq!(first, READY, "an errand to the token");
        Waiting { process, said }
    }

    fn command(&self, conf: &Path) -> Command {
        let mut errand = Command::new(std::env::current_exe().unwrap());
        errand.env("SOFTHSM2_CONF", conf).env(ERRAND, serde_json::to_string(self).unwrap()).stderr(Stdio::inherit());
        errand
    }
}

impl Waiting {
    /// Tells it to go on.
    pub fn go_on(&mut self) {
        self.process.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// What it answers at its end.
    pub fn answer<T: DeserializeOwned>(mut self) -> T {
        let answer = serde_json::from_reader(self.said).unwrap();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "an errand to the token: {status}");
        answer
    }
}

/// Waits to be told to go on.
fn wait() {
    std::io::stdout().write_all(READY.as_bytes()).unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// Whether this process is an errand.
pub fn is_one() -> bool {
    std::env::var_os(ERRAND).is_some()
}

/// Does what this process is for.
pub fn obey() {
    let errand = serde_json::from_str(&std::env::var(ERRAND).unwrap()).unwrap();
    let module = Pkcs11::new(softhsm::module()).unwrap();
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slots = module.get_slots_with_initialized_token().unwrap();
    let [slot] = slots[..] else { panic!("one token is expected, not {}", slots.len()) };
    let session = module.open_rw_session(slot).unwrap();
    session.login(UserType::User, Some(&softhsm::PIN.into())).unwrap();
    let answer = match errand {
        Errand::Plant(lots) => {
            let serial = module.get_token_info(slot).unwrap().serial_number().trim_end().to_owned();
            let lots = lots.into_iter().map(|lot| plant(&session, lot)).collect();
            serde_json::to_string(&Planted { serial, lots })
        }
        Errand::Weigh => {
            list(&session);
            serde_json::to_string(&resident_bytes(std::process::id()))
        }
        Errand::Work(share) => {
            let sessions = (0..share.threads).map(|_| module.open_rw_session(slot).unwrap()).collect();
            serde_json::to_string(&processes::work(share, &session, sessions, wait))
        }
    };
    std::io::stdout().write_all(answer.unwrap().as_bytes()).unwrap();
}

fn plant(session: &Session, lot: Lot) -> PlantedLot {
    let made = pair::generate(session, lot.bits);
    let one = |_| {
        let id = ObjectId::random();
        made.copy(session, &id);
        id.0
    };
    let planted = PlantedLot { spki: made.spki.clone(), ids: (0..lot.copies).map(one).collect() };
    made.destroy(session);
    planted
}

/// As a service that starts: every key's label and CKA_ID.
fn list(session: &Session) {
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::SECRET_KEY] {
        for handle in session.find_objects(&[Attribute::Token(true), Attribute::Class(class)]).unwrap() {
            session.get_attributes(handle, &[AttributeType::Label, AttributeType::Id]).unwrap();
        }
    }
}

/// VmRSS of a process.
pub fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let kibibytes: Option<u64> =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    1024 * kibibytes.unwrap_or_else(|| panic!("no VmRSS: {status}"))
}
