//! Installations of the bench: how much each pool holds, and how far it is.

use keyferry::model::WrappingKeySpec;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::harness::record::pool;
use crate::harness::{Installation, Settings};

/// When a pool begins to fill, and how far.
#[derive(Clone, Copy)]
pub struct Marks {
    pub low: usize,
    pub high: usize,
}

/// One that never fills: what is ready was laid in.
pub const STILL: Marks = Marks { low: 0, high: 0 };

/// The pools of the three specs, and how many sessions fill them.
#[derive(Clone, Copy)]
pub struct Pools {
    pub sessions: usize,
    pub rsa_2048: Marks,
    pub rsa_3072: Marks,
    pub rsa_4096: Marks,
}

impl Pools {
    /// Three that never fill; as many sessions as there are by default.
    pub const STILL: Self = Self { sessions: 1, rsa_2048: STILL, rsa_3072: STILL, rsa_4096: STILL };

    /// A fresh installation with these, initialised. No helping on the host: then only one use of pairs is pooled, and what
    /// the daemon takes of memory is not what it locks.
    pub fn install(self) -> Installation {
        self.install_over(None)
    }

    /// As [`Pools::install`], over the database of this URL.
    pub fn install_over(self, store_url: Option<String>) -> Installation {
        let settings = Settings { host_assisted: "none", more: self.tables(), store_url, ..Settings::default() };
        let installation = Installation::new(settings);
        // As it comes; the tests have the janitor hurry.
        installation.edit_config("interval_seconds = 1\n", "interval_seconds = 30\n");
        installation
    }

    /// Gives the installation other pools. The daemon must be down.
    pub fn exchange(self, new: Self, installation: &Installation) {
        installation.edit_config(&self.tables(), &new.tables());
    }

    fn tables(self) -> String {
        let marks = |spec, Marks { low, high }: Marks| format!("{spec} = {{ low = {low}, high = {high} }}\n");
        let Self { sessions, rsa_2048, rsa_3072, rsa_4096 } = self;
        [
            format!("[pool]\nsessions = {sessions}\nwaiting = 64\n"),
            marks("rsa_2048", rsa_2048),
            marks("rsa_3072", rsa_3072),
            marks("rsa_4096", rsa_4096),
            "[capacity]\nobjects = 200000\nsets_per_principal = 100000\nsets_per_key = 100000\n".to_owned(),
        ]
        .concat()
    }
}

/// A daemon's record, watched while it serves.
pub struct Watch(SqlitePool);

impl Watch {
    pub fn over(installation: &Installation) -> Self {
        let options = SqliteConnectOptions::new().filename(installation.database()).read_only(true);
        Self(pool().connect_lazy_with(options))
    }

    /// How many pairs stand ready.
    pub async fn ready(&self, spec: WrappingKeySpec) -> usize {
        let sql = "SELECT COUNT(*) FROM wrapping_keys WHERE state = 'ready' AND spec = $1";
        self.count(sqlx::query(sql).bind(spec.as_str())).await
    }

    /// How many objects are still to be destroyed.
    pub async fn doomed(&self) -> usize {
        self.count(sqlx::query("SELECT COUNT(*) FROM doomed")).await
    }

    async fn count(&self, query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>) -> usize {
        let row = query.fetch_one(&self.0).await.unwrap();
        usize::try_from(row.get::<i64, _>(0)).unwrap()
    }
}
