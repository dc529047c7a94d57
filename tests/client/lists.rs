//! Lists, page by page, on a service that nobody else fills.

use std::sync::Arc;

use super::desk::Desk;
use super::golden::Transcript;
use crate::harness::{Daemon, Settings};

const KEYS: &str = "Keys[].KeyId";

#[test]
fn a_list_is_put_together_from_its_pages_and_cut_where_it_is_wanted() {
    let daemon = Arc::new(Daemon::start(Settings::default()));
    let desk = Desk::at(&daemon);
    let formats = ["json", "text", "table", "yaml", "yaml-stream"].map(|format| ["--output", format]);
    let mut empty = Transcript::new(&desk);
    formats.iter().for_each(|format| drop(empty.expect(0, &[&["list-keys"], &format[..]].concat())));
    empty.golden("list-keys-empty");

    let mut keys: Vec<String> = (0..5).map(|_| desk.create(&["--origin", "EXTERNAL"])).collect();
    keys.sort_unstable();
    let mut transcript = Transcript::new(&desk);
    for (key, name) in keys.iter().zip('A'..) {
        // The width of an id, so that tables keep their form.
        transcript.mask(key, &format!("{name:->36}"));
    }
    let of = |key: &str, arguments: &[&str]| desk.query(key, &[&["list-keys"], arguments].concat());
    let next = of("NextToken", &["--max-items", "3"]);
    let marker = of("NextMarker", &["--limit", "2"]);
    let third = of("NextMarker", &["--limit", "4"]);
    for (marker, name) in [(&marker, 'B'), (&next, 'C'), (&third, 'D')] {
        transcript.mask(marker, &format!("{:->48}", format!("MARKER-OF-{name}")));
    }
    for format in &formats {
        let list = [&["list-keys"], &format[..]].concat();
        transcript.each(&list, &[&["--page-size", "2"], &["--page-size", "2", "--max-items", "3"]]);
    }
    #[rustfmt::skip]
    transcript.each(&["list-keys"], &[
        &["--max-items", "3", "--page-size", "2", "--query", KEYS],
        &["--starting-token", &next, "--query", KEYS],
        &["--starting-token", &next, "--max-items", "1", "--query", KEYS],
        &["--max-items", "5", "--output", "text"],
        &["--no-paginate", "--output", "text"],
        &["--limit", "2"],
        &["--limit", "2", "--output", "text"],
        &["--limit", "2", "--marker", &marker],
        &["--page-size", "2", "--output", "yaml-stream", "--query", KEYS],
        &["--page-size", "2", "--query", "length(Keys)"],
        &["--cli-input-json", "{\"Limit\": 2}", "--query", "Keys[].KeyId"],
        // One page and all pages at once.
        &["--limit", "2", "--max-items", "3"],
        &["--no-paginate", "--page-size", "2", "--starting-token", &next],
        &["--marker", &marker, "--starting-token", &next],
        &["--max-items", "0"],
        &["--page-size", "1001"],
    ]);
    transcript.golden("list-keys");
    // What was masked is what is said.
    assert_eq!(of(KEYS, &[]).split('\t').collect::<Vec<_>>(), keys);
    assert_eq!(of(KEYS, &["--starting-token", &next]).split('\t').collect::<Vec<_>>(), keys[3..]);
    assert_eq!(of(KEYS, &["--limit", "2", "--marker", &marker]).split('\t').collect::<Vec<_>>(), keys[2..4]);
}
