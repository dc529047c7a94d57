//! What strangers may take of what there is for all.

use super::*;
use crate::front::Peer;
use crate::service::Kind;

fn arrival(refused: Option<Error>) -> impl Future<Output = Arrival> {
    let deadline = Instant::now() + Duration::from_secs(60);
    async move { Arrival { caller: Peer::loopback().calls(None), deadline, refused, waiting: None } }
}

fn lines(folder: &std::path::Path) -> usize {
    let log = std::fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    log.lines().filter(|line| line.contains("UnrecognizedClientException")).count()
}

#[tokio::test]
async fn who_is_nobody_takes_no_place_and_not_all_the_room_in_the_audit_log() {
    let folder = tempfile::tempdir().unwrap();
    let calls = Calls::new(Arc::new(Gate::example(folder.path())), 1);
    let knock = async || {
        let use_case = |_| async { Ok(()) };
        calls.read(Action::DescribeKey, arrival(Some(Error::Unidentified)), use_case).await.1.unwrap_err().kind()
    };
    let all = calls.slots.clone().acquire_owned().await.unwrap();
    assert_eq!(knock().await, Kind::UnrecognizedClient, "and not that there is no place");
    drop(all);
    let mut heard = 1;
    while knock().await == Kind::UnrecognizedClient {
        heard += 1;
        assert!(heard < 10_000, "whoever reaches the door fills the disk");
    }
    assert!(heard >= 400, "{heard}");
    // Those who are known are heard as before.
    assert!(calls.change(Action::EnableKey, arrival(None), |_| async { Ok(()) }).await.1.is_ok());
    assert_eq!(lines(folder.path()), heard);
}
