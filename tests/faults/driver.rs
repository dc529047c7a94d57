//! A process that does through the module what it is told, a line each: the module is a process's, and some faults end it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};

use crate::harness::any_token::AnyToken;
use crate::harness::openssl::hex;
use crate::harness::{Faults, faults, softhsm};

/// Set in the driven process's environment, and nowhere else.
const DRIVEN: &str = "KEYFERRY_TEST_DRIVEN";
/// Stands before every answer, to tell it from what the test runner prints.
const MARK: &str = "@driven@ ";
/// What the key that it makes consists of.
pub(super) const KEY: [u8; 32] = [0x17; 32];

/// The driven process, with the module loaded and initialised.
pub(super) struct Driver {
    child: Child,
    answers: BufReader<ChildStdout>,
    pub(super) faults: Faults,
}

impl Driver {
    /// Starts it: no session is open yet.
    pub(super) fn start(token: &AnyToken) -> Self {
        let socket = token.conf().with_extension("sock");
        let (child, mut answers) = spawn(token, &socket, None);
        assert_eq!(answer(&mut answers), "ready");
        Self { child, answers, faults: Faults::at(&socket) }
    }

    /// What it says on standard error, where it does not get as far as to be driven by this script.
    pub(super) fn refusal(token: &AnyToken, script: &str) -> String {
        let file = token.conf().with_extension("script");
        std::fs::write(&file, script).unwrap();
        let (child, _answers) = spawn(token, &token.conf().with_extension("sock"), Some(&file));
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success(), "it loads");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// With a session, logged in.
    pub(super) fn logged_in(token: &AnyToken) -> Self {
        let mut driver = Self::start(token);
        assert_eq!(driver.tell("open"), "ok");
        assert_eq!(driver.tell("login"), "ok");
        driver
    }

    /// Has it do something: what came of it.
    pub(super) fn tell(&mut self, what: &str) -> String {
        self.begin(what);
        self.finish()
    }

    pub(super) fn begin(&mut self, what: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{what}").unwrap();
    }

    pub(super) fn finish(&mut self) -> String {
        answer(&mut self.answers)
    }

    /// Has it do something that ends it by SIGKILL.
    pub(super) fn killed_at(mut self, what: &str) {
        self.begin(what);
        assert_eq!(self.child.wait().unwrap().signal(), Some(9), "{what}");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // An error says that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(token: &AnyToken, socket: &Path, script: Option<&Path>) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "faults::driver::driven", "--ignored", "--nocapture"]);
    command.env(token.variable(), token.conf()).env(DRIVEN, "1").envs(faults::environment(&token.module(), socket));
    command.envs(script.map(|script| ("PKCS11_FAULTS_SCRIPT", script)));
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = if script.is_some() { command.stderr(Stdio::piped()) } else { command }.spawn().unwrap();
    let answers = BufReader::new(child.stdout.take().unwrap());
    (child, answers)
}

fn answer(answers: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(answers.read_line(&mut line).unwrap(), 0, "the driven process ended");
        if let Some((_, answer)) = line.split_once(MARK) {
            return answer.trim_end().to_owned();
        }
    }
}

/// Not a test: the process behind [`Driver`].
#[test]
#[ignore = "run by other tests"]
fn driven() {
    if std::env::var_os(DRIVEN).is_none() {
        return;
    }
    let context = Pkcs11::new(faults::module()).unwrap();
    context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let mut hands = Hands { context, sessions: Vec::new(), key: None };
    say("ready");
    for line in std::io::stdin().lock().lines() {
        match hands.obey(&line.unwrap()) {
            Ok(answer) => say(&answer),
            Err(Error::Pkcs11(said, _)) => say(&format!("{said:?}")),
            Err(other) => say(&other.to_string()),
        }
    }
}

/// Not by print!, which the test runner may keep to itself.
fn say(answer: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{MARK}{answer}").unwrap();
    stdout.flush().unwrap();
}

struct Hands {
    context: Pkcs11,
    sessions: Vec<Session>,
    key: Option<ObjectHandle>,
}

impl Hands {
    fn obey(&mut self, what: &str) -> Result<String, Error> {
        let done = Ok("ok".to_owned());
        match what {
            "slots" => Ok(self.context.get_slots_with_initialized_token()?.len().to_string()),
            "open" => {
                // The slots are asked for each time: a driven process that remembers one would not notice that it is gone.
                let slot =
                    self.context.get_slots_with_initialized_token()?.into_iter().next().ok_or(Error::NullFunctionPointer)?;
                self.sessions.push(self.context.open_rw_session(slot)?);
                done
            }
            "login" => {
                self.session().login(UserType::User, Some(&softhsm::PIN.into()))?;
                done
            }
            "again" => {
                self.sessions.clear();
                self.context.clone().finalize()?;
                self.context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
                done
            }
            "state" => Ok(format!("{:?}", self.session().get_session_info()?.session_state())),
            "random" => Ok(hex(&self.session().generate_random_vec(8)?)),
            "create" => {
                let template = [
                    Attribute::Class(ObjectClass::SECRET_KEY),
                    Attribute::KeyType(KeyType::GENERIC_SECRET),
                    Attribute::Token(true),
                    Attribute::Private(true),
                    Attribute::Sign(true),
                    Attribute::Label(b"driven".to_vec()),
                    Attribute::Value(KEY.to_vec()),
                ];
                self.key = Some(self.session().create_object(&template)?);
                done
            }
            "destroy" => {
                self.session().destroy_object(self.key.unwrap())?;
                done
            }
            "find" => Ok(self.session().find_objects(&[Attribute::Label(b"driven".to_vec())])?.len().to_string()),
            "sign" => Ok(hex(&self.session().sign(&Mechanism::Sha256Hmac, self.key.unwrap(), b"message")?)),
            other => panic!("{other:?} is nothing to do"),
        }
    }

    fn session(&self) -> &Session {
        self.sessions.last().expect("a session is open")
    }
}
