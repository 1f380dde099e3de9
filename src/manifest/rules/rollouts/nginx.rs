//! Canaries behind ingress-nginx (W42).
//!
//! Source: Argo Rollouts `trafficrouting/nginx`; the annotations of ingress-nginx; X59. Called
//! through the table of rules.

use crate::domain::readiness::Severity;
use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::Spot;
use crate::manifest::workload::Workload;

use super::reading::steps::canary;

/// W42: a header that brings users to the canary has a value that only we know, and the Ingress is
/// one of this controller's. That it is no longer maintained is a note.
pub(super) fn routes(case: &mut Case<'_>) {
    let Some(canary) = canary(case.workload) else { return };
    let nginx = canary.keys(&["trafficRouting", "nginx"]);
    if nginx.is_absent() {
        return;
    }
    header(case, &nginx);
    class(case);
    let said = Said::of(
        "ingress-nginx",
        "a router that is maintained",
        "it has no fixes after March 2026, not even for security",
        "the Gateway API plugin of Argo Rollouts",
    );
    case.broken_as(Severity::Note, case.workload.object, &nginx, said);
}

fn header(case: &mut Case<'_>, nginx: &Spot<'_>) {
    let annotations = nginx.key("additionalIngressAnnotations");
    let entries = annotations.node().map(crate::manifest::tree::Node::entries).unwrap_or_default();
    // The controller puts the prefix before what has none.
    let bare = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
    let Some(by) = entries.iter().find(|entry| bare(&entry.key) == "canary-by-header") else {
        return;
    };
    let values = ["canary-by-header-value", "canary-by-header-pattern"];
    if entries.iter().any(|entry| values.contains(&bare(&entry.key).as_str())) {
        return;
    }
    let said = Said::of(
        format!("header {} without a value", by.node),
        "canary-by-header-value",
        "`always` and `never` in the header outrank the weight: any caller joins or leaves",
        "canary-by-header-value: a value that is not public",
    );
    case.broken(case.workload.object, &annotations.key(&by.key), said);
}

/// The Ingresses of a canary that were read.
fn ingresses<'b>(bundle: &'b Bundle, workload: &Workload<'b>) -> Vec<&'b Object> {
    let Some(canary) = canary(workload) else { return Vec::new() };
    let nginx = canary.keys(&["trafficRouting", "nginx"]);
    let one = std::iter::once(nginx.key("stableIngress"));
    let names = one.chain(nginx.key("stableIngresses").elements());
    let find = |spot: Spot<'b>| bundle.find("Ingress", &workload.object.namespace, spot.text()?);
    names.filter_map(find).collect()
}

/// Where an Ingress names its class.
fn named_class(ingress: &Object) -> (Spot<'_>, Spot<'_>) {
    let root = ingress.root();
    let annotation = root.keys(&["metadata", "annotations", "kubernetes.io/ingress.class"]);
    (root.keys(&["spec", "ingressClassName"]), annotation)
}

/// Classes of its Ingresses that are not among what was read.
pub(super) fn classes<'b>(
    bundle: &'b Bundle,
    workload: &Workload<'b>,
) -> impl Iterator<Item = &'b str> {
    let class = |ingress: &'b Object| {
        let (field, annotation) = named_class(ingress);
        field.text().or_else(|| annotation.text())
    };
    let classes = ingresses(bundle, workload).into_iter().filter_map(class);
    classes.filter(|class| bundle.find("IngressClass", "", class).is_none())
}

fn class(case: &mut Case<'_>) {
    for ingress in ingresses(case.bundle, case.workload) {
        let (field, annotation) = named_class(ingress);
        let Some(class) = field.text().or_else(|| annotation.text()) else {
            let why = "nobody, or another controller, serves the Ingress: weights have no effect";
            let said = Said::of("none", "the class of ingress-nginx", why, "ingressClassName");
            case.broken(ingress, &field, said);
            continue;
        };
        if let Some(other) = controller(case, class).filter(|is| *is != "k8s.io/ingress-nginx") {
            let why = "another controller serves the Ingress and does not know these weights";
            let measured = format!("class {class} of {other}");
            let spot = if field.is_absent() { annotation } else { field };
            let said = Said::of(measured, "a class of ingress-nginx", why, "another class");
            case.broken(ingress, &spot, said);
        }
    }
}

/// Whose class it is, where that was read.
fn controller<'c>(case: &Case<'c>, class: &str) -> Option<&'c str> {
    let class: &Object = case.bundle.find("IngressClass", "", class)?;
    class.root().keys(&["spec", "controller"]).text()
}
