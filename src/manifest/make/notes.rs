//! What the person has to know of what was made.
//!
//! Called by `make`.

use crate::manifest::workload::Strategy;

use super::numbers;
use super::order::{Environment, Order, Routing, Shape};
use super::workload;

/// The notes of an order that can be made.
pub(super) fn notes(order: &Order) -> Vec<String> {
    let mut notes = Vec::new();
    let environments = order.shape.environments();
    let namespaces: Vec<&str> =
        environments.iter().map(|(_, one)| one.namespace.as_str()).collect();
    notes.push(format!("namespaces are not made: {} must be there", namespaces.join(", ")));
    if matches!(order.shape, Shape::Kustomize { .. }) {
        notes.push(
            "apply an overlay, not the base: kubectl apply --server-side -k overlays/dev"
                .to_owned(),
        );
    }
    for (_, environment) in environments {
        notes.extend(of_replicas(order, environment));
    }
    let port = order.metrics_port.map_or(order.port, |metrics| metrics.min(order.port));
    if port < 1024 {
        notes.push(format!(
            "port {port} is below 1024: without root and capabilities some container runtimes let \
             no program listen there; a higher port always works"
        ));
    }
    match order.profile.server_minor {
        None => notes.push(
            "the version of the API server is not known: preStop uses the sleep action, which is \
             on from 1.30 on; an older server refuses it"
                .to_owned(),
        ),
        Some(minor) if minor < 30 => notes.push(format!(
            "the API server is 1.{minor}: preStop runs `sleep` in a shell, so the image needs \
             /bin/sh"
        )),
        Some(_) => {}
    }
    notes.push(format!(
        "the program has to read GRACEFUL_SHUTDOWN_TIMEOUT and end within {} s, and the image has \
         to name a user by number that is not root",
        numbers::DRAIN
    ));
    routing(order, &mut notes);
    measured(order, &mut notes);
    notes
}

fn of_replicas(order: &Order, environment: &Environment) -> Option<String> {
    let (replicas, namespace) = (i64::from(environment.replicas), &environment.namespace);
    let floor = order.profile.healthy_floor;
    let enough = numbers::enough(floor);
    if replicas == 1 {
        return Some(format!(
            "{namespace}: no disruption budget, since one replica can be either locked to its node \
             or not protected at all; give 2 or more, {enough} to hold the guard's floor"
        ));
    }
    if numbers::spare(replicas, floor) > 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of pods")]
    let left = (replicas - 1) as f64 / replicas as f64 * 100.0;
    Some(format!(
        "{namespace}: one of {replicas} replicas away leaves {left:.0} %, below the guard's floor \
         of {:.0} %: a guard that is armed while a node is drained may fire; {enough} replicas \
         hold it",
        floor * 100.0
    ))
}

fn routing(order: &Order, notes: &mut Vec<String>) {
    let canary = order.strategy == Strategy::Canary;
    match &order.routing {
        Routing::Nginx { .. } => notes.push(
            "ingress-nginx has had no fixes since March 2026: plan to move to the Gateway API"
                .to_owned(),
        ),
        Routing::Gateway { gateway, .. } => {
            notes
                .push(format!("Gateway {gateway} must be there and take routes of this namespace"));
            if canary {
                notes.push(format!(
                    "the Rollouts controller needs the plugin {} and the right to write HTTPRoutes",
                    workload::PLUGIN
                ));
            }
        }
        Routing::None if canary => {
            let fewest = numbers::fewest(order).unwrap_or(1);
            let lowest = order.profile.ladder.first().copied().unwrap_or(1).max(1);
            notes.push(format!(
                "no router: a weight is a share of pods, so {lowest} % needs {} of them, and \
                 {fewest} give {} % at least",
                (100 + lowest - 1) / lowest,
                100 / fewest.max(1)
            ));
        }
        Routing::None => {}
    }
}

fn measured(order: &Order, notes: &mut Vec<String>) {
    if workload::kind(order) == "Deployment" {
        notes.push(
            "a Deployment is not taken back by itself when its pods are ready and its answers are \
             wrong: arm the guard during a release"
                .to_owned(),
        );
        return;
    }
    notes.push("the cluster needs Argo Rollouts, its CustomResourceDefinitions first".to_owned());
    if order.prometheus.is_some() {
        notes.push(
            "Prometheus has to have http_requests_total (with `code`) and \
             http_request_duration_seconds_bucket, with the labels `namespace` and \
             `rollouts_pod_template_hash`; without them each release pauses as inconclusive"
                .to_owned(),
        );
    } else if order.strategy == Strategy::Canary {
        notes.push(
            "no Prometheus: nothing measures the canary, so each weight waits for a person"
                .to_owned(),
        );
    } else {
        notes.push(
            "no Prometheus: nothing judges the new version after the switch but a person"
                .to_owned(),
        );
    }
    if order.strategy == Strategy::BlueGreen && order.checks.is_empty() {
        notes.push("no checks: nothing asks the preview before the switch but a person".to_owned());
    }
}
