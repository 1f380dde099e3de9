//! The JSON of Prometheus' query API, as far as it is read.
//!
//! Knows nothing of what an answer is for. Warnings survive here; the library's own types drop
//! them. Hints (`infos`) end here. Read by `reply`, turned into domain values by `answer`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};

/// How older servers mark a hint among their warnings.
const HINT: &str = "PromQL info:";

/// The whole answer. Other servers of the same API leave parts out, or add some.
#[derive(Deserialize, Debug)]
pub(super) struct Envelope {
    pub(super) status: Option<String>,
    pub(super) data: Option<Data>,
    pub(super) error: Option<String>,
    pub(super) warnings: Option<Vec<String>>,
    /// `VictoriaMetrics`: not all of its storage has answered.
    #[serde(rename = "isPartial")]
    pub(super) partial: Option<bool>,
}

/// What a query gave.
#[derive(Deserialize, Debug)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum Data {
    Matrix(Vec<Series>),
    Vector(Vec<Element>),
    Scalar((f64, Number)),
    String(IgnoredAny),
}

pub(super) type Labels = BTreeMap<String, String>;

/// Seconds since 1970, and a value.
pub(super) type Point = (f64, Number);

/// A series over time.
#[derive(Deserialize, Debug, Default)]
#[serde(default)]
pub(super) struct Series {
    pub(super) metric: Labels,
    pub(super) values: Vec<Point>,
    pub(super) histograms: Vec<IgnoredAny>,
}

/// A series at one instant.
#[derive(Deserialize, Debug, Default)]
#[serde(default)]
pub(super) struct Element {
    pub(super) metric: Labels,
    pub(super) value: Option<Point>,
    pub(super) histogram: Option<IgnoredAny>,
}

/// A number that is written as text, so that `NaN` and `+Inf` can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number(pub(super) f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Text)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number as text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        text.parse().map(Number).map_err(|_| E::custom(format!("{text:?} is no number")))
    }
}

impl Envelope {
    /// What the server says beside its answer that puts it in doubt. A hint does not: one comes
    /// with each counter whose name does not end in `_total`, however well it counts.
    pub(super) fn remarks(&self) -> impl Iterator<Item = &str> {
        let partial = self.partial.unwrap_or_default();
        let partial = partial.then_some("not all of the storage has answered (isPartial)");
        let warnings = self.warnings.iter().flatten().map(String::as_str);
        partial.into_iter().chain(warnings.filter(|text| !text.starts_with(HINT)))
    }
}
