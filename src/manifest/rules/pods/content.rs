//! W03 and W45: what a container may use, and configuration that changes under a running version.
//!
//! Source: requests that are not written are the limits (API server); pods may have them for all
//! their containers (`spec.resources`, 1.34); R082 for each ConfigMap. Called by `judge`.

use crate::domain::readiness::Severity;
use crate::manifest::bundle::Object;
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::Spot;

use super::{all, staying};

/// What kustomize writes its hashes with: no vowels, so that they never are a word.
const KUSTOMIZE: &str = "2456789bcdfghkmt";

/// Each ConfigMap that the cluster itself puts into all namespaces.
const OF_CLUSTER: &[&str] = &["kube-root-ca.crt", "openshift-service-ca.crt"];

pub(super) fn resources(case: &mut Case<'_>) {
    let Some((object, containers)) = staying(case) else { return };
    let pod = object.root().keys(&["spec", "template", "spec", "resources"]);
    for container in &containers {
        let own = container.spot.key("resources");
        let is_set = |which: &str, what: &str| {
            [&own, &pod].into_iter().any(|from| !from.keys(&[which, what]).is_absent())
        };
        let mut missing = Vec::new();
        for what in ["cpu", "memory"] {
            if !is_set("requests", what) && !is_set("limits", what) {
                missing.push(format!("requests.{what}"));
            }
        }
        if !is_set("limits", "memory") {
            missing.push("limits.memory".to_owned());
        }
        let of_cpu = !is_set("limits", "cpu");
        if missing.is_empty() && of_cpu {
            cpu_limit(case, object, &own);
        } else if !missing.is_empty() {
            if of_cpu {
                missing.push("limits.cpu".to_owned());
            }
            let measured = format!("missing: {}", missing.join(", "));
            let wanted = format!("requests and limits of container {}", container.name());
            let why = "without requests a node takes more pods than it can carry; without a limit \
                       one pod can take the memory of all others";
            let fix = "resources: {requests: {cpu: 250m, memory: 256Mi}, limits: {cpu: 500m, \
                       memory: 512Mi}}, with measured numbers";
            case.broken(object, &own, Said::of(measured, wanted, why, fix));
        }
    }
}

fn cpu_limit(case: &mut Case<'_>, object: &Object, own: &Spot<'_>) {
    let why = "one pod can slow down the others of its node; some leave it out on purpose, since \
               a limit slows down where there is room";
    let said = Said::of("missing: limits.cpu", "limits.cpu", why, "resources: {limits: {cpu: 1}}");
    case.broken_as(Severity::Note, object, own, said);
}

pub(super) fn config_maps(case: &mut Case<'_>) {
    let Some((object, containers)) = all(case) else { return };
    let mounts = containers
        .iter()
        .flat_map(|container| container.spot.key("volumeMounts").elements().into_iter());
    let mounted: Vec<&str> = mounts.filter_map(|mount| mount.key("name").text()).collect();
    let volumes = object.root().keys(&["spec", "template", "spec", "volumes"]);
    for volume in volumes.elements() {
        let name = volume.key("name").text().unwrap_or_default();
        if !mounted.contains(&name) {
            continue;
        }
        config_map(case, object, &volume.keys(&["configMap", "name"]));
        for source in volume.keys(&["projected", "sources"]).elements() {
            config_map(case, object, &source.keys(&["configMap", "name"]));
        }
    }
}

fn config_map(case: &mut Case<'_>, object: &Object, spot: &Spot<'_>) {
    let Some(name) = spot.text() else { return };
    if is_content_name(name) || OF_CLUSTER.contains(&name) || name.contains("{{") {
        return;
    }
    let found = case.bundle.find("ConfigMap", &object.namespace, name);
    if found.is_some_and(|map| map.root().key("immutable").bool() == Some(true)) {
        return;
    }
    let wanted = "a name that changes with the content, or immutable: true";
    let why = "the old version gets the new configuration as well: going back mixes old code with \
               new configuration";
    let fix = format!("configMapGenerator of kustomize ({name}-HASH), or {name}-v2 with immutable");
    let said = Said::of(name, wanted, why, fix);
    if found.is_some() {
        case.broken(object, spot, said);
    } else {
        case.lacks("ConfigMap", object, spot, said);
    }
}

/// Whether the last part of a name is a hash: ten characters of kustomize, or seven and more
/// hexadecimal ones with a digit among them.
fn is_content_name(name: &str) -> bool {
    let Some((_, last)) = name.rsplit_once(['-', '.']) else { return false };
    let kustomize = last.len() == 10 && last.chars().all(|c| KUSTOMIZE.contains(c));
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let digit = last.bytes().any(|byte| byte.is_ascii_digit());
    kustomize || (last.len() >= 7 && digit && last.bytes().all(hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_hash() {
        for name in
            ["web-config-9kc7bt4mf2", "web-config-bcdfghkmtb", "web-3f9a0c1", "web.12ab34cd"]
        {
            assert!(is_content_name(name), "{name}");
        }
        for name in ["web-config", "config", "web-v2", "web-deadbeef", "web-production"] {
            assert!(!is_content_name(name), "{name}");
        }
    }
}
