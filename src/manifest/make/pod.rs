//! The pod template: one container that starts, serves, drains and ends in a known time.
//!
//! Called by `workload`.

use crate::domain::time::length;

use super::numbers;
use super::order::{Order, Resources};
use super::yaml::{List, Map};

/// The label that tells the pods of this service from all others.
const APP: &str = "app.kubernetes.io/name";
/// The variable that tells the program how long it has for its open requests.
const DRAIN: &str = "GRACEFUL_SHUTDOWN_TIMEOUT";
/// The port that serves users, by name.
pub(super) const PORT: &str = "http";

/// What selects the pods: one label, for a selector can never be changed.
pub(super) fn labels(order: &Order) -> Map {
    Map::new().put(APP, order.name.as_str())
}

/// Labels, and annotations of an object that people look for.
pub(super) fn metadata(order: &Order, name: &str, namespace: Option<&str>) -> Map {
    let annotations = Map::new()
        .put_some("a8r.io/owner", order.owner.as_deref())
        .put_some("a8r.io/runbook", order.runbook.as_deref());
    let annotations = (!annotations.is_empty()).then_some(annotations);
    Map::new()
        .put("name", name)
        .put_some("namespace", namespace)
        .put("labels", labels(order))
        .put_some("annotations", annotations)
}

/// `spec.template`. `hash` is the label that its owner puts on the pods of a version.
pub(super) fn template(order: &Order, hash: &str) -> Map {
    let scraped = order.prometheus.is_some().then(|| {
        let port = order.metrics_port.unwrap_or(order.port);
        Map::new().put("prometheus.io/scrape", "true").put("prometheus.io/port", port.to_string())
    });
    let metadata = Map::new().put("labels", labels(order)).put_some("annotations", scraped);
    Map::new().put("metadata", metadata).put("spec", spec(order, hash))
}

fn spec(order: &Order, hash: &str) -> Map {
    let grace = numbers::grace(&order.profile);
    let reserve = numbers::reserve(&order.profile);
    let why = format!(
        "{} s of serving on after the order to end, {} s for open requests, {reserve} s to spare: \
         with less, requests are cut off in every release",
        numbers::PRE_STOP,
        numbers::DRAIN,
    );
    let security = Map::new()
        .why("the image has to name its user by number; a name cannot be proven not to be root")
        .put("runAsNonRoot", true)
        .put("seccompProfile", Map::new().put("type", "RuntimeDefault"));
    let scratch =
        Map::new().put("name", "tmp").put("emptyDir", Map::new().put("sizeLimit", "64Mi"));
    Map::new()
        .why(why)
        .put("terminationGracePeriodSeconds", grace)
        .why("nothing here asks the API server; a stolen token could")
        .put("automountServiceAccountToken", false)
        .put("securityContext", security)
        .why(
            "spread each version over zones and nodes, so that one of them lost is not the \
             service lost; a full zone does not stop a release",
        )
        .put("topologySpreadConstraints", spread(order, hash))
        .put("containers", List::new().put(container(order)))
        .put("volumes", List::new().put(scratch))
}

/// Zones and nodes. `matchLabelKeys` (on by default from 1.27) counts each version for itself.
fn spread(order: &Order, hash: &str) -> List {
    let knows = order.profile.server_minor.is_none_or(|minor| minor >= 27);
    let over = |key: &str| {
        Map::new()
            .put("maxSkew", 1_i64)
            .put("topologyKey", key)
            .put("whenUnsatisfiable", "ScheduleAnyway")
            .put("labelSelector", Map::new().put("matchLabels", labels(order)))
            .put_some("matchLabelKeys", knows.then(|| List::new().put(hash)))
    };
    List::new().put(over("topology.kubernetes.io/zone")).put(over("kubernetes.io/hostname"))
}

fn container(order: &Order) -> Map {
    let port = |name: &str, number: u16| {
        Map::new().put("name", name).put("containerPort", number).put("protocol", "TCP")
    };
    let mut ports = List::new().put(port(PORT, order.port));
    if let Some(metrics) = order.metrics_port {
        ports = ports.put(port("metrics", metrics));
    }
    let drain = Map::new()
        .why("the program has to obey this: it takes no new requests and ends the open ones")
        .put("name", DRAIN)
        .put("value", format!("{}s", numbers::DRAIN));
    let security = Map::new()
        .put("allowPrivilegeEscalation", false)
        .put("readOnlyRootFilesystem", true)
        .put("capabilities", Map::new().put("drop", List::new().put("ALL")));
    let scratch = Map::new().put("name", "tmp").put("mountPath", "/tmp");
    let container = Map::new()
        .put("name", order.name.as_str())
        .why("the digest decides what runs; the tag is for people")
        .put("image", order.image.reference())
        .put("ports", ports)
        .put("env", List::new().put(drain))
        .put("resources", resources(order.resources));
    let container = probes(order, container);
    container
        .put("lifecycle", Map::new().put("preStop", pre_stop(order)))
        .put("securityContext", security)
        .why("the only place that can be written to")
        .put("volumeMounts", List::new().put(scratch))
}

/// `resources`.
pub(super) fn resources(resources: Resources) -> Map {
    let memory = || format!("{}Mi", resources.memory);
    let requests =
        Map::new().put("cpu", format!("{}m", resources.cpu_request)).put("memory", memory());
    let limits = Map::new()
        .put("cpu", format!("{}m", resources.cpu_limit))
        .why("as much as is requested: a pod with more is ended when its node runs short")
        .put("memory", memory());
    Map::new()
        .why("measure and correct: these decide where pods fit and when they are throttled")
        .put("requests", requests)
        .put("limits", limits)
}

fn probes(order: &Order, container: Map) -> Map {
    let health = &order.health;
    let probe = |path: &str, every: i64, timeout: i64, failures: i64| {
        let get = Map::new().put("path", path).put("port", PORT);
        Map::new()
            .put("httpGet", get)
            .put("periodSeconds", every)
            .put("timeoutSeconds", timeout)
            .put("failureThreshold", failures)
    };
    let startup = format!(
        "{} to start, as the guard allows it; until then the other two do not ask",
        length(order.terms.grace)
    );
    let failures = numbers::startup_failures(&order.terms);
    container
        .why(startup)
        .put("startupProbe", probe(&health.startup, numbers::STARTUP_EVERY, 3, failures))
        .why("out of traffic after 15 s; may ask what it depends on")
        .put("readinessProbe", probe(&health.ready, 5, 3, 3))
        .why(
            "restarted after a minute; asks the process alone, else a database that is away \
             restarts every pod",
        )
        .put("livenessProbe", probe(&health.live, 10, 5, 6))
}

/// The `sleep` action is on by default from 1.30 (KEP-3960); before, it takes a shell.
fn pre_stop(order: &Order) -> Map {
    let native = order.profile.server_minor.is_none_or(|minor| minor >= 30);
    let seconds = numbers::PRE_STOP;
    let why = "routers hear late that a pod is going: it serves on until they have";
    if native {
        let why = format!("{why}; no shell is needed in the image");
        return Map::new().why(why).put("sleep", Map::new().put("seconds", seconds));
    }
    let command = List::new().put("/bin/sh").put("-c").put(format!("sleep {seconds}"));
    let why = format!("{why}; this server has no sleep of its own, so the image needs a shell");
    Map::new().why(why).put("exec", Map::new().put("command", command))
}
