//! What keyferryd says where it must not start.

use std::process::{Command, Stdio};

use super::super::Installation;
use super::log::Log;
use super::{Daemon, Process, field};

impl Daemon {
    /// What `keyferryd serve` says where it must not start.
    pub fn refusal_to_start(installation: &Installation) -> String {
        Self::refusal_of(installation.command("serve"))
    }

    /// As [`Daemon::refusal_to_start`], on a disk that takes nothing more: no file may grow.
    pub fn refusal_on_a_full_disk(installation: &Installation) -> String {
        let serve = installation.command("serve");
        let mut limited = Command::new("sh");
        limited.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"]).arg(serve.get_program()).args(serve.get_args());
        for (name, value) in serve.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        Self::refusal_of(limited)
    }

    #[track_caller]
    pub fn refusal_of(mut command: Command) -> String {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Log::read(child.stderr.take().unwrap());
        // Dropped before the panic is over: it must not outlive the test.
        let mut process = Process { child, log, address: String::new() };
        let serving = process.log.wait(|line| field(line, "message") == "serving");
        assert_eq!(serving, None, "it serves");
        assert!(process.log.wait_for_end(), "it hangs:\n{}", process.log.text());
        let status = process.child.wait().unwrap();
        // 78 where trying again would be dangerous: a refused PIN.
        let refused_pin = process.log.text().contains("refused the PIN");
        assert_eq!(status.code(), Some(if refused_pin { 78 } else { 1 }), "{status}:\n{}", process.log.text());
        process.log.text()
    }
}
