//! What is to be asked now: only what a visible pane needs, each question once.

use std::collections::BTreeMap;

use crate::app::guard::looks;

use super::{Fetched, GLANCE, Metrics, ShareQuestions, Stream, StreamKey, Subject, in_promql};
use crate::domain::measure::address::Address;
use crate::domain::measure::panel::{Basis, panels, requests};
use crate::domain::measure::query::Question;
use crate::domain::measure::share;
use crate::domain::measure::sides::Side;
use crate::domain::release::Release;
use crate::domain::time::{Span, Timestamp};

/// The usual time between two scrapes, until it is known.
const USUAL_SCRAPE: Span = Span::seconds(15);

/// Requests within a window from which on a value of them is shown.
pub const LEAST_REQUESTS: f64 = 10.0;

/// A workload in the fleet is asked about no more often than this.
const GLANCE_EVERY: Span = Span::seconds(30);

/// How long answers are kept that nobody asks for any more.
const KEPT: Span = Span::minutes(2);

/// A question that is asked again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Answers carry it.
    pub id: u64,
    /// The server.
    pub address: Address,
    /// The question.
    pub question: Question,
    /// How far back the first answer goes; zero asks for one instant.
    pub span: Span,
    /// Between two instants of an answer.
    pub step: Span,
    /// Between two questions.
    pub every: Span,
    /// The last instant that was answered already.
    pub since: Option<Timestamp>,
}

/// The time between two scrapes of a subject, as far as it is known.
pub fn scrape(subject: &Subject) -> Span {
    subject.scrape.unwrap_or(USUAL_SCRAPE)
}

/// Span and step, in seconds, of a subject's charts.
pub fn grid(metrics: &Metrics, subject: &Subject) -> (Span, i64) {
    let span = if subject.close { metrics.view.span() } else { GLANCE };
    (span, super::view::step_of(span, scrape(subject)).num_seconds())
}

/// The window of counts: four scrapes, so that one that fails leaves no gap, and no step is missed.
pub fn count_window(metrics: &Metrics, subject: &Subject) -> Span {
    let (_, step) = grid(metrics, subject);
    let window = (scrape(subject) * 4).max(Span::seconds(20));
    // Whole steps, so that windows lie beside each other on the grid.
    let step = step.max(1);
    Span::seconds((window.num_seconds() + step - 1) / step * step)
}

/// Draws up what is shown of a subject.
pub fn draw_up(metrics: &Metrics, subject: &mut Subject, release: &Release<'_>, now: Timestamp) {
    let Some(sides) = &subject.sides else { return };
    let window = in_promql(count_window(metrics, subject));
    subject.panels = panels(Basis {
        release,
        sides,
        templates: &subject.templates,
        configured: &metrics.settings.queries,
        described: &subject.described.queries,
        found: subject.found,
        window: &window,
    });
    subject.share = share_questions(subject, now);
}

fn share_questions(subject: &Subject, now: Timestamp) -> Option<ShareQuestions> {
    let (sides, found) = (subject.sides.as_ref()?, subject.found?);
    let since = subject.watch.changed_at().map_or(Span::minutes(10), |at| now - at);
    let window = share::window(since, scrape(subject));
    let mut both = requests(sides, found, &in_promql(window)).into_iter();
    let (Some((Side::Canary, canary)), Some((Side::Stable, stable))) = (both.next(), both.next())
    else {
        return None;
    };
    Some(ShareQuestions { canary, stable, window })
}

/// Everything that is to be asked; what was not asked before gets a number by `number`.
pub fn asks(metrics: &mut Metrics, now: Timestamp, mut number: impl FnMut() -> u64) -> Vec<Ask> {
    let mut wanted: BTreeMap<StreamKey, Span> = BTreeMap::new();
    for subject in metrics.subjects.values() {
        if subject.in_view {
            want(metrics, subject, &mut wanted);
        }
        for look in &subject.guarded {
            let keys = look.questions().filter_map(|q| looks::key(subject, q, look.every));
            wanted.extend(keys.map(|key| (key, look.every)));
        }
    }
    let mut asks = Vec::with_capacity(wanted.len());
    for (key, every) in wanted {
        let stream = metrics
            .streams
            .entry(key.clone())
            .or_insert_with(|| Stream { id: number(), ..Stream::default() });
        stream.every = every;
        stream.wanted = Some(now);
        asks.push(Ask {
            id: stream.id,
            address: key.address,
            question: key.question,
            span: Span::seconds(key.span),
            step: Span::seconds(key.step),
            every,
            since: stream.track.last(),
        });
    }
    metrics.streams.retain(|_, stream| stream.wanted.is_some_and(|at| now - at <= KEPT));
    asks
}

fn want(metrics: &Metrics, subject: &Subject, wanted: &mut BTreeMap<StreamKey, Span>) {
    let Some(address) = subject.address() else { return };
    // Steps and windows follow the scrapes: what is asked before would be asked twice.
    let is_asked = matches!(subject.scrape_asked, Fetched::Asked(_));
    if subject.found.is_some() && subject.scrape.is_none() && is_asked {
        return;
    }
    let (span, step) = grid(metrics, subject);
    let every = if subject.close { scrape(subject) } else { scrape(subject).max(GLANCE_EVERY) };
    let every = every.max(Span::seconds(2));
    let mut add = |question: &Question, span: i64, step: i64, every: Span| {
        let (address, question) = (address.clone(), question.clone());
        let known = wanted
            .entry(StreamKey { address, question, span, step, guard: false })
            .or_insert(every);
        *known = (*known).min(every);
    };
    for panel in &subject.panels {
        if !subject.close && !panel.source.is_usual() {
            continue;
        }
        for question in panel.lines.iter().flat_map(|line| line.formula.questions()) {
            add(question, span.num_seconds(), step, every.max(Span::seconds(step)));
        }
    }
    if let Some(share) = &subject.share {
        let every = if subject.close { scrape(subject) } else { every };
        add(&share.canary, 0, every.num_seconds(), every);
        add(&share.stable, 0, every.num_seconds(), every);
    }
}
