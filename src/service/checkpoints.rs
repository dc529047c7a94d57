//! The audit log, signed for by the token: every so often, and at the end.

use std::time::Duration;

use super::Service;

impl Service {
    /// Signs for new lines every `interval`, until the process ends.
    pub async fn keep_signing(self, interval: Duration) {
        let mut rounds = tokio::time::interval(interval);
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = rounds.tick() => {}
                // A full file waits for its last line to be a signature.
                () = self.gate.audit().checkpoint_wanted() => {}
            }
            self.sign_audit().await;
        }
    }

    /// Signs for the lines that nobody has signed for yet. Where that fails, the next time signs for them too.
    pub async fn sign_audit(&self) {
        let Some(lines) = self.gate.audit().to_be_signed() else { return };
        let (signers, digest) = (self.signers.clone(), lines.digest());
        let signature = match self.own().call(move |token| signers.audit.sign_digest(token, &digest)).await {
            Ok(signature) => signature,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the audit log is not signed for yet");
                return;
            }
        };
        if let Err(error) = self.gate.audit().checkpoint(lines, self.signers.audit.key_id, signature).await {
            tracing::warn!(%error, "the signature over the audit log is not written yet");
        }
    }
}
