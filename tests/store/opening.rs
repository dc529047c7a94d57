//! Opening, reopening, and what cannot be opened.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use keyferry::store::{Error, Store};
use sqlx::{Connection, Executor, SqliteConnection};
use tokio::net::{TcpListener, UnixStream};
use tokio::task::JoinSet;

use super::samples::*;
use super::{Bench, on_both};

on_both! {
    async fn a_record_belongs_to_one_installation_for_good(bench: Bench) {
        let store = &bench.store;
        assert_eq!(store.installation().await.unwrap(), None);
        let id = installation();
        store.install(id).await.unwrap();
        assert!(matches!(store.install(installation()).await, Err(Error::Conflict)));
        assert!(matches!(store.install(id).await, Err(Error::Conflict)));
        assert_eq!(store.installation().await.unwrap(), Some(id));
    }

    async fn a_record_with_a_key_a_wrapping_key_or_a_claim_is_not_empty(bench: Bench) {
        let store = &bench.store;
        store.install(installation()).await.unwrap();
        assert!(store.is_empty().await.unwrap());

        let key = recorded(store, key()).await;
        assert!(!store.is_empty().await.unwrap());
        store.remove_key(&key, &[], NOW).await.unwrap();
        assert!(store.is_empty().await.unwrap());

        let pair = ready_pair(store).await;
        assert!(!store.is_empty().await.unwrap());
        store.abandon_wrapping_key(&pair.id, NOW).await.unwrap();
        assert!(store.is_empty().await.unwrap());

        store.claim_object(&claim_alone()).await.unwrap();
        assert!(!store.is_empty().await.unwrap());
    }

    async fn reopening_keeps_everything(bench: Bench) {
        let id = installation();
        bench.store.install(id).await.unwrap();
        let key = recorded(&bench.store, full_key()).await;
        let (set, _) = consumed_set(&bench.store).await;
        let before = bench.store.wrapping_key(&set.id).await.unwrap();
        bench.store.close().await;
        assert!(matches!(bench.store.installation().await, Err(Error::Unreachable(_))));

        let store = Store::open(&bench.url).await.unwrap();
        assert_eq!(store.installation().await.unwrap(), Some(id));
        assert_eq!(store.key(&key.account, &key.id).await.unwrap(), Some(key));
        assert_eq!(store.wrapping_key(&set.id).await.unwrap(), before);
    }

    async fn the_record_of_a_newer_program_is_refused(bench: Bench) {
        bench.tamper("UPDATE _sqlx_migrations SET version = version + 1000000").await;
        assert!(matches!(Store::open(&bench.url).await, Err(Error::Newer { ours: 9, .. })));
    }

    async fn an_edited_schema_is_refused(bench: Bench) {
        bench.tamper("UPDATE _sqlx_migrations SET checksum = CAST('x' AS %)".replace(
            '%', if bench.store.kind() == "sqlite" { "BLOB" } else { "BYTEA" },
        ).as_str()).await;
        assert!(matches!(Store::open(&bench.url).await, Err(Error::Schema(_))));
    }
}

#[tokio::test]
async fn a_sqlite_record_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    // The other form of URL.
    let store = Store::open(&format!("sqlite:{}/record.db", folder.path().display())).await.unwrap();
    assert_eq!(store.kind(), "sqlite");
    store.install(installation()).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() > 1, "the log is there as well");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

#[tokio::test]
async fn a_sqlite_file_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent/record.db");
    let error = Store::open(&format!("sqlite://{}", path.display())).await.unwrap_err();
    assert_eq!(error.to_string(), format!("database file {}", path.display()));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.db");
    let text = "no database at all\n".repeat(300);
    std::fs::write(&path, &text).unwrap();
    assert!(matches!(Store::open(&format!("sqlite://{}", path.display())).await, Err(Error::Database(_))));
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
}

#[tokio::test]
async fn an_unknown_url_is_refused_without_repeating_its_password() {
    for url in ["mysql://root:hunter2@db/keyferry", "hunter2", "", "sqlite::memory:", "sqlite://x.db?mode=memory"] {
        let error = Store::open(url).await.unwrap_err();
        assert!(matches!(error, Error::UnknownUrl(_)), "{url}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_postgresql_that_refuses_is_unreachable_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let began = Instant::now();
    let opened = Store::open(&format!("postgres://keyferry@127.0.0.1:{port}/keyferry")).await;
    assert!(matches!(opened, Err(Error::Unreachable(_))), "{opened:?}");
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_postgresql_that_never_answers_is_unreachable_before_long() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let began = Instant::now();
    let opened = Store::open(&format!("postgresql://keyferry:hunter2@127.0.0.1:{port}/keyferry")).await;
    assert!(matches!(opened, Err(Error::Unreachable(_))), "{opened:?}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

/// Passes connections on to a PostgreSQL's socket, until it is dropped.
async fn gateway(listener: TcpListener, socket: String) {
    let mut passing = JoinSet::new();
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let socket = socket.clone();
        passing.spawn(async move {
            let mut far = UnixStream::connect(socket).await.unwrap();
            // Whoever hangs up first ends it.
            let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
        });
    }
}

#[tokio::test]
async fn a_postgresql_that_goes_away_is_unreachable_until_it_is_back() {
    let bench = Bench::postgresql().await;
    let (start, folder) = bench.url.split_once("?host=").unwrap();
    let socket = format!("{folder}/.s.PGSQL.5432");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let up = tokio::spawn(gateway(listener, socket.clone()));
    let store = Store::open(&start.replace("localhost", &address.to_string())).await.unwrap();
    let id = installation();
    store.install(id).await.unwrap();

    up.abort();
    assert!(up.await.unwrap_err().is_cancelled());
    let began = Instant::now();
    let read = store.installation().await;
    assert!(matches!(read, Err(Error::Unreachable(_))), "{read:?}");
    assert!(began.elapsed() < Duration::from_secs(10));

    let listener = TcpListener::bind(address).await.unwrap();
    let back = tokio::spawn(gateway(listener, socket));
    assert_eq!(store.installation().await.unwrap(), Some(id));
    back.abort();
}

#[tokio::test]
async fn a_sqlite_file_that_another_process_has_locked_is_unreachable_before_long() {
    let bench = Bench::sqlite().await;
    let mut other = SqliteConnection::connect(&bench.url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let written = bench.store.install(installation()).await;
    assert!(matches!(written, Err(Error::Unreachable(_))), "{written:?}");
    // Who only reads does not mind.
    assert_eq!(bench.store.installation().await.unwrap(), None);
    other.execute("ROLLBACK").await.unwrap();
    bench.store.install(installation()).await.unwrap();
}
