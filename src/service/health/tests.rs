use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

#[test]
fn what_is_needed_decides_who_serves() {
    let mut health = Health::all_well(at(0), ["second".to_owned()]);
    assert!(health.is_ready() && !health.has_given_up());
    assert!(health.learn("token", of_token(Condition::Ill(hsm::Trouble::Hanging)), at(1)));
    assert!(!health.is_ready() && !health.has_given_up());
    assert!(!health.serves(&[Part::Token, Part::Store]));
    assert!(health.serves(&[Part::Store, Part::Audit]) && health.serves(&[]));
    assert!(health.learn("token", of_token(Condition::Ill(hsm::Trouble::GivenUp)), at(2)));
    assert!(health.has_given_up());
    assert!(health.learn("token", of_token(Condition::Well), at(3)));
    assert!(health.is_ready() && !health.has_given_up());
}

#[test]
fn since_when_is_told_of_the_whole_outage_and_not_of_its_last_reason() {
    let mut health = Health::all_well(at(0), ["second".to_owned()]);
    let since = |health: &Health| health.parts()[1].since;
    let refused = || Some(of_store(&store::Error::Conflict));
    assert!(health.learn("store", refused(), at(10)));
    assert_eq!(since(&health), at(10));
    assert!(!health.learn("store", refused(), at(11)), "the same again is no news");
    assert!(health.learn("store", Some(of_store(&store::Error::ReadOnly)), at(12)));
    assert_eq!((since(&health), health.parts()[1].trouble.as_ref().unwrap().name), (at(10), "store-read-only"));
    assert!(health.learn("store", None, at(13)));
    assert_eq!(since(&health), at(13));
}

#[test]
fn a_further_token_is_told_of_by_its_name_and_decides_nothing_but_whether_to_start_anew() {
    let mut health = Health::all_well(at(0), ["second".to_owned()]);
    assert!(health.learn("token:second", of_token(Condition::Ill(hsm::Trouble::Hanging)), at(1)));
    assert!(health.is_ready() && health.serves(&[Part::Token]) && !health.has_given_up());
    assert!(health.learn("token:second", of_token(Condition::Ill(hsm::Trouble::GivenUp)), at(1)));
    assert!(health.is_ready() && health.serves(&[Part::Token]) && health.has_given_up());
    let told: Vec<_> = health.parts().iter().map(|part| (part.name(), part.trouble.is_some())).collect();
    let expected = [("token", false), ("store", false), ("audit", false), ("token:second", true)];
    assert_eq!(told, expected.map(|(name, ill)| (name.to_owned(), ill)));
    assert!(health.learn("token", of_token(Condition::Ill(hsm::Trouble::Absent)), at(2)));
    assert!(!health.is_ready());
}
