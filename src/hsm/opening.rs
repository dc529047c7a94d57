//! Opening a token that need not be there: it may hang as any call may, and nobody is to hang with it.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Hsm, OpenError, Settings, TokenName};

/// How long is waited at most for one try.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long is waited more for one that hangs, before another is begun beside it.
const BESIDE: Duration = Duration::from_secs(60);

/// Tries to open a token, each on a thread of its own. What comes late is taken by whoever tries next.
#[derive(Debug)]
pub struct Opening {
    settings: Settings,
    opened: mpsc::UnboundedSender<Result<Hsm, OpenError>>,
    arrivals: mpsc::UnboundedReceiver<Result<Hsm, OpenError>>,
    under_way: usize,
}

impl Opening {
    /// Of the token that these settings name.
    pub fn new(settings: Settings) -> Self {
        let (opened, arrivals) = mpsc::unbounded_channel();
        Self { settings, opened, arrivals, under_way: 0 }
    }

    /// What the token is called where it is looked for: its label, or its serial number.
    pub fn name(&self) -> &str {
        match &self.settings.token {
            TokenName::Label(name) | TokenName::Serial(name) => name,
        }
    }

    /// Tries once.
    ///
    /// # Errors
    /// Where it does not open, or not in time.
    pub async fn attempt(&mut self) -> Result<Hsm, OpenError> {
        if self.under_way > 0
            && let Some(opened) = self.arrives_within(BESIDE).await
        {
            return opened;
        }
        let (settings, opened) = (self.settings.clone(), self.opened.clone());
        let open = move || {
            // Where nobody waits any more, it is closed again.
            let _late = opened.send(Hsm::open(settings));
        };
        let started = std::thread::Builder::new().name("token-opening".to_owned()).spawn(open);
        started.map_err(|error| OpenError::Thread(error.to_string()))?;
        self.under_way += 1;
        let patience = self.settings.longest_call.min(PATIENCE);
        self.arrives_within(patience).await.unwrap_or(Err(OpenError::Hanging))
    }

    async fn arrives_within(&mut self, patience: Duration) -> Option<Result<Hsm, OpenError>> {
        let opened = timeout(patience, self.arrivals.recv()).await.ok().flatten()?;
        self.under_way -= 1;
        Some(opened)
    }

    /// How many tries have not come back.
    pub fn hanging(&self) -> usize {
        self.under_way
    }
}
