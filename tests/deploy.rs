//! What is shipped beside the programs holds what it promises.

use std::process::Command;

/// The worst that systemd may say of the unit, of 10.
const MOST_EXPOSED: f64 = 2.0;

#[test]
fn the_unit_exposes_next_to_nothing() {
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/keyferryd.service");
    let output = match Command::new("systemd-analyze").args(["security", "--offline=true", "--no-pager", unit]).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("SKIPPED: systemd-analyze cannot be run, the unit is not examined: {error}");
            return;
        }
    };
    let said = String::from_utf8(output.stdout).unwrap();
    let level = said.lines().find_map(|line| line.split_once("Overall exposure level for keyferryd.service: "));
    let Some((_, level)) = level else {
        // Before 250 it knows no --offline.
        eprintln!("SKIPPED: systemd-analyze does not examine units by file: {}", String::from_utf8_lossy(&output.stderr));
        return;
    };
    let level: f64 = level.split(' ').next().unwrap().parse().unwrap();
    assert!(level <= MOST_EXPOSED, "{level}:\n{said}");
}

/// Each line that lets something in says why, in the lines before it.
#[test]
fn what_the_unit_allows_it_explains() {
    let unit = include_str!("../deploy/keyferryd.service");
    for allowed in ["LimitMEMLOCK=infinity", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "SystemCallFilter=mlockall"]
    {
        let (before, _) = unit.split_once(allowed).unwrap_or_else(|| panic!("{allowed} is gone: change this test"));
        assert!(before.trim_end().lines().next_back().unwrap().starts_with('#'), "{allowed}");
    }
}
