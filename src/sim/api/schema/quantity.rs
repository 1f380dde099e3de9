//! Quantities: `500m`, `64Mi`, and how Kubernetes writes each of them in one way only.
//!
//! Called by the decoding of bodies and by validation.

/// An amount in billionths, and the suffixes that it was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantity {
    nanos: i128,
    binary: bool,
    /// Written with an exponent.
    scientific: bool,
}

const NANO: i128 = 1_000_000_000;
const BINARY: [(&str, u32); 6] =
    [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

impl Quantity {
    /// Reads a quantity; nothing when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let signless = text.strip_prefix(['+', '-']).unwrap_or(text);
        let negative = text.starts_with('-');
        let ends =
            signless.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(signless.len());
        let (number, suffix) = signless.split_at(ends);
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && part.is_empty()) || part.contains('.') || number.len() > 18 {
            return None;
        }
        let mut nanos: i128 = 0;
        for digit in whole.bytes() {
            nanos = nanos.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        nanos = nanos.checked_mul(NANO)?;
        let mut unit = NANO / 10;
        for digit in part.bytes() {
            nanos += i128::from(digit - b'0') * unit;
            unit /= 10;
        }
        let (nanos, binary, scientific) = scaled(nanos, suffix)?;
        Some(Self { nanos: if negative { -nanos } else { nanos }, binary, scientific })
    }

    /// The amount in billionths.
    pub(crate) fn nanos(self) -> i128 {
        self.nanos
    }
}

fn scaled(nanos: i128, suffix: &str) -> Option<(i128, bool, bool)> {
    if let Some((_, shift)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((nanos.checked_mul(1 << shift)?, true, false));
    }
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((shifted(nanos, *power)?, false, false));
    }
    let power = suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?;
    Some((shifted(nanos, power)?, false, true))
}

fn shifted(nanos: i128, power: i32) -> Option<i128> {
    let factor = 10_i128.checked_pow(power.unsigned_abs())?;
    if power >= 0 { nanos.checked_mul(factor) } else { Some(nanos / factor) }
}

impl std::fmt::Display for Quantity {
    /// With the largest suffix that needs no fraction, as Kubernetes does.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        if self.binary && self.nanos % NANO == 0 && (self.nanos / NANO).abs() >= 1024 {
            let whole = self.nanos / NANO;
            let fits = BINARY.iter().rev().find(|(_, shift)| whole % (1 << shift) == 0);
            return match fits {
                Some((name, shift)) => write!(f, "{}{name}", whole >> shift),
                None => write!(f, "{whole}"),
            };
        }
        let fits = DECIMAL.iter().rev().find(|(_, power)| {
            let unit = 10_i128.pow((9 + power).unsigned_abs());
            self.nanos % unit == 0
        });
        let (name, power) = fits.copied().unwrap_or(("n", -9));
        let value = self.nanos / 10_i128.pow((9 + power).unsigned_abs());
        match power {
            0 => write!(f, "{value}"),
            _ if self.scientific => write!(f, "{value}e{power}"),
            _ => write!(f, "{value}{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_in_one_way_only() {
        let cases = [
            ("0.5", Some("500m")),
            ("500m", Some("500m")),
            ("1000m", Some("1")),
            ("1", Some("1")),
            ("64Mi", Some("64Mi")),
            ("1024Mi", Some("1Gi")),
            ("1.5Gi", Some("1536Mi")),
            ("1000", Some("1k")),
            ("1e3", Some("1e3")),
            ("0", Some("0")),
            ("-1", Some("-1")),
            ("100Ki", Some("100Ki")),
            ("12Ei", Some("12Ei")),
            ("abc", None),
            ("", None),
            ("1.2.3", None),
            ("1Xi", None),
            ("99999999999999999999", None),
        ];
        for (text, written) in cases {
            let read = Quantity::parse(text).map(|q| q.to_string());
            assert_eq!(read.as_deref(), written, "{text}");
        }
    }
}
