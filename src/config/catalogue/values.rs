//! Values of a catalogue: names, times, shares, addresses, references to secrets.
//!
//! Times have their unit and shares their sign: a bare number could be either. Called by the
//! readers of the catalogue.

use crate::config::profile::share;
use crate::domain::catalogue::environment::SecretRef;
use crate::domain::catalogue::matrix::{RollbackTime, StrategyKind};
use crate::domain::measure::address::Address;
use crate::domain::text::{SafeText, is_printable};
use crate::domain::time::{Span, Timestamp, parse_go_duration, parse_rfc3339};
use crate::manifest::tree::Value;

use super::fault::CatalogueFault;
use super::sheet::Field;

type Read<T> = Result<T, CatalogueFault>;

/// What a time looks like.
const TIME: &str = "write a time above zero with its unit, such as 90s, 5m or 1h30m";

/// The longest time that means anything here.
const LONGEST: Span = Span::days(366);

impl<'n> Field<'n> {
    /// Text as it stands.
    pub(super) fn text(&self) -> Read<&'n str> {
        self.node.text().ok_or_else(|| {
            let mut fault = self.wrong("a string");
            if matches!(self.node.value, Value::Bool(_) | Value::Int(_) | Value::Float(_)) {
                // `n`, `on` and `1e3` are none to YAML.
                fault.message.push_str(": put it in quotes");
            }
            fault
        })
    }

    /// Text for people: one line, 1 to 500 characters.
    pub(super) fn line(&self) -> Read<SafeText> {
        let text = self.text()?.trim();
        let fits = !text.is_empty() && text.chars().count() <= 500;
        if fits && text.chars().all(is_printable) {
            Ok(SafeText::new(text))
        } else {
            Err(self.bad("it is one line of 1 to 500 printable characters"))
        }
    }

    /// A name that people give: of a service, an environment, a group.
    pub(super) fn name(&self) -> Read<SafeText> {
        let text = self.text()?;
        let good = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);
        if (1..=100).contains(&text.len()) && text.chars().all(good) {
            Ok(SafeText::new(text))
        } else {
            Err(self.bad("it is 1 to 100 letters, digits and any of - _ . : / @"))
        }
    }

    /// A name that Kubernetes takes (RFC 1123 subdomain).
    pub(super) fn object(&self) -> Read<SafeText> {
        let text = self.text()?;
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let part = |part: &str| part.starts_with(edge) && part.ends_with(edge);
        let good = |c: char| edge(c) || c == '-' || c == '.';
        if text.len() <= 253 && text.chars().all(good) && text.split('.').all(part) {
            Ok(SafeText::new(text))
        } else {
            Err(self.bad("it is lower-case letters, digits, `-` and `.`, at most 253"))
        }
    }

    /// One of these words.
    pub(super) fn word<T: Copy>(&self, known: &[(&str, T)]) -> Read<T> {
        let text = self.text()?;
        let found = known.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            self.unlike(&format!("it is {}", either(&words)), &words)
        })
    }

    pub(super) fn truth(&self) -> Read<bool> {
        self.node.bool().ok_or_else(|| self.wrong("true or false"))
    }

    /// A number, whole or not.
    pub(super) fn number(&self) -> Read<f64> {
        match self.node.value {
            #[expect(clippy::cast_precision_loss, reason = "numbers of people are small")]
            Value::Int(number) => Ok(number as f64),
            Value::Float(number) if number.is_finite() => Ok(number),
            _ => Err(self.wrong("a number")),
        }
    }

    /// A whole number between two others.
    pub(super) fn count(&self, least: u32, most: u32) -> Read<u32> {
        let number = self.node.int().ok_or_else(|| self.wrong("a whole number"))?;
        let fits = u32::try_from(number).ok().filter(|n| (least..=most).contains(n));
        fits.ok_or_else(|| self.bad(&format!("it is a whole number from {least} to {most}")))
    }

    /// A time with its unit: `90s`, `5m`.
    pub(super) fn span(&self) -> Read<Span> {
        match &self.node.value {
            Value::Text(text) => {
                let span = parse_go_duration(text.trim());
                let fits = span.filter(|span| *span > Span::zero() && *span <= LONGEST);
                fits.ok_or_else(|| self.bad(TIME))
            }
            Value::Int(_) | Value::Float(_) => Err(self.bad(TIME)),
            _ => Err(self.wrong("a time")),
        }
    }

    /// A share: `70%`, or a number from 0 to below 1. One itself could be 1 % or all.
    pub(super) fn share(&self) -> Read<f64> {
        let wanted =
            "write a share with its sign, such as 70%, or as a number below 1, such as 0.7";
        if let Some(text) = self.node.text() {
            return share(text).map_err(|_| self.bad(wanted));
        }
        let number = self.number().map_err(|_| self.wrong("a share"))?;
        if (0.0..1.0).contains(&number) { Ok(number) } else { Err(self.bad(wanted)) }
    }

    /// An address of a server, without a password in it.
    pub(super) fn server(&self) -> Read<SafeText> {
        let text = self.text()?;
        Address::parse(text, None).map(|address| address.url).map_err(|_| {
            self.bad("it is an address such as https://HOST:PORT/PATH, without a password in it")
        })
    }

    /// An address of a page.
    pub(super) fn page(&self) -> Read<SafeText> {
        let text = self.text()?;
        let rest = ["https://", "http://"].into_iter().find_map(|s| text.strip_prefix(s));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        let good = text.len() <= 2000 && text.chars().all(|c| c.is_ascii_graphic());
        if good && !host.is_empty() && !host.contains('@') {
            Ok(SafeText::new(text))
        } else {
            Err(self.bad("it is an address such as https://HOST/PATH"))
        }
    }

    /// An instant: `2026-12-24T00:00:00Z`, or a day, which begins at midnight UTC.
    pub(super) fn instant(&self) -> Read<Timestamp> {
        let text = self.text()?;
        let of_day = || parse_rfc3339(&format!("{text}T00:00:00Z"));
        parse_rfc3339(text).or_else(of_day).ok_or_else(|| {
            self.bad("it is a time such as 2026-12-24T00:00:00Z, or a day such as 2026-12-24")
        })
    }

    /// One of the strategies.
    pub(super) fn strategy(&self) -> Read<StrategyKind> {
        self.word(&StrategyKind::ALL.map(|kind| (kind.word(), kind)))
    }

    /// A list, each element read by itself; the first one that cannot be read is the complaint.
    pub(super) fn list<T>(
        &self,
        wanted: &str,
        read: impl Fn(&Field<'n>) -> Read<T>,
    ) -> Read<Vec<T>> {
        self.items(wanted)?.iter().map(read).collect()
    }

    /// How fast a rollback has to be: `< 2 minutes`, `90s`.
    pub(super) fn rollback(&self) -> Read<RollbackTime> {
        let wanted = "write a time with its unit, such as < 2 minutes or 90s";
        match &self.node.value {
            Value::Text(text) => rollback(text).ok_or_else(|| self.bad(wanted)),
            Value::Int(_) | Value::Float(_) => Err(self.bad(wanted)),
            _ => Err(self.wrong("a time")),
        }
    }
}

/// `a or b`, `a, b or c`.
pub(super) fn either(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => "nothing".to_owned(),
    }
}

fn rollback(text: &str) -> Option<RollbackTime> {
    let text = text.trim();
    let (rest, below) = match text.strip_prefix("<=") {
        Some(rest) => (rest, false),
        None => text.strip_prefix('<').map_or((text, false), |rest| (rest, true)),
    };
    let rest = rest.trim();
    let in_words = || {
        let (number, unit) = rest.split_once(' ')?;
        let number: i64 = number.parse::<u32>().ok()?.into();
        match unit.trim() {
            "second" | "seconds" => Span::try_seconds(number),
            "minute" | "minutes" => Span::try_minutes(number),
            "hour" | "hours" => Span::try_hours(number),
            _ => None,
        }
    };
    let span = parse_go_duration(rest).or_else(in_words)?;
    (span > Span::zero() && span <= LONGEST).then_some(RollbackTime { span, below })
}

/// A reference to a secret: `env:NAME`, `file:PATH`, `secret:NAME/KEY`.
pub(super) fn reference(text: &str) -> Option<SecretRef> {
    let (way, rest) = text.split_once(':')?;
    let plain = |text: &str| {
        let good = |c: char| c.is_ascii_graphic();
        !text.is_empty() && text.len() <= 500 && text.chars().all(good)
    };
    match way {
        "env" => {
            let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let fits = plain(rest) && rest.chars().all(good);
            fits.then(|| SecretRef::Variable(rest.into()))
        }
        "file" => plain(rest).then(|| SecretRef::File(rest.into())),
        "secret" => {
            let (name, key) = rest.split_once('/')?;
            let fits = plain(name) && plain(key) && !key.contains('/');
            fits.then(|| SecretRef::Secret { name: name.into(), key: key.into() })
        }
        _ => None,
    }
}
