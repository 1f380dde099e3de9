//! W13 to W15 and W20: how many pods there are, and how many may be away during an update.
//!
//! Source: `resolveFenceposts` (surge rounds up, unavailable rounds down, never both zero), also
//! that of Argo Rollouts for a canary that no router serves; 25 % each where nothing is written.
//! With a router the stable version keeps all its pods. Called by `judge`.

use crate::domain::readiness::Severity;
use crate::domain::strategy::{Amount, budget};
use crate::manifest::rules::around::Size;
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::Spot;
use crate::manifest::workload::{Strategy, Workload, amount};

/// `maxSurge` and `maxUnavailable` where none is written.
const DEFAULT: Amount = Amount::Percent(25);

/// A little less than nothing, so that 80 % of 15 is 12 and not 12 and a bit.
const ROUNDING: f64 = 1e-9;

/// The fewest of so many pods that a guard leaves alone.
pub(super) fn floor_of(pods: i32, floor: f64) -> i32 {
    let least = (f64::from(pods.max(0)) * floor.clamp(0.0, 1.0) - ROUNDING).ceil();
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and the number of pods")]
    let least = least as i32;
    least.max(0)
}

/// A share of pods in whole percent, rounded down: 11 of 15 is 73.
pub(super) fn percent(part: i32, of: i32) -> i64 {
    i64::from(part) * 100 / i64::from(of.max(1))
}

/// Where both fences stand, and what they are; none where the strategy has none.
struct Fences<'c> {
    spot: Spot<'c>,
    surge: Result<Amount, Spot<'c>>,
    unavailable: Result<Amount, Spot<'c>>,
}

fn fences<'c>(workload: &Workload<'c>) -> Option<Fences<'c>> {
    let spot = match workload.strategy? {
        Strategy::Rolling => workload.spec().keys(&["strategy", "rollingUpdate"]),
        Strategy::Canary => {
            let canary = workload.steps_of_rollout()?;
            if !canary.key("trafficRouting").is_absent() {
                return None;
            }
            canary
        }
        Strategy::Recreate | Strategy::BlueGreen => return None,
    };
    let read = |key| {
        let spot = spot.key(key);
        if spot.is_absent() { Ok(DEFAULT) } else { amount(&spot).ok_or(spot) }
    };
    Some(Fences { surge: read("maxSurge"), unavailable: read("maxUnavailable"), spot })
}

pub(super) fn unavailable(case: &mut Case<'_>) {
    if case.workload.strategy == Some(Strategy::Recreate) {
        return recreate(case);
    }
    let object = case.workload.object;
    let Some(fences) = fences(case.workload) else { return };
    for unread in [&fences.surge, &fences.unavailable].into_iter().filter_map(|f| f.as_ref().err())
    {
        let why = "the API server refuses anything else";
        let said = Said::of(unread.said(), "a number or a percentage", why, "25%");
        case.broken_as(Severity::Error, object, unread, said);
    }
    let (Ok(surge), Ok(unavailable)) = (&fences.surge, &fences.unavailable) else { return };
    let Some(size) = case.size() else { return };
    let at = fences.spot.key("maxUnavailable");
    for pods in size.ends().into_iter().filter(|pods| *pods > 0) {
        let none = surge.of(pods, true) == 0 && unavailable.of(pods, false) == 0;
        if none {
            return no_room(case, &at, pods, *surge, *unavailable);
        }
        let away = budget(pods, *surge, *unavailable).unavailable;
        let least = floor_of(pods, case.profile.healthy_floor);
        if pods - away < least {
            let floor = percent_of_floor(case.profile.healthy_floor);
            let left = pods - away;
            let said = Said::of(
                format!("{unavailable} is {away} of {pods}: {}% are left", percent(left, pods)),
                format!("at most {} of {pods}, so that {floor}% are left", pods - least),
                "the guard takes the update itself for an outage and rolls it back",
                "maxUnavailable: 0, with maxSurge above 0",
            );
            return case.broken(object, &at, said);
        }
    }
}

/// A floor as people write it, `80`.
pub(super) fn percent_of_floor(floor: f64) -> String {
    let tenths = (floor * 1000.0).round() / 10.0;
    format!("{tenths}")
}

fn recreate(case: &mut Case<'_>) {
    let Some(size) = case.size().filter(|size| size.most > 0) else { return };
    let spot = case.workload.spec().keys(&["strategy", "type"]);
    let said = Said::of(
        format!("Recreate: all {} pods at once", size.most),
        "an update that keeps pods",
        "nobody is served from the first pod's end until a new one is ready",
        "strategy: {type: RollingUpdate}, unless two versions must not run side by side",
    );
    case.broken(case.workload.object, &spot, said);
}

/// Both fences are zero: as they are written, or for so many pods.
fn no_room(case: &mut Case<'_>, at: &Spot<'_>, pods: i32, surge: Amount, unavailable: Amount) {
    let zero = |amount| matches!(amount, Amount::Count(0) | Amount::Percent(0));
    let (severity, why) = if zero(surge) && zero(unavailable) {
        (Severity::Error, "an update could neither add nor take away a pod: it is refused")
    } else {
        let why = "the controller takes one pod away all the same, since it could not go on else";
        (Severity::Warning, why)
    };
    let measured = format!("maxSurge {surge} and maxUnavailable {unavailable}: 0 and 0 of {pods}");
    let said = Said::of(measured, "one of them above 0", why, "maxSurge: 1, maxUnavailable: 0");
    case.broken_as(severity, case.workload.object, at, said);
}

pub(super) fn resolved(case: &mut Case<'_>) {
    let Some(fences) = fences(case.workload) else { return };
    let (Ok(surge), Ok(unavailable)) = (fences.surge, fences.unavailable) else { return };
    let is_percent = |amount| matches!(amount, Amount::Percent(_));
    if !is_percent(surge) && !is_percent(unavailable) {
        return;
    }
    let Some(size) = case.size() else { return };
    let each = size.ends().into_iter().map(|pods| {
        let budget = budget(pods, surge, unavailable);
        format!("{} and {} of {pods}", budget.surge, budget.unavailable)
    });
    let said = Said::of(
        each.collect::<Vec<_>>().join("; "),
        format!("what was meant by maxSurge {surge} and maxUnavailable {unavailable}"),
        "surge is rounded up and unavailable down, which is easily got wrong",
        "nothing, or the numbers themselves",
    );
    case.broken(case.workload.object, &fences.spot, said);
}

pub(super) fn replicas(case: &mut Case<'_>) {
    let object = case.workload.object;
    let spot = case.workload.spec().key("replicas");
    let why = "with one pod, each move of it is an outage, and a part of the users cannot be told \
               from all of them";
    let Some(size) = case.size() else {
        let said = Said::of(spot.said(), "a number of at least 2", why, "replicas: 2");
        return case.unknown(object, &spot, "how many pods are wanted cannot be read", said);
    };
    if size.least >= 2 {
        return;
    }
    let (object, spot, key) = match size.scaler {
        Some(scaler) => {
            let key = least_key(&scaler.kind);
            (scaler, scaler.root().keys(&["spec", key]), key)
        }
        None => (object, spot, "replicas"),
    };
    let default = if spot.is_absent() { " (default)" } else { "" };
    let measured = format!("{}{default}", size.least);
    let said = Said::of(measured, "at least 2", why, format!("{key}: 2"));
    let scalers = ["HorizontalPodAutoscaler", "ScaledObject"];
    match scalers.into_iter().find(|kind| case.bundle.is_unread(kind, &object.namespace)) {
        Some(kind) if size.scaler.is_none() => case.lacks(kind, object, &spot, said),
        _ => case.broken(object, &spot, said),
    }
}

fn least_key(kind: &str) -> &'static str {
    if kind == "ScaledObject" { "minReplicaCount" } else { "minReplicas" }
}

pub(super) fn fixed(case: &mut Case<'_>) {
    let object = case.workload.object;
    let spot = case.workload.spec().key("replicas");
    // In a cluster the field is always there: the autoscaler itself writes it.
    let is_live = object.node.at.is_none();
    let Some(Size { scaler: Some(scaler), .. }) = case.size() else { return };
    if is_live || spot.is_absent() {
        return;
    }
    let said = Said::of(
        format!("{} beside {} {}", spot.said(), scaler.kind, scaler.name),
        "no replicas",
        "each apply sets the number back, in the middle of a peak or of a release",
        "leave replicas out",
    );
    case.broken(object, &spot, said);
}
