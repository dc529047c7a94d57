//! One case: the token fails, and what comes of it is looked at.

use std::time::{Duration, Instant};

use super::super::cases::{Case, Doing, Fault};
use super::recovery::HEALED;
use super::{Import, LOGOUT, LOOK, Scene};
use crate::harness::Refusal;

/// What is done after the answer is begun within this.
const LATE: Duration = Duration::from_millis(300);

/// What came of a case.
pub(in crate::faults) struct Outcome {
    pub(in crate::faults) case: Case,
    /// Whether the call that was to fail was made at all.
    pub(in crate::faults) fired: bool,
    /// `OK`, or the name of the error.
    pub(in crate::faults) answer: String,
    /// From when the token was well again until a caller was served.
    pub(in crate::faults) healed: Duration,
    /// Whether it served again at all.
    pub(in crate::faults) well: bool,
    /// What must not be.
    pub(in crate::faults) wrong: Vec<String>,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { case, fired, answer, healed, well, wrong } = self;
        let reached = if *fired { "" } else { ", not reached" };
        write!(f, "{:?} {}: {answer}, {} ms{reached}", case.doing, case.rule(), healed.as_millis())?;
        let ill = if *well { "" } else { ", and it does not serve" };
        if wrong.is_empty() { Ok(()) } else { write!(f, ": WRONG: {}{ill}", wrong.join("; ")) }
    }
}

impl Scene {
    /// Has the token fail, and looks at what comes of it.
    pub(in crate::faults) async fn run(&mut self, case: &Case, import: Option<Import>) -> Outcome {
        let key_id = match &import {
            Some(import) => import.key_id.clone(),
            None => self.key().await,
        };
        if case.doing == Doing::Heal {
            self.faults.rule(LOGOUT);
        }
        self.faults.rule(&case.rule());
        let mut wrong = Vec::new();
        let (answer, import) = match import {
            Some(import) => {
                let mut answer = self.send(&import).await;
                // What it takes to have the login back is done while others ask.
                let until = Instant::now() + HEALED;
                while case.doing == Doing::Heal
                    && answer.as_ref().is_err_and(|refusal| is_right(case, refusal))
                    && !self.has_fired(case)
                    && Instant::now() < until
                {
                    answer = self.send(&import).await;
                }
                if let Ok(answer) = &answer
                    && !import.is_named_by(answer)
                {
                    wrong.push("it names another material than was sent".to_owned());
                }
                (answer.map(drop), Some(import))
            }
            None => match self.issue(&key_id).await {
                Ok(set) => {
                    if !self.issued.insert(set.public_key.clone()) {
                        wrong.push("a pair was handed out twice".to_owned());
                    }
                    (Ok(()), Some(self.wrapped(&key_id, &set)))
                }
                Err(refusal) => (Err(refusal), None),
            },
        };
        let fired = self.fires(case).await;
        self.faults.clear();
        let began = Instant::now();
        if let Err(refusal) = &answer
            && !is_right(case, refusal)
        {
            wrong.push(format!("refused with {}: {}", refusal.reason, refusal.message));
        }
        let again = self.heal(&key_id, import, &answer).await;
        let (healed, well) = (began.elapsed(), again.is_ok());
        wrong.extend(again.err());
        wrong.extend(self.settled().await.err());
        let answer = answer.map_or_else(|refusal| refusal.reason, |()| "OK".to_owned());
        Outcome { case: case.clone(), fired, answer, healed, well, wrong }
    }

    /// Whether the call that is to fail has come.
    fn has_fired(&mut self, case: &Case) -> bool {
        let rule = case.rule();
        let fired = |line: &String| line.split_once(' ').is_some_and(|(count, text)| count != "0" && text == rule);
        self.faults.ask("fired").iter().any(fired)
    }

    /// Waits until it comes: perhaps not before whoever asked has their answer.
    async fn fires(&mut self, case: &Case) -> bool {
        let until = Instant::now() + LATE;
        while !self.has_fired(case) {
            if Instant::now() > until {
                return false;
            }
            tokio::time::sleep(LOOK).await;
        }
        true
    }
}

/// Whether it is said as it is: the caller is told to try again, that the token is full where it says so, or no more than that it is
/// ours to see to; and never that the caller has no such key, or that their import token is bad.
fn is_right(case: &Case, refusal: &Refusal) -> bool {
    let said = match case.fault {
        Fault::Return(said) | Fault::After(said) => said,
        Fault::Lie => "",
    };
    match &*refusal.reason {
        "DependencyTimeoutException" | "KMSInternalException" | "ThrottlingException" => true,
        "LimitExceededException" => said == "CKR_DEVICE_MEMORY",
        // What RSA touched reads the same, whatever failed.
        "InvalidCiphertextException" => matches!(case.doing, Doing::Import | Doing::Heal),
        "UnsupportedOperationException" => said.starts_with("CKR_MECHANISM") || said == "CKR_FUNCTION_NOT_SUPPORTED",
        _ => false,
    }
}
