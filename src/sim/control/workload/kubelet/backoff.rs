//! Waiting times that double: 10 s, 20 s, 40 s and so on, up to 5 min.
//!
//! Called by the kubelet.

use crate::sim::time::Span;

const FIRST: i64 = 10;
const MOST: i64 = 300;

/// Running this long without an end, a container begins anew with the shortest wait.
pub(super) const FORGOTTEN_AFTER: Span = Span::minutes(10);

/// The wait after this many failures.
pub(super) fn after(failures: u32) -> Span {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10));
    Span::seconds(doubled.min(MOST))
}

/// A length as Go prints it: `10s`, `1m20s`, `5m0s`, `612ms`, `1.25s`.
pub(super) fn written(span: Span) -> String {
    let milliseconds = span.num_milliseconds();
    if milliseconds != 0 && milliseconds.abs() < 1_000 {
        return format!("{milliseconds}ms");
    }
    let (seconds, rest) = (milliseconds / 1_000 % 60, milliseconds % 1_000);
    let fraction = format!(".{rest:03}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let (hours, minutes) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, minutes) => format!("{minutes}m{seconds}{fraction}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_five_minutes() {
        let waits: Vec<String> = (1..=7).map(|failures| written(after(failures))).collect();
        assert_eq!(waits, ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"]);
    }

    #[test]
    fn as_go_prints_lengths() {
        let cases = [(0, "0s"), (612, "612ms"), (1_250, "1.25s"), (90_000, "1m30s")];
        for (milliseconds, wanted) in cases {
            assert_eq!(written(Span::milliseconds(milliseconds)), wanted);
        }
    }
}
