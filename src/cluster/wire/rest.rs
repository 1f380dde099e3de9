//! Events, Services, Ingresses and disruption budgets.

use super::meta::{Meta, ROLLOUT_HASH};
use super::node::Node;
use crate::domain::event::Event;
use crate::domain::routing::{DisruptionBudget, Ingress, Service};
use crate::domain::text::SafeText;

/// A `v1` Event. Old reporters count in it, new ones in its series.
pub(super) fn event(object: Node<'_>) -> Option<Event> {
    let meta = Meta::of(object)?;
    let about = object.at("involvedObject");
    let series = object.at("series");
    let count = object.int("count").or_else(|| series.int("count")).unwrap_or(1);
    let at = series
        .time("lastObservedTime")
        .or_else(|| object.time("lastTimestamp"))
        .or_else(|| object.time("eventTime"))
        .or_else(|| object.time("firstTimestamp"))
        .or_else(|| meta.created());
    Some(Event {
        id: meta.id(),
        uid: meta.uid(),
        about: about.shared("uid"),
        about_kind: about.shared_or_empty("kind"),
        about_name: about.shared_or_empty("name"),
        warning: object.str("type") == Some("Warning"),
        reason: object.shared_or_empty("reason"),
        message: object.text_or_empty("message"),
        at,
        count: u32::try_from(count).unwrap_or(1).max(1),
    })
}

pub(super) fn service(object: Node<'_>) -> Option<Service> {
    let meta = Meta::of(object)?;
    let spec = object.at("spec");
    Some(Service {
        id: meta.id(),
        uid: meta.uid(),
        hash: spec.at("selector").text(ROLLOUT_HASH),
        selector: spec.pairs("selector"),
    })
}

/// An Ingress. The annotations' prefix is configurable, so any `<prefix>/canary` counts.
pub(super) fn ingress(object: Node<'_>) -> Option<Ingress> {
    let meta = Meta::of(object)?;
    let annotations = meta.node().at("annotations");
    let ending = |end: &str| {
        let key = annotations.keys().find(|key| key.ends_with(end));
        key.and_then(|key| annotations.text(key))
    };
    let spec = object.at("spec");
    let mut backends: Vec<SafeText> = Vec::new();
    let mut add = |backend: Node<'_>| {
        if let Some(name) = backend.at("service").text("name")
            && !backends.contains(&name)
        {
            backends.push(name);
        }
    };
    for rule in spec.list("rules") {
        for path in rule.at("http").list("paths") {
            add(path.at("backend"));
        }
    }
    add(spec.at("defaultBackend"));
    Some(Ingress {
        id: meta.id(),
        uid: meta.uid(),
        canary_weight: ending("/canary-weight").and_then(|w| w.trim().parse().ok()),
        is_canary: ending("/canary").as_deref() == Some("true"),
        backends,
    })
}

pub(super) fn disruption_budget(object: Node<'_>) -> Option<DisruptionBudget> {
    let meta = Meta::of(object)?;
    let status = object.at("status");
    Some(DisruptionBudget {
        id: meta.id(),
        uid: meta.uid(),
        selector: object.at("spec").at("selector").pairs("matchLabels"),
        allowed: status.count("disruptionsAllowed"),
        healthy: status.count("currentHealthy"),
        desired: status.count("desiredHealthy"),
    })
}
