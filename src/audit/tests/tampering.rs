//! Whatever is done to a log that was signed is found, and said of the right line.

use std::path::PathBuf;

use tempfile::TempDir;

use super::super::line::{Body, Chain, Hash, Line};
use super::super::{Fault, Verified, Wrong, verify};
use super::{Desk, lines, write};

/// A log of two checkpoints and one line that is not signed for: its lines, with their ends.
struct Signed {
    lines: Vec<Vec<u8>>,
    spki: Vec<u8>,
    honest: Verified,
    folder: TempDir,
}

impl Signed {
    async fn new() -> Self {
        let desk = Desk::new();
        let log = desk.open();
        for number in 0..5 {
            write(&log, number).await;
            if number % 2 == 1 {
                desk.checkpoint(&log).await;
            }
        }
        drop(log);
        let lines = desk.text().split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect();
        Self { lines, spki: desk.spki(), honest: desk.verify().unwrap(), folder: desk.folder }
    }

    fn verify(&self, bytes: &[u8]) -> Result<Verified, Fault> {
        let path = self.folder.path().join("altered");
        std::fs::write(&path, bytes).unwrap();
        verify(&[path], Some(&self.spki))
    }

    /// Checks that this is found: there is a fault, or less is signed for than before, as whoever compares can see.
    fn is_found(&self, lines: &[Vec<u8>], what: &str) {
        if let Ok(verified) = self.verify(&lines.concat()) {
            assert!(verified.signed_up_to < self.honest.signed_up_to, "{what}: {verified:?}");
        }
    }

    fn fault(&self, lines: &[Vec<u8>]) -> (u64, Wrong) {
        match self.verify(&lines.concat()) {
            Err(Fault::Line { line, wrong, .. }) => (line, wrong),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn every_byte_counts() {
    let signed = Signed::new().await;
    assert_eq!((signed.honest.signed_up_to, signed.honest.unsigned, signed.honest.lines), (Some(6), 1, 8));
    let all = signed.lines.concat();
    let unsigned = all.len() - signed.lines[7].len();
    for at in 0..all.len() {
        for bit in [1, 0x20] {
            let mut altered = all.clone();
            altered[at] ^= bit;
            let number = all[..at].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            match signed.verify(&altered) {
                // The line was altered, or the end of it, which makes two lines one.
                Err(Fault::Line { line, .. }) => {
                    assert!(line == number || line + 1 == number, "byte {at}: {line}, not {number}")
                }
                Ok(verified) => {
                    assert!(at >= unsigned, "byte {at}");
                    assert!(verified.unsigned >= 1 || verified.unfinished > 0, "byte {at}: {verified:?}");
                }
                other => panic!("byte {at}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_checkpoint_vouches_for_itself() {
    let signed = Signed::new().await;
    // Nothing follows it that would name its hash.
    let all = signed.lines[..7].concat();
    assert_eq!(signed.verify(&all).unwrap().unsigned, 0);
    for at in all.len() - signed.lines[6].len()..all.len() - 1 {
        let mut altered = all.clone();
        altered[at] ^= 1;
        assert!(signed.verify(&altered).is_err(), "byte {at}");
    }
}

#[tokio::test]
async fn of_an_altered_line_it_is_said_which_one_it_is() {
    let signed = Signed::new().await;
    let altered = |at: usize, from: &str, to: &str| {
        let mut lines = signed.lines.clone();
        let line = String::from_utf8(lines[at].clone()).unwrap();
        lines[at] = line.replacen(from, to, 1).into_bytes();
        assert_ne!(lines[at], signed.lines[at]);
        lines
    };
    for (at, number) in [(1, 0), (2, 1), (4, 2)] {
        let lines = altered(at, &format!("number {number}."), "number 9.");
        assert_eq!(signed.fault(&lines), (at as u64 + 1, Wrong::Altered));
    }
    let link = |at: usize| {
        let text = String::from_utf8(signed.lines[at].clone()).unwrap();
        let hash = Line::parse(text.trim_end().as_bytes()).unwrap().previous.to_string();
        altered(at, &hash, &"a".repeat(64))
    };
    assert_eq!(signed.fault(&link(2)), (3, Wrong::Link));
    // Of the last two, nothing that follows tells which.
    assert_eq!(signed.fault(&link(7)), (7, Wrong::AlteredOrLink));
}

#[tokio::test]
async fn lines_taken_out_put_in_or_reordered_are_found() {
    let signed = Signed::new().await;
    for at in 0..signed.lines.len() - 1 {
        let mut without = signed.lines.clone();
        without.remove(at);
        signed.is_found(&without, &format!("without {at}"));
        let mut swapped = signed.lines.clone();
        swapped.swap(at, at + 1);
        assert!(signed.verify(&swapped.concat()).is_err(), "swapped {at}");
        let mut doubled = signed.lines.clone();
        doubled.insert(at, signed.lines[at].clone());
        assert!(signed.verify(&doubled.concat()).is_err(), "twice {at}");
        let mut longer = signed.lines.clone();
        longer.insert(at, b"\n".to_vec());
        assert!(signed.verify(&longer.concat()).is_err(), "an empty line before {at}");
    }
    let all = signed.lines.concat();
    for end in 0..all.len() - signed.lines[7].len() - 1 {
        signed.is_found(&[all[..end].to_vec()], &format!("cut at {end}"));
    }
}

#[tokio::test]
async fn who_computes_the_chain_anew_has_no_signature_for_it() {
    let signed = Signed::new().await;
    for altered in 0..7 {
        let mut lines = Vec::new();
        let mut chain = Chain::START;
        for (at, line) in signed.lines.iter().enumerate() {
            let line = Line::parse(line.strip_suffix(b"\n").unwrap()).unwrap();
            let json = if at == altered { line.json.replacen("\":\"", "\":\"X", 1) } else { line.json.to_owned() };
            chain.append(&Body { kind: line.kind, json }, &mut lines);
        }
        let Err(Fault::Line { wrong, .. }) = signed.verify(&lines) else { panic!("{altered}") };
        let expected = match altered {
            0 => Wrong::Beginning,     // no log's name any more
            3 | 6 => Wrong::Malformed, // no hash any more
            1 | 2 => Wrong::OtherLines(3),
            _ => Wrong::OtherLines(6),
        };
        assert_eq!(wrong, expected, "{altered}");
    }
}

#[tokio::test]
async fn a_checkpoint_of_another_key_another_log_or_another_line_is_none() {
    let signed = Signed::new().await;
    let rewritten = |change: &dyn Fn(usize, &str) -> String| {
        let (mut lines, mut chain) = (Vec::new(), Chain::START);
        for (at, line) in signed.lines.iter().enumerate() {
            let line = Line::parse(line.strip_suffix(b"\n").unwrap()).unwrap();
            let json = change(at, line.json);
            // A forger keeps checkpoints in step with the chain.
            let json = match line.json.split_once("\"hash\":\"") {
                Some((before, rest)) if at == 3 || at == 6 => {
                    format!("{before}\"hash\":\"{}{}", chain.previous, &rest[64..])
                }
                _ => json,
            };
            chain.append(&Body { kind: line.kind, json }, &mut lines);
        }
        signed.verify(&lines)
    };
    assert_eq!(rewritten(&|_, json| json.to_owned()).unwrap(), signed.honest);
    for (at, from, to) in
        [(0, "\"log\":\"", "\"log\":\"00000000-0000-0000-0000-000000000000"), (2, "number 1.", "number 8.")]
    {
        let forged = rewritten(&|here, json| match json.split_once(from) {
            Some((before, rest)) if here == at && at == 0 => format!("{before}{to}{}", &rest[36..]),
            Some(_) if here == at => json.replacen(from, to, 1),
            _ => json.to_owned(),
        });
        assert!(matches!(forged, Err(Fault::Line { line: 4, wrong: Wrong::Signature, .. })), "{forged:?}");
    }
    let path: PathBuf = signed.folder.path().join("audit.jsonl");
    let mut other = Desk::new();
    other.key = p256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap();
    let foreign = verify(std::slice::from_ref(&path), Some(&other.spki()));
    assert!(matches!(foreign, Err(Fault::Line { line: 4, wrong: Wrong::OtherKey(_), .. })), "{foreign:?}");
    assert!(matches!(verify(std::slice::from_ref(&path), Some(b"no key")), Err(Fault::Key)));
    let unchecked = verify(&[path], None).unwrap();
    assert_eq!((unchecked.signed_up_to, unchecked.checkpoints), (None, 2));
}

#[tokio::test]
async fn a_file_that_lost_its_first_lines_does_not_pass_for_one_that_follows_another() {
    let desk = Desk::new();
    for number in 0..3 {
        write(&desk.open(), number).await;
    }
    let path = desk.settings.file.clone();
    let all = lines(&path);
    for at in 1..all.len() {
        std::fs::write(&path, all[at..].join("\n") + "\n").unwrap();
        let found = desk.verify();
        assert!(matches!(found, Err(Fault::Line { line: 1, wrong: Wrong::Beginning, .. })), "{at}: {found:?}");
    }
}

#[tokio::test]
async fn a_chain_begins_with_the_number_one_and_nothing_before_it() {
    let signed = Signed::new().await;
    let first = Line::parse(signed.lines[0].strip_suffix(b"\n").unwrap()).unwrap();
    for mut chain in [Chain { next: 5, ..Chain::START }, Chain { next: 1, previous: Hash([1; 32]) }] {
        let mut lines = Vec::new();
        chain.append(&Body { kind: first.kind, json: first.json.to_owned() }, &mut lines);
        assert_eq!(signed.fault(&[lines]), (1, Wrong::Beginning));
    }
}
