use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::*;
use crate::audit::Forward;

fn received(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 32 * 1024];
    let length = socket.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

#[tokio::test]
async fn each_line_goes_to_the_machines_log_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let head = format!("<86>keyferryd[{}]: ", std::process::id());
    let forms: [(Forward, &str, &str); 2] = [
        (Forward::Syslog(path.clone()), &head, ""),
        (Forward::Journald(path.clone()), "MESSAGE=", "\nPRIORITY=6\nSYSLOG_IDENTIFIER=keyferryd\nKEYFERRY_SEQUENCE="),
    ];
    for (at, (forward, before, after)) in forms.into_iter().enumerate() {
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let home = folder.path().join(at.to_string());
        fs::create_dir(&home).unwrap();
        let settings = Settings { forward: Some(forward), ..settings(&home) };
        let log = Log::open(settings.clone()).unwrap();
        write(&log, 1).await;
        log.begin().unwrap().write(&event(2), false).await.unwrap();
        Signer::new().sign(&log).await;
        let text = fs::read_to_string(&settings.file).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            let after = if after.is_empty() { String::new() } else { format!("{after}{number}\n") };
            assert_eq!(received(&socket), format!("{before}{line}{after}"));
        }
        assert_eq!(log.lost(), 0);
        // Nobody listens: what is lost is counted, and the log goes on.
        drop(socket);
        write(&log, 3).await;
        fs::remove_file(&path).unwrap();
        write(&log, 4).await;
        drop(log);
        let log = Log::open(settings.clone()).unwrap();
        assert_eq!(log.lost(), 1, "the line that says it was opened");
        assert_eq!(check(&settings).unwrap().lines, text.lines().count() as u64 + 3);
    }
}
