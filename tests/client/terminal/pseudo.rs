//! A pseudo terminal, and somebody who reads it and answers.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// A wait that takes so long is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that runs on a terminal of its own.
pub struct Terminal {
    master: File,
    child: Child,
    screen: Arc<Screen>,
    read_until: usize,
}

#[derive(Default)]
struct Screen {
    text: Mutex<(String, bool)>,
    changed: Condvar,
}

impl Terminal {
    /// Starts it, on so many columns.
    pub fn start(mut command: Command, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let slave = slave(&master);
        tcsetwinsize(&slave, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let stdio = || Stdio::from(slave.try_clone().unwrap());
        let child = command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().unwrap();
        // It holds three more ends of the terminal, and reading would never end.
        drop(command);
        let master = File::from(master);
        let screen = Screen::read(master.try_clone().unwrap());
        Self { master, child, screen, read_until: 0 }
    }

    /// Waits until this is said, after what was waited for before.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let from = self.read_until;
        let guard = self.screen.text.lock().unwrap();
        let missing = |(seen, ended): &mut (String, bool)| !seen[from..].contains(text) && !*ended;
        let (guard, _) = self.screen.changed.wait_timeout_while(guard, PATIENCE, missing).unwrap();
        let at = guard.0[from..].find(text).unwrap_or_else(|| panic!("{text:?} never came: {}", guard.0));
        self.read_until = from + at + text.len();
    }

    /// Whether what is typed is shown.
    pub fn echoes(&self) -> bool {
        tcgetattr(&self.master).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits until what is typed is not shown. A program asks first, and there is no event for what it does then.
    #[track_caller]
    pub fn wait_for_silence(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.echoes() {
            assert!(Instant::now() < deadline, "what is typed is shown");
            std::thread::yield_now();
        }
    }

    /// Types a line.
    pub fn answer(&mut self, line: &str) {
        self.master.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Types the end of the input, Ctrl-D.
    pub fn hang_up(&mut self) {
        self.master.write_all(&[4]).unwrap();
    }

    /// Types Ctrl-C, which is a letter to a program that wants it so.
    pub fn cancel(&mut self) {
        self.master.write_all(&[3]).unwrap();
    }

    /// Interrupts the program itself, as Ctrl-C does with all that run on a terminal.
    pub fn interrupt(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    }

    /// Another hold on the program's end, for what is to be seen of the terminal when the program has gone.
    pub fn hold(&self) -> File {
        slave(&self.master)
    }

    /// Waits for the exit code alone, while somebody else holds the terminal.
    pub fn code(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }

    /// Waits for its end: the exit code, and everything that was on the terminal.
    pub fn end(mut self) -> (i32, String) {
        let guard = self.screen.text.lock().unwrap();
        let (guard, waited) = self.screen.changed.wait_timeout_while(guard, PATIENCE, |(_, ended)| !*ended).unwrap();
        let seen = guard.0.clone();
        drop(guard);
        if waited.timed_out() {
            self.child.kill().unwrap();
            panic!("it hangs: {seen}");
        }
        (self.child.wait().unwrap().code().unwrap(), seen)
    }
}

/// The program's end of a terminal.
fn slave(master: &impl AsFd) -> File {
    let name = ptsname(master, Vec::new()).unwrap();
    File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap()
}

impl Screen {
    fn read(mut master: File) -> Arc<Self> {
        let screen = Arc::new(Self::default());
        let writer = screen.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Where nobody holds the other end any more, Linux says EIO.
            while let Ok(length) = master.read(&mut bytes) {
                if length == 0 {
                    break;
                }
                let text = String::from_utf8_lossy(&bytes[..length]).replace('\r', "");
                writer.text.lock().unwrap().0.push_str(&text);
                writer.changed.notify_all();
            }
            writer.text.lock().unwrap().1 = true;
            writer.changed.notify_all();
        });
        screen
    }
}
