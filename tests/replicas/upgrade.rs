//! Two versions of the program over one record.
//!
//! What the one before this does is here as it was released: the very statements of a program of schema 5 (`upgrade/schema_5.sql`), run
//! over what this one makes of a record. What the one after this may do is a migration of the tests' own.

use keyferry::model::{ObjectId, Rotation, Timestamp};
use keyferry::store::{Error, Store};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr};

use crate::harness::daemon::Replica;
use crate::harness::{Installation, Settings, postgres};
use crate::store::samples::{NOW, account, full_key, issued_set, later, recorded};

/// The migrations of schema 5, as released: their checksums are in the databases that are out.
const RELEASED: [(i64, &str, &str); 5] = [
    (1, "record", include_str!("../../src/store/migrations/0001_record.sql")),
    (2, "pool", include_str!("../../src/store/migrations/0002_pool.sql")),
    (3, "policy", include_str!("../../src/store/migrations/0003_policy.sql")),
    (4, "life", include_str!("../../src/store/migrations/0004_life.sql")),
    (5, "access-keys", include_str!("../../src/store/migrations/0005_access_keys.sql")),
];

/// What a program of schema 5 does to a key and to a wrapping key, from beginning to end; a key's id stands for `{key}`.
const EARLIER: &str = include_str!("upgrade/schema_5.sql");

/// What a later version may add: columns that may be null or have a default, and tables.
const LATER: &str = "\
ALTER TABLE keys ADD COLUMN novelty TEXT NOT NULL DEFAULT 'none';
ALTER TABLE materials ADD COLUMN novelty BIGINT;
ALTER TABLE wrapping_keys ADD COLUMN novelty BIGINT NOT NULL DEFAULT 0;
CREATE TABLE novelties (id BIGINT NOT NULL PRIMARY KEY);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (10, 'novelties', TRUE, 'x', 0);
UPDATE schema_versions SET version = 10, oldest = 9;
";

async fn schema_5(url: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let migrations = RELEASED.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, AssertSqlSafe(sql.to_owned()).into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.to_vec()).run(&mut connection).await.unwrap();
    connection
}

/// Has a program of schema 5 make a key of this id, give it material, and let it take its turn.
async fn act_as_earlier(connection: &mut PgConnection, key: &str) {
    for statement in EARLIER.split(";\n").filter(|statement| !statement.trim().is_empty()) {
        let sql = statement.replace("{key}", key).replace("{hex}", &key.replace('-', ""));
        connection.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

#[tokio::test]
async fn a_program_of_the_schema_before_goes_on_while_this_one_migrates_and_serves() {
    let url = postgres::database().await;
    let mut earlier = schema_5(&url).await;
    let [first, second] = ["1234abcd-12ab-34cd-56ef-000000000001", "1234abcd-12ab-34cd-56ef-000000000002"];
    act_as_earlier(&mut earlier, first).await;
    // It has a transaction open while the record is migrated.
    earlier.execute("BEGIN ISOLATION LEVEL SERIALIZABLE").await.unwrap();
    earlier.execute("SELECT * FROM keys").await.unwrap();
    let store = Store::open(&url).await.unwrap();
    earlier.execute("COMMIT").await.unwrap();
    act_as_earlier(&mut earlier, second).await;
    store.require_served().await.unwrap();
    for key in [first, second] {
        let id = keyferry::model::KeyId::parse(key).unwrap();
        let mut key = store.key(&account(), &id).await.unwrap().unwrap();
        assert_eq!((key.version, key.materials.len()), (1, 2));
        let turns: Vec<_> = key.materials.iter().map(|material| (material.rotation, material.rotated_at)).collect();
        let turned = Timestamp::from_millis(1_800_000_000_777);
        assert_eq!(turns, [(Rotation::NonCurrent, None), (Rotation::Current, Some(turned))]);
        // And back: what this one writes, that one reads and writes again.
        key.description = "changed by the later one".to_owned();
        store.save_key(&key, &[], NOW).await.unwrap();
    }
    let sql = "SELECT state FROM wrapping_keys ORDER BY state";
    let states: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut earlier).await.unwrap();
    assert_eq!(states, ["consumed", "consumed"]);
}

#[tokio::test]
async fn what_a_later_version_added_is_left_as_it_is() {
    let url = postgres::database().await;
    let store = Store::open(&url).await.unwrap();
    let key = recorded(&store, full_key()).await;
    let set = issued_set(&store).await;
    let mut later_one = PgConnection::connect(&url).await.unwrap();
    later_one.execute(LATER).await.unwrap();
    later_one.execute("UPDATE keys SET novelty = 'set'").await.unwrap();
    later_one.execute("UPDATE materials SET novelty = 100 + place").await.unwrap();
    later_one.execute("UPDATE wrapping_keys SET novelty = 5").await.unwrap();

    // The one that serves goes on, another of its version still opens it, and both change what is there.
    let other = Store::open(&url).await.unwrap();
    for store in [&store, &other] {
        store.require_served().await.unwrap();
        let mut key = store.key(&key.account, &key.id).await.unwrap().unwrap();
        key.description.push('!');
        key.materials[1].rotated_at = Some(later(9));
        key.materials[1].object = ObjectId::random();
        store.save_key(&key, &[], NOW).await.unwrap();
    }
    store.expire_wrapping_keys(later(90_000), 10).await.unwrap();
    assert_eq!(store.key(&key.account, &key.id).await.unwrap().unwrap().materials[1].rotated_at, Some(later(9)));
    let novelties: Vec<i64> =
        sqlx::query_scalar("SELECT novelty FROM materials ORDER BY place").fetch_all(&mut later_one).await.unwrap();
    assert_eq!(novelties, [100, 101]);
    let of_key: String = sqlx::query_scalar("SELECT novelty FROM keys").fetch_one(&mut later_one).await.unwrap();
    assert_eq!(of_key, "set");
    let of_pair: i64 = sqlx::query_scalar("SELECT novelty FROM wrapping_keys").fetch_one(&mut later_one).await.unwrap();
    assert_eq!((of_pair, store.wrapping_key(&set.id).await.unwrap().unwrap().id), (5, set.id));

    // One that goes keeps the others in their places.
    let mut fewer = store.key(&key.account, &key.id).await.unwrap().unwrap();
    fewer.materials.remove(0);
    store.save_key(&fewer, &[], NOW).await.unwrap();
    let sql = "SELECT place * 1000 + novelty FROM materials";
    let left: Vec<i64> = sqlx::query_scalar(sql).fetch_all(&mut later_one).await.unwrap();
    assert_eq!(left, [101]);

    later_one.execute("UPDATE schema_versions SET oldest = 10").await.unwrap();
    let refused = Store::open(&url).await.unwrap_err();
    assert!(matches!(refused, Error::Newer { schema: 10, ours: 9 }), "{refused}");
    assert!(matches!(store.require_served().await, Err(Error::Newer { .. })));
}

#[tokio::test]
async fn a_service_starts_over_a_record_of_a_later_version_that_lets_it_and_says_when_it_no_longer_may() {
    use crate::harness::daemon::field;

    let url = postgres::database().await;
    let installation = Installation::new(Settings { store_url: Some(url.clone()), ..Settings::default() });
    let first = Replica::start(&installation);
    let mut later_one = PgConnection::connect(&url).await.unwrap();
    later_one.execute(LATER).await.unwrap();
    let second = Replica::start(&installation);
    let newer = "the database was migrated by a newer keyferryd: upgrade this one too";
    second.wait_for_log(|line| field(line, "message") == newer);
    for replica in [&first, &second] {
        replica.client(&installation).await.create_symmetric().await;
    }
    later_one.execute("UPDATE schema_versions SET oldest = 10").await.unwrap();
    for replica in [&first, &second] {
        let said = replica.wait_for_log(|line| field(line, "message") == "this service is too old for its database");
        assert_eq!(said["level"], "ERROR");
    }
    drop((first, second));
    let refusal = crate::harness::Daemon::refusal_to_start(&installation);
    assert!(refusal.contains("which a keyferryd of schema 9 may not serve"), "{refusal}");
}
