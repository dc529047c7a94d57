//! What happens when the disk takes no more, and when it does again.

use std::os::unix::fs::{FileExt, MetadataExt};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use super::super::log::PLACES;
use super::super::{Log, Unwritable, verify};
use super::{Desk, PATIENCE, event, lines, write};

/// The limit holds for a process, so the test has one of its own.
const LIMITED: &str = "KEYFERRY_TEST_LIMITED";
/// A small disk, which is mounted for a process of its own.
const SMALL: &str = "KEYFERRY_TEST_SMALL_DISK";
/// Sent by the kernel to who writes beyond the limit; it ends a process that has not said otherwise (signal(7)).
const SIGXFSZ: i32 = 25;

#[tokio::test]
async fn a_disk_that_takes_no_more_stops_all_and_goes_on_by_itself() {
    if std::env::var_os(LIMITED).is_none() {
        let name = "audit::tests::disk::a_disk_that_takes_no_more_stops_all_and_goes_on_by_itself";
        let output =
            Command::new(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture"]).env(LIMITED, "1").output();
        let output = output.unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let _handled = signal(SignalKind::from_raw(SIGXFSZ)).unwrap();
    let desk = Desk::new();
    let log = desk.open();
    write(&log, 0).await;
    let before = desk.text();
    let unlimited = getrlimit(Resource::Fsize);
    let limit = |bytes| setrlimit(Resource::Fsize, rustix::process::Rlimit { current: bytes, ..unlimited }).unwrap();
    // In the middle of the next line.
    limit(Some(before.len() as u64 + 100));
    let places = [log.begin().unwrap(), log.begin().unwrap(), log.begin().unwrap()];
    for (number, place) in (1..).zip(places) {
        let refused = place.write(&event(number), number == 1).await;
        assert!(matches!(&refused, Err(Unwritable::Disk(why)) if why.contains("too large")), "{refused:?}");
        assert_eq!(desk.text(), before, "no part of a line stays");
    }
    assert!(matches!(log.begin(), Err(Unwritable::Disk(_))), "refused before anything is done");
    let checkpoint = log.checkpoint(log.to_be_signed().unwrap(), [0; 32], [0; 64]).await;
    assert!(matches!(checkpoint, Err(Unwritable::Disk(_))));
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(log.begin().is_err(), "it is tried again, in vain");
    assert_eq!(desk.text(), before);

    limit(unlimited.current);
    resumed(&log).await;
    write(&log, 4).await;
    drop(log);
    let lines = lines(&desk.settings.file);
    assert!(lines[2].contains("\"resumed\":{") && lines[2].ends_with(",\"kept\":3}}"), "{}", lines[2]);
    for (line, number) in lines[3..].iter().zip(1..=4) {
        assert!(line.contains(&format!("number {number}.")), "{line}");
    }
    assert_eq!(lines.len(), 7, "each once");
    assert_eq!(desk.verify().unwrap().last, 7);
}

#[tokio::test]
async fn a_log_that_is_moved_away_is_missed_and_found_again() {
    let desk = Desk::new();
    let log = desk.open();
    write(&log, 0).await;
    let place = log.begin().unwrap();
    let away = desk.settings.file.with_extension("away");
    std::fs::rename(&desk.settings.file, &away).unwrap();
    let refused = place.write(&event(1), true).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the audit log cannot be written: the file was moved or removed: put it back, or start again"
    );
    std::fs::rename(&away, &desk.settings.file).unwrap();
    resumed(&log).await;
    drop(log);
    assert_eq!(desk.verify().unwrap().last, 4);
}

#[tokio::test]
async fn what_was_accepted_and_lost_by_the_disk_is_written_again() {
    let desk = Desk::new();
    let log = desk.open();
    let on_disk = desk.text().len() as u64;
    log.begin().unwrap().write(&event(1), false).await.unwrap();
    let whole = desk.text();
    let place = log.begin().unwrap();
    // As after a sync that failed: the system dropped what it had, and the file is elsewhere, so that writing fails.
    let away = desk.settings.file.with_extension("away");
    std::fs::rename(&desk.settings.file, &away).unwrap();
    place.write(&event(2), true).await.unwrap_err();
    let file = std::fs::OpenOptions::new().write(true).open(&away).unwrap();
    file.write_all_at(&vec![0; whole.len() - on_disk as usize], on_disk).unwrap();
    std::fs::rename(&away, &desk.settings.file).unwrap();
    resumed(&log).await;
    drop(log);
    assert!(desk.text().starts_with(&whole));
    assert_eq!(desk.verify().unwrap().last, 4);
}

/// Waits until the log goes on by itself.
async fn resumed(log: &Log) {
    let begun = Instant::now();
    while log.begin().is_err() {
        assert!(begun.elapsed() < PATIENCE, "it does not go on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_full_disk_is_found_out_before_and_who_has_a_place_still_has_room() {
    let Some(disk) = std::env::var_os(SMALL) else {
        let name = "audit::tests::disk::a_full_disk_is_found_out_before_and_who_has_a_place_still_has_room";
        let folder = tempfile::tempdir().unwrap();
        let mounted = "mount -t tmpfs -o size=18m none \"$1\" && shift && exec \"$@\"";
        let mut small = Command::new("unshare");
        small.args(["--user", "--map-root-user", "--mount", "sh", "-c", mounted, "sh"]).arg(folder.path());
        small.arg(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture"]).env(SMALL, folder.path());
        let output = small.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        if !told.contains("running 1 test") {
            println!("no file system can be mounted here, not tried: {told}");
            return;
        }
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        return;
    };
    let mut desk = Desk::new();
    desk.settings.file = std::path::Path::new(&disk).join("audit.jsonl");
    let log = desk.open();
    let filler = std::path::Path::new(&disk).join("filler");
    let full = std::fs::write(&filler, vec![0; 18 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let mut long = event(1);
    long.request_parameters = Some([("description".to_owned(), "x".repeat(15_000).into())].into_iter().collect());
    let mut places: Vec<_> = (0..PLACES - 1).map(|_| log.begin().unwrap()).collect();
    let mut written = 0;
    // The room ahead is used up before anybody is refused; whoever has a place is not.
    while let Ok(place) = log.begin() {
        place.write(&long, true).await.unwrap();
        written += 1;
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(written < 200, "the disk is full");
    }
    assert!(matches!(log.begin(), Err(Unwritable::Disk(why)) if why.contains("No space left")));
    while let Some(place) = places.pop() {
        place.write(&long, places.len() % 50 == 0).await.unwrap();
        written += 1;
    }
    std::fs::remove_file(&filler).unwrap();
    drop(log);
    let verified = verify(&[desk.settings.file.clone()], None).unwrap();
    assert_eq!(verified.lines, 1 + written);
    let length = desk.settings.file.metadata().unwrap();
    assert!(length.blocks() * 512 < length.len() + 8192, "the room ahead is given back");
    std::fs::remove_file(&desk.settings.file).unwrap();

    let log = desk.open();
    std::fs::write(&filler, vec![0; 18 << 20]).unwrap_err();
    while let Ok(place) = log.begin() {
        place.write(&long, true).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    std::fs::remove_file(&filler).unwrap();
    resumed(&log).await;
    write(&log, 2).await;
}
