//! Instants and spans, and how they are written for people.
//!
//! Never asks for the time. Called by every room that shows or compares times.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// An instant of the server's or our own clock, in UTC.
pub type Timestamp = DateTime<Utc>;

/// A signed length of time.
pub type Span = TimeDelta;

/// Reads an RFC 3339 time as Kubernetes writes it.
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.with_timezone(&Utc))
}

/// Writes an instant as Kubernetes `metav1.Time` does: seconds, `Z`.
pub fn to_rfc3339(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Reads a Go duration (`1h2m`, `1.5h`, `300ms`) as `time.ParseDuration` does. A bare `0` is zero;
/// anything else without a unit is refused.
pub fn parse_go_duration(text: &str) -> Option<Span> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(Span::zero());
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos = 0f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let number: f64 = number.parse().ok()?;
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        nanos += number
            * match unit {
                "ns" => 1.0,
                "us" | "µs" | "μs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                _ => return None,
            };
        rest = tail;
    }
    #[expect(clippy::cast_possible_truncation, reason = "saturates; far beyond any pause")]
    let nanos = nanos as i64;
    Some(Span::nanoseconds(if negative { -nanos } else { nanos }))
}

/// A length for people, two units at most: `80ms`, `0.4s`, `41s`, `1m42s`, `3h12m`, `9d4h`.
/// Negative lengths read as zero.
pub fn length(span: Span) -> String {
    let ms = span.num_milliseconds().max(0);
    let s = ms / 1000;
    match s {
        0 if (1..100).contains(&ms) => format!("{ms}ms"),
        0..10 if ms % 1000 >= 100 => format!("{}.{}s", s, ms % 1000 / 100),
        0..90 => format!("{s}s"),
        90..3600 if s % 60 == 0 => format!("{}m", s / 60),
        90..3600 => format!("{}m{:02}s", s / 60, s % 60),
        3600..86_400 => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
        86_400..604_800 => format!("{}d{:02}h", s / 86_400, s % 86_400 / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

/// An age in whole seconds and up, for columns: `41s`, `5m`, `3h`, `9d`.
pub fn age(span: Span) -> String {
    let s = span.num_seconds().max(0);
    match s {
        0..90 => format!("{s}s"),
        90..5400 => format!("{}m", s / 60),
        5400..172_800 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

/// A running clock: `01:42`, `1:02:03`. Negative lengths read as zero.
pub fn clock(span: Span) -> String {
    let s = span.num_seconds().max(0);
    if s >= 3600 {
        format!("{}:{:02}:{:02}", s / 3600, s % 3600 / 60, s % 60)
    } else {
        format!("{:02}:{:02}", s / 60, s % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations() {
        let cases = [
            ("10m", Some(600_000)),
            ("1h2m3s", Some(3_723_000)),
            ("1.5h", Some(5_400_000)),
            ("300ms", Some(300)),
            ("-5s", Some(-5000)),
            ("0", Some(0)),
            ("30", None),
            ("", None),
            ("5x", None),
            ("1.2.3s", None),
        ];
        for (text, ms) in cases {
            assert_eq!(parse_go_duration(text).map(|d| d.num_milliseconds()), ms, "{text}");
        }
    }

    #[test]
    fn lengths_for_people() {
        let cases = [
            (0, "0s"),
            (80, "80ms"),
            (400, "0.4s"),
            (3_000, "3s"),
            (41_000, "41s"),
            (102_000, "1m42s"),
            (120_000, "2m"),
            (11_520_000, "3h12m"),
            (-5, "0s"),
        ];
        for (ms, text) in cases {
            assert_eq!(length(Span::milliseconds(ms)), text);
        }
        assert_eq!(clock(Span::seconds(102)), "01:42");
        assert_eq!(clock(Span::seconds(3723)), "1:02:03");
        assert_eq!(age(Span::seconds(5399)), "89m");
    }
}
