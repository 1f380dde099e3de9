//! PromQL as far as it has to be read: the same query for the other version, and what a quantile
//! is made of.
//!
//! Never evaluates anything: Prometheus does. What cannot be read is asked as it stands.

use std::sync::Arc;

use super::{Bucket, Reading, quantile};
use crate::domain::text::{MAX_BYTES, SafeText};
use crate::domain::time::{Span, Timestamp};

/// Which series an answer is expected to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// One.
    Value,
    /// The buckets of one histogram, by `le`.
    Buckets,
}

/// One question to Prometheus.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Question {
    /// PromQL.
    pub expr: Arc<str>,
    /// What is expected.
    pub shape: Shape,
}

impl Question {
    /// One value.
    pub fn value(expr: impl Into<Arc<str>>) -> Self {
        Self { expr: expr.into(), shape: Shape::Value }
    }

    /// Buckets.
    pub fn buckets(expr: impl Into<Arc<str>>) -> Self {
        Self { expr: expr.into(), shape: Shape::Buckets }
    }
}

/// What Prometheus had for one instant.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// Nothing.
    Nothing,
    /// A number, which may be no number.
    Number(f64),
    /// Buckets in the order of their bounds.
    Buckets(Vec<Bucket>),
}

/// What was asked, over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: Question,
    /// First instant.
    pub from: Timestamp,
    /// Last instant; from and to are whole seconds, and the same for one instant.
    pub to: Timestamp,
    /// Between two instants; whole seconds, at least one.
    pub step: Span,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Each instant that was asked, oldest first.
    pub samples: Vec<(Timestamp, Sample)>,
    /// Warnings of the server: what it gave may not be all there is.
    pub warnings: Vec<SafeText>,
}

/// How a value is made of answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// The answer is the value.
    Direct(Question),
    /// A share: one count over another. A part that is not counted is none where the whole is.
    Share {
        /// Counted of the part.
        part: Question,
        /// Counted of the whole.
        whole: Question,
    },
    /// A quantile of a histogram.
    Quantile {
        /// 0 to 1.
        quantile: f64,
        /// Its buckets.
        buckets: Question,
        /// What its bounds are multiplied by.
        factor: f64,
    },
}

impl Formula {
    /// The way to a query's value. A `histogram_quantile` over buckets by `le` alone is taken from
    /// the buckets, since only they tell a value from "above the top bucket".
    pub fn of(query: &str) -> Self {
        match quantile_of(query) {
            Some((quantile, inner, factor)) => {
                Self::Quantile { quantile, buckets: Question::buckets(inner), factor }
            }
            None => Self::Direct(Question::value(query.trim())),
        }
    }

    /// What has to be asked.
    pub fn questions(&self) -> Vec<&Question> {
        match self {
            Self::Direct(question) | Self::Quantile { buckets: question, .. } => vec![question],
            Self::Share { part, whole } => vec![part, whole],
        }
    }

    /// The whole of it as one query, as a person would send it.
    pub fn query(&self) -> String {
        match self {
            Self::Direct(question) => question.expr.to_string(),
            Self::Share { part, whole } => format!("{} / {}", part.expr, whole.expr),
            Self::Quantile { quantile, buckets, factor } => {
                let seen = format!("histogram_quantile({quantile}, {})", buckets.expr);
                if factor.total_cmp(&1.0).is_eq() { seen } else { format!("{seen} * {factor}") }
            }
        }
    }

    /// The value of an instant, by what each question gave for it.
    pub fn reading<'s>(&self, sample: impl Fn(&Question) -> Option<&'s Sample>) -> Reading {
        match self {
            Self::Direct(question) => match sample(question) {
                Some(Sample::Number(value)) => Reading::of(*value),
                _ => Reading::NoSeries,
            },
            Self::Share { part, whole } => match (sample(part), sample(whole)) {
                (Some(Sample::Number(part)), Some(Sample::Number(whole))) => {
                    Reading::of(part / whole)
                }
                // Counters of errors are born with the first error.
                (Some(Sample::Nothing), Some(Sample::Number(whole))) if *whole > 0.0 => {
                    Reading::Value(0.0)
                }
                (_, Some(Sample::Number(whole))) if *whole == 0.0 => Reading::Undefined,
                _ => Reading::NoSeries,
            },
            Self::Quantile { quantile: asked, buckets, factor } => match sample(buckets) {
                Some(Sample::Buckets(buckets)) if !buckets.is_empty() => {
                    match quantile(*asked, buckets) {
                        Reading::Value(value) => Reading::of(value * factor),
                        Reading::AtLeast(bound) => Reading::AtLeast(bound * factor),
                        other => other,
                    }
                }
                _ => Reading::NoSeries,
            },
        }
    }
}

/// Whether a query is whole: a longer one was cut where it was decoded, and would be another.
pub fn is_whole(query: &str) -> bool {
    query.len() < MAX_BYTES
}

/// `histogram_quantile(Q, INNER) * FACTOR` with INNER grouped by `le` alone.
fn quantile_of(query: &str) -> Option<(f64, &str, f64)> {
    let rest = query.trim().strip_prefix("histogram_quantile")?.trim_start().strip_prefix('(')?;
    let (inside, after) = closed(rest)?;
    let (asked, inner) = inside.split_once(',')?;
    let asked: f64 = asked.trim().parse().ok()?;
    let inner = inner.trim();
    let factor = match after.trim() {
        "" => 1.0,
        more => {
            let (sign, number) = more.split_at_checked(1)?;
            let number: f64 = number.trim().parse().ok()?;
            match sign {
                "*" => number,
                "/" => 1.0 / number,
                _ => return None,
            }
        }
    };
    let squeezed: String = inner.split_whitespace().collect();
    let by_le = squeezed.starts_with("sumby(le)(")
        || (squeezed.starts_with("sum(") && squeezed.ends_with(")by(le)"));
    (by_le && factor.is_finite() && factor > 0.0).then_some((asked, inner, factor))
}

/// What stands before the bracket that closes, and what after it. Brackets in strings do not count.
fn closed(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some('"' | '\''), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            (None, ')') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A query with each of these words exchanged for another; nothing when none of them is in it.
///
/// A word ends where no letter, digit, `_`, `-` or `.` goes on; a hash may be part of a longer one.
pub fn exchange(
    query: &str,
    hash: Option<(&str, &str)>,
    word: Option<(&str, &str)>,
) -> Option<String> {
    let mut out = query.to_owned();
    let mut changed = false;
    if let Some((from, to)) = hash.filter(|(from, to)| !from.is_empty() && from != to) {
        changed |= out.contains(from);
        out = out.replace(from, to);
    }
    if let Some((from, to)) = word.filter(|(from, to)| !from.is_empty() && from != to) {
        let (replaced, any) = exchange_word(&out, from, to);
        changed |= any;
        out = replaced;
    }
    changed.then_some(out)
}

fn exchange_word(text: &str, from: &str, to: &str) -> (String, bool) {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let (mut out, mut rest, mut any) = (String::with_capacity(text.len()), text, false);
    while let Some(at) = rest.find(from) {
        let (before, found) = rest.split_at(at);
        let after = found.get(from.len()..).unwrap_or_default();
        out.push_str(before);
        let alone = !out.chars().next_back().is_some_and(goes_on)
            && !after.chars().next().is_some_and(goes_on);
        out.push_str(if alone { to } else { from });
        any |= alone;
        rest = after;
    }
    out.push_str(rest);
    (out, any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_taken_apart_where_that_is_the_same() {
        let inner = r#"sum(rate(x_bucket{a="b)"}[2m])) by (le)"#;
        let cases = [
            (format!("histogram_quantile(0.99, {inner}) * 1000"), Some((0.99, inner, 1000.0))),
            (format!("histogram_quantile(0.5,{inner})"), Some((0.5, inner, 1.0))),
            (format!("histogram_quantile(0.5,{inner}) / 1000"), Some((0.5, inner, 0.001))),
            (
                "histogram_quantile(0.9, sum by (le) (rate(x_bucket[1m])))".to_owned(),
                Some((0.9, "sum by (le) (rate(x_bucket[1m]))", 1.0)),
            ),
            ("histogram_quantile(0.9, rate(x_bucket[1m]))".to_owned(), None),
            ("histogram_quantile(0.9, sum by (le, pod) (x))".to_owned(), None),
            (format!("histogram_quantile(0.9, {inner}) > 5"), None),
            (format!("histogram_quantile(0.9, {inner}) - 5"), None),
            (format!("1 - histogram_quantile(0.9, {inner})"), None),
            ("histogram_quantile(0.9, (".to_owned(), None),
            ("sum(rate(x[1m]))".to_owned(), None),
            ("histogram_quantile(q, sum by (le) (x))".to_owned(), None),
        ];
        for (query, wanted) in cases {
            assert_eq!(quantile_of(&query), wanted, "{query}");
        }
    }

    #[test]
    fn a_formula_is_a_query_that_is_read_as_the_same() {
        for factor in [1.0, 0.001, 1000.0] {
            let buckets = Question::buckets("sum by (le) (x_bucket)");
            let formula = Formula::Quantile { quantile: 0.99, buckets, factor };
            assert_eq!(Formula::of(&formula.query()), formula);
        }
        let share = Formula::Share { part: Question::value("p"), whole: Question::value("w") };
        assert_eq!(share.query(), "p / w");
    }

    #[test]
    fn the_other_version_is_asked_by_the_same_query() {
        let hash = Some(("77bb", "55aa"));
        let word = Some(("checkout-canary", "checkout"));
        let cases = [
            (r#"x{hash="77bb"}"#, Some(r#"x{hash="55aa"}"#)),
            (r#"x{pod=~"checkout-77bb-.+"}"#, Some(r#"x{pod=~"checkout-55aa-.+"}"#)),
            (r#"x{service="checkout-canary"}"#, Some(r#"x{service="checkout"}"#)),
            (r#"x{service="checkout-canary-2"}"#, None),
            (r#"x{service="checkout"}"#, None),
            ("sum(up)", None),
        ];
        for (query, wanted) in cases {
            assert_eq!(exchange(query, hash, word).as_deref(), wanted, "{query}");
        }
        assert_eq!(exchange("77bb", Some(("77bb", "77bb")), None), None, "the same version");
    }

    #[test]
    fn a_share_has_no_part_before_the_first_error_and_none_without_requests() {
        let formula = Formula::Share { part: Question::value("p"), whole: Question::value("w") };
        let number = |n| Some(Sample::Number(n));
        let cases = [
            (number(1.0), number(50.0), Reading::Value(0.02)),
            (number(3.0), number(3.0), Reading::Value(1.0)),
            (Some(Sample::Nothing), number(50.0), Reading::Value(0.0)),
            (Some(Sample::Nothing), number(0.0), Reading::Undefined),
            (number(0.0), number(0.0), Reading::Undefined),
            (Some(Sample::Nothing), Some(Sample::Nothing), Reading::NoSeries),
            (number(1.0), Some(Sample::Nothing), Reading::NoSeries),
            (None, number(50.0), Reading::NoSeries),
        ];
        for (part, whole, wanted) in cases {
            let of = |q: &Question| if &*q.expr == "p" { part.as_ref() } else { whole.as_ref() };
            assert_eq!(formula.reading(of), wanted, "{part:?} of {whole:?}");
        }
    }

    #[test]
    fn a_quantile_above_the_top_bucket_is_at_least_that() {
        let formula = Formula::of("histogram_quantile(0.99, sum by (le) (x)) * 1000");
        let buckets = |counts: [f64; 3]| {
            let bounds = [1.0, 10.0, f64::INFINITY];
            let all = bounds.iter().zip(counts);
            Sample::Buckets(all.map(|(bound, count)| Bucket { bound: *bound, count }).collect())
        };
        let below = buckets([100.0, 100.0, 100.0]);
        assert_eq!(formula.reading(|_| Some(&below)), Reading::Value(990.0));
        let above = buckets([50.0, 90.0, 100.0]);
        assert_eq!(formula.reading(|_| Some(&above)), Reading::AtLeast(10_000.0));
        assert_eq!(formula.reading(|_| Some(&Sample::Nothing)), Reading::NoSeries);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "(histogram_quantile\\()?[a-z0-9(){}\"\\\\,*/. ]{0,40}") {
            let _ = (Formula::of(&text), exchange(&text, Some(("a", "b")), Some(("c", "d"))));
        }
    }
}
