use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;

/// Set in the process that may be broken.
const CHILD: &str = "KEYFERRY_AUDIT_TEST_CHILD";

fn limit(bytes: Option<u64>) {
    setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum: getrlimit(Resource::Fsize).maximum }).unwrap();
}

/// A limit of the file's size stands for a full disk, in a process of its own that does not end by the signal.
#[tokio::test]
async fn while_it_cannot_be_written_nothing_begins_and_afterwards_it_goes_on_by_itself() {
    if std::env::var_os(CHILD).is_none() {
        let name = std::thread::current().name().unwrap().to_owned();
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" --exact \"$1\" --nocapture"]).arg0("sh");
        let run = shell.arg(std::env::current_exe().unwrap()).arg(name).env(CHILD, "1").output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let log = Log::open(settings.clone()).unwrap();
    write(&log, 0).await;
    log.begin().unwrap().write(&event(1), false).await.unwrap();
    let (begun, kept, late) = (log.begin().unwrap(), log.begin().unwrap(), log.begin().unwrap());
    let size = fs::metadata(&settings.file).unwrap().len();

    // In the middle of the next line.
    limit(Some(size + 700));
    let refused = begun.write(&event(2), true).await.unwrap_err();
    assert_eq!(refused.to_string(), "the audit log cannot be written");
    assert!(refused.reason().contains("File too large"), "{}", refused.reason());
    assert_eq!(log.begin().unwrap_err(), refused, "nothing begins");
    kept.submit(&event(3));
    assert_eq!(late.write(&event(4), false).await, Err(refused));
    verify(&files(&settings), None).unwrap();

    // Attempts fail as long as it lasts.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(log.begin().is_err());
    assert_eq!(check(&settings).unwrap().unfinished, 0);

    limit(None);
    let since = Instant::now();
    while log.begin().is_err() {
        assert!(since.elapsed() < Duration::from_secs(10), "it does not resume");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    write(&log, 5).await;
    Signer::new().sign(&log).await;
    drop(log);
    assert_eq!(check(&settings).unwrap().unsigned, 0);
    let text = fs::read_to_string(&settings.file).unwrap();
    assert!(text.contains("\"refused\":1}}\n"), "{text}");
    assert_eq!(text.lines().filter_map(number).collect::<Vec<_>>(), [0, 1, 3, 5], "who was told has no line, who was not has one");
}
