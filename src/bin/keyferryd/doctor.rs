//! `keyferryd doctor`: what the token was found able to do, and how full it is, as a table for people and as JSON.

use std::fmt::Write;

use anyhow::Context;
use keyferry::hsm::Profile;
use keyferry::service::{Forecast, Holdings};
use serde_json::json;

/// A token, and what the record says of how full it is, or why it says nothing.
pub(crate) type Examined = (Profile, Result<Holdings, String>);

/// A table for each token.
pub(crate) fn tables(tokens: &[Examined]) -> String {
    tokens.iter().map(|(profile, holdings)| table(profile, holdings)).collect::<Vec<_>>().join("\n")
}

/// One line a path, columns as wide as they must be. `holdings` is what the record says, or why it says nothing.
fn table(profile: &Profile, holdings: &Result<Holdings, String>) -> String {
    let facts = [
        ("label", profile.label.clone()),
        ("serial number", profile.serial_number.clone()),
        ("manufacturer", profile.manufacturer_id.clone()),
        ("model", format!("{}, firmware {}", profile.model, profile.firmware_version)),
        ("library", profile.library.clone()),
        ("host_assisted", profile.host_assisted.to_string()),
        ("key wrap (RFC 5649)", mechanism(profile).unwrap_or_else(|| "none".to_owned())),
        ("isolation", isolation(profile)),
        ("unwrapped keys", unwrapped(profile)),
        ("probe", format!("{} ms", profile.took.as_millis())),
        ("objects", objects(holdings)),
    ];
    let mut text = String::new();
    for (name, value) in facts {
        let _ = writeln!(text, "{name:<20} {value}");
    }
    text.push('\n');
    let mut rows =
        vec![["KEY SPEC", "WRAPPING ALGORITHM", "SERVED", "PATH", "PLAIN ON HOST", "µs", "WHY NOT"].map(String::from)];
    rows.extend(profile.routes.iter().map(|((spec, algorithm), route)| {
        let served = route.path.is_some();
        [
            spec.to_string(),
            algorithm.to_string(),
            if served { "yes" } else { "no" }.to_owned(),
            route.path.map_or("-".to_owned(), |path| path.to_string()),
            route.path.map_or("-".to_owned(), |path| path.exposure().to_string()),
            if served { route.took.as_micros().to_string() } else { "-".to_owned() },
            route.reason.clone(),
        ]
    }));
    let widths: [usize; 7] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default());
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Whether keys stay in the token, in words.
fn isolation(profile: &Profile) -> String {
    match profile.isolation.require_fit() {
        Ok(()) => format!("kept: {} ways out tried, none of them open", profile.isolation.attempts.len()),
        Err(unfit) => format!("NOT KEPT: {unfit}"),
    }
}

/// What becomes of keys that were asked to be hidden when they were unwrapped.
fn unwrapped(profile: &Profile) -> String {
    let said: Vec<String> = profile.isolation.unwrapped.iter().map(ToString::to_string).collect();
    if said.is_empty() { "none that could be tried".to_owned() } else { said.join("; ") }
}

/// How full the token is, and when it will be, in words.
fn objects(holdings: &Result<Holdings, String>) -> String {
    let Holdings { live, budget, for_wrapping_keys, forecast } = match holdings {
        Ok(holdings) => *holdings,
        Err(why) => return format!("not known: {why}"),
    };
    let percent = u64::from(live) * 100 / u64::from(budget.max(1));
    let outlook = match forecast {
        None => "too little is recorded to tell where that goes".to_owned(),
        Some(Forecast { full_in: Some(time), .. }) => {
            // To the minute: more would be pretence.
            let minutes = std::time::Duration::from_secs(time.as_secs() / 60 * 60);
            format!("at this rate full for wrapping keys ({for_wrapping_keys}) in {}", humantime::format_duration(minutes))
        }
        Some(Forecast { per_hour, full_in: None }) => {
            format!("at this rate ({per_hour:+.1} an hour) not full within a year")
        }
    };
    format!("{live} of {budget} ({percent} %); {outlook}")
}

/// The same for programs: the first token, and the further ones where there are any.
pub(crate) fn json(tokens: &[Examined]) -> anyhow::Result<String> {
    let mut values = tokens.iter().map(|(profile, holdings)| value(profile, holdings));
    let mut first = values.next().unwrap_or_default();
    let further: Vec<_> = values.collect();
    if !further.is_empty() {
        first["further"] = further.into();
    }
    serde_json::to_string_pretty(&first).context("JSON")
}

fn value(profile: &Profile, holdings: &Result<Holdings, String>) -> serde_json::Value {
    let paths: Vec<_> = profile
        .routes
        .iter()
        .map(|((spec, algorithm), route)| {
            json!({
                "key_spec": spec.as_str(),
                "wrapping_algorithm": algorithm.as_str(),
                "served": route.path.is_some(),
                "path": route.path.map(|path| path.as_str()),
                "host_exposure": route.path.map(|path| path.exposure().as_str()),
                "reason": route.reason,
                "microseconds": u64::try_from(route.took.as_micros()).unwrap_or(u64::MAX),
            })
        })
        .collect();
    let forecast = holdings.as_ref().ok().and_then(|holdings| holdings.forecast);
    let capacity = holdings.as_ref().ok().map(|Holdings { live, budget, for_wrapping_keys, forecast: _ }| {
        json!({
            "objects": live,
            "most_objects": budget,
            "most_objects_for_wrapping_keys": for_wrapping_keys,
            "objects_per_hour": forecast.map(|forecast| forecast.per_hour),
            "full_in_seconds": forecast.and_then(|forecast| forecast.full_in).map(|time| time.as_secs()),
        })
    });
    let attempts: Vec<_> = profile
        .isolation
        .attempts
        .iter()
        .map(|attempt| json!({ "key": attempt.key, "way": attempt.way, "open": attempt.refusal.is_none(), "refusal": attempt.refusal }))
        .collect();
    let unwrapped: Vec<_> = profile.isolation.unwrapped.iter().map(ToString::to_string).collect();
    json!({
        "label": profile.label,
        "serial_number": profile.serial_number,
        "manufacturer_id": profile.manufacturer_id,
        "model": profile.model,
        "firmware_version": profile.firmware_version,
        "library": profile.library,
        "host_assisted": profile.host_assisted.as_str(),
        "key_wrap_mechanism": mechanism(profile),
        "isolation": { "kept": profile.isolation.require_fit().is_ok(), "unwrapped": unwrapped, "tried": attempts },
        "probe_milliseconds": u64::try_from(profile.took.as_millis()).unwrap_or(u64::MAX),
        "capacity": capacity,
        "paths": paths,
    })
}

fn mechanism(profile: &Profile) -> Option<String> {
    profile.key_wrap.map(|number| format!("0x{number:04X}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use keyferry::hsm::{Attempt, Hiding, Isolation, Route, Unwrapped};
    use keyferry::model::{HostAssisted, KeySpec, UnwrapPath, WrappingAlgorithm};

    use super::*;

    fn filling() -> Holdings {
        let forecast = Forecast { per_hour: 2902.0, full_in: Some(Duration::from_secs(12_018)) };
        Holdings { live: 312, budget: 10_000, for_wrapping_keys: 8000, forecast: Some(forecast) }
    }

    fn profile() -> Profile {
        let served = Route { path: Some(UnwrapPath::TwoStep), reason: String::new(), took: Duration::from_micros(1234) };
        let refused = "CKM_RSA_PKCS_OAEP with SHA-256: CKR_ARGUMENTS_BAD; hsm.host_assisted = \"material\" would help";
        let refused = Route { path: None, reason: refused.to_owned(), took: Duration::ZERO };
        Profile {
            label: "keyferry".to_owned(),
            serial_number: "4f1c".to_owned(),
            manufacturer_id: "SoftHSM project".to_owned(),
            model: "SoftHSM v2".to_owned(),
            firmware_version: "2.6".to_owned(),
            library: "Implementation of PKCS11 2.6".to_owned(),
            private_memory: None,
            host_assisted: HostAssisted::None,
            key_wrap: Some(0x210A),
            routes: BTreeMap::from([
                ((KeySpec::Rsa2048, WrappingAlgorithm::RsaAesKeyWrapSha1), served),
                ((KeySpec::SymmetricDefault, WrappingAlgorithm::RsaesOaepSha256), refused),
            ]),
            isolation: Isolation {
                attempts: vec![Attempt {
                    key: "a wrapping key",
                    way: "read".to_owned(),
                    refusal: Some("shows nothing".to_owned()),
                }],
                unwrapped: vec![Unwrapped { key: "an AES key unwrapped in it", hiding: Hiding::Afterwards }],
            },
            took: Duration::from_millis(42),
        }
    }

    #[test]
    fn the_table_says_what_is_served_and_why_not_where_not() {
        let expected = "\
label                keyferry
serial number        4f1c
manufacturer         SoftHSM project
model                SoftHSM v2, firmware 2.6
library              Implementation of PKCS11 2.6
host_assisted        none
key wrap (RFC 5649)  0x210A
isolation            kept: 1 ways out tried, none of them open
unwrapped keys       an AES key unwrapped in it is hidden once it has been told again
probe                42 ms
objects              312 of 10000 (3 %); at this rate full for wrapping keys (8000) in 3h 20m

KEY SPEC           WRAPPING ALGORITHM      SERVED  PATH      PLAIN ON HOST  µs    WHY NOT
SYMMETRIC_DEFAULT  RSAES_OAEP_SHA_256      no      -         -              -     CKM_RSA_PKCS_OAEP with SHA-256: CKR_ARGUMENTS_BAD; hsm.host_assisted = \"material\" would help
RSA_2048           RSA_AES_KEY_WRAP_SHA_1  yes     two-step  TOKEN          1234
";
        assert_eq!(table(&profile(), &Ok(filling())), expected);
    }

    #[test]
    fn the_json_has_the_same() {
        let shown: serde_json::Value = serde_json::from_str(&json(&[(profile(), Ok(filling()))]).unwrap()).unwrap();
        assert_eq!(shown["key_wrap_mechanism"], "0x210A");
        assert_eq!(shown["paths"][0]["served"], false);
        assert_eq!(shown["paths"][0]["path"], serde_json::Value::Null);
        assert_eq!(shown["paths"][1]["host_exposure"], "TOKEN");
        assert_eq!(shown["paths"][1]["microseconds"], 1234);
        assert_eq!(shown["capacity"]["full_in_seconds"], 12_018);
        assert_eq!((&shown["capacity"]["objects"], &shown["capacity"]["most_objects"]), (&312.into(), &10_000.into()));
    }

    #[test]
    fn of_a_token_that_lets_a_key_out_the_way_is_named() {
        let mut profile = profile();
        profile.isolation.attempts[0].refusal = None;
        let unfit = "isolation            NOT KEPT: the token is unfit to hold keys: a wrapping key can be read;";
        let shown = table(&profile, &Ok(filling()));
        assert!(shown.contains(unfit), "{shown}");
        let shown: serde_json::Value = serde_json::from_str(&json(&[(profile, Ok(filling()))]).unwrap()).unwrap();
        assert_eq!((&shown["isolation"]["kept"], &shown["isolation"]["tried"][0]["open"]), (&false.into(), &true.into()));
    }

    #[test]
    fn where_the_objects_go_is_said_or_why_it_cannot_be() {
        #[rustfmt::skip]
        let cases = [
            (Ok(Holdings { forecast: None, ..filling() }), "312 of 10000 (3 %); too little is recorded to tell where that goes"),
            (Ok(Holdings { forecast: Some(Forecast { per_hour: -2.5, full_in: None }), ..filling() }), "312 of 10000 (3 %); at this rate (-2.5 an hour) not full within a year"),
            (Err("the store does not open".to_owned()),    "not known: the store does not open"),
        ];
        for (holdings, expected) in cases {
            assert_eq!(objects(&holdings), expected);
        }
        let shown: serde_json::Value = serde_json::from_str(&json(&[(profile(), Err(String::new()))]).unwrap()).unwrap();
        assert_eq!(shown["capacity"], serde_json::Value::Null);
    }
}
