//! How far two clocks are apart.

use std::time::Duration;

use super::Timestamp;

/// How far one clock is from another that was read between two readings of its own: the least that it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Milliseconds that it is ahead; less than nothing where it is behind.
    ahead: i64,
}

impl Skew {
    /// Of a clock that showed `before` and `after`, when the other showed `theirs` in between.
    pub fn between(before: Timestamp, after: Timestamp, theirs: Timestamp) -> Self {
        let (least, most) = (before.as_millis() - theirs.as_millis(), after.as_millis() - theirs.as_millis());
        // Anything between the two is possible, nothing among it where the other's time lies between.
        Self { ahead: if least > 0 { least } else { most.min(0) } }
    }

    /// Whether it is more than this, in either direction.
    pub fn exceeds(self, most: Duration) -> bool {
        u128::from(self.ahead.unsigned_abs()) > most.as_millis()
    }
}

impl std::fmt::Display for Skew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let direction = if self.ahead < 0 { "behind" } else { "ahead of" };
        write!(f, "{:.3} s {direction}", Duration::from_millis(self.ahead.unsigned_abs()).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certain_counts_and_in_its_direction() {
        let at = Timestamp::from_millis;
        #[rustfmt::skip]
        let cases = [
            // before, after, theirs
            ((1_000, 1_100, 1_050), "0.000 s ahead of"), // nothing is certain
            ((1_000, 1_100, 1_000), "0.000 s ahead of"),
            ((5_000, 5_100, 1_000), "4.000 s ahead of"), // and at most 4.1 s
            ((1_000, 1_100, 5_000), "3.900 s behind"),
        ];
        for ((before, after, theirs), expected) in cases {
            assert_eq!(Skew::between(at(before), at(after), at(theirs)).to_string(), expected);
        }
        let second = Duration::from_secs(1);
        for theirs in [1_000, 3_000] {
            assert!(!Skew::between(at(2_000), at(2_000), at(theirs)).exceeds(second), "{theirs}: just as much");
        }
        for theirs in [999, 3_001] {
            assert!(Skew::between(at(2_000), at(2_000), at(theirs)).exceeds(second), "{theirs}");
        }
    }
}
