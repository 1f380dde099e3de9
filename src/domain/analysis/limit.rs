//! The limit that a condition of an AnalysisTemplate draws: `result[0] <= 0.02` is a line at 0.02
//! with the good side below.
//!
//! Source: `successCondition` and `failureCondition`, in expr-lang as Argo Rollouts evaluates it.
//! Only what has one meaning as lines is read: comparisons of the result with a number, joined by
//! `&&`, and beside them what is said of empty and undefined results. Anything else is no line and
//! is shown as text. Never decides whether a measurement passes: the controller does.

mod reader;

use super::Metric;
use reader::read;

/// Where values are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Good {
    /// Up to the line, the line included.
    AtMost,
    /// Below the line.
    Below,
    /// From the line on, the line included.
    AtLeast,
    /// Above the line.
    Above,
}

impl Good {
    /// The sign that people know.
    pub fn sign(self) -> &'static str {
        match self {
            Self::AtMost => "<=",
            Self::Below => "<",
            Self::AtLeast => ">=",
            Self::Above => ">",
        }
    }

    /// What is good when what this names is bad.
    fn opposite(self) -> Self {
        match self {
            Self::AtMost => Self::Above,
            Self::Below => Self::AtLeast,
            Self::AtLeast => Self::Below,
            Self::Above => Self::AtMost,
        }
    }

    /// The same with the sides of the comparison exchanged: `5 > x` is `x < 5`.
    fn mirrored(self) -> Self {
        match self {
            Self::AtMost => Self::AtLeast,
            Self::Below => Self::Above,
            Self::AtLeast => Self::AtMost,
            Self::Above => Self::Below,
        }
    }
}

/// A line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Its value, in the unit of the query.
    pub at: f64,
    /// Its good side.
    pub good: Good,
}

impl Limit {
    /// Whether a value is on the good side.
    pub fn holds(self, value: f64) -> bool {
        match self.good {
            Good::AtMost => value <= self.at,
            Good::Below => value < self.at,
            Good::AtLeast => value >= self.at,
            Good::Above => value > self.at,
        }
    }
}

/// What a condition says, as far as it can be drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits {
    /// All of them must hold for a value to be good.
    pub lines: Vec<Limit>,
    /// An empty result counts as good, although there is no value.
    pub empty_is_good: bool,
    /// So does one that is not a number.
    pub undefined_is_good: bool,
}

impl Limits {
    /// The limits of a `successCondition`; nothing when it cannot be drawn.
    pub fn of_success(condition: &str) -> Option<Self> {
        read(condition)?.into_limits()
    }

    /// Whether a value is good: on the good side of each line.
    pub fn hold(&self, value: f64) -> bool {
        if value.is_nan() {
            return self.undefined_is_good;
        }
        self.lines.iter().all(|limit| limit.holds(value))
    }

    /// `>= 1 and <= 5`, and whether nothing passes too.
    fn words(&self) -> String {
        let line = |limit: &Limit| format!("{} {}", limit.good.sign(), limit.at);
        let lines: Vec<String> = self.lines.iter().map(line).collect();
        let nothing = match (self.empty_is_good, self.undefined_is_good) {
            (true, _) => " (no data passes)",
            (false, true) => " (NaN passes)",
            (false, false) => "",
        };
        format!("{}{nothing}", lines.join(" and "))
    }

    /// What is not good: `< 1 or > 5`.
    fn beyond(&self) -> String {
        let side = |limit: &Limit| format!("{} {}", limit.good.opposite().sign(), limit.at);
        let sides: Vec<String> = self.lines.iter().map(side).collect();
        sides.join(" or ")
    }

    /// The limits of a `failureCondition`: it names what is bad. What fails below 1 or above 5 is
    /// good between them; what fails between them is good in two places, and cannot be drawn.
    pub fn of_failure(condition: &str) -> Option<Self> {
        let bad = read(condition)?;
        if bad.empty || bad.undefined {
            return None;
        }
        let turned = |limit: &Limit| Limit { good: limit.good.opposite(), ..*limit };
        let lines: Vec<Limit> = match bad.joined {
            Joined::All if bad.lines.len() > 1 => return None,
            Joined::All | Joined::Any => bad.lines.iter().map(turned).collect(),
        };
        let limits = Self { lines, ..Self::default() };
        (!limits.lines.is_empty()).then_some(limits)
    }
}

/// The limit of a metric in words: as lines where it can be drawn, else as the template has it.
pub fn words(metric: &Metric) -> String {
    let success = metric.success_condition.as_deref();
    let failure = metric.failure_condition.as_deref();
    let good = success.and_then(Limits::of_success);
    let not_bad = failure.and_then(Limits::of_failure);
    match (success, good, failure, not_bad) {
        (None, _, None, _) => "any value passes".to_owned(),
        (Some(success), _, None, _) => words_of(success),
        (None, _, Some(_), Some(not_bad)) => format!("must be {}", not_bad.words()),
        (Some(_), Some(good), Some(_), Some(not_bad)) if good.lines == not_bad.lines => {
            format!("must be {}", good.words())
        }
        (Some(_), Some(good), Some(_), Some(not_bad)) => {
            format!("good is {}, bad is {}", good.words(), not_bad.beyond())
        }
        (None, _, Some(failure), _) => format!("must not be {failure}"),
        (Some(success), _, Some(failure), _) => format!("good is {success}, bad is {failure}"),
    }
}

/// The same of a condition for success alone.
pub fn words_of(success: &str) -> String {
    match Limits::of_success(success) {
        Some(good) => format!("must be {}", good.words()),
        None => format!("must be {success}"),
    }
}

/// How lines are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joined {
    All,
    Any,
}

/// What a condition holds for.
#[derive(Debug, Clone, PartialEq)]
struct Holds {
    lines: Vec<Limit>,
    joined: Joined,
    /// It holds for empty results.
    empty: bool,
    /// It holds for those that are not a number.
    undefined: bool,
}

impl Holds {
    fn for_lines(lines: Vec<Limit>) -> Self {
        Self { lines, joined: Joined::All, empty: false, undefined: false }
    }

    fn into_limits(self) -> Option<Limits> {
        if self.lines.is_empty() || (self.joined == Joined::Any && self.lines.len() > 1) {
            return None;
        }
        Some(Limits {
            lines: self.lines,
            empty_is_good: self.empty,
            undefined_is_good: self.undefined,
        })
    }

    fn or(mut self, other: Self) -> Option<Self> {
        let single = |holds: &Self| holds.joined == Joined::Any || holds.lines.len() <= 1;
        if !self.lines.is_empty() && !other.lines.is_empty() {
            if !single(&self) || !single(&other) {
                return None;
            }
            self.joined = Joined::Any;
        } else if self.lines.is_empty() {
            self.joined = other.joined;
        }
        self.lines.extend(other.lines);
        self.empty |= other.empty;
        self.undefined |= other.undefined;
        Some(self)
    }

    fn and(mut self, other: Self) -> Option<Self> {
        let single = |holds: &Self| holds.joined == Joined::All || holds.lines.len() <= 1;
        if !single(&self) || !single(&other) {
            return None;
        }
        // With a guard on one side, such as `len(result) > 0`, the other side's lines are left.
        self.lines.extend(other.lines);
        self.joined = Joined::All;
        self.empty &= other.empty;
        self.undefined &= other.undefined;
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::analysis::Verdict;
    use crate::domain::sample::a_metric;

    fn written(limits: Option<Limits>) -> String {
        let Some(limits) = limits else { return "-".to_owned() };
        let mut words: Vec<String> =
            limits.lines.iter().map(|l| format!("{} {}", l.good.sign(), l.at)).collect();
        words.extend(limits.empty_is_good.then(|| "empty".to_owned()));
        words.extend(limits.undefined_is_good.then(|| "NaN".to_owned()));
        words.join(", ")
    }

    #[test]
    fn what_success_conditions_draw() {
        let cases = [
            ("result[0] <= 0.02", "<= 0.02"),
            ("result < 5", "< 5"),
            ("result[0] >= 0.95", ">= 0.95"),
            ("0.95 <= result[0]", ">= 0.95"),
            ("5 > asFloat(result)", "< 5"),
            ("(result[0] > -1.5)", "> -1.5"),
            ("(result[0]) < 1e-3", "< 0.001"),
            ("len(result) == 0 || isNaN(result[0]) || result[0] <= 0.8", "<= 0.8, empty, NaN"),
            ("isNaN(result[0]) or result[0] < 2", "< 2, NaN"),
            ("len(result) > 0 && result[0] < 2", "< 2"),
            ("!isNaN(result[0]) && result[0] < 2", "< 2"),
            ("result[0] >= 1 && result[0] <= 5", ">= 1, <= 5"),
            ("default(result, 0) < 5", "< 5, empty"),
            ("default(result[0], 9) < 5", "< 5"),
            ("all(result, # < 5)", "< 5, empty"),
            ("all(result, {# >= 0.9})", ">= 0.9, empty"),
        ];
        for (condition, wanted) in cases {
            assert_eq!(written(Limits::of_success(condition)), wanted, "{condition}");
        }
    }

    #[test]
    fn what_failure_conditions_draw_is_the_other_side() {
        let cases = [
            ("result[0] > 0.05", "<= 0.05"),
            ("result[0] >= 0.05", "< 0.05"),
            ("result[0] < 1 || result[0] > 5", ">= 1, <= 5"),
            ("result[0] > 1 && result[0] < 5", "-"),
            ("len(result) == 0 || result[0] > 5", "-"),
        ];
        for (condition, wanted) in cases {
            assert_eq!(written(Limits::of_failure(condition)), wanted, "{condition}");
        }
    }

    #[test]
    fn what_has_no_one_meaning_is_no_line() {
        let cases = [
            "",
            "true",
            "result == 'ok'",
            "result[0] == 5",
            "result[1] < 5",
            "result.status < 5",
            "result[0] < result[1]",
            "result[0] < 1 || result[0] > 5",
            "result[0] < 5 && (result[0] > 1 || result[0] < 0)",
            "any(result, # < 5)",
            "result[0] < 5 extra",
            "result[0] <",
            "isNaN(result[0])",
            "!(result[0] < 5)",
            "result[0] < 5 ? true : false",
            "len(result) == 3 && result[0] < 5",
            "((((",
            "1 < 2",
        ];
        for condition in cases {
            assert_eq!(Limits::of_success(condition), None, "{condition}");
        }
    }

    #[test]
    fn a_limit_is_said_as_it_is_drawn() {
        let usual = "len(result) == 0 || isNaN(result[0]) || result[0] <= 0.02";
        let cases = [
            (Some("result[0] <= 0.05"), None, "must be <= 0.05"),
            (Some(usual), None, "must be <= 0.02 (no data passes)"),
            (Some("result >= 1 && result <= 5"), None, "must be >= 1 and <= 5"),
            (None, Some("result[0] > 0.1"), "must be <= 0.1"),
            (Some("result[0] <= 0.1"), Some("result[0] > 0.1"), "must be <= 0.1"),
            (Some("result[0] <= 0.05"), Some("result[0] > 0.1"), "good is <= 0.05, bad is > 0.1"),
            (Some("result.ok"), None, "must be result.ok"),
            (None, Some("result == 3"), "must not be result == 3"),
            (Some("result.ok"), Some("result > 3"), "good is result.ok, bad is result > 3"),
            (None, None, "any value passes"),
        ];
        for (success, failure, words_of_it) in cases {
            let mut metric = a_metric(Verdict::Failed, &[]);
            metric.success_condition = success.map(Into::into);
            metric.failure_condition = failure.map(Into::into);
            assert_eq!(words(&metric), words_of_it);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "[a-z#0-9(){}\\[\\]<>=!&|,. -]{0,60}") {
            let _ = (Limits::of_success(&text), Limits::of_failure(&text));
        }
    }
}
