//! A PostgreSQL of the tests' own: one cluster for the process, made by initdb in a temp folder, and one database for each test.
//!
//! The cluster is run by a shell that reads its standard input. When this process ends, however it ends, the pipe closes;
//! the shell then stops the cluster and removes the folder. It listens on a socket in that folder and nowhere else. A test that needs
//! a database to go away has a [`Cluster`] of its own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// In /tmp rather than where TMPDIR says: the postgres user must get there, and a socket's path is at most 107 bytes.
const SCRIPT: &str = r#"
set -e
dir=$(mktemp -d /tmp/keyferry-postgres.XXXXXX)
trap 'pg_ctl -D "$dir/data" -m immediate stop >&2 || true; rm -rf "$dir"' EXIT
initdb --pgdata="$dir/data" --username=keyferry --auth=trust --encoding=UTF8 --no-locale --no-sync >&2
up() {
    pg_ctl -D "$dir/data" -l "$dir/log" -w -o "-k '$dir' -c listen_addresses= -c fsync=off -c max_connections=200" start >&2
}
up
echo "$dir"
while read -r order; do
    case $order in
    stop) pg_ctl -D "$dir/data" -w -m immediate stop >&2 ;;
    start) up ;;
    esac
    echo done
done
"#;

/// A running PostgreSQL.
pub struct Cluster {
    folder: String,
    // The pipe that keeps the cluster alive.
    orders: ChildStdin,
    done: BufReader<ChildStdout>,
    _shell: Child,
}

static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);

impl Cluster {
    /// Makes one, and starts it.
    pub fn start() -> Self {
        let path = format!("{}:{}", binaries().display(), std::env::var("PATH").unwrap_or_default());
        // initdb refuses to run as root.
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh", "-c", SCRIPT]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", SCRIPT]);
            command
        };
        // In a process group of its own, or an interrupt from the terminal would end the shell before it has cleaned up.
        command.env("PATH", path).current_dir("/").process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.stderr(Stdio::piped()).spawn().expect("a shell");
        let mut folder = String::new();
        let mut done = BufReader::new(shell.stdout.take().expect("its output"));
        done.read_line(&mut folder).expect("its output");
        if folder.is_empty() {
            let said = shell.wait_with_output().expect("its end").stderr;
            panic!(
                "PostgreSQL did not start; `make test` runs the tests with all they need\n{}",
                String::from_utf8_lossy(&said)
            );
        }
        let orders = shell.stdin.take().expect("its input");
        // Nobody reads what it says any more, and it is to go on saying it.
        let mut said = shell.stderr.take().expect("its errors");
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { folder: folder.trim().to_owned(), orders, done, _shell: shell }
    }

    /// Stops it in the middle of whatever it does; its connections break.
    pub fn stop(&mut self) {
        self.order("stop");
    }

    /// Starts it again, and returns when it answers.
    pub fn restart(&mut self) {
        self.order("start");
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("its input");
        let mut done = String::new();
        self.done.read_line(&mut done).expect("its output");
        assert_eq!(done, "done\n", "PostgreSQL does not {order}");
    }

    /// The URL of the database that every cluster has.
    pub fn any_url(&self) -> String {
        self.url("postgres")
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://keyferry@localhost/{database}?host={}", self.folder)
    }
}

/// The folder of initdb and pg_ctl: the newest of Debian's, or any on the PATH.
pub fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin")).max();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = debian.into_iter().chain(std::env::split_paths(&path));
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").exists())
        .expect("PostgreSQL's server is not installed; `make test` runs the tests with all they need")
}

/// Makes an empty database and returns its URL.
pub async fn database() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let cluster = tokio::task::spawn_blocking(|| &*CLUSTER).await.expect("PostgreSQL");
    let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await.expect("PostgreSQL answers");
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a database");
    cluster.url(&name)
}
