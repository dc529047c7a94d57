//! What is written is there, once and in order, over starts, rotation and crashes.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::super::{Fault, Log, OpenError, Unwritable, Wrong, checkpoint, files, log, verify};
use super::{Desk, PATIENCE, event, lines, write};
use crate::model::InstallationId;

#[tokio::test]
async fn a_chain_goes_on_from_one_start_to_the_next() {
    let desk = Desk::new();
    for number in 0..3 {
        let log = desk.open();
        write(&log, number).await;
    }
    let verified = desk.verify().unwrap();
    assert_eq!((verified.first, verified.last, verified.lines, verified.is_whole), (1, 6, 6, true));
    assert_eq!((verified.signed_up_to, verified.unsigned, verified.checkpoints), (None, 6, 0));
    let mode = desk.settings.file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(desk.settings.file.metadata().unwrap().len(), desk.text().len() as u64, "the room ahead is no part of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_writers_every_line_is_there_once() {
    let desk = Desk::new();
    let log = desk.open();
    let writers = (0..64).map(|writer| {
        let log = log.clone();
        tokio::spawn(async move {
            for number in 0..25 {
                let place = log.begin().unwrap();
                place.write(&event(writer * 25 + number), number % 2 == 0).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    drop(log);
    assert_eq!(desk.verify().unwrap().lines, 1 + 64 * 25);
    let text = desk.text();
    for number in 0..64 * 25 {
        assert_eq!(text.matches(&format!("number {number}.")).count(), 1, "{number}");
    }
}

#[tokio::test]
async fn an_unfinished_line_is_cut_off_and_the_next_start_says_so() {
    let desk = Desk::new();
    let log = desk.open();
    write(&log, 1).await;
    drop(log);
    let whole = desk.text();
    for tail in [&b"{\"sequence\":3,\"prev"[..], b"\0\0\0\0\0", b"x", &[b'x'; 5_000]] {
        std::fs::write(&desk.settings.file, [whole.as_bytes(), tail].concat()).unwrap();
        assert_eq!(desk.verify().unwrap().unfinished, tail.len() as u64);
        let log = desk.open();
        assert_eq!(desk.verify().unwrap().unfinished, 0);
        drop(log);
        let (before, after) = desk.text().split_at_checked(whole.len()).map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(before, whole, "nothing else is cut");
        assert!(after.contains(&format!("\"cut\":{}}}", tail.len())), "{after}");
        assert_eq!(desk.verify().unwrap().last, 3);
    }
}

#[tokio::test]
async fn what_is_no_log_is_left_alone() {
    let desk = Desk::new();
    write(&desk.open(), 1).await;
    let good = desk.text();
    let second = good.lines().nth(1).unwrap();
    for foreign in
        ["root:x:0:0\n".to_owned(), "notes".to_owned(), format!("{second}\n"), format!("{good}{{}}\n"), "\n".to_owned()]
    {
        std::fs::write(&desk.settings.file, &foreign).unwrap();
        let refused = Log::open(desk.settings.clone()).unwrap_err();
        assert!(matches!(refused, OpenError::NoLog(_)), "{foreign}: {refused}");
        assert_eq!(desk.text(), foreign);
    }
    std::fs::write(&desk.settings.file, &good).unwrap();
    let mut settings = desk.settings.clone();
    settings.installation = InstallationId::random();
    assert!(matches!(Log::open(settings), Err(OpenError::OtherInstallation { .. })));
    let held = desk.open();
    assert!(matches!(Log::open(desk.settings.clone()), Err(OpenError::InUse(_))));
    drop(held);
    drop(desk.open());
}

#[tokio::test]
async fn a_full_file_is_followed_by_another_right_after_a_checkpoint() {
    let mut desk = Desk::new();
    (desk.settings.max_bytes, desk.settings.keep) = (3_000, 2);
    let log = desk.open();
    for number in 0..40 {
        write(&log, number).await;
        if log.wants_checkpoint() {
            tokio::time::timeout(PATIENCE, log.checkpoint_wanted()).await.unwrap();
            desk.checkpoint(&log).await;
            let begun = Instant::now();
            while log.wants_checkpoint() {
                assert!(begun.elapsed() < PATIENCE, "it does not wait for another one");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
    desk.checkpoint(&log).await;
    assert!(log.to_be_signed().is_none(), "nothing new since");
    drop(log);
    let olds = files::olds(&desk.settings.file).unwrap();
    assert_eq!(olds.len(), 2, "the others are removed");
    for old in &olds {
        let first = &lines(old)[0];
        assert!(first.contains("\"because\":\"rotation\""), "{first}");
        let number: u64 = old.extension().unwrap().to_str().unwrap().parse().unwrap();
        assert!(first.starts_with(&format!("{{\"sequence\":{number},")), "{first}");
        assert!(lines(old).last().unwrap().contains("\"checkpoint\":"));
    }
    let verified = desk.verify().unwrap();
    assert_eq!((verified.is_whole, verified.files, verified.unsigned), (false, 3, 0));
    assert_eq!(verified.signed_up_to, Some(verified.last - 1));
    let mut reversed = desk.files();
    reversed.reverse();
    assert_eq!(verify(&reversed, Some(&desk.spki())).unwrap(), verified, "whatever the order");
    // One in the middle is missing.
    let gap = verify(&[olds[0].clone(), desk.settings.file.clone()], None).unwrap_err();
    assert!(matches!(gap, Fault::Line { line: 1, wrong: Wrong::Gap { .. }, .. }), "{gap}");
}

#[tokio::test]
async fn rotation_that_was_cut_off_is_made_good() {
    let desk = Desk::new();
    write(&desk.open(), 1).await;
    let old = files::old(&desk.settings.file, 1);
    // Between the two renamings, and with the new file begun by nobody's hand or half a line.
    for begun in [None, Some(""), Some("{\"sequence\":3,")] {
        let _ = std::fs::rename(&desk.settings.file, &old);
        std::fs::write(files::beside(&desk.settings.file, ".new"), "left over").unwrap();
        if let Some(begun) = begun {
            std::fs::write(&desk.settings.file, begun).unwrap();
        }
        drop(desk.open());
        let verified = desk.verify().unwrap();
        assert_eq!((verified.files, verified.last), (2, 3), "{begun:?}");
        std::fs::remove_file(&desk.settings.file).unwrap();
    }
    // A file that broke off at its end is none to go on from.
    std::fs::OpenOptions::new().append(true).open(&old).unwrap().write_all(b"{").unwrap();
    assert!(matches!(Log::open(desk.settings.clone()), Err(OpenError::NoLog(path)) if path == old));
}

#[tokio::test]
async fn places_are_bounded_and_given_back() {
    let desk = Desk::new();
    let log = desk.open();
    let mut places: Vec<_> = (0..log::PLACES).map(|_| log.begin().unwrap()).collect();
    assert!(matches!(log.begin(), Err(Unwritable::Busy)));
    let place = places.pop().unwrap();
    let written = place.write(&event(1), true);
    written.await.unwrap();
    drop(places.pop());
    let _two = [log.begin().unwrap(), log.begin().unwrap()];
    assert!(matches!(log.begin(), Err(Unwritable::Busy)));
}

#[tokio::test]
async fn a_line_is_written_though_nobody_waits_for_it() {
    let desk = Desk::new();
    let log = desk.open();
    drop(log.begin().unwrap().write(&event(5), false));
    drop(log);
    assert!(desk.text().contains("number 5."));
}

#[tokio::test]
async fn a_checkpoint_that_a_reader_could_not_join_to_its_line_is_refused() {
    let desk = Desk::new();
    let log = desk.open();
    let early = log.to_be_signed().unwrap();
    let mut written = tokio::task::JoinSet::<Result<(), Unwritable>>::new();
    for _ in 0..checkpoint::WINDOW / 2 {
        if written.len() == log::PLACES {
            written.join_next().await.unwrap().unwrap().unwrap();
        }
        written.spawn(log.begin().unwrap().write(&event(1), false));
    }
    written.join_all().await;
    assert!(matches!(log.checkpoint(early, [0; 32], [0; 64]).await, Err(Unwritable::Late)));
    desk.checkpoint(&log).await;
    drop(log);
    let verified = desk.verify().unwrap();
    assert_eq!(verified.unsigned, 0);
    // Long as it is, the next start finds its end.
    drop(desk.open());
    assert_eq!(desk.verify().unwrap().last, verified.last + 1);
}
