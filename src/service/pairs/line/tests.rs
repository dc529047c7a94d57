//! Who comes next, and who gets no place.

use super::*;
use crate::model::{Account, PairUse, WrappingKeySpec};

const SMALL: PairKind = PairKind { spec: WrappingKeySpec::Rsa2048, pair_use: PairUse::Unwrap };
const LARGE: PairKind = PairKind { spec: WrappingKeySpec::Rsa4096, pair_use: PairUse::Unwrap };

fn principal(name: &str) -> Principal {
    Principal { name: name.to_owned(), account: Account::parse("111122223333").unwrap(), tags: Default::default() }
}

/// Whether the turn has come, without waiting.
fn has_come(held: &mut Held) -> bool {
    let come = matches!(held.turn.try_recv(), Ok(Turn::Ready));
    held.called |= come;
    come
}

#[test]
fn turns_go_round_the_principals() {
    let line = Line::new(10);
    let names = ["a", "a", "a", "b", "b", "c"];
    let mut held: Vec<Held> = names.iter().map(|name| line.join(&principal(name), SMALL).unwrap()).collect();
    let mut order = Vec::new();
    for _ in 0..held.len() {
        line.call(SMALL, Turn::Ready);
        let next = held.iter_mut().position(has_come).unwrap();
        order.push(names[next]);
    }
    assert_eq!(order, ["a", "b", "c", "a", "b", "a"]);
    assert_eq!(line.wanted(), []);
}

#[test]
fn a_turn_is_for_the_first_who_wants_the_kind() {
    let line = Line::new(10);
    let mut large = line.join(&principal("a"), LARGE).unwrap();
    let mut small = line.join(&principal("b"), SMALL).unwrap();
    line.call(SMALL, Turn::Ready);
    assert!(!has_come(&mut large) && has_come(&mut small));
    assert!(line.waits_for(LARGE) && line.waits_for(SMALL), "called, and not served yet");
    small.used();
    drop(small);
    assert!(!line.waits_for(SMALL));
}

#[test]
fn a_turn_that_is_not_used_is_the_next_ones() {
    let line = Line::new(10);
    let mut held: Vec<Held> = ["a", "b", "c"].iter().map(|name| line.join(&principal(name), SMALL).unwrap()).collect();
    line.call(SMALL, Turn::Ready);
    drop(held.remove(0));
    assert!(has_come(&mut held[0]), "the first left with their turn unheard");
    drop(held.remove(0));
    assert!(has_come(&mut held[0]), "the second heard it and came to nothing");
    assert_eq!(line.called(SMALL), 1);
    held[0].used();
    drop(held);
    assert_eq!(line.called(SMALL), 0);
}

#[test]
fn whoever_leaves_gives_up_their_place_and_their_turn() {
    let line = Line::new(2);
    let first = line.join(&principal("a"), SMALL).unwrap();
    let mut second = line.join(&principal("a"), SMALL).unwrap();
    drop(first);
    line.call(SMALL, Turn::Ready);
    assert!(has_come(&mut second));
    assert_eq!(line.wanted(), []);
}

#[test]
fn a_full_line_takes_from_whoever_has_most_for_whoever_has_less() {
    let line = Line::new(3);
    let mut greedy: Vec<Held> = (0..3).map(|_| line.join(&principal("a"), SMALL).unwrap()).collect();
    assert_eq!(line.join(&principal("a"), SMALL).unwrap_err(), Crowded);
    let _modest = line.join(&principal("b"), SMALL).unwrap();
    assert!(matches!(greedy[2].turn.try_recv(), Ok(Turn::Displaced)), "the last place of the one with most");
    // Two and one: to take another would only turn the tables.
    assert_eq!(line.join(&principal("b"), SMALL).unwrap_err(), Crowded);
    let _another = line.join(&principal("c"), SMALL).unwrap();
    assert!(matches!(greedy[1].turn.try_recv(), Ok(Turn::Displaced)));
    assert_eq!(line.join(&principal("d"), SMALL).unwrap_err(), Crowded);
    assert_eq!(line.wanted().len(), 3);
}

#[test]
fn one_pair_is_made_for_each_who_waits_and_no_more_at_once_than_may_be() {
    let line = Line::new(10);
    assert_eq!(line.next_to_make(2), None);
    let _a = [line.join(&principal("a"), SMALL).unwrap(), line.join(&principal("a"), SMALL).unwrap()];
    let _b = line.join(&principal("b"), LARGE).unwrap();
    assert_eq!(line.next_to_make(2), Some(SMALL), "the first's");
    assert_eq!(line.next_to_make(2), Some(LARGE), "then the other principal's");
    assert_eq!(line.next_to_make(2), None, "two are under way");
    assert_eq!(line.next_to_make(3), Some(SMALL));
    assert_eq!(line.next_to_make(9), None, "one for each");
    line.made(SMALL);
    assert_eq!(line.next_to_make(9), Some(SMALL), "it came to nothing, and they wait still");
}
