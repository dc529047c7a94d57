//! Replicas over one PostgreSQL and one token, started one after the other, as SoftHSM 2.6.1 needs it.

use crate::harness::daemon::Replica;
use crate::harness::postgres_server::PostgresServer;
use crate::harness::{Client, Installation};
use crate::measures::pool::Pools;

/// Starts of one before the bench gives up: SoftHSM 2.6.1 often fails to open a token that another process writes to.
const STARTS: usize = 100;

pub struct Fleet {
    // In this order: the processes must be gone when their folder and their database go.
    replicas: Vec<Replica>,
    pub installation: Installation,
    _postgres: PostgresServer,
}

impl Fleet {
    /// Nobody yet, over a database whose commits are on the disk.
    pub async fn prepare() -> Self {
        let postgres = PostgresServer::durable().await;
        let installation = Pools::STILL.install_over(Some(postgres.url()));
        Self { replicas: Vec::new(), installation, _postgres: postgres }
    }

    /// Has so many serve.
    pub fn resize(&mut self, size: usize) {
        while self.replicas.len() > size {
            self.replicas.pop().unwrap().terminate();
        }
        while self.replicas.len() < size {
            self.replicas.push(start(&self.installation).0);
        }
    }

    pub fn size(&self) -> usize {
        self.replicas.len()
    }

    /// So many connections, spread over all.
    pub async fn lines(&self, count: usize) -> Vec<Client> {
        let mut lines = Vec::new();
        for replica in self.replicas.iter().cycle().take(count) {
            lines.push(replica.client(&self.installation).await);
        }
        lines
    }

    /// SIGKILL to the last one.
    pub fn kill_one(&mut self) {
        drop(self.replicas.pop());
    }

    /// Starts another in its place; how often that took.
    pub fn start_one(&mut self) -> usize {
        let (replica, starts) = start(&self.installation);
        self.replicas.push(replica);
        starts
    }
}

fn start(installation: &Installation) -> (Replica, usize) {
    let audit = installation.file(&format!("audit-{}.jsonl", uuid::Uuid::new_v4()));
    let environment = [("KEYFERRY__AUDIT__FILE", audit.to_str().unwrap())];
    for starts in 1..=STARTS {
        let mut replica = Replica::begin(installation, &environment);
        if replica.serves() {
            return (replica, starts);
        }
    }
    panic!("a replica did not start in {STARTS} times")
}
