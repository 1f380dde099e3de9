//! What a guard sees: pods by the watches, the rest by what Prometheus answered, and what did not
//! come.

use super::step;
use crate::app::availability::{self, Freshness};
use crate::app::effect::Effect;
use crate::app::guard::Post;
use crate::app::guard::looks;
use crate::app::model::Model;
use crate::domain::guard::rule::{Sample, Signal};
use crate::domain::guard::watch::Watch;
use crate::domain::guard::{Event, State, pods};
use crate::domain::id::{ResourceKind, Uid, WorkloadId};
use crate::domain::measure::Reading;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, length};

/// Looks at the pods when it is time.
pub(super) fn at_pods(model: &mut Model, uid: &Uid) -> Vec<Effect> {
    let now = model.now;
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    let terms = &post.guard.arming.terms;
    if post.pods_at.is_some_and(|at| now - at < terms.pods_every) {
        return Vec::new();
    }
    // On a grid of its own times, so that a tick that comes late does not add up.
    let at = match post.pods_at {
        Some(before) if now - before < terms.pods_every * 2 => before + terms.pods_every,
        _ => now,
    };
    let reading = read_pods(model, &post.guard.arming.workload, post.subject(), terms.grace);
    if let Some(post) = model.posts.get_mut(uid) {
        post.pods_at = Some(at);
    }
    step(model, uid, Event::Looked(Signal::Pods, Sample { at, reading }))
}

/// The pods of a version, as far as they are watched and the watch is not old.
pub(in crate::app::update) fn read_pods(
    model: &Model,
    id: &WorkloadId,
    hash: &str,
    grace: Span,
) -> Reading {
    for kind in [ResourceKind::Pods, ResourceKind::ReplicaSets] {
        match availability::of_kind(model, kind, &id.namespace) {
            Freshness::Live => {}
            Freshness::Old(age) => return Reading::Failed(format!("{} old", length(age)).into()),
            Freshness::Unknown(why) => return Reading::Failed(why),
        }
    }
    match model.fleet.release(id) {
        Some(release) => pods::reading(&release, hash, grace, model.now),
        None => Reading::Failed("it is gone".into()),
    }
}

/// The newest samples of what Prometheus is asked, of each rule that has not seen them.
pub(super) fn samples(model: &Model, uid: &Uid) -> Vec<(Signal, Sample)> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    let arming = &post.guard.arming;
    let Some(subject) = model.metrics.subject(&arming.workload) else { return Vec::new() };
    let looks = looks::looks(subject, post.subject(), &arming.terms);
    let newest = |watch: &Watch| {
        let signal = watch.rule.signal;
        let look = looks::of_rule(&looks, signal)?;
        let sample = looks::sample(&model.metrics, subject, look, &arming.terms)?;
        let last = watch.last.as_ref().map(|(last, _)| last.at);
        last.is_none_or(|last| last < sample.at).then_some((signal, sample))
    };
    post.guard.watches.iter().filter_map(newest).collect()
}

/// Samples that should have come by now and did not.
pub(super) fn miss(model: &mut Model, uid: &Uid) -> Vec<Effect> {
    let now = model.now;
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    let mut missed = Vec::new();
    for watch in post.guard.watches.iter().filter(|watch| watch.rule.signal.is_measured()) {
        let every = watch.rule.every;
        let begin = match post.guard.state {
            State::Settling(_, since) => since,
            _ => post.guard.arming.at,
        };
        let last = watch.last.as_ref().map_or(begin, |(last, _)| last.at);
        // The next one is asked for at its instant, and may take its time.
        if now - last > every * 2 {
            let why = failing(model, post, watch.rule.signal);
            missed.push((watch.rule.signal, last + every, why));
        }
    }
    let step_one = |(signal, at, why): (Signal, Timestamp, SafeText)| {
        step(model, uid, Event::Missed(signal, at, why))
    };
    missed.into_iter().flat_map(step_one).collect()
}

fn failing(model: &Model, post: &Post, signal: Signal) -> SafeText {
    let arming = &post.guard.arming;
    let Some(subject) = model.metrics.subject(&arming.workload) else {
        return "not measured".into();
    };
    let looks = looks::looks(subject, post.subject(), &arming.terms);
    let why = match looks::of_rule(&looks, signal) {
        None => "nothing is counted of this version".to_owned(),
        Some(look) => {
            looks::failing(&model.metrics, subject, look).unwrap_or_else(|| "no answer".to_owned())
        }
    };
    why.into()
}
