//! Numbers, instants and lengths as Prometheus writes and reads them.
//!
//! Called by the evaluation and the HTTP API.

/// A value as the API writes it: short, without an exponent unless it is very small or large.
pub(super) fn api(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) && value.is_finite() {
        return scientific(value);
    }
    plain(value)
}

/// As Go's format `f` writes it: never an exponent.
pub(super) fn plain(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    format!("{value}")
}

/// As Go's `%v` writes it: an exponent below 1e-4 and from 1e21 on.
pub(super) fn general(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) && value.is_finite() {
        return scientific(value);
    }
    plain(value)
}

/// As Go's format `e` writes it: an exponent of two digits at least.
fn scientific(value: f64) -> String {
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

/// Reads a length such as `1h30m` or `500ms` in seconds: units from long to short, each at most
/// once; a bare `0`.
pub(super) fn length(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 7] = [
        ("y", 31_536_000.0),
        ("w", 604_800.0),
        ("d", 86_400.0),
        ("h", 3_600.0),
        ("m", 60.0),
        ("s", 1.0),
        ("ms", 0.001),
    ];
    if text == "0" {
        return Some(0.0);
    }
    let (mut rest, mut units, mut seconds) = (text, UNITS.iter(), 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit_ends = tail.find(|letter: char| letter.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_ends);
        let (_, worth) = units.find(|(name, _)| *name == unit)?;
        seconds += number.parse::<f64>().ok()? * worth;
        rest = tail;
    }
    (!text.is_empty()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_the_api_writes_them() {
        let cases = [
            (0.1, "0.1"),
            (1e-7, "1e-07"),
            (1.5e-6, "0.0000015"),
            (-2.5e-12, "-2.5e-12"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e300, "1.25e+300"),
            (0.0, "0"),
            (-0.0, "-0"),
            (3.0, "3"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ];
        for (value, text) in cases {
            assert_eq!(api(value), text);
        }
        assert_eq!(plain(1e-7), "0.0000001");
        assert_eq!(general(1e-5), "1e-05");
    }

    #[test]
    fn lengths_as_it_reads_them() {
        let cases = [
            ("15s", Some(15.0)),
            ("1h30m", Some(5_400.0)),
            ("1m500ms", Some(60.5)),
            ("0", Some(0.0)),
            ("0s", Some(0.0)),
            ("30m1h", None),
            ("1m1m", None),
            ("1.5h", None),
            ("5", None),
            ("s", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(length(text), seconds, "{text}");
        }
    }
}
