//! The spec of a Rollout as a whole.
//!
//! Called by the validation.

use serde_json::Value;

use super::{Check, canary, invalid, not_negative, required, template};
use crate::sim::control::rollout::spec::{BlueGreen, Rollout};
use crate::sim::object::Document;

pub(super) fn check(rollout: &Rollout) -> Check {
    let spec = &rollout.spec;
    not_negative("spec.replicas", rollout.replicas())?;
    if spec.workload_ref.is_none() {
        check_selector(spec.selector.as_ref())?;
    }
    if rollout.resolved || spec.workload_ref.is_none() {
        template::check(spec.selector.as_ref(), &spec.template)?;
    }
    not_negative("spec.minReadySeconds", spec.min_ready_seconds)?;
    not_negative("spec.revisionHistoryLimit", rollout.revision_history_limit())?;
    let deadline = rollout.progress_deadline();
    not_negative("spec.progressDeadlineSeconds", deadline)?;
    if deadline <= spec.min_ready_seconds {
        let why = "must be greater than minReadySeconds";
        return Err(invalid("spec.progressDeadlineSeconds", deadline, why));
    }
    let strategy = &spec.strategy;
    match (&strategy.blue_green, &strategy.canary) {
        (None, None) => Err(required(
            "spec.strategy.strategy",
            "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'",
        )),
        (Some(_), Some(_)) => Err(invalid(
            "spec.strategy.strategy",
            "blueGreen: true canary: true",
            "Multiple Strategies can not be listed",
        )),
        (Some(blue_green), None) => check_blue_green(rollout, blue_green),
        (None, Some(strategy)) => canary::check(rollout, strategy),
    }
}

fn check_selector(selector: Option<&Value>) -> Check {
    let field = "spec.selector";
    let Some(selector) = selector else {
        return Err(required(field, "Rollout has missing field '.spec.selector'"));
    };
    for expression in selector.items("/matchExpressions") {
        let values = expression.items("/values").is_empty();
        let operator = expression.text("/operator");
        let field = format!("{field}.matchExpressions[0]");
        let why = match operator {
            "In" | "NotIn" if values => {
                let why = "must be specified when `operator` is 'In' or 'NotIn'";
                return Err(required(&format!("{field}.values"), why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => continue,
            _ => "not a valid selector operator",
        };
        return Err(invalid(&format!("{field}.operator"), operator, why));
    }
    let labels = selector.members("/matchLabels").is_none_or(serde_json::Map::is_empty);
    if labels && selector.items("/matchExpressions").is_empty() {
        let why = "empty selector is invalid for deployment";
        return Err(invalid(field, selector.clone(), why));
    }
    Ok(())
}

fn check_blue_green(rollout: &Rollout, blue_green: &BlueGreen) -> Check {
    if blue_green.active_service == blue_green.preview_service {
        return Err(invalid(
            "spec.strategy.activeService",
            blue_green.active_service.as_str(),
            "This rollout uses the same service for the active and preview services, but two \
             different services are required.",
        ));
    }
    let limit = blue_green.scale_down_delay_revision_limit;
    if let Some(limit) = limit.filter(|limit| rollout.revision_history_limit() < *limit) {
        return Err(invalid(
            "spec.strategy.scaleDownDelayRevisionLimit",
            limit,
            "This rollout's revision history limit can not be smaller than the rollout's scale \
             down limit",
        ));
    }
    check_anti_affinity(blue_green.anti_affinity.as_ref())
}

/// Exactly one kind of anti-affinity, with a weight that means something.
pub(super) fn check_anti_affinity(affinity: Option<&Value>) -> Check {
    let Some(affinity) = affinity else { return Ok(()) };
    let field = "spec.strategy.antiAffinity";
    let has = |kind: &str| affinity.get(kind).is_some_and(|kind| !kind.is_null());
    let preferred = has("preferredDuringSchedulingIgnoredDuringExecution");
    let needed = has("requiredDuringSchedulingIgnoredDuringExecution");
    if preferred == needed {
        let value = format!(
            "antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: {preferred} \
             antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: {needed}"
        );
        return Err(invalid(field, value, "AntiAffinity must have exactly one strategy listed"));
    }
    let weight = affinity.int("/preferredDuringSchedulingIgnoredDuringExecution/weight");
    if preferred && !(1..=100).contains(&weight) {
        let field = format!("{field}.weight");
        return Err(invalid(&field, weight, "AntiAffinity weight must be between 1-100"));
    }
    Ok(())
}
