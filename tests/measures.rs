//! What is measured, in the order in which it is printed.

mod burst;
mod concurrency;
pub mod errand;
mod floor;
mod fronts;
mod imports;
mod load;
mod padding;
mod pair;
mod parameters;
mod plot;
mod pool;
mod processors;
mod replicas;
mod report;
mod samples;
mod scale;
mod stock;

use std::path::Path;

use report::Report;

/// The measures by name, each with what it takes to run.
const NAMES: [&str; 9] =
    ["parameters", "concurrency", "burst", "imports", "fronts", "replicas", "scale", "padding", "sm2pke"];

/// Runs those that are named, or all, and prints and writes what they found.
pub async fn run(wanted: &[String]) {
    if let Some(unknown) = wanted.iter().find(|name| !NAMES.contains(&name.as_str())) {
        panic!("{unknown} is no measure; there are {}", NAMES.join(", "));
    }
    let mut report = Report::new();
    for name in NAMES.into_iter().filter(|name| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name)) {
        report.begin(name);
        match name {
            "parameters" => parameters::measure(&mut report).await,
            "concurrency" => concurrency::measure(&mut report).await,
            "burst" => burst::measure(&mut report).await,
            "imports" => imports::measure(&mut report).await,
            "fronts" => fronts::measure(&mut report).await,
            "replicas" => replicas::measure(&mut report).await,
            "scale" => scale::measure(&mut report).await,
            "padding" => padding::measure(&mut report).await,
            "sm2pke" => padding::measure_sm2pke(&mut report).await,
            _ => unreachable!("{name} is among the names"),
        }
    }
    report.print();
    // The folder of cargo's that every bench has is `<target>/tmp`.
    report.write(&Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench"));
}
