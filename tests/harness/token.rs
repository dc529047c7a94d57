//! The tests' own view of a token, behind the daemon's back.
//!
//! A process initialises a PKCS#11 module once and SoftHSM reads SOFTHSM2_CONF just then, so each view is a process of its
//! own: this test binary again, running [`super::witness`]. Ask it when the daemon is down or idle: SoftHSM 2.6.1 does not
//! bear a process that starts while another writes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command as Process, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::any_token::AnyToken;
use super::openssl::hex;

/// Stands before every answer, to tell it from what the test runner prints.
pub const MARK: &str = "@witness@ ";
/// Names the PKCS#11 module in the witness's environment, and is set nowhere else.
pub const WITNESS: &str = "KEYFERRY_TEST_WITNESS";

/// What can be asked. Byte strings are hex; `id` is a CKA_ID.
#[derive(Serialize, Deserialize)]
pub enum Command {
    /// All token objects, as [`Object`]s.
    Audit,
    /// AES-GCM with a tag of 128 bits and no associated data.
    EncryptGcm { id: String, iv: String, plaintext: String },
    /// A signature or MAC.
    Sign { id: String, with: SignWith, message: String },
    /// RSA-OAEP with SHA-1.
    DecryptOaep { id: String, ciphertext: String },
    /// ECDH with an uncompressed point: the x coordinate.
    Derive { id: String, point: String, length: usize },
    /// Plants an AES key that encrypts: as hard as it should be, or soft in every way.
    Plant { id: String, label: String, value: String, soft: bool },
}

/// What to sign with.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub enum SignWith {
    HmacSha224,
    HmacSha256,
    HmacSha384,
    HmacSha512,
    /// Over what is given, which is a hash already.
    Ecdsa,
    RsaPkcs1Sha256,
    RsaPssSha256,
}

/// A token object as the audit sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Object {
    /// CKA_LABEL.
    pub label: String,
    /// CKA_ID, hex.
    pub id: String,
    /// CKA_CLASS: `data`, `private`, `secret`, or its number.
    pub class: String,
    /// CKA_KEY_TYPE: `AES`, `GENERIC_SECRET`, `RSA`, `EC`, or its number; empty where it has none.
    pub key_type: String,
    /// CKA_ALLOWED_MECHANISMS.
    pub mechanisms: Vec<String>,
    /// Those of the attributes that are true: TOKEN, PRIVATE, SENSITIVE, EXTRACTABLE, and what the key may do.
    pub set: Vec<String>,
    /// Those that tell of its past and are true: LOCAL, ALWAYS_SENSITIVE, NEVER_EXTRACTABLE.
    pub history: Vec<String>,
    /// Those of its secret attributes that can be read.
    pub readable: Vec<String>,
    /// Ways out of the token that it did not refuse.
    pub escapes: Vec<String>,
}

/// A process with the token open.
pub struct Token {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Token {
    /// Opens the token.
    pub fn open(token: &AnyToken) -> Self {
        let mut witness = Process::new(std::env::current_exe().unwrap());
        witness.args(["--exact", "harness::witness::token_witness", "--ignored", "--nocapture"]);
        witness.env(token.variable(), token.conf()).env(WITNESS, token.module());
        let mut child = witness.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (questions, answers) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, questions, answers }
    }

    /// Every object on the token.
    pub fn audit(&mut self) -> Vec<Object> {
        self.ask(&Command::Audit).unwrap()
    }

    pub fn encrypt_gcm(&mut self, id: &str, iv: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, String> {
        self.ask_bytes(&Command::EncryptGcm { id: id.into(), iv: hex(iv), plaintext: hex(plaintext) })
    }

    pub fn sign(&mut self, id: &str, with: SignWith, message: &[u8]) -> Result<Vec<u8>, String> {
        self.ask_bytes(&Command::Sign { id: id.into(), with, message: hex(message) })
    }

    pub fn decrypt_oaep(&mut self, id: &str, ciphertext: &[u8]) -> Result<Vec<u8>, String> {
        self.ask_bytes(&Command::DecryptOaep { id: id.into(), ciphertext: hex(ciphertext) })
    }

    pub fn derive(&mut self, id: &str, point: &[u8], length: usize) -> Result<Vec<u8>, String> {
        self.ask_bytes(&Command::Derive { id: id.into(), point: hex(point), length })
    }

    /// Puts an AES key on the token, for tests of what finds it there.
    pub fn plant(&mut self, id: &str, label: &str, value: &[u8], soft: bool) {
        let command = Command::Plant { id: id.into(), label: label.into(), value: hex(value), soft };
        self.ask_bytes(&command).unwrap();
    }

    fn ask_bytes(&mut self, command: &Command) -> Result<Vec<u8>, String> {
        let answer: String = self.ask(command)?;
        Ok(base16ct::lower::decode_vec(answer).unwrap())
    }

    fn ask<T: DeserializeOwned>(&mut self, command: &Command) -> Result<T, String> {
        let question = serde_json::to_string(command).unwrap();
        writeln!(self.questions.as_mut().unwrap(), "{question}").unwrap();
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.answers.read_line(&mut line).unwrap(), 0, "the token witness ended at {question}");
            if let Some((_, answer)) = line.split_once(MARK) {
                return serde_json::from_str(answer).unwrap();
            }
        }
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // The end of its input is the witness's sign to end.
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}
