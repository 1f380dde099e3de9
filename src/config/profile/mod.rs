//! Gate and guard profiles: each key once, with the field it fills and what may stand there.
//!
//! `[gate]` and `[guard]` of `config.toml` and the profiles of `waveoff.yaml` share keys and
//! limits; each complains in its own words. Never knows what a value means: that is `domain`'s.
//! Called by `file`, `explain` and `args`, and by the catalogue.

mod gate;
mod guard;
mod settings;

use std::time::Duration;

use crate::domain::gate::Check;
use crate::domain::text::{SafeText, is_printable};
use crate::domain::time::{Span, length, parse_go_duration};

pub use settings::GateSettings;
pub(super) use settings::GuardSettings;

/// Values that a section of a file may set.
pub(super) trait Values: Default + Clone {
    /// The values while they are read.
    type Draft: From<Self>;

    /// Every key with its field, in the order in which they are shown.
    fn slots(draft: &mut Self::Draft) -> Vec<(&'static str, Slot<'_>)>;

    /// What was read; where something is only half there, the key that is missing.
    fn done(draft: Self::Draft) -> Result<Self, &'static str>;
}

/// Every key.
pub(super) fn keys<T: Values>() -> Vec<&'static str> {
    T::slots(&mut T::default().into()).into_iter().map(|(key, _)| key).collect()
}

/// Every value in effect, by its key.
pub(super) fn shown<T: Values>(values: &T) -> Vec<(&'static str, String)> {
    let mut draft = values.clone().into();
    T::slots(&mut draft).into_iter().map(|(key, slot)| (key, slot.words())).collect()
}

/// A field, by what may stand there.
#[derive(Debug)]
pub(super) enum Slot<'v> {
    /// Address of a server; nothing goes through the API server.
    Server(&'v mut Option<SafeText>),
    /// A file of certificates.
    File(&'v mut Option<String>),
    /// Number or name of a port: a [`SHORT`] text.
    Port(&'v mut Option<SafeText>),
    /// A [`SHORT`] text.
    Text(&'v mut SafeText),
    /// A [`PATH`].
    Path(&'v mut SafeText),
    /// A [`POINTER`].
    Pointer(&'v mut SafeText),
    /// Names of checks.
    Checks(&'v mut Vec<Check>),
    /// `true` or `false`.
    Truth(&'v mut bool),
    /// A whole number.
    Count(&'v mut u32, Bounds),
    /// A time of an HTTP question: an [`HOUR`] at most.
    Time(&'v mut Duration),
    /// A time of a guard.
    Span(&'v mut Span, Limit),
    /// A share of 0 to 1.
    Share(&'v mut f64),
    /// A number of requests, none or more.
    Requests(&'v mut f64),
    /// PromQL.
    Query(&'v mut Option<SafeText>),
    /// The least that it may give.
    Least(&'v mut Option<f64>),
}

impl Slot<'_> {
    /// The value, as a file writes it.
    fn words(&self) -> String {
        let or = |text: Option<&str>, none: &str| text.unwrap_or(none).to_owned();
        match self {
            Self::Server(server) => or(server.as_deref(), "through the API server"),
            Self::File(file) => or(file.as_deref(), "those of the system"),
            Self::Port(port) => or(port.as_deref(), "of the Service"),
            Self::Text(text) | Self::Path(text) | Self::Pointer(text) => text.to_string(),
            Self::Checks(checks) if checks.is_empty() => "none".to_owned(),
            Self::Checks(checks) => checks.iter().map(|c| c.name()).collect::<Vec<_>>().join(", "),
            Self::Truth(truth) => truth.to_string(),
            Self::Count(count, _) => count.to_string(),
            Self::Time(time) => length(Span::from_std(**time).unwrap_or(Span::MAX)),
            Self::Span(span, _) => length(**span),
            Self::Share(share) => format!("{}%", (**share * 1e6).round() / 1e4),
            Self::Requests(number) => number.to_string(),
            Self::Query(query) => or(query.as_deref(), "none"),
            Self::Least(least) => {
                least.map_or_else(|| "none".to_owned(), |least| least.to_string())
            }
        }
    }
}

/// What a number may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) least: u32,
    pub(super) most: u32,
    /// The complaint of `config.toml`; the catalogue puts its own together.
    wanted: &'static str,
}

/// The complaint about a number of requests that is none.
pub(super) const REQUESTS: &str = "it is a number of requests, 0 or more";

/// What a text looks like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) fits: fn(&str) -> bool,
    /// The complaint about one that does not.
    pub(super) wanted: &'static str,
}

/// A text that is compared or sent as it is.
pub(super) const SHORT: Form = Form {
    fits: |text| !text.is_empty() && text.len() <= 200 && text.chars().all(is_printable),
    wanted: "it is a text of 1 to 200 printable characters",
};

/// A path of a server that leads nowhere else.
pub(super) const PATH: Form = Form {
    fits: |text| {
        text.starts_with('/')
            && !text.starts_with("//")
            && text.len() <= 500
            && text.chars().all(|c| c.is_ascii_graphic() && c != '#')
            && text.split(['/', '?']).all(|part| part != "..")
    },
    wanted: "it is a path such as /health",
};

/// A JSON pointer, but not the empty one.
pub(super) const POINTER: Form = Form {
    fits: |text| text.starts_with('/') && (SHORT.fits)(text),
    wanted: "it is a JSON pointer such as /database/status",
};

/// How long a time may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) longest: Span,
    /// Only whole seconds, as samples lie on a grid of them.
    whole: bool,
    /// The complaint of `config.toml`, whatever is wrong.
    pub(super) wanted: &'static str,
    /// The complaint of the catalogue about a longer one.
    pub(super) too_long: &'static str,
}

/// Of an HTTP question.
pub(super) const HOUR: Limit = Limit {
    longest: Span::hours(1),
    whole: false,
    wanted: "it is a time such as 500ms, 3s or 5m",
    too_long: "it is a time up to an hour, such as 500ms, 3s or 5m",
};

/// Of a guard.
const WEEK: Limit = Limit {
    longest: Span::days(7),
    whole: false,
    wanted: "it is a time with its unit, such as 90s or 5m",
    too_long: "it is a time up to seven days, such as 90s or 5m",
};

/// Between two samples of a guard.
const GRID: Limit =
    Limit { whole: true, wanted: "it is a time of whole seconds, such as 30s", ..WEEK };

impl Limit {
    /// A time above zero within it.
    fn read(self, text: &str) -> Option<Span> {
        let fits = |span: &Span| *span > Span::zero() && *span <= self.longest;
        parse_go_duration(text).filter(fits).filter(|span| self.on_grid(*span))
    }

    /// Whether it is a time of whole seconds, where it has to be.
    pub(super) fn on_grid(self, span: Span) -> bool {
        !self.whole || span == Span::seconds(span.num_seconds())
    }
}

/// A time of a guard: `90s`, `5m`.
pub(super) fn time(text: &str) -> Result<Span, String> {
    WEEK.read(text.trim())
        .ok_or_else(|| "write a time above zero with its unit, such as 90s, 5m or 1h30m".to_owned())
}

/// A number that something can be compared with: not NaN, and not without end.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| "write a number, such as 0.98".to_owned())
}

/// A number of requests.
pub(super) fn requests(text: &str) -> Result<f64, String> {
    let number = number(text).ok().filter(|number| *number >= 0.0);
    number.ok_or_else(|| "write a number of requests, 0 or more".to_owned())
}

/// A share: `1%`, `0.5%`; of 0 to 100 %.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    number
        .filter(|percent| (0.0..=100.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| "write a share with its sign, between 0% and 100%, such as 1%".to_owned())
}
