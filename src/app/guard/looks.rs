//! What a guard asks, and what it sees in the answers.
//!
//! Its questions are its own, apart from those of the charts: charts may be closed, zoomed or asked
//! less often. Never judges. Called by `update` and by `metrics::asks`.

use crate::app::metrics::asks::scrape;
use crate::app::metrics::{Metrics, StreamKey, Subject};
use crate::domain::guard::rule::{Sample, Signal, Terms};
use crate::domain::measure::Reading;
use crate::domain::measure::panel::fill_version;
use crate::domain::measure::query::{Formula, Question};
use crate::domain::measure::sides::Version;
use crate::domain::time::{Span, Timestamp};

/// What is asked of one rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Which signal.
    pub signal: Signal,
    /// How its value is made.
    pub formula: Formula,
    /// Requests in the same window: a value of few says nothing. None where nobody counts.
    pub requests: Option<Question>,
    /// Between two questions.
    pub every: Span,
}

impl Look {
    /// Everything that has to be asked.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.formula.questions().into_iter().chain(&self.requests)
    }
}

/// What is asked about a version of a subject. Rules that nothing is counted for have no look.
pub fn looks(subject: &Subject, hash: &str, terms: &Terms) -> Vec<Look> {
    let Some(sides) = &subject.sides else { return Vec::new() };
    let versions = [&sides.canary, &sides.stable];
    let Some(version) = versions.into_iter().flatten().find(|version| version.hash == hash) else {
        return Vec::new();
    };
    // Windows without a gap between them, each of a few scrapes.
    let window = (scrape(subject) * 4).max(terms.every).max(Span::seconds(20));
    let window = format!("{}s", window.num_seconds());
    let every = terms.every;
    let found = subject.found;
    let requests = found.and_then(|found| found.requests(sides, version, &window));
    let requests = requests.map(Question::value);
    // A query that the catalogue has comes before what is usual.
    let described = |name: &str| {
        let query = subject.described.query(name)?;
        Some(Formula::of(&fill_version(query, sides, version)))
    };
    let errors = || found?.errors(sides, version, &window);
    let latency = || found?.p99(sides, version, &window);
    let look = |(signal, formula): (Signal, Option<Formula>)| {
        let requests = requests.clone();
        Some(Look { signal, formula: formula?, requests, every })
    };
    let signals = [
        (Signal::Errors, described("errors").or_else(errors)),
        (Signal::Latency, described("p99").or_else(latency)),
    ];
    signals.into_iter().filter_map(look).chain(business(subject, version, terms)).collect()
}

/// The one of these that answers a rule.
pub fn of_rule(looks: &[Look], signal: Signal) -> Option<&Look> {
    looks.iter().find(|look| look.signal == signal.asked())
}

fn business(subject: &Subject, version: &Version, terms: &Terms) -> Option<Look> {
    let (query, _) = terms.business.as_ref()?;
    let sides = subject.sides.as_ref()?;
    let formula = Formula::of(&fill_version(query, sides, version));
    Some(Look { signal: Signal::Business, formula, requests: None, every: terms.every })
}

/// The stream of a question of a guard.
pub(in crate::app) fn key(
    subject: &Subject,
    question: &Question,
    every: Span,
) -> Option<StreamKey> {
    let step = every.num_seconds().max(1);
    let (address, question) = (subject.address()?.clone(), question.clone());
    Some(StreamKey { address, question, span: 0, step, guard: true })
}

/// What was seen last of a look: an instant for which everything was answered.
pub fn sample(metrics: &Metrics, subject: &Subject, look: &Look, terms: &Terms) -> Option<Sample> {
    let track = |question: &Question| {
        let key = key(subject, question, look.every)?;
        metrics.streams.get(&key)
    };
    let lasts: Vec<Option<Timestamp>> =
        look.questions().map(|question| track(question).and_then(|s| s.track.last())).collect();
    let at = lasts.iter().copied().collect::<Option<Vec<Timestamp>>>()?.into_iter().min()?;
    let warned = look.questions().find_map(|q| track(q)?.warnings.first());
    if let Some(warning) = warned {
        let reading = Reading::Failed(format!("warning: {warning}").into());
        return Some(Sample { at, reading });
    }
    // All are asked for the same instants; one that is late makes the others wait for it.
    let all_there = look.questions().all(|q| track(q).is_some_and(|s| s.track.at(at).is_some()));
    if !all_there {
        return None;
    }
    let reading = look.formula.reading(|question| track(question)?.track.at(at));
    let reading = match &look.requests {
        None => reading,
        Some(question) => {
            use crate::domain::measure::query::Sample as Answered;
            let requests = match track(question).and_then(|s| s.track.at(at)) {
                Some(Answered::Number(requests)) if requests.is_finite() => *requests,
                _ => 0.0,
            };
            match reading {
                Reading::NoSeries => Reading::NoSeries,
                other => other.with_requests(requests, terms.least_requests),
            }
        }
    };
    Some(Sample { at, reading })
}

/// Why a look has no answer now, as far as the server said.
pub fn failing(metrics: &Metrics, subject: &Subject, look: &Look) -> Option<String> {
    look.questions().find_map(|question| {
        let key = key(subject, question, look.every)?;
        metrics.streams.get(&key)?.failing.as_ref().map(ToString::to_string)
    })
}
