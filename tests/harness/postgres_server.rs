//! A PostgreSQL of one test's own, which may be killed, started again, and have its disk filled.
//!
//! It ends with the thread that started it, however that ends.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

use super::mount::Mount;
use super::postgres::binaries;

/// Few and small files of the write-ahead log, so that it fits a small disk; nothing is waited for that only a power failure undoes.
const SMALL: [&str; 8] =
    ["-c", "fsync=off", "-c", "max_wal_size=4MB", "-c", "min_wal_size=2MB", "-c", "shared_buffers=16MB"];
/// What is committed is on the disk.
const DURABLE: [&str; 0] = [];

pub struct PostgresServer {
    process: Option<Child>,
    // In this order: what is mounted goes before the folder that it is on.
    _disk: Option<Mount>,
    folder: TempDir,
    settings: &'static [&'static str],
}

impl PostgresServer {
    /// One that runs, on the disk that there is.
    pub async fn start() -> Self {
        Self::on(folder_in("/tmp"), None, &SMALL).await
    }

    /// One that does all that PostgreSQL does by default for what it commits, on the disk of /var/tmp: /tmp is often memory.
    // Only the bench times it.
    #[allow(dead_code)]
    pub async fn durable() -> Self {
        Self::on(folder_in("/var/tmp"), None, &DURABLE).await
    }

    /// One that runs on a disk of so many megabytes; `None` where none can be mounted.
    pub async fn on_a_disk_of(megabytes: u32) -> Option<Self> {
        let folder = folder_in("/tmp");
        let disk = Mount::small(folder.path(), megabytes)?;
        Some(Self::on(folder, Some(disk), &SMALL).await)
    }

    async fn on(folder: TempDir, disk: Option<Mount>, settings: &'static [&'static str]) -> Self {
        let path = folder.path().display().to_string();
        if rustix::process::geteuid().is_root() {
            assert!(Command::new("chown").args(["postgres:postgres", &path]).status().unwrap().success());
        }
        let mut server = Self { process: None, _disk: disk, folder, settings };
        let data = server.data().display().to_string();
        let initdb =
            ["--username=keyferry", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--wal-segsize=1"];
        let made = server.command("initdb").arg(format!("--pgdata={data}")).args(initdb).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.serve().await;
        server
    }

    /// The database's URL.
    pub fn url(&self) -> String {
        format!("postgres://keyferry@localhost/postgres?host={}", self.folder.path().display())
    }

    /// SIGKILL to the server's first process; the others end by themselves.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// SIGQUIT: it ends at once, without a word to whoever is connected or a checkpoint.
    pub fn stop_immediately(&mut self) {
        let mut process = self.process.take().expect("it runs");
        rustix::process::kill_process(rustix::process::Pid::from_child(&process), rustix::process::Signal::QUIT).unwrap();
        process.wait().unwrap();
    }

    /// Starts it, where it does not run, and waits until it answers.
    pub async fn serve(&mut self) {
        loop {
            // It refuses while what is left of the one before still runs.
            if self.process.as_mut().is_none_or(|process| process.try_wait().unwrap().is_some()) {
                let mut command = self.command("postgres");
                command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
                command.args(["-c", "listen_addresses="]).args(self.settings);
                self.process = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
            }
            if PgConnection::connect(&self.url()).await.is_ok() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Takes all the room that its disk has left, and has the server find out.
    pub async fn fill_the_disk(&self) {
        fill(&self.filling());
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        connection.execute("CREATE TABLE filling (bytes TEXT)").await.ok();
        let more = "INSERT INTO filling SELECT repeat(md5(n::text), 20) FROM generate_series(1, 1000) AS n";
        while connection.execute(more).await.is_ok() {}
    }

    /// Gives it back.
    pub fn free_the_disk(&self) {
        std::fs::remove_file(self.filling()).unwrap();
    }

    fn filling(&self) -> PathBuf {
        self.folder.path().join("filling")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if rustix::process::geteuid().is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        command.arg(binaries().join(program)).current_dir("/").stdin(Stdio::null());
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let pid = rustix::process::Pid::from_child(&process);
            let _gone = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
            let _ = process.wait();
        }
    }
}

/// In a folder that the postgres user gets to, and whose name leaves room for a socket's.
fn folder_in(place: &str) -> TempDir {
    tempfile::Builder::new().prefix("keyferry-postgres.").tempdir_in(place).unwrap()
}

/// Writes a file until there is no room for more.
pub fn fill(path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    for size in [65_536, 512, 1] {
        let block = vec![7; size];
        while file.write_all(&block).is_ok() {}
    }
}
