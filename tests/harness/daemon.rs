//! The real keyferryd, as a process: started, waited for, killed, and read.
//!
//! Nothing here sleeps: the log is an event stream, and a test waits for the line that it needs.

mod log;
mod refused;

use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::certificates::Identity;
use super::{Client, Installation, Settings};
use log::Log;

/// How long it is tried to connect.
const CONNECTED: Duration = Duration::from_secs(60);

/// A running keyferryd on its installation.
pub struct Daemon {
    // Before the installation: the process must be gone when its folder goes.
    process: Process,
    pub installation: Installation,
}

struct Process {
    child: Child,
    log: Arc<Log>,
    address: String,
}

impl Process {
    fn begin(installation: &Installation, environment: &[(&str, &str)]) -> Self {
        Self::begin_as("serve", installation, environment)
    }

    fn begin_as(verb: &str, installation: &Installation, environment: &[(&str, &str)]) -> Self {
        let mut command = installation.command(verb);
        command.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Log::read(child.stderr.take().unwrap());
        Self { child, log, address: String::new() }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits until it does, or has ended.
    fn serves(&mut self) -> bool {
        let Some(serving) = self.log.wait(|line| field(line, "message") == "serving") else { return false };
        self.address = field(&serving, "address").as_str().expect("serving says its address").to_owned();
        true
    }
}

/// One of several keyferryd on one installation, killed when dropped.
pub struct Replica(Process);

/// SoftHSM 2.6.1 fails now and then to open a token that another process writes to; starting again helps.
const STARTS: usize = 50;

impl Replica {
    /// Starts one.
    pub fn start(installation: &Installation) -> Self {
        // Each has an audit log of its own.
        let audit = installation.file(&format!("audit-{}.jsonl", uuid::Uuid::new_v4()));
        Self::start_with(installation, &[("KEYFERRY__AUDIT__FILE", audit.to_str().unwrap())])
    }

    /// Starts one with this in its environment.
    pub fn start_with(installation: &Installation, environment: &[(&str, &str)]) -> Self {
        let mut said = String::new();
        for _ in 0..STARTS {
            let mut replica = Self::begin(installation, environment);
            if replica.serves() {
                return replica;
            }
            said = replica.0.log.text();
        }
        panic!("keyferryd serve ends each time:\n{said}")
    }

    /// As [`Replica::start_with`], for one that is to end before it serves.
    pub fn begin(installation: &Installation, environment: &[(&str, &str)]) -> Self {
        Self(Process::begin(installation, environment))
    }

    /// Waits until it does, or has ended.
    pub fn serves(&mut self) -> bool {
        self.0.serves()
    }

    /// Waits so long for its end by itself, then brings it about; how it ended, and all that it logged.
    pub fn end_within(mut self, patience: Duration) -> (ExitStatus, String) {
        self.0.log.ends_within(patience);
        // An error says that it is gone already.
        let _ = self.0.child.kill();
        let status = self.0.child.wait().unwrap();
        self.0.log.wait_for_end();
        (status, self.0.log.text())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.0.child.id()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.0.child.try_wait().unwrap().is_some()
    }

    /// SIGTERM, and its end, which must be clean; all that it logged.
    pub fn terminate(mut self) -> String {
        self.0.signal(rustix::process::Signal::TERM);
        assert!(self.0.log.wait_for_end(), "keyferryd does not end:\n{}", self.0.log.text());
        let (status, log) = (self.0.child.wait().unwrap(), self.0.log.text());
        assert!(status.success(), "{status} after SIGTERM:\n{log}");
        log
    }

    /// Everything that it has logged until now.
    pub fn log(&self) -> String {
        self.0.log.text()
    }

    /// Connected as the usual importer.
    pub async fn client(&self, installation: &Installation) -> Client {
        self.client_as(installation, &installation.importer).await
    }

    /// Connected as somebody else.
    pub async fn client_as(&self, installation: &Installation, identity: &Identity) -> Client {
        let began = Instant::now();
        loop {
            match Client::connect(&self.0.address, &installation.authority.certificate, Some(identity)).await {
                Ok(client) => return client,
                // On a busy machine a handshake may take longer than the service waits for one.
                Err(error) => assert!(began.elapsed() < CONNECTED, "no connection: {error}"),
            }
        }
    }

    /// Waits for a log line, whether it has come already or not.
    pub fn wait_for_log(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.0.log.wait(wanted).unwrap_or_else(|| panic!("the line never came:\n{}", self.0.log.text()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error says that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Daemon {
    /// A fresh installation with these settings, serving.
    pub fn start(settings: Settings) -> Self {
        Self::serve(Installation::new(settings), &[])
    }

    /// Serves an installation, with more in its environment, for example `("KEYFERRY_FAILPOINT", …)`.
    pub fn serve(installation: Installation, environment: &[(&str, &str)]) -> Self {
        let mut daemon = Self::begin(installation, environment);
        assert!(daemon.process.serves(), "keyferryd serve ended or hangs:\n{}", daemon.log());
        daemon
    }

    /// As [`Daemon::start`], for one whose clock callers may move.
    pub fn with_clock_control(settings: Settings) -> Self {
        Self::serve_with_clock_control(Installation::new(settings))
    }

    /// The same, of an installation that is there.
    pub fn serve_with_clock_control(installation: Installation) -> Self {
        let mut process = Process::begin_as("serve --clock-control", &installation, &[]);
        assert!(process.serves(), "keyferryd serve ended or hangs:\n{}", process.log.text());
        Self { process, installation }
    }

    /// As [`Daemon::serve`], for one that is to end before it serves: it has no address.
    pub fn begin(installation: Installation, environment: &[(&str, &str)]) -> Self {
        Self { process: Process::begin(&installation, environment), installation }
    }

    /// The daemon that all tests share which need nothing of their own. It ends with the last of them that runs.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Daemon>> = Mutex::new(Weak::new());
        // A test that failed while starting one has left nothing behind that could be wrong.
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let daemon = Arc::new(Self::start(Settings::default()));
            *shared = Arc::downgrade(&daemon);
            daemon
        })
    }

    /// Where it listens, `host:port`.
    pub fn address(&self) -> &str {
        &self.process.address
    }

    /// Where it speaks the KMS API's own protocol, `host:port`.
    pub fn json_address(&self) -> String {
        let serving = self.wait_for_log(|line| field(line, "message") == "serving the KMS JSON protocol");
        field(&serving, "address").as_str().expect("serving says its address").to_owned()
    }

    /// Connected as the usual importer.
    pub async fn client(&self) -> Client {
        self.client_as(&self.installation.importer).await
    }

    /// Connected as somebody else.
    pub async fn client_as(&self, identity: &Identity) -> Client {
        self.try_client(Some(identity)).await.unwrap()
    }

    /// Tries to connect, perhaps without a certificate.
    pub async fn try_client(&self, identity: Option<&Identity>) -> Result<Client, tonic::transport::Error> {
        Client::connect(self.address(), &self.installation.authority.certificate, identity).await
    }

    /// Its process id.
    // Only the bench weighs it.
    #[allow(dead_code)]
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Everything that it has logged until now.
    pub fn log(&self) -> String {
        self.process.log.text()
    }

    /// Waits for a log line, whether it has come already or not.
    pub fn wait_for_log(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.process.log.wait(wanted).unwrap_or_else(|| panic!("the line never came:\n{}", self.log()))
    }

    /// As [`Daemon::wait_for_log`], for a line that comes so often.
    pub fn wait_for_logs(&self, count: usize, wanted: impl Fn(&Value) -> bool) -> Value {
        self.process.log.wait_for(count, wanted).unwrap_or_else(|| panic!("the line never came:\n{}", self.log()))
    }

    /// Where monitoring asks, `host:port`; the settings must say that it may.
    pub fn metrics_address(&self) -> String {
        let metrics = self.wait_for_log(|line| field(line, "message") == "metrics");
        field(&metrics, "address").as_str().expect("metrics say their address").to_owned()
    }

    /// SIGTERM; it goes on until its calls have ended.
    pub fn begin_to_end(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Makes it read its certificates and policies again.
    pub fn reload(&self) {
        self.signal(rustix::process::Signal::HUP);
    }

    /// SIGKILL, and what is left of it.
    pub fn kill(self) -> Installation {
        self.installation
    }

    /// SIGTERM, and what it leaves; its exit must be clean.
    pub fn terminate(self) -> Installation {
        self.terminate_with_log().0
    }

    /// SIGTERM, what it leaves, and the whole log.
    pub fn terminate_with_log(self) -> (Installation, String) {
        self.signal(rustix::process::Signal::TERM);
        let (status, installation, log) = self.wait();
        assert!(status.success(), "{status} after SIGTERM:\n{log}");
        (installation, log)
    }

    /// Waits for its end, for example at a failpoint: its exit status, what it leaves, and its log.
    pub fn wait(mut self) -> (ExitStatus, Installation, String) {
        assert!(self.process.log.wait_for_end(), "keyferryd does not end:\n{}", self.log());
        let status = self.process.child.wait().unwrap();
        let log = self.log();
        (status, self.installation, log)
    }

    fn signal(&self, signal: rustix::process::Signal) {
        self.process.signal(signal);
    }
}

/// A field of a log line, whether events are flattened into the line or not.
pub fn field<'a>(line: &'a Value, name: &str) -> &'a Value {
    line["fields"].get(name).unwrap_or(&line[name])
}
