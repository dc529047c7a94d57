//! Pools and the room on the tokens, by the record.

use super::page::{Labels, Page, token_labels};
use crate::service::{PairStock, Stock};

/// What is not known has a name and no value. The first token has no label of its own; a further one has that of the token.
pub(super) fn tell(page: &mut Page, stocks: &[(Option<String>, Stock)]) {
    let (mut pairs, mut marks, mut dry) = (Vec::new(), Vec::new(), Vec::new());
    for (token, Stock { holdings: _, waiting: _, pools }) in stocks {
        for PairStock { kind, level, marks: wanted, dry_in } in pools {
            let (token, spec, pair_use) = (token.as_deref(), ("spec", kind.spec.as_str()), ("use", kind.pair_use.as_str()));
            pairs.push((token_labels(token, [spec, pair_use, ("state", "ready")]), level.ready));
            pairs.push((token_labels(token, [spec, pair_use, ("state", "making")]), level.making));
            marks.push((token_labels(token, [spec, pair_use, ("mark", "low")]), wanted.low));
            marks.push((token_labels(token, [spec, pair_use, ("mark", "high")]), wanted.high));
            dry.extend(dry_in.map(|dry_in| (token_labels(token, [spec, pair_use]), dry_in.as_secs_f64())));
        }
    }
    page.gauges("pool_pairs", "Wrapping key pairs of the pools, by their state", pairs);
    page.gauges("pool_marks", "Between how many and how many pairs are to stand ready", marks);
    page.reals("pool_dry_in_seconds", "Until no pair stands ready, as they are asked for", dry);
    page.gauges("pool_waiting", "Callers who wait for a pair", each(stocks, |stock| Some(stock.waiting)));
    let live = each(stocks, |stock| Some(stock.holdings.live));
    page.gauges("token_objects", "Objects of keyferry's on the token, by the record", live);
    let budget = each(stocks, |stock| Some(stock.holdings.budget));
    page.gauges("token_objects_most", "The most objects that there may be", budget);
    let help = "With so many objects no more wrapping keys are made";
    let most = each(stocks, |stock| Some(stock.holdings.for_wrapping_keys));
    page.gauges("token_objects_most_for_wrapping_keys", help, most);
    let rate = each(stocks, |stock| stock.holdings.forecast.map(|forecast| forecast.per_hour));
    page.reals("token_objects_per_hour", "Objects more in an hour, as it has gone in the last hours", rate);
    let full_in = each(stocks, |stock| Some(stock.holdings.forecast?.full_in?.as_secs_f64()));
    page.reals("token_full_in_seconds", "Until there are so many objects that no more wrapping keys are made", full_in);
}

fn each<N>(stocks: &[(Option<String>, Stock)], value: fn(&Stock) -> Option<N>) -> Vec<(Labels, N)> {
    stocks.iter().filter_map(|(token, stock)| Some((token_labels(token.as_deref(), []), value(stock)?))).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::encoding::text::encode;

    use super::*;
    use crate::model::{PairKind, PairUse, WrappingKeySpec};
    use crate::service::{Forecast, Holdings, Marks};

    fn text(stock: Stock) -> String {
        let (mut page, mut text) = (Page::default(), String::new());
        let further = Stock { waiting: 4, ..stock.clone() };
        tell(&mut page, &[(None, stock), (Some("second".to_owned()), further)]);
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
        let told = text(Stock { holdings, waiting: 3, pools: vec![pool] });
        for line in [
            r#"keyferry_pool_pairs{spec="RSA_4096",use="raw-decrypt",state="ready"} 7"#,
            r#"keyferry_pool_pairs{spec="RSA_4096",use="raw-decrypt",state="making"} 2"#,
            r#"keyferry_pool_marks{spec="RSA_4096",use="raw-decrypt",mark="high"} 16"#,
            r#"keyferry_pool_dry_in_seconds{spec="RSA_4096",use="raw-decrypt"} 90.0"#,
            "keyferry_pool_waiting 3",
            r#"keyferry_pool_waiting{token="second"} 4"#,
            r#"keyferry_pool_pairs{spec="RSA_4096",use="raw-decrypt",state="ready",token="second"} 7"#,
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
        let told = text(Stock { holdings, waiting: 0, pools: Vec::new() });
        let unknown = ["keyferry_token_objects_per_hour", "keyferry_token_full_in_seconds", "keyferry_pool_dry_in_seconds"];
        assert!(!told.lines().any(|line| unknown.iter().any(|name| line.starts_with(name))), "{told}");
    }
}
