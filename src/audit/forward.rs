//! The same lines, for another log of this machine, which somebody else keeps.
//!
//! Each is a datagram to a local socket, and nobody waits: what is not taken at once is lost there and counted here.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use super::bodies;
use super::log::Forward;

/// syslog's authpriv (10) and informational (6): RFC 5424 §6.2.1.
const FACILITY: u8 = 10;
const SEVERITY: u8 = 6;
const NAME: &str = "keyferryd";

pub(super) struct Forwarder {
    to: Forward,
    socket: Option<UnixDatagram>,
    is_down: bool,
}

impl Forwarder {
    pub(super) fn new(to: Forward) -> Self {
        Self { to, socket: None, is_down: false }
    }

    /// Sends lines, each with its end, the first of which has this number. Returns how many were not taken.
    pub(super) fn send(&mut self, lines: &[u8], first: u64) -> u64 {
        let lines = lines.split_inclusive(|byte| *byte == b'\n').map(|line| &line[..line.len() - 1]);
        (first..).zip(lines).map(|(sequence, line)| u64::from(!self.send_one(line, sequence))).sum()
    }

    fn send_one(&mut self, line: &[u8], sequence: u64) -> bool {
        let message = message(&self.to, line, sequence);
        let sent = self.try_send(&message);
        if let Err(error) = &sent {
            self.socket = None;
            if !self.is_down {
                tracing::warn!(%error, to = ?self.to, "lines of the audit log are not taken where they are forwarded to");
            }
        }
        self.is_down = sent.is_err();
        sent.is_ok()
    }

    fn try_send(&mut self, message: &[u8]) -> io::Result<()> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => connect(path(&self.to))?,
        };
        self.socket.insert(socket).send(message).map(drop)
    }
}

fn path(to: &Forward) -> &Path {
    match to {
        Forward::Journald(path) | Forward::Syslog(path) => path,
    }
}

fn connect(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(path)?;
    Ok(socket)
}

fn message(to: &Forward, line: &[u8], sequence: u64) -> Vec<u8> {
    let (begin, end) = match to {
        Forward::Syslog(_) => {
            let priority = FACILITY * 8 + SEVERITY;
            // No name of the host and no structured data: who listens knows the first, and the line has the second.
            (format!("<{priority}>1 {} - {NAME} {} audit - ", bodies::now(), std::process::id()), String::new())
        }
        // A field a line (systemd, "Native Journal Protocol"); a line of ours has no newline in it.
        Forward::Journald(_) => {
            let fields = format!(
                "\nPRIORITY={SEVERITY}\nSYSLOG_FACILITY={FACILITY}\nSYSLOG_IDENTIFIER={NAME}\nKEYFERRY_SEQUENCE={sequence}\n"
            );
            ("MESSAGE=".to_owned(), fields)
        }
    };
    [begin.as_bytes(), line, end.as_bytes()].concat()
}
