//! `keyferryd serve`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use keyferry::clock::MovableClock;
use keyferry::config::Config;
use keyferry::server::{Door, assemble};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// How long the process may take to end where calls hang in the token.
const LAST_MOMENT: Duration = Duration::from_secs(20);

/// On Linux (signal(7)).
const SIGXFSZ: i32 = 25;

/// Serves until SIGTERM or SIGINT; `clock_control` lets callers move the clock.
pub(crate) fn serve(config: &Config, clock_control: bool, runtime: &Runtime) -> anyhow::Result<()> {
    let movable_clock = clock_control.then(MovableClock::default);
    if clock_control {
        tracing::warn!("callers may move this service's clock: for tests only");
    }
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be received")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be received")?;
        // A limit on the size of files is to be an error that can be told, and not the end of the process.
        let _size = signal(SignalKind::from_raw(SIGXFSZ)).context("SIGXFSZ cannot be received")?;
        let stop = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let mut stop = std::pin::pin!(stop);
        // The address and the certificates first: a mistake there is found before the token is touched.
        let door = Door::open(config).await?;
        let service = tokio::select! {
            service = assemble(config, movable_clock) => service?,
            () = &mut stop => return Ok(()),
        };
        let served = door.serve(Arc::clone(&service), config.policy.clone(), stop).await;
        if service.may_hang() {
            // Threads are still inside the module, whose destructors may never end.
            std::thread::spawn(|| {
                std::thread::sleep(LAST_MOMENT);
                let _killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            });
        }
        Ok(served?)
    })
}
