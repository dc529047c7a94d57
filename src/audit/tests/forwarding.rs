//! What another log of the machine hears.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::super::Forward;
use super::{Desk, PATIENCE, lines, write};

/// Writes a line and returns what a socket in the folder heard, and the line of the file.
async fn heard(forward: impl Fn(std::path::PathBuf) -> Forward) -> (Vec<String>, Vec<String>) {
    let mut desk = Desk::new();
    let path = desk.folder.path().join("socket.lock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    desk.settings.forward = Some(forward(path));
    let log = desk.open();
    write(&log, 1).await;
    let heard = (0..2).map(|_| {
        let mut bytes = vec![0; 65536];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    });
    let heard = heard.collect();
    assert_eq!(log.lost(), 0);
    (heard, lines(&desk.settings.file))
}

#[tokio::test]
async fn syslog_hears_each_line() {
    let (heard, lines) = heard(Forward::Syslog).await;
    for (message, line) in heard.iter().zip(&lines) {
        let (header, told) = message.split_once(" audit - ").unwrap();
        assert_eq!(told, line);
        let fields: Vec<&str> = header.split(' ').collect();
        assert_eq!((fields[0], fields[2], fields[3]), ("<86>1", "-", "keyferryd"), "{header}");
        assert_eq!(fields[4], std::process::id().to_string());
        assert!(fields[1].ends_with('Z'), "{header}");
    }
}

#[tokio::test]
async fn the_journal_hears_each_line() {
    let (heard, lines) = heard(Forward::Journald).await;
    for (message, (sequence, line)) in heard.iter().zip((1..).zip(&lines)) {
        let fields: Vec<&str> = message.strip_suffix('\n').unwrap().split('\n').collect();
        let (told, number) = (format!("MESSAGE={line}"), format!("KEYFERRY_SEQUENCE={sequence}"));
        assert_eq!(
            fields,
            [told.as_str(), "PRIORITY=6", "SYSLOG_FACILITY=10", "SYSLOG_IDENTIFIER=keyferryd", number.as_str()]
        );
    }
}

#[tokio::test]
async fn nobody_waits_for_one_who_does_not_listen() {
    let mut desk = Desk::new();
    let path = desk.folder.path().join("socket.lock");
    desk.settings.forward = Some(Forward::Syslog(path.clone()));
    let log = desk.open();
    write(&log, 1).await;
    // Listens from now on, and never reads: the queue of a socket is short.
    let socket = UnixDatagram::bind(&path).unwrap();
    for number in 2..2_000 {
        write(&log, number).await;
    }
    socket.set_nonblocking(true).unwrap();
    let mut heard = 0;
    // A line is forwarded after its writer has been answered: the last of them come while the queue is emptied.
    while log.lost() + heard < 2_000 {
        heard += std::iter::from_fn(|| socket.recv(&mut [0; 65536]).ok()).count() as u64;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(log.lost() > 2 && heard > 0, "{} lost, {heard} heard", log.lost());
    drop(log);
    assert_eq!(desk.settings.file.metadata().unwrap().len() as usize, desk.text().len());
    assert_eq!(lines(&desk.settings.file).len(), 2_000, "the file has them all");
}
