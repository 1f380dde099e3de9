//! The steps of a canary.
//!
//! Source: `spec.strategy.canary.steps` (Argo Rollouts `CanaryStep`). Never judges. Called by the
//! rules about ladders and analyses.

use crate::domain::strategy::PauseLength;
use crate::domain::time::Span;
use crate::manifest::tree::Spot;
use crate::manifest::workload::{Strategy, Workload};

/// What a step does, as far as rules ask.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// `setWeight`; none where no whole number is written.
    Weight(Option<i64>),
    /// `pause`.
    Pause(PauseLength),
    /// Anything else.
    Other,
}

/// A step and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Placed<'b> {
    /// Where.
    pub(crate) spot: Spot<'b>,
    /// What it does.
    pub(crate) step: Step,
}

impl Placed<'_> {
    /// The weight that it sets.
    pub(crate) fn weight(&self) -> Option<i64> {
        match self.step {
            Step::Weight(weight) => weight,
            _ => None,
        }
    }
}

/// The steps of a canary, in order; none of anything else.
pub(crate) fn steps<'b>(workload: &Workload<'b>) -> Vec<Placed<'b>> {
    let canary = canary(workload);
    let spots = canary.map(|canary| canary.key("steps").elements()).unwrap_or_default();
    spots.into_iter().map(|spot| Placed { step: step(&spot), spot }).collect()
}

/// `spec.strategy.canary`, if it is a canary.
pub(crate) fn canary<'b>(workload: &Workload<'b>) -> Option<Spot<'b>> {
    workload.steps_of_rollout().filter(|_| workload.strategy == Some(Strategy::Canary))
}

/// `spec.strategy.blueGreen`, if it is one.
pub(crate) fn blue_green<'b>(workload: &Workload<'b>) -> Option<Spot<'b>> {
    workload.steps_of_rollout().filter(|_| workload.strategy == Some(Strategy::BlueGreen))
}

/// The weight that is all of the traffic: `trafficRouting.maxTrafficWeight`, or 100.
pub(crate) fn whole(workload: &Workload<'_>) -> i64 {
    let most = canary(workload).and_then(|canary| {
        canary.keys(&["trafficRouting", "maxTrafficWeight"]).int().filter(|most| *most > 0)
    });
    most.unwrap_or(100)
}

fn step(spot: &Spot<'_>) -> Step {
    let (weight, pause) = (spot.key("setWeight"), spot.key("pause"));
    if !weight.is_absent() {
        return Step::Weight(weight.int());
    }
    if pause.is_absent() {
        return Step::Other;
    }
    let duration = pause.key("duration");
    Step::Pause(match (duration.int(), duration.node()) {
        (_, None) => PauseLength::UntilPromoted,
        // A number is one of seconds; one that no span can hold is a pause that nobody sees end.
        (Some(seconds), _) => PauseLength::For(Span::try_seconds(seconds).unwrap_or(Span::MAX)),
        (None, Some(node)) => PauseLength::parse(&node.to_string()),
    })
}
