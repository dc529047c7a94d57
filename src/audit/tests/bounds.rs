//! A line is bounded, tells all that it is given, and no more.

use serde_json::{Map, Value, json};

use super::super::line::{Chain, Line, MAX_LINE};
use super::super::{Event, shorten};
use super::event;

fn written(event: &Event) -> Value {
    let (mut chain, mut line) = (Chain { next: u64::MAX - 1, ..Chain::START }, Vec::new());
    chain.append(&shorten::body(event), &mut line);
    assert!(line.len() <= MAX_LINE, "{}", line.len());
    let line = line.strip_suffix(b"\n").unwrap();
    serde_json::from_str(Line::parse(line).expect("a reader takes it").json).unwrap()
}

#[test]
fn an_event_that_fits_is_written_as_it_is() {
    let event = event(1);
    let mut expected = serde_json::to_value(&event).unwrap();
    let mut found = written(&event);
    // Each time it is told, it has an id of its own.
    for value in [&mut expected, &mut found] {
        assert!(value.as_object_mut().unwrap().remove("eventID").is_some());
    }
    assert_eq!(found, expected);
}

#[test]
fn long_values_are_shortened_and_say_so_and_none_is_dropped() {
    let mut event = event(1);
    let long = "é".repeat(20_000);
    event.source_ip_address = Some(long.clone());
    event.user_agent = Some("\u{1}\"\\\u{1b}".repeat(20_000));
    event.request_parameters = Some(Map::from_iter([("description".to_owned(), Value::from(long))]));
    event.additional = Map::from_iter((0..20).map(|n| (format!("field{n}"), Value::from("x".repeat(3_000)))));
    let found = written(&event);
    for value in [&found["sourceIPAddress"], &found["userAgent"], &found["requestParameters"]["description"]] {
        assert!(value.as_str().unwrap().ends_with(" bytes more)"), "{value}");
    }
    assert!(found["sourceIPAddress"].as_str().unwrap().starts_with("éééé"));
    assert_eq!(found["additionalEventData"].as_object().unwrap().len(), 20);
    assert_eq!(found["requestID"], json!(event.request_id.to_string()));
}

#[test]
fn too_many_values_become_one_that_says_how_many_bytes_it_had() {
    let mut event = event(1);
    event.request_parameters = Some((0..5_000).map(|n| (format!("field{n}"), Value::from(n))).collect());
    event.additional = Map::from_iter([("\u{2}".repeat(50_000), Value::Null)]);
    event.policies = vec!["\u{3}".repeat(100); 500];
    let found = written(&event);
    assert!(found["requestParameters"].as_str().unwrap().starts_with("{\"field0\":0,"));
    assert!(found["requestParameters"].as_str().unwrap().ends_with(" bytes more)"));
    assert_eq!(found["eventName"], "ImportKeyMaterial");
}

#[test]
fn what_a_reader_could_not_write_again_is_written_as_text() {
    let mut event = event(1);
    let deep = (0..200).fold(Value::from(1), |inner, _| Value::Array(vec![inner]));
    event.additional = Map::from_iter([("share".to_owned(), json!(0.1)), ("deep".to_owned(), deep)]);
    assert_eq!(written(&event)["additionalEventData"]["share"], "0.1");
}

#[test]
fn a_line_is_taken_in_one_form_only() {
    let (mut chain, mut line) = (Chain::START, Vec::new());
    chain.append(&shorten::body(&event(1)), &mut line);
    let line = String::from_utf8(line).unwrap().trim_end().to_owned();
    assert!(Line::parse(line.as_bytes()).is_some());
    let changes: [(&str, &str); 9] = [
        ("{\"sequence\":1,", "{\"sequence\":01,"),
        ("{\"sequence\":1,", "{ \"sequence\":1,"),
        ("{\"sequence\":1,", "{\"sequence\":1,\"sequence\":2,"),
        ("000\",\"event\"", "00\",\"event\""),
        ("\"event\":{", "\"evEnt\":{"),
        ("\"event\":{", "\"event\":{\"eventName\":\"DescribeKey\","),
        ("\"event\":{", "\"event\":{ "),
        ("ImportKeyMaterial", "\\u0049mportKeyMaterial"),
        ("}}", "},\"event\":{}}"),
    ];
    for (from, to) in changes {
        let other = line.replacen(from, to, 1);
        assert_ne!(other, line, "{from}");
        assert!(Line::parse(other.as_bytes()).is_none(), "{other}");
    }
    assert!(Line::parse(format!("{line} ").as_bytes()).is_none());
    assert!(Line::parse(format!("{line}\r").as_bytes()).is_none());
}
