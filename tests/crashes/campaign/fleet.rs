//! The processes over one installation: started one after the other, killed, and started again with the audit log they had.

use std::path::PathBuf;
use std::time::Duration;

use super::plan::Over;
use crate::crashes::FAILPOINT;
use crate::harness::daemon::Replica;
use crate::harness::installation::NO_POOL;
use crate::harness::{Client, Installation, Settings, postgres};

/// Few pairs that stand ready, so that the pools of all replicas are at work all the time.
const POOL: &str = "\
[pool]
rsa_2048 = { low = 1, high = 2 }
rsa_3072 = { low = 0, high = 0 }
rsa_4096 = { low = 0, high = 0 }
";

/// Lines of each log that are shown where something was found.
const LAST_LINES: usize = 30;

pub(super) struct Fleet {
    // Before the installation: the processes must be gone when its folder goes.
    members: Vec<Member>,
    pub(super) installation: Installation,
    /// Whether those that start from now on make no pairs ahead of demand.
    is_quiet: bool,
}

struct Member {
    process: Option<Replica>,
    audit: PathBuf,
    /// Holds the name of the step that it is to be killed at.
    order: PathBuf,
    /// The end of the log of the one that was killed last.
    before: String,
}

/// SIGKILL, whether it is there or not.
pub(super) fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

impl Fleet {
    pub(super) async fn start(over: Over) -> Self {
        let (size, more, store_url) = match over {
            Over::Setup | Over::One => (1, NO_POOL, None),
            Over::Three => (3, POOL, Some(postgres::database().await)),
        };
        let settings = Settings { host_assisted: "material", more: more.to_owned(), store_url, ..Settings::default() };
        let installation = Installation::new(settings);
        let member = |n: usize| {
            let (audit, order) = (installation.file(&format!("audit-{n}.jsonl")), installation.file(&format!("order-{n}")));
            Member { process: None, audit, order, before: String::new() }
        };
        let mut fleet = Self { members: (0..size).map(member).collect(), installation, is_quiet: false };
        fleet.restart();
        fleet
    }

    pub(super) fn size(&self) -> usize {
        self.members.len()
    }

    /// Has those that start from now on make no pairs ahead of demand: one that is being made when they are stopped is cut off too.
    pub(super) fn quieten(&mut self) {
        self.is_quiet = true;
    }

    /// Starts whoever is not there.
    pub(super) fn restart(&mut self) {
        for member in self.members.iter_mut().filter(|member| member.process.is_none()) {
            std::fs::write(&member.order, "").unwrap();
            let mut environment = environment(&member.audit, &member.order).to_vec();
            if self.is_quiet {
                environment.extend([("KEYFERRY__POOL__RSA_2048__LOW", "0"), ("KEYFERRY__POOL__RSA_2048__HIGH", "0")]);
            }
            member.process = Some(Replica::start_with(&self.installation, &environment));
        }
    }

    /// Starts one that is not there, and kills it so much later.
    pub(super) fn kill_while_it_starts(&mut self, n: usize, after: Duration) {
        let member = &mut self.members[n];
        std::fs::write(&member.order, "").unwrap();
        let starting = Replica::begin(&self.installation, &environment(&member.audit, &member.order));
        member.before = starting.end_within(after).1;
    }

    /// Starts one that is not there and is to be killed at this step of its start; whether it was.
    pub(super) fn kill_at(&mut self, n: usize, step: &str, patience: Duration) -> bool {
        let member = &mut self.members[n];
        std::fs::write(&member.order, step).unwrap();
        let mut starting = Replica::begin(&self.installation, &environment(&member.audit, &member.order));
        let served = starting.serves();
        let (status, said) = starting.end_within(if served { Duration::ZERO } else { patience });
        member.before = said;
        !served && std::os::unix::process::ExitStatusExt::signal(&status) == Some(9)
    }

    /// Has one killed at this step when it comes to it.
    pub(super) fn arm(&mut self, n: usize, step: &str) {
        // Replaced in one: a name that is half written names no step.
        let member = &self.members[n];
        let written = member.order.with_extension("new");
        std::fs::write(&written, step).unwrap();
        std::fs::rename(written, &member.order).unwrap();
    }

    pub(super) fn kill(&mut self, n: usize) {
        if let Some(process) = self.members[n].process.take() {
            self.members[n].before = process.end_within(Duration::ZERO).1;
        }
    }

    pub(super) fn has_ended(&mut self, n: usize) -> bool {
        self.members[n].process.as_mut().is_none_or(Replica::has_ended)
    }

    pub(super) fn pid(&self, n: usize) -> u32 {
        self.members[n].process.as_ref().map_or(0, Replica::pid)
    }

    /// A connection to each that is there.
    pub(super) async fn clients(&self) -> Vec<Client> {
        let mut clients = Vec::new();
        for process in self.members.iter().filter_map(|member| member.process.as_ref()) {
            clients.push(process.client(&self.installation).await);
        }
        clients
    }

    pub(super) fn audit_logs(&self) -> Vec<PathBuf> {
        self.members.iter().map(|member| member.audit.clone()).collect()
    }

    /// Stops all of them in peace.
    pub(super) fn terminate(&mut self) {
        for process in self.members.iter_mut().filter_map(|member| member.process.take()) {
            process.terminate();
        }
    }

    /// The ends of all logs.
    pub(super) fn last_words(&self) -> String {
        let tail = |log: &str| {
            // Calls that went well say nothing of what did not.
            let lines: Vec<_> = log.lines().filter(|line| !line.contains("\"code\":\"Ok\"")).collect();
            lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
        };
        let of = |(n, member): (usize, &Member)| {
            let now = member.process.as_ref().map(Replica::log).unwrap_or_default();
            format!("--- replica {n}, when it was last killed\n{}\n--- and now\n{}", tail(&member.before), tail(&now))
        };
        self.members.iter().enumerate().map(of).collect::<Vec<_>>().join("\n")
    }
}

fn environment<'a>(audit: &'a std::path::Path, order: &'a std::path::Path) -> [(&'static str, &'a str); 2] {
    [("KEYFERRY__AUDIT__FILE", audit.to_str().unwrap()), (FAILPOINT, order.to_str().unwrap())]
}
