//! `spec.strategy` of both kinds, with the controllers' own defaults.

use super::node::Node;
use super::template::{args, template_names};
use crate::domain::analysis::template::RolloutAnalysis;
use crate::domain::strategy::{
    Amount, BlueGreen, Canary, CanaryScale, PauseLength, Rolling, Step, Strategy,
};
use crate::domain::text::SafeText;
use crate::domain::time::Span;
use serde_json::Value;

/// Default surge and unavailable budget of canaries and rolling updates.
const QUARTER: Amount = Amount::Percent(25);

/// Default of the three scale-down delays.
const SCALE_DOWN_DELAY: Span = Span::seconds(30);

/// Default of `nginx.annotationPrefix`.
const NGINX_PREFIX: &str = "nginx.ingress.kubernetes.io";

/// Of a Rollout.
pub(super) fn of_rollout(node: Node<'_>) -> Strategy {
    // The key alone decides, as `canary: {}` is a canary without steps.
    match (node.part("canary"), node.part("blueGreen")) {
        (Some(canary), _) => Strategy::Canary(self::canary(canary)),
        (None, Some(node)) => Strategy::BlueGreen(blue_green(node)),
        (None, None) => Strategy::Unknown,
    }
}

/// Of a Deployment.
pub(super) fn of_deployment(node: Node<'_>) -> Strategy {
    match node.str("type") {
        None | Some("RollingUpdate") => {
            let budget = node.at("rollingUpdate");
            Strategy::Rolling(Rolling {
                max_surge: budget.amount("maxSurge").unwrap_or(QUARTER),
                max_unavailable: budget.amount("maxUnavailable").unwrap_or(QUARTER),
            })
        }
        Some("Recreate") => Strategy::Recreate,
        Some(_) => Strategy::Unknown,
    }
}

fn canary(node: Node<'_>) -> Canary {
    let routing = node.at("trafficRouting");
    let nginx = routing.at("nginx");
    let background = node.at("analysis");
    let from = background.long("startingStep").and_then(|step| usize::try_from(step).ok());
    let mut ingresses = nginx.texts("stableIngresses");
    if let Some(one) = nginx.text("stableIngress") {
        ingresses.insert(0, one);
    }
    Canary {
        steps: node.list("steps").map(step).collect(),
        routers: routers(routing),
        max_weight: routing.int("maxTrafficWeight").unwrap_or(100),
        max_surge: node.amount("maxSurge").unwrap_or(QUARTER),
        max_unavailable: node.amount("maxUnavailable").unwrap_or(QUARTER),
        canary_service: node.shared("canaryService"),
        stable_service: node.shared("stableService"),
        stable_ingresses: ingresses,
        nginx_prefix: nginx.shared("annotationPrefix").unwrap_or_else(|| NGINX_PREFIX.into()),
        dynamic_stable_scale: node.flag("dynamicStableScale"),
        abort_scale_down_delay: node
            .seconds("abortScaleDownDelaySeconds")
            .unwrap_or(SCALE_DOWN_DELAY),
        scale_down_delay: node.seconds("scaleDownDelaySeconds").unwrap_or(SCALE_DOWN_DELAY),
        background: analysis(background),
        background_from: from.unwrap_or(0),
    }
}

/// Keys of `trafficRouting` that name a router.
fn routers(routing: Node<'_>) -> Vec<SafeText> {
    let settings = ["managedRoutes", "maxTrafficWeight"];
    let mut names = Vec::new();
    for key in routing.keys().filter(|key| !settings.contains(key)) {
        if !routing.at(key).exists() {
            continue;
        }
        if key == "plugins" {
            names.extend(routing.at(key).keys().map(SafeText::new));
        } else {
            names.push(SafeText::new(key));
        }
    }
    names
}

fn blue_green(node: Node<'_>) -> BlueGreen {
    BlueGreen {
        active_service: node.shared_or_empty("activeService"),
        preview_service: node.shared("previewService"),
        preview_replicas: node.int("previewReplicaCount"),
        auto_promotion: node.optional_flag("autoPromotionEnabled").unwrap_or(true),
        auto_promotion_after: node
            .seconds("autoPromotionSeconds")
            .filter(|after| *after > Span::zero()),
        scale_down_delay: node.seconds("scaleDownDelaySeconds").unwrap_or(SCALE_DOWN_DELAY),
        abort_scale_down_delay: node
            .seconds("abortScaleDownDelaySeconds")
            .unwrap_or(SCALE_DOWN_DELAY),
        before: analysis(node.at("prePromotionAnalysis")),
        after: analysis(node.at("postPromotionAnalysis")),
    }
}

/// `RolloutAnalysis`: templates and arguments.
fn analysis(node: Node<'_>) -> RolloutAnalysis {
    RolloutAnalysis { templates: template_names(node), args: args(node) }
}

/// A step has exactly one key. `setWeight: 0` is a step like any other, and so is `pause: {}`.
fn step(node: Node<'_>) -> Step {
    if let Some(weight) = node.int("setWeight") {
        return Step::SetWeight(weight);
    }
    let Some(key) = node.keys().find(|key| node.at(key).exists()) else {
        return Step::Unknown("empty step".into());
    };
    let inner = node.at(key);
    match key {
        "pause" => Step::Pause(pause(inner)),
        "setCanaryScale" => Step::SetCanaryScale(scale(inner)),
        "analysis" => Step::Analysis(analysis(inner)),
        "experiment" => {
            let names = inner.list("templates").filter_map(|t| t.text("name")).collect();
            Step::Experiment(names, inner.duration("duration"))
        }
        "setHeaderRoute" => Step::SetHeaderRoute(inner.text_or_empty("name")),
        "setMirrorRoute" => {
            Step::SetMirrorRoute(inner.text_or_empty("name"), inner.int("percentage"))
        }
        "plugin" => Step::Plugin(inner.text_or_empty("name")),
        other => Step::Unknown(other.into()),
    }
}

/// `duration` is seconds as a number or as text, or a Go duration.
fn pause(node: Node<'_>) -> PauseLength {
    match node.at("duration").value() {
        Value::Null => PauseLength::UntilPromoted,
        Value::Number(number) => match number.as_i64() {
            Some(seconds) => PauseLength::For(Span::seconds(seconds.clamp(0, i64::from(i32::MAX)))),
            None => PauseLength::Unreadable(SafeText::new(&number.to_string())),
        },
        Value::String(text) if text.is_empty() => PauseLength::UntilPromoted,
        Value::String(text) => PauseLength::parse(text),
        other => PauseLength::Unreadable(SafeText::new(&other.to_string())),
    }
}

fn scale(node: Node<'_>) -> CanaryScale {
    if node.flag("matchTrafficWeight") {
        return CanaryScale::MatchTraffic;
    }
    match (node.int("replicas"), node.int("weight")) {
        (Some(replicas), _) => CanaryScale::Replicas(replicas),
        (None, Some(weight)) => CanaryScale::Weight(weight),
        (None, None) => CanaryScale::MatchTraffic,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::node::Reading;
    use super::super::pool::Pool;
    use super::*;

    #[test]
    fn a_background_analysis_begins_with_its_starting_step() {
        let from = |analysis: Value| {
            let strategy = json!({ "canary": { "analysis": analysis } });
            let reading = Reading::new(&Pool::default());
            let strategy = of_rollout(Node::new(&strategy, &reading));
            strategy.canary().map(|canary| canary.background_from)
        };
        assert_eq!(from(json!({ "startingStep": 6 })), Some(6));
        // Before the first step is with the first step.
        for none in [json!(null), json!({}), json!({ "startingStep": -1 })] {
            assert_eq!(from(none), Some(0));
        }
    }
}
