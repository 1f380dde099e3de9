//! The spec of a canary and its steps.
//!
//! Fields are told as the real controller tells them: without `canary` in between. Called by the
//! validation.

use super::rollout::check_anti_affinity;
use super::{Check, invalid, required};
use crate::sim::control::rollout::analysis::metadata_field;
use crate::sim::control::rollout::spec::{
    Amount, Argument, Canary, Rollout, Step, StringMatch, TrafficRouting,
};

const NO_STEP: &str = "Step must have one of the following set: experiment, setWeight, \
    setCanaryScale, plugin or pause";
const NO_SERVICES: &str = "Canary service and Stable service must to be set to use Traffic Routing";
const NO_PAIR: &str = "Ping service and Pong service must to be set to use Ping-Pong feature";
const MANAGED: &str = "spec.strategy.canary.trafficRouting.managedRoutes";

pub(super) fn check(rollout: &Rollout, canary: &Canary) -> Check {
    check_limits(canary)?;
    check_services(canary)?;
    check_delays(canary)?;
    for (index, step) in canary.steps.iter().enumerate() {
        let field = format!("spec.strategy.steps[{index}]");
        check_kind(step, &field)?;
        check_step(rollout, canary, step, &field)?;
        check_routes(canary.traffic_routing.as_ref(), step, &field)?;
        check_experiment(canary.traffic_routing.as_ref(), step, &field)?;
        check_arguments(rollout, step, &field)?;
    }
    check_anti_affinity(canary.anti_affinity.as_ref())
}

fn check_limits(canary: &Canary) -> Check {
    let plain = |amount: &Option<Amount>| amount.clone().unwrap_or_default().plain();
    if plain(&canary.max_surge) == 0 && plain(&canary.max_unavailable) == 0 {
        let value = canary.max_surge.clone().unwrap_or_default().to_value();
        let why = "MaxSurge and MaxUnavailable both can not be zero";
        return Err(invalid("spec.strategy.maxSurge", value, why));
    }
    Ok(())
}

fn check_services(canary: &Canary) -> Check {
    let (stable, new) = (canary.stable_service.as_str(), canary.canary_service.as_str());
    if !stable.is_empty() && stable == new {
        return Err(invalid(
            "spec.strategy.stableService",
            stable,
            "This rollout uses the same service for the stable and canary services, but two \
             different services are required.",
        ));
    }
    let routing = canary.traffic_routing.as_ref();
    if let Some(pair) = &canary.ping_pong {
        let has_plugins = |r: &TrafficRouting| r.plugins.as_ref().is_some_and(|p| !p.is_empty());
        if routing.is_some_and(|r| r.alb.is_none() && r.istio.is_none() && !has_plugins(r)) {
            return Err(invalid(
                "spec.strategy.trafficRouting.alb",
                serde_json::Value::Null,
                "Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers \
                 only",
            ));
        }
        let (ping, pong) = (pair.ping_service.as_str(), pair.pong_service.as_str());
        for (field, name) in [("pingService", ping), ("pongService", pong)] {
            if name.is_empty() {
                let field = format!("spec.strategy.pingPong.{field}");
                return Err(invalid(&field, name, NO_PAIR));
            }
        }
        if ping == pong {
            return Err(invalid(
                "spec.strategy.pingPong.pingService",
                ping,
                "This rollout uses the same service for the ping and pong services, but two \
                 different services are required.",
            ));
        }
    }
    if routing.is_some_and(|routing| needs_services(routing, canary)) {
        for (field, name) in [("stableService", stable), ("canaryService", new)] {
            if name.is_empty() {
                return Err(invalid(&format!("spec.strategy.{field}"), name, NO_SERVICES));
            }
        }
    }
    Ok(())
}

fn needs_services(routing: &TrafficRouting, canary: &Canary) -> bool {
    let alone = canary.ping_pong.is_none();
    let by_host =
        routing.istio.as_ref().is_some_and(|istio| istio.destination_rule.is_none()) && alone;
    by_host
        || (routing.alb.is_some() && alone)
        || routing.smi.is_some()
        || routing.apisix.is_some()
        || routing.ambassador.is_some()
        || routing.nginx.is_some()
        || routing.app_mesh.is_some()
        || routing.traefik.is_some()
}

fn check_delays(canary: &Canary) -> Check {
    let (delay, dynamic) = (canary.scale_down_delay_seconds, canary.dynamic_stable_scale);
    let Some(routing) = &canary.traffic_routing else {
        if let Some(delay) = delay {
            let why = "Canary scaleDownDelaySeconds can only be used with traffic routing";
            return Err(invalid("spec.strategy.scaleDownDelaySeconds", delay, why));
        }
        if dynamic {
            let why = "Canary dynamicStableScale can only be used with traffic routing";
            return Err(invalid("spec.strategy.dynamicStableScale", true, why));
        }
        return Ok(());
    };
    if delay.is_some() && dynamic {
        let why = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds";
        return Err(invalid("spec.strategy.dynamicStableScale", true, why));
    }
    let has_plugins = routing.plugins.as_ref().is_some_and(|plugins| !plugins.is_empty());
    match routing.max_traffic_weight {
        Some(max) if routing.nginx.is_none() && !has_plugins => {
            let why =
                "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins";
            Err(invalid("spec.strategy.trafficRouting.maxTrafficWeight", max, why))
        }
        _ => Ok(()),
    }
}

fn check_kind(step: &Step, field: &str) -> Check {
    let (experiment, pause) = (step.experiment.is_some(), step.pause.is_some());
    let (weight, analysis) = (step.set_weight.is_some(), step.analysis.is_some());
    let count = [experiment, pause, weight, analysis].into_iter().filter(|set| *set).count();
    if count > 1 {
        let value = format!(
            "step.Experiment: {experiment} step.Pause: {pause} step.SetWeight: {weight} \
             step.Analysis: {analysis}"
        );
        return Err(invalid(field, value, NO_STEP));
    }
    let other = step.set_canary_scale.is_some()
        || step.set_header_route.is_some()
        || step.set_mirror_route.is_some()
        || step.plugin.is_some();
    if count == 0 && !other {
        let value = "step.Experiment: true step.Pause: true step.SetWeight: true step.Analysis: \
                     true step.SetCanaryScale: true step.SetHeaderRoute: true \
                     step.SetMirrorRoute: true step.Plugin: true";
        return Err(invalid(field, value, NO_STEP));
    }
    Ok(())
}

fn check_step(rollout: &Rollout, canary: &Canary, step: &Step, field: &str) -> Check {
    let max = rollout.max_weight();
    if let Some(weight) = step.set_weight.filter(|weight| !(0..=max).contains(weight)) {
        let why = format!("SetWeight needs to be between 0 and {max}");
        return Err(invalid(&format!("{field}.setWeight"), weight, why));
    }
    let seconds = step.pause.as_ref().and_then(super::super::spec::PauseStep::seconds);
    if let Some(seconds) = seconds.filter(|seconds| *seconds < 0) {
        let why = "Duration needs to be greater than 0";
        return Err(invalid(&format!("{field}.pause.duration"), seconds, why));
    }
    if step.set_canary_scale.is_some() && canary.traffic_routing.is_none() {
        let why = "SetCanaryScale requires TrafficRouting to be set";
        return Err(required("spec.strategy.trafficRouting", why));
    }
    Ok(())
}

/// Routes of steps need a router that knows them, a match, and a place among the managed ones.
fn check_routes(routing: Option<&TrafficRouting>, step: &Step, field: &str) -> Check {
    let has_plugins = routing.is_some_and(|r| r.plugins.as_ref().is_some_and(|p| !p.is_empty()));
    let istio = routing.is_some_and(|routing| routing.istio.is_some());
    let others = routing.is_some_and(|routing| routing.alb.is_some() || routing.apisix.is_some());
    if let Some(route) = &step.set_header_route {
        if !istio && !others && !has_plugins {
            let why = "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix";
            let value = serde_json::to_value(route).unwrap_or_default();
            return Err(invalid(&format!("{field}.setHeaderRoute"), value, why));
        }
        for (index, one) in route.matches.iter().enumerate() {
            let field = format!("{field}.setHeaderRoute.match[{index}]");
            check_match(one.header_value.as_ref(), &field)?;
        }
    }
    if let Some(route) = &step.set_mirror_route {
        if !istio && !has_plugins {
            let why = "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins";
            let value = serde_json::to_value(route).unwrap_or_default();
            return Err(invalid(&format!("{field}.setMirrorRoute"), value, why));
        }
        for (index, one) in route.matches.iter().enumerate() {
            let field = format!("{field}.setMirrorRoute.match[{index}]");
            for value in [&one.method, &one.path].into_iter().flatten() {
                check_match(Some(value), &field)?;
            }
        }
    }
    let header = step.set_header_route.as_ref().map(|route| ("setHeaderRoute", &route.name));
    let mirror = step.set_mirror_route.as_ref().map(|route| ("setMirrorRoute", &route.name));
    let Some(routing) = routing else { return Ok(()) };
    for (kind, name) in header.into_iter().chain(mirror) {
        let Some(managed) = &routing.managed_routes else {
            let why = format!("Rollout has missing field '{MANAGED}'");
            return Err(required("spec.strategy.trafficRouting.managedRoutes", &why));
        };
        if !managed.iter().any(|managed| managed.name == *name) {
            let why = format!("Steps define a route that does not exist in {MANAGED}");
            return Err(invalid(&format!("{field}.{kind}"), name.as_str(), why));
        }
    }
    Ok(())
}

/// A text to compare with has exactly one way of comparing.
fn check_match(value: Option<&StringMatch>, field: &str) -> Check {
    let set = value.map_or(0, |value| {
        let all = [&value.exact, &value.regex, &value.prefix];
        all.into_iter().filter(|text| !text.is_empty()).count()
    });
    let ways = "one of the following: exact, regex, prefix";
    let why = match set {
        1 => return Ok(()),
        0 => format!("StringMatch value missed, match value must have {ways}"),
        _ => format!("StringMatch match value must have exactly {ways}"),
    };
    let value = value.map(|value| serde_json::to_value(value).unwrap_or_default());
    Err(invalid(field, value.unwrap_or_default(), why))
}

fn check_experiment(routing: Option<&TrafficRouting>, step: &Step, field: &str) -> Check {
    let templates = step.experiment.iter().flat_map(|experiment| &experiment.templates);
    for (index, template) in templates.enumerate() {
        let Some(weight) = template.weight else { continue };
        let field = format!("{field}.experiment.templates[{index}].weight");
        let why = match routing {
            None => "Experiment template weight cannot be set unless TrafficRouting is enabled",
            Some(routing)
                if routing.alb.is_none()
                    && routing.smi.is_none()
                    && routing.istio.is_none()
                    && routing
                        .plugins
                        .as_ref()
                        .is_none_or(std::collections::BTreeMap::is_empty) =>
            {
                "Experiment template weight is only available for TrafficRouting with SMI, ALB, \
                 Istio and Plugins at this time"
            }
            Some(_) => continue,
        };
        return Err(invalid(&field, weight, why));
    }
    Ok(())
}

fn check_arguments(rollout: &Rollout, step: &Step, field: &str) -> Check {
    let of_experiment = step.experiment.iter().flat_map(|experiment| &experiment.analyses);
    let of_experiment = of_experiment.flat_map(|analysis| &analysis.args);
    let of_analysis = step.analysis.iter().flat_map(|analysis| &analysis.args);
    let all: Vec<&Argument> = of_experiment.chain(of_analysis).collect();
    for argument in &all {
        let source = argument.value_from.as_ref().and_then(|source| source.field_ref.as_ref());
        let path = source.map(|field| field.field_path.as_str()).unwrap_or_default();
        if path.starts_with("metadata") && metadata_field(&rollout.object, path).is_err() {
            let why = "Analyses arguments must refer to valid object metadata supported by \
                       downwardAPI";
            let value = serde_json::to_value(&all).unwrap_or_default();
            return Err(invalid(&format!("{field}.analyses"), value, why));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn fault(canary: &Value) -> String {
        let object = json!({
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"strategy": {"canary": canary}},
        });
        let rollout = Rollout::read(&object).unwrap();
        check(&rollout, rollout.canary().unwrap()).err().unwrap_or_default()
    }

    #[test]
    fn faults_in_the_words_of_the_real_controller() {
        let istio = json!({"istio": {"virtualService": {"name": "web"}}});
        let route = json!([{"setHeaderRoute": {"name": "h", "match": [
            {"headerName": "x", "headerValue": {"exact": "1"}},
        ]}}]);
        let services = json!({"canaryService": "c", "stableService": "s"});
        let with = |more: Value| {
            let mut canary = services.clone();
            json_patch::merge(&mut canary, &more);
            canary
        };
        let cases = [
            (json!({}), ""),
            (
                json!({"steps": [{"setWeight": 200}]}),
                "spec.strategy.steps[0].setWeight: Invalid value: 200: SetWeight needs to be \
                 between 0 and 100",
            ),
            (
                json!({"steps": [{"pause": {"duration": "x"}}]}),
                "spec.strategy.steps[0].pause.duration: Invalid value: -1: Duration needs to be \
                 greater than 0",
            ),
            (
                json!({"steps": [{"setCanaryScale": {"replicas": 1}}]}),
                "spec.strategy.trafficRouting: Required value: SetCanaryScale requires \
                 TrafficRouting to be set",
            ),
            (
                json!({"maxSurge": 0, "maxUnavailable": "0%"}),
                "spec.strategy.maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can \
                 not be zero",
            ),
            (
                json!({"trafficRouting": {"nginx": {"stableIngress": "web"}}}),
                "spec.strategy.stableService: Invalid value: \"\": Canary service and Stable \
                 service must to be set to use Traffic Routing",
            ),
            (
                json!({"dynamicStableScale": true}),
                "spec.strategy.dynamicStableScale: Invalid value: true: Canary \
                 dynamicStableScale can only be used with traffic routing",
            ),
            (
                with(json!({"trafficRouting": istio, "steps": route})),
                "spec.strategy.trafficRouting.managedRoutes: Required value: Rollout has missing \
                 field 'spec.strategy.canary.trafficRouting.managedRoutes'",
            ),
        ];
        for (canary, wanted) in cases {
            assert_eq!(fault(&canary), wanted);
        }
    }
}
