//! What the daemon calls where nothing fails: each of these calls is a place for a fault.

use super::super::cases::Doing;
use super::{LOGOUT, Scene};

/// What is called to have the login back, and every handle.
const OF_HEALING: [&str; 7] = [
    "C_CloseSession",
    "C_FindObjects",
    "C_FindObjectsFinal",
    "C_FindObjectsInit",
    "C_GetSessionInfo",
    "C_Login",
    "C_OpenSession",
];

impl Scene {
    /// The calls of each function, where nothing fails.
    pub(in crate::faults) async fn learn(&mut self, doing: Doing) -> Vec<(String, u64)> {
        // Once for what is done the first time only.
        for _ in 0..2 {
            let key_id = self.key().await;
            let import = match doing {
                Doing::Import | Doing::Heal => Some(self.prepare().await),
                Doing::Issue | Doing::Make => None,
            };
            self.filled().await;
            self.settled().await.unwrap();
            self.faults.reset();
            match (doing, &import) {
                (Doing::Heal, Some(import)) => {
                    self.faults.rule(LOGOUT);
                    let _refused = self.send(import).await;
                    self.faults.clear();
                    self.serves_again(import).await.unwrap();
                }
                (_, Some(import)) => drop(self.send(import).await.unwrap()),
                (_, None) => drop(self.issue(&key_id).await.unwrap()),
            }
            self.settled().await.unwrap();
        }
        let mut counts = self.faults.counts();
        if doing == Doing::Heal {
            // The rest is as in any import.
            counts.retain(|function, _| OF_HEALING.contains(&&**function));
        }
        counts.into_iter().collect()
    }
}
