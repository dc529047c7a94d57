//! The module that fails as it is told: it forwards what it has no orders for, and does each thing that it can be ordered.

use std::time::{Duration, Instant};

use keyferry::model::key_spec::HmacHash;

use super::driver::{Driver, KEY};
use crate::harness::any_token::{AnyToken, Make};
use crate::harness::openssl::{self, hex};

/// What the key's MAC of what the driver signs is.
fn mac() -> String {
    hex(&openssl::hmac(HmacHash::Sha256, &KEY, b"message"))
}

#[test]
fn what_no_rule_is_for_reaches_the_token_whoever_made_it_and_is_counted() {
    for make in [Make::SoftHsm, Make::Kryoptic] {
        let token = AnyToken::new(make);
        let mut driver = Driver::logged_in(&token);
        assert_eq!(driver.tell("create"), "ok");
        driver.faults.reset();
        driver.faults.rule("C_Sign 9 return CKR_DEVICE_ERROR");
        assert_eq!(driver.tell("sign"), mac());
        let counts: Vec<(String, u64)> = driver.faults.counts().into_iter().collect();
        // One call asks for the length.
        assert_eq!(counts, [("C_Sign".to_owned(), 2), ("C_SignInit".to_owned(), 1)], "{make:?}");
        assert_eq!(driver.faults.fired(), 0);
        assert_eq!(driver.faults.ask("fired"), ["0 C_Sign 9 return CKR_DEVICE_ERROR"]);
    }
}

#[test]
fn a_rule_is_for_one_call_or_for_all_from_one_on() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::logged_in(&token);
    for (occurrence, fail) in [("2", [false, true, false]), ("2..", [false, true, true]), ("*", [true, true, true])] {
        driver.faults.rule(&format!("C_GenerateRandom {occurrence} return CKR_DEVICE_ERROR"));
        let failed = [0; 3].map(|_| driver.tell("random") == "DeviceError");
        assert_eq!(failed, fail, "{occurrence}");
        driver.faults.clear();
    }
    driver.faults.rule("* 2 return 0x80000001");
    assert_eq!(driver.tell("state"), "RwUser");
    assert_eq!(driver.tell("random"), "VendorDefined(2147483649)");
    assert_eq!(driver.tell("random").len(), 16, "cleared it was not, but it is over");
}

#[test]
fn of_two_rules_for_one_call_the_first_counts() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::logged_in(&token);
    driver.faults.rule("C_GenerateRandom 1 return CKR_HOST_MEMORY");
    driver.faults.rule("* 1.. return CKR_DEVICE_ERROR");
    assert_eq!(driver.tell("random"), "HostMemory");
    assert_eq!(driver.tell("random"), "DeviceError");
}

#[test]
fn a_call_whose_answer_is_lost_has_happened_and_one_that_is_refused_has_not() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::logged_in(&token);
    driver.faults.rule("C_CreateObject 1 return CKR_DEVICE_MEMORY");
    assert_eq!(driver.tell("create"), "DeviceMemory");
    assert_eq!(driver.tell("find"), "0");
    driver.faults.rule("C_CreateObject 1 after CKR_DEVICE_MEMORY");
    assert_eq!(driver.tell("create"), "DeviceMemory");
    assert_eq!(driver.tell("find"), "1");
}

#[test]
fn a_lie_is_believed_until_it_is_tried() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::logged_in(&token);
    driver.faults.rule("C_CreateObject 1 lie");
    assert_eq!(driver.tell("create"), "ok");
    assert_eq!(driver.tell("find"), "0");
    assert_eq!(driver.tell("sign"), "ObjectHandleInvalid");
    assert_eq!(driver.tell("create"), "ok");
    driver.faults.rule("C_Sign * lie");
    assert_eq!(driver.tell("sign"), "a5".repeat(32));
    driver.faults.clear();
    assert_eq!(driver.tell("state"), "RwUser");
}

#[test]
fn a_call_hangs_before_or_after_it_is_done_until_the_rules_are_cleared() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::logged_in(&token);
    for (action, open) in [("hang", 1), ("hang-after", 3)] {
        driver.faults.rule(&format!("C_OpenSession 1 {action}"));
        driver.begin("open");
        driver.faults.wait_until_hanging(1);
        assert_eq!(driver.faults.open(), open, "{action}");
        assert_eq!(driver.faults.ask("hanging"), ["1"]);
        driver.faults.clear();
        assert_eq!(driver.finish(), "ok", "{action}");
        assert_eq!(driver.faults.ask("hanging"), ["0"]);
    }
    assert_eq!(driver.faults.open(), 3);
}

#[test]
fn a_call_is_late() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::logged_in(&token);
    driver.faults.rule("C_GenerateRandom 1 delay 300");
    let began = Instant::now();
    assert_eq!(driver.tell("random").len(), 16);
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}

#[test]
fn the_process_is_killed_before_the_call_or_after_it() {
    let token = AnyToken::new(Make::SoftHsm);
    for (action, objects) in [("crash", "0"), ("crash-after", "1")] {
        let mut driver = Driver::logged_in(&token);
        driver.faults.rule(&format!("C_CreateObject 1 {action}"));
        driver.killed_at("create");
        assert_eq!(Driver::logged_in(&token).tell("find"), objects, "{action}");
    }
}

#[test]
fn the_login_is_lost_and_the_session_is() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::logged_in(&token);
    driver.faults.rule("C_GenerateRandom 1 logout");
    assert_eq!(driver.tell("random").len(), 16);
    assert_eq!(driver.tell("state"), "RwPublic");
    assert_eq!(driver.tell("login"), "ok");
    driver.faults.rule("C_GenerateRandom 2 close");
    assert_eq!(driver.tell("random").len(), 16);
    assert_eq!(driver.tell("random"), "SessionHandleInvalid");
    assert_eq!(driver.faults.open(), 0);
    assert_eq!(driver.tell("open"), "ok");
}

#[test]
fn no_more_sessions_are_open_than_may_be() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::logged_in(&token);
    driver.faults.ask("sessions 2");
    assert_eq!(driver.tell("open"), "ok");
    assert_eq!(driver.tell("open"), "SessionCount");
    assert_eq!(driver.tell("random").len(), 16);
    driver.faults.ask("sessions off");
    assert_eq!(driver.tell("open"), "ok");
    assert_eq!(driver.faults.open(), 3);
}

#[test]
fn the_token_is_taken_away_and_put_back_and_its_sessions_are_gone() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::logged_in(&token);
    assert_eq!(driver.tell("slots"), "1");
    driver.faults.ask("absent");
    assert_eq!(driver.tell("slots"), "0");
    assert_eq!(driver.tell("random"), "TokenNotPresent");
    driver.faults.ask("present");
    assert_eq!(driver.tell("slots"), "1");
    assert_eq!(driver.tell("random"), "SessionHandleInvalid");
    assert_eq!(driver.tell("open"), "ok");
    assert_eq!(driver.tell("state"), "RwPublic");
}

#[test]
fn the_module_is_initialised_anew_and_the_token_has_what_it_had() {
    for make in [Make::SoftHsm, Make::Kryoptic] {
        let token = AnyToken::new(make);
        let mut driver = Driver::logged_in(&token);
        assert_eq!(driver.tell("create"), "ok");
        driver.faults.ask("renew");
        assert_eq!(driver.faults.open(), 0, "{make:?}");
        assert_eq!(driver.tell("random"), "SessionHandleInvalid", "{make:?}");
        assert_eq!(driver.tell("open"), "ok");
        assert_eq!(driver.tell("state"), "RwPublic", "{make:?}");
        assert_eq!(driver.tell("login"), "ok");
        assert_eq!(driver.tell("find"), "1", "{make:?}");
    }
}

#[test]
fn what_softhsm2_keeps_of_destroyed_objects_is_in_the_heap_until_it_is_initialised_anew() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::logged_in(&token);
    let turn = |driver: &mut Driver| {
        for what in ["create", "destroy"] {
            assert_eq!(driver.tell(what), "ok");
        }
    };
    // What is allocated once is, in the first life and in the second.
    turn(&mut driver);
    assert_eq!(driver.tell("again"), "ok");
    let before = driver.faults.heap();
    assert_eq!([driver.tell("open"), driver.tell("login")], ["ok", "ok"]);
    let logged_in = driver.faults.heap();
    (0..200).for_each(|_| turn(&mut driver));
    let kept = driver.faults.heap() - logged_in;
    assert!((200 * 500..200 * 2000).contains(&kept), "{kept} bytes of 200 objects");
    assert_eq!(driver.tell("again"), "ok");
    let after = driver.faults.heap();
    assert!(after < before + 10_000, "{before} bytes and then {after}");
}

#[test]
fn what_is_no_command_is_refused_with_the_reason() {
    let token = AnyToken::new(Make::SoftHsm);
    let mut driver = Driver::start(&token);
    for (command, reason) in [
        ("rule C_Sing 1 hang", "\"C_Sing\" is no function of PKCS#11 2.40, nor `*` for all of them"),
        ("rule C_Sign 0 hang", "\"0\" is no occurrence: `3` for the third call, `3..` from the third on, `*` for each"),
        (
            "rule C_Sign 1 return CKR_BAD",
            "\"CKR_BAD\" is no CK_RV: give its name, such as CKR_DEVICE_ERROR, or a number, such as 0x30",
        ),
        ("sessions few", "\"few\" is no number"),
    ] {
        assert_eq!(driver.faults.try_ask(command), Err(reason.to_owned()), "{command}");
    }
    assert!(
        driver.faults.try_ask("rule C_Sign 1 explode").unwrap_err().starts_with("\"explode\" is no action: return CKR, ")
    );
    assert!(driver.faults.try_ask("exit").unwrap_err().starts_with("\"exit\" is no command: rule, "));
    assert_eq!(driver.faults.ask("fired"), [""; 0]);
    let refusal = Driver::refusal(&token, "# each\nrule C_Sign * hang\n\nrule C_Sign\n");
    assert!(
        refusal.contains("PKCS11_FAULTS_SCRIPT: ") && refusal.contains(":4: \"rule C_Sign\" is no command"),
        "{refusal}"
    );
}
