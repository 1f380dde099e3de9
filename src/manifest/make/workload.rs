//! The Deployment or the Rollout.
//!
//! Called by `make`.

use crate::domain::time::{Span, length};
use crate::manifest::workload::Strategy;

use super::analysis;
use super::network;
use super::numbers;
use super::order::{Order, Routing};
use super::pod;
use super::yaml::{List, Map};

/// The label that a Deployment puts on the pods of a version.
const OF_DEPLOYMENT: &str = "pod-template-hash";
/// The label that a Rollout puts on them.
const OF_ROLLOUT: &str = "rollouts-pod-template-hash";
/// The plugin that writes weights into routes of the Gateway API.
pub(super) const PLUGIN: &str = "argoproj-labs/gatewayAPI";

/// `Deployment` or `Rollout`.
pub(super) fn kind(order: &Order) -> &'static str {
    match order.strategy {
        Strategy::Rolling | Strategy::Recreate => "Deployment",
        Strategy::BlueGreen | Strategy::Canary => "Rollout",
    }
}

/// The workload, with what is said of it.
pub(super) fn workload(order: &Order, namespace: Option<&str>, replicas: u32) -> (String, Map) {
    let deployment = kind(order) == "Deployment";
    let (head, api) = match order.strategy {
        Strategy::Rolling | Strategy::Recreate => (
            "A new version replaces the old one pod by pod. The way back: `kubectl rollout undo`, \
             at the same pace."
                .to_owned(),
            "apps/v1",
        ),
        Strategy::BlueGreen => (
            format!(
                "A new version starts beside the old one, is checked through `{}`, waits for a \
                 person, and then gets all users at once. The old one stays warm for {}: until \
                 then the way back takes seconds.",
                network::preview(order),
                length(order.pace.warm)
            ),
            "argoproj.io/v1alpha1",
        ),
        Strategy::Canary => (
            format!(
                "A new version gets {} % of the traffic, each share for a while, and all of it \
                 when a person says so. An abort brings everybody back at once.",
                ladder(order)
            ),
            "argoproj.io/v1alpha1",
        ),
    };
    let spec = Map::new()
        .put("replicas", replicas)
        .why("a pod has to stay ready for so long before it counts: one that dies at once does not")
        .put("minReadySeconds", numbers::MIN_READY);
    let spec = deadline(order, spec, deployment);
    let spec = history(spec, deployment)
        .why("can never be changed")
        .put("selector", Map::new().put("matchLabels", pod::labels(order)))
        .put("strategy", strategy(order));
    let hash = if deployment { OF_DEPLOYMENT } else { OF_ROLLOUT };
    let document = Map::new()
        .put("apiVersion", api)
        .put("kind", kind(order))
        .put("metadata", pod::metadata(order, &order.name, namespace))
        .put("spec", spec.put("template", pod::template(order, hash)));
    (head, document)
}

fn ladder(order: &Order) -> String {
    let weights: Vec<String> = order.profile.ladder.iter().map(i64::to_string).collect();
    weights.join(", ")
}

fn deadline(order: &Order, spec: Map, deployment: bool) -> Map {
    let seconds = numbers::deadline(&order.terms);
    let why = format!(
        "twice the {} that a pod may take to become ready, and a minute for its image",
        length(order.terms.grace)
    );
    let spec = spec.why(why).put("progressDeadlineSeconds", seconds);
    if deployment {
        return spec;
    }
    spec.why("pods that never become ready take the release back; else it would hang for ever")
        .put("progressDeadlineAbort", true)
}

fn history(spec: Map, deployment: bool) -> Map {
    let spec = spec
        .why("versions that can be gone back to; more of them only fill the cluster")
        .put("revisionHistoryLimit", numbers::HISTORY);
    if deployment {
        return spec;
    }
    spec.why("back to one of the last versions without its steps and pauses: they were taken once")
        .put("rollbackWindow", Map::new().put("revisions", numbers::WINDOW))
}

fn strategy(order: &Order) -> Map {
    match order.strategy {
        Strategy::Rolling | Strategy::Recreate => {
            let fences = surge(Map::new());
            Map::new().put("type", "RollingUpdate").put("rollingUpdate", fences)
        }
        Strategy::BlueGreen => Map::new().put("blueGreen", blue_green(order)),
        Strategy::Canary => Map::new().put("canary", canary(order)),
    }
}

fn surge(map: Map) -> Map {
    map.why("new pods come first: a release takes no pod from the users")
        .put("maxUnavailable", 0_i64)
        .put("maxSurge", "25%")
}

fn warmth(order: &Order, map: Map) -> Map {
    let pace = &order.pace;
    let why = format!(
        "the old version stays for {}, longer than the guard ({}) and the analysis ({}) take to \
         see a breach: what is gone cannot be gone back to in seconds",
        length(pace.warm),
        length(order.profile.guard_window),
        length(numbers::judged(pace)),
    );
    map.why(why).put("scaleDownDelaySeconds", pace.warm.num_seconds())
}

fn blue_green(order: &Order) -> Map {
    let map = Map::new()
        .put("activeService", network::active(order))
        .put("previewService", network::preview(order))
        .why("a person switches the users")
        .put("autoPromotionEnabled", false);
    let map = warmth(order, map);
    let before = (!order.checks.is_empty()).then(|| analysis::use_of_checks(order));
    let after = order.prometheus.is_some().then(|| analysis::use_of_traffic(order));
    map.why(
        "the preview is asked itself: it has no users yet, so their requests can say nothing of it",
    )
    .put_some("prePromotionAnalysis", before)
    .why("what users meet on the new version; a breach brings them back to the old one")
    .put_some("postPromotionAnalysis", after)
}

fn canary(order: &Order) -> Map {
    let map = Map::new()
        .put("stableService", network::stable(order))
        .put("canaryService", network::canary(order));
    let map = surge(map);
    let map = match &order.routing {
        // Without a router Argo Rollouts refuses both fields: the old pods make room step by step.
        Routing::None => map,
        routing => {
            let map = map
                .why("one pod alone is no version: it is gone with its node")
                .put("minPodsPerReplicaSet", numbers::FEWEST);
            warmth(order, map).put("trafficRouting", router(order, routing))
        }
    };
    let background = order.prometheus.is_some().then(|| {
        analysis::use_of_traffic(order).why("from the first weight on").put("startingStep", 1_i64)
    });
    map.why(
        "watches every step and every pause. Too many errors abort; too few requests to tell pause \
         the release until a person has looked",
    )
    .put_some("analysis", background)
    .put("steps", steps(order))
}

fn router(order: &Order, routing: &Routing) -> Map {
    let name = order.name.as_str();
    match routing {
        Routing::None => Map::new(),
        Routing::Nginx { .. } => Map::new().put("nginx", Map::new().put("stableIngress", name)),
        Routing::Gateway { .. } => {
            let config = Map::new().put("httpRoute", name).put_some("namespace", plain(order));
            Map::new().put("plugins", Map::new().put(PLUGIN, config))
        }
    }
}

/// The namespace where there is only one; overlays put theirs in.
fn plain(order: &Order) -> Option<&str> {
    match &order.shape {
        super::order::Shape::Plain(environment) => Some(&environment.namespace),
        super::order::Shape::Kustomize { .. } => None,
    }
}

fn steps(order: &Order) -> List {
    let weight = |weight: i64| Map::new().put("setWeight", weight);
    let timed = |span: Span| Map::new().put("pause", Map::new().put("duration", numbers::go(span)));
    let person = || Map::new().put("pause", Map::new());
    let watched = order.prometheus.is_some();
    let verdict = length(numbers::verdict(&order.pace, &order.terms));
    let mut steps = List::new();
    let last = order.profile.ladder.len().saturating_sub(1);
    for (index, (at, held)) in order.profile.ladder.iter().zip(&order.pace.rungs).enumerate() {
        steps = steps.put(weight(*at));
        steps = match (watched, index) {
            (true, 0) => steps
                .why(format!("longer than the analysis needs for a verdict ({verdict})"))
                .put(timed(*held)),
            (true, _) => steps.put(timed(*held)),
            (false, 0) => steps
                .why("nothing measures this canary: a person looks before it gets more")
                .put(person()),
            (false, index) if index < last => steps.put(person()),
            (false, _) => steps,
        };
    }
    steps = steps
        .why("no canary gets everybody without a person who says so")
        .put(person())
        .why("all traffic, while the old version is still whole: the last chance of a quick abort")
        .put(weight(100));
    steps.put(timed(order.pace.last))
}
