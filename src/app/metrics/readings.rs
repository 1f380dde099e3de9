//! What the answers say: the value of a line now, its course, and the comparison of two versions.
//!
//! Never shows a value that is not there: each reason for having none is a reading of its own.

use super::asks::{LEAST_REQUESTS, count_window, grid};
use super::{Metrics, Stream, StreamKey, Subject, in_promql};
use crate::domain::id::WorkloadId;
use crate::domain::measure::Reading;
use crate::domain::measure::compare::{Comparison, added, errors, latency};
use crate::domain::measure::panel::{Line, Panel, Source, durations, failed, requests};
use crate::domain::measure::query::{Formula, Question, Sample};
use crate::domain::measure::sides::Side;
use crate::domain::measure::statistics::Counted;
use crate::domain::measure::track::Track;
use crate::domain::time::{Span, Timestamp};

/// The longest time over which versions are compared; never longer than the present weight holds.
const COMPARED: Span = Span::minutes(10);

impl Metrics {
    /// The answers to a question about a subject.
    pub fn stream(&self, subject: &Subject, question: &Question) -> Option<&Stream> {
        let (span, step) = grid(self, subject);
        let address = subject.address()?.clone();
        let question = question.clone();
        let key = StreamKey { address, question, span: span.num_seconds(), step, guard: false };
        self.streams.get(&key)
    }

    fn track(&self, subject: &Subject, question: &Question) -> Option<&Track> {
        self.stream(subject, question).map(|stream| &stream.track)
    }

    /// The value of a line now.
    pub fn reading(
        &self,
        subject: &Subject,
        panel: &Panel,
        line: &Line,
        now: Timestamp,
    ) -> Reading {
        let streams: Vec<Option<&Stream>> =
            line.formula.questions().into_iter().map(|q| self.stream(subject, q)).collect();
        let mut last: Option<Timestamp> = None;
        for stream in &streams {
            let Some(stream) = stream else { return Reading::Loading };
            let Some(at) = stream.track.last() else {
                return match &stream.failing {
                    Some(why) => Reading::Failed(why.clone()),
                    None => Reading::Loading,
                };
            };
            last = Some(last.map_or(at, |last| last.min(at)));
        }
        let Some(last) = last else { return Reading::Loading };
        let reading = self.tracks(subject, &line.formula).reading(last);
        let is_late = streams.iter().flatten().any(|stream| {
            let answered = stream.answered.unwrap_or(last);
            stream.failing.is_some() && now - answered > stream.every * 3
        });
        match reading {
            // The series went, or the server does not answer: the last value, with its age.
            Reading::NoSeries => self.newest(subject, line, last).unwrap_or(Reading::NoSeries),
            Reading::Value(value) if is_late => Reading::Stale { value, at: last },
            reading => self.weighed(subject, panel, line, last, reading),
        }
    }

    /// The newest instant that all questions of a line were answered for.
    pub fn instant(&self, subject: &Subject, line: &Line) -> Option<Timestamp> {
        let last = |question| self.track(subject, question)?.last();
        line.formula.questions().into_iter().map(last).min().flatten()
    }

    /// A reading of counts with the requests that are behind it.
    fn weighed(
        &self,
        subject: &Subject,
        panel: &Panel,
        line: &Line,
        at: Timestamp,
        reading: Reading,
    ) -> Reading {
        if !matches!(panel.source, Source::Scheme(_)) {
            return reading;
        }
        let requests = match &line.formula {
            Formula::Share { whole, .. } => match self.sample(subject, whole, at) {
                Some(Sample::Number(requests)) => Some(*requests),
                _ => None,
            },
            Formula::Quantile { buckets, .. } => match self.sample(subject, buckets, at) {
                Some(Sample::Buckets(buckets)) => buckets.last().map(|bucket| bucket.count),
                _ => None,
            },
            Formula::Direct(_) => None,
        };
        match requests {
            Some(requests) => reading.with_requests(requests, LEAST_REQUESTS),
            None => reading,
        }
    }

    fn sample(&self, subject: &Subject, question: &Question, at: Timestamp) -> Option<&Sample> {
        self.track(subject, question)?.at(at)
    }

    /// The answers to all questions of a formula, looked up once for as many instants as one likes.
    fn tracks<'a>(&'a self, subject: &Subject, formula: &'a Formula) -> Tracks<'a> {
        let questions = formula.questions().into_iter();
        let tracks = questions.filter_map(|own| Some((own, self.track(subject, own)?))).collect();
        Tracks { formula, tracks }
    }

    /// The newest value before an instant, as what it is: old.
    fn newest(&self, subject: &Subject, line: &Line, before: Timestamp) -> Option<Reading> {
        let tracks = self.tracks(subject, &line.formula);
        let first = line.formula.questions().into_iter().next()?;
        let slots = tracks.of(first)?.slots().rev();
        slots.filter(|(at, _)| *at < before).find_map(|(at, _)| {
            let value = tracks.reading(at).value()?;
            Some(Reading::Stale { value, at })
        })
    }

    /// The course of a line: each instant with its value, or nothing where there was none.
    pub fn course(&self, subject: &Subject, line: &Line) -> Vec<(Timestamp, Option<f64>)> {
        let tracks = self.tracks(subject, &line.formula);
        let last = line.formula.questions().into_iter().next_back();
        let Some(track) = last.and_then(|last| tracks.of(last)) else { return Vec::new() };
        track.slots().map(|(at, _)| (at, tracks.reading(at).value())).collect()
    }

    /// The versions of a panel compared, where it is one of counts.
    pub fn comparison(
        &self,
        id: &WorkloadId,
        subject: &Subject,
        panel: &Panel,
        now: Timestamp,
    ) -> Option<Comparison> {
        let Source::Scheme(_) = panel.source else { return None };
        let [canary, stable] = panel.lines.as_slice() else { return None };
        let names = (Side::Canary.word(id.kind), Side::Stable.word(id.kind));
        let (span, window) = (self.compared_over(subject, now), count_window(self, subject));
        match &canary.formula {
            Formula::Share { .. } => {
                let counted = |side| self.counted(subject, side, span, window);
                Some(errors(names, counted(Side::Canary)?, counted(Side::Stable)?))
            }
            Formula::Quantile { .. } => {
                let buckets = |side| self.buckets(subject, side, span, window);
                let (of_canary, of_stable) = (buckets(Side::Canary), buckets(Side::Stable));
                let canary = self.reading(subject, panel, canary, now);
                let stable = self.reading(subject, panel, stable, now);
                Some(latency(names, &panel.title, (&of_canary, &canary), (&of_stable, &stable)))
            }
            Formula::Direct(_) => None,
        }
    }

    /// The time since the last change of weight, ten minutes at most and one window at least.
    fn compared_over(&self, subject: &Subject, now: Timestamp) -> Span {
        let window = count_window(self, subject);
        let since = subject.watch.changed_at().map_or(COMPARED, |at| now - at);
        since.min(COMPARED).max(window)
    }

    /// Requests and failures of a version; nothing while they are not known.
    pub fn counted(
        &self,
        subject: &Subject,
        side: Side,
        span: Span,
        window: Span,
    ) -> Option<Counted> {
        let (sides, found) = (subject.sides.as_ref()?, subject.found?);
        let text = in_promql(window);
        let of = |questions: Vec<(Side, Question)>| {
            let (_, question) = questions.into_iter().find(|(own, _)| *own == side)?;
            Some(self.track(subject, &question)?.sum(span, window))
        };
        let all = of(requests(sides, found, &text))?.unwrap_or(0.0);
        let failed = of(failed(sides, found, &text))?.unwrap_or(0.0);
        Some(Counted { failed: failed.min(all), all })
    }

    fn buckets(
        &self,
        subject: &Subject,
        side: Side,
        span: Span,
        window: Span,
    ) -> Vec<crate::domain::measure::Bucket> {
        let (Some(sides), Some(found)) = (&subject.sides, subject.found) else {
            return Vec::new();
        };
        let questions = durations(sides, found, &in_promql(window));
        let question = questions.into_iter().find(|(own, _)| *own == side);
        let track = question.and_then(|(_, question)| self.track(subject, &question));
        track.map_or_else(Vec::new, |track| added(track.windows(span, window)))
    }
}

/// A formula with what was answered to its questions.
struct Tracks<'a> {
    formula: &'a Formula,
    tracks: Vec<(&'a Question, &'a Track)>,
}

impl<'a> Tracks<'a> {
    fn of(&self, question: &Question) -> Option<&'a Track> {
        self.tracks.iter().find(|(own, _)| *own == question).map(|(_, track)| *track)
    }

    /// The value of an instant.
    fn reading(&self, at: Timestamp) -> Reading {
        self.formula.reading(|question| self.of(question)?.at(at))
    }
}
