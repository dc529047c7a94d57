//! Pools and the room on the token, by the record.

use super::page::{Labels, Page, labels};
use crate::service::{Holdings, PairStock, Stock};

/// What is not known has a name and no value.
pub(super) fn tell(page: &mut Page, stock: &Stock) {
    let Stock { holdings: Holdings { live, budget, for_wrapping_keys, forecast }, waiting, pools } = stock;
    let (mut pairs, mut marks, mut dry) = (Vec::new(), Vec::new(), Vec::new());
    for PairStock { kind, level, marks: wanted, dry_in } in pools {
        let (spec, pair_use) = (("spec", kind.spec.as_str()), ("use", kind.pair_use.as_str()));
        pairs.push((labels([spec, pair_use, ("state", "ready")]), level.ready));
        pairs.push((labels([spec, pair_use, ("state", "making")]), level.making));
        marks.push((labels([spec, pair_use, ("mark", "low")]), wanted.low));
        marks.push((labels([spec, pair_use, ("mark", "high")]), wanted.high));
        dry.extend(dry_in.map(|dry_in| (labels([spec, pair_use]), dry_in.as_secs_f64())));
    }
    page.gauges("pool_pairs", "Wrapping key pairs of the pools, by their state", pairs);
    page.gauges("pool_marks", "Between how many and how many pairs are to stand ready", marks);
    page.reals("pool_dry_in_seconds", "Until no pair stands ready, as they are asked for", dry);
    page.gauge("pool_waiting", "Callers who wait for a pair", *waiting);
    page.gauge("token_objects", "Objects of keyferry's on the token, by the record", *live);
    page.gauge("token_objects_most", "The most objects that there may be", *budget);
    let help = "With so many objects no more wrapping keys are made";
    page.gauge("token_objects_most_for_wrapping_keys", help, *for_wrapping_keys);
    let rate = forecast.map(|forecast| (Labels::new(), forecast.per_hour));
    page.reals("token_objects_per_hour", "Objects more in an hour, as it has gone in the last hours", rate);
    let full_in = forecast.and_then(|forecast| forecast.full_in).map(|full_in| (Labels::new(), full_in.as_secs_f64()));
    page.reals("token_full_in_seconds", "Until there are so many objects that no more wrapping keys are made", full_in);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::encoding::text::encode;

    use super::*;
    use crate::model::{PairKind, PairUse, WrappingKeySpec};
    use crate::service::{Forecast, Marks};

    fn text(stock: &Stock) -> String {
        let (mut page, mut text) = (Page::default(), String::new());
        tell(&mut page, stock);
        encode(&mut text, page.registry()).unwrap();
        text
    }

    #[test]
    fn everything_that_is_known_is_told() {
        let kind = PairKind { spec: WrappingKeySpec::Rsa4096, pair_use: PairUse::RawDecrypt };
        let pool = PairStock {
            kind,
            level: crate::service::Level { ready: 7, making: 2 },
            marks: Marks { low: 8, high: 16 },
            dry_in: Some(Duration::from_secs(90)),
        };
        let forecast = Forecast { per_hour: 12.5, full_in: Some(Duration::from_secs(10_800)) };
        let holdings = Holdings { live: 312, budget: 10_000, for_wrapping_keys: 8000, forecast: Some(forecast) };
        let told = text(&Stock { holdings, waiting: 3, pools: vec![pool] });
        for line in [
            r#"keyferry_pool_pairs{spec="RSA_4096",use="raw-decrypt",state="ready"} 7"#,
            r#"keyferry_pool_pairs{spec="RSA_4096",use="raw-decrypt",state="making"} 2"#,
            r#"keyferry_pool_marks{spec="RSA_4096",use="raw-decrypt",mark="high"} 16"#,
            r#"keyferry_pool_dry_in_seconds{spec="RSA_4096",use="raw-decrypt"} 90.0"#,
            "keyferry_pool_waiting 3",
            "keyferry_token_objects 312",
            "keyferry_token_objects_most 10000",
            "keyferry_token_objects_most_for_wrapping_keys 8000",
            "keyferry_token_objects_per_hour 12.5",
            "keyferry_token_full_in_seconds 10800.0",
            "# EOF",
        ] {
            assert!(told.lines().any(|told| told == line), "{line} is missing:\n{told}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let holdings = Holdings { live: 0, budget: 10, for_wrapping_keys: 8, forecast: None };
        let told = text(&Stock { holdings, waiting: 0, pools: Vec::new() });
        let unknown = ["keyferry_token_objects_per_hour", "keyferry_token_full_in_seconds", "keyferry_pool_dry_in_seconds"];
        assert!(!told.lines().any(|line| unknown.iter().any(|name| line.starts_with(name))), "{told}");
    }
}
