use std::fs;

use super::*;

/// Two decisions, a checkpoint, two decisions, a checkpoint.
async fn signed_log(settings: &Settings) -> Vec<String> {
    let log = Log::open(settings.clone()).unwrap();
    for _ in 0..2 {
        write(&log, 0).await;
        write(&log, 1).await;
        Signer::new().sign(&log).await;
    }
    drop(log);
    let lines: Vec<String> = fs::read_to_string(&settings.file).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 7);
    assert_eq!(check(settings).unwrap().unsigned, 0);
    lines
}

fn put(settings: &Settings, lines: &[String]) {
    fs::write(&settings.file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

#[tokio::test]
async fn every_altered_byte_is_found_in_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let lines = signed_log(&settings).await;
    let whole = fs::read(&settings.file).unwrap();
    let mut line = 1;
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        fs::write(&settings.file, &altered).unwrap();
        match check(&settings) {
            // The link of a line is that line's, and may be taken for the line before.
            Err(fault) => assert!([line, line - 1].contains(&fault.line), "byte {at} of line {line}: {fault}"),
            // The last newline: no whole line is behind the one that is signed.
            Ok(found) => assert!(at + 1 == whole.len() && found.unfinished > 0, "byte {at}: {found:?}"),
        }
        if whole[at] == b'\n' {
            line += 1;
        }
    }
    assert_eq!(line, lines.len() as u64 + 1);
}

#[tokio::test]
async fn lines_taken_out_put_in_and_exchanged_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let lines = signed_log(&settings).await;
    for at in 0..lines.len() - 1 {
        let mut less = lines.clone();
        less.remove(at);
        put(&settings, &less);
        check(&settings).unwrap_err();
        let mut exchanged = lines.clone();
        exchanged.swap(at, at + 1);
        put(&settings, &exchanged);
        check(&settings).unwrap_err();
    }
    for at in 0..=lines.len() {
        for line in &lines {
            let mut more = lines.clone();
            more.insert(at, line.clone());
            put(&settings, &more);
            check(&settings).unwrap_err();
        }
    }
}

#[tokio::test]
async fn what_is_cut_off_the_end_shows_by_how_far_the_log_goes() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let lines = signed_log(&settings).await;
    let expected = [(None, 1), (None, 2), (None, 3), (Some(3), 0), (Some(3), 1), (Some(3), 2), (Some(6), 0)];
    for (left, (signed_up_to, unsigned)) in (1..).zip(expected) {
        put(&settings, &lines[..left]);
        let found = check(&settings).unwrap();
        assert_eq!((found.last, found.signed_up_to, found.unsigned), (left as u64, signed_up_to, unsigned));
    }
}

/// Whoever has the file but not the key.
fn recompute(lines: &[String]) -> Vec<String> {
    let mut link = crate::audit::line::Link::default();
    let mut text = String::new();
    for line in lines {
        let line = crate::audit::line::Line::read(line.as_bytes()).unwrap();
        link.write(line.kind, line.body, &mut text);
    }
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_chain_that_was_made_anew_is_found_by_the_signature() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let lines = signed_log(&settings).await;
    assert_eq!(recompute(&lines), lines);
    for at in 1..6 {
        let mut altered = lines.clone();
        altered[at] = altered[at].replace(r#""eventName":"DescribeKey""#, r#""eventName":"ListKeys""#);
        put(&settings, &recompute(&altered));
        if at != 3 {
            let fault = check(&settings).unwrap_err().to_string();
            assert!(fault.contains("does not cover"), "{fault}");
        }
    }
    // Also where the checkpoint says what the new chain wants.
    let mut altered = lines.clone();
    altered[1] = altered[1].replace(r#""eventName":"DescribeKey""#, r#""eventName":"ListKeys""#);
    let altered = recompute(&altered);
    let hash = |line: &String| base16ct::lower::encode_string(&Sha256::digest(line));
    let forged = altered[3].replace(&hash(&lines[2]), &hash(&altered[2]));
    let forged = recompute(&[&altered[..3], &[forged]].concat());
    put(&settings, &forged);
    assert!(check(&settings).unwrap_err().to_string().contains("the signature of the checkpoint"));
    let unsigned = verify(&files(&settings), None).unwrap();
    assert_eq!((unsigned.unsigned, unsigned.signed_up_to), (4, None), "without the key nobody can tell");
    // A checkpoint of another key, of another log, and none.
    put(&settings, &lines);
    let other = SigningKey::from_slice(&[8; 32]).unwrap().verifying_key().to_public_key_der().unwrap();
    let fault = verify(&files(&settings), Some(other.as_bytes())).unwrap_err().to_string();
    assert!(fault.contains("not the trusted one"), "{fault}");
    assert!(verify(&files(&settings), Some(b"none")).unwrap_err().to_string().contains("P-256"));
    let moved: Vec<String> = lines.iter().map(|line| line.replace("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002")).collect();
    put(&settings, &recompute(&moved));
    assert!(check(&settings).unwrap_err().to_string().contains("does not cover"));
}

#[tokio::test]
async fn a_file_that_begins_later_is_no_whole_log() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    signed_log(&settings).await;
    let lines = signed_log_again(&settings).await;
    // From the line on that a later start wrote.
    put(&settings, &lines[7..]);
    assert!(check(&settings).unwrap_err().to_string().contains("lines before it were removed"));
}

async fn signed_log_again(settings: &Settings) -> Vec<String> {
    write(&Log::open(settings.clone()).unwrap(), 0).await;
    fs::read_to_string(&settings.file).unwrap().lines().map(str::to_owned).collect()
}
