//! Instants and lengths of the simulated world, and how Kubernetes writes them.
//!
//! Never asks for the time. Called by everything in this room.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// An instant of the simulated world.
pub(crate) type Moment = DateTime<Utc>;

/// A length of simulated time.
pub(crate) type Span = TimeDelta;

/// As `metav1.Time` is written: whole seconds, `Z`.
pub(crate) fn seconds(at: Moment) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// As `metav1.MicroTime` is written.
pub(crate) fn micros(at: Moment) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Reads either.
pub(crate) fn parse(text: &str) -> Option<Moment> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc))
}

/// Cuts an instant to whole seconds, as everything is that went through `metav1.Time`.
pub(crate) fn whole(at: Moment) -> Moment {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}

/// Reads a length as Go's `time.ParseDuration` does: `1h30m`, `1.5h`, `300ms`; a bare `0`.
pub(crate) fn go_duration(text: &str) -> Option<Span> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if text == "0" {
        return Some(Span::zero());
    }
    let mut rest = text;
    let mut micros = 0.0;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number_ends);
        let unit_ends = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_ends);
        micros += number.parse::<f64>().ok()? * micros_of(unit)?;
        rest = tail;
    }
    #[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond any length here")]
    let micros = (sign * micros) as i64;
    (!text.is_empty()).then(|| Span::microseconds(micros))
}

fn micros_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-3,
        "us" | "µs" | "μs" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "m" => 60e6,
        "h" => 3600e6,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_as_go_reads_them() {
        let cases = [
            ("90s", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            ("1.5h", Some(5_400_000)),
            ("300ms", Some(300)),
            ("-2s", Some(-2_000)),
            ("0", Some(0)),
            ("", None),
            ("5", None),
            ("5 s", None),
            ("s", None),
        ];
        for (text, milliseconds) in cases {
            let read = go_duration(text).map(|span| span.num_milliseconds());
            assert_eq!(read, milliseconds, "{text}");
        }
    }

    #[test]
    fn instants_as_kubernetes_writes_them() {
        let at = parse("2026-11-24T10:00:00.123456Z").unwrap();
        assert_eq!(seconds(at), "2026-11-24T10:00:00Z");
        assert_eq!(micros(at), "2026-11-24T10:00:00.123456Z");
        assert_eq!(whole(at), parse("2026-11-24T10:00:00Z").unwrap());
    }
}
