//! What the supervisor is told (sd_notify(3)): that the service serves, that it ends, and again and again that it lives. Where there
//! is none, nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// Says that calls are answered.
pub(super) fn serving() {
    tell(NotifyState::Ready);
}

/// Says that no more calls are taken.
pub(super) fn stopping() {
    tell(NotifyState::Stopping);
}

/// Says that the process lives, as often as the supervisor wants to hear it, until dropped. From a task: a runtime that stands still
/// does not live.
pub(super) async fn keep_alive() {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let mut beats = tokio::time::interval((patience / 2).max(Duration::from_millis(1)));
    loop {
        beats.tick().await;
        tell(NotifyState::Watchdog);
    }
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the supervisor cannot be told how the service is");
    }
}
