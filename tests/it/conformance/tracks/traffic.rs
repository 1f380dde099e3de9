//! What leads requests to pods: Services, the Ingress, Istio's two kinds.

use serde_json::{Map, Value};

use super::{Desk, list, row, word};

const HASH: &str = "rollouts-pod-template-hash";

/// A Service.
pub(super) fn service(desk: &mut Desk<'_>) {
    let managed = "/metadata/annotations/argo-rollouts.argoproj.io~1managed-by-rollouts";
    desk.note_word("managed by", managed);
    let state =
        if desk.entry.gone { "deleted".into() } else { word(&desk.at("/spec/selector")[HASH]) };
    desk.note("selector", &state);
}

/// An Ingress.
pub(super) fn ingress(desk: &mut Desk<'_>) {
    if desk.entry.gone {
        return desk.note("router", "deleted");
    }
    let nginx = desk.at("/metadata/annotations").as_object().map(|annotations| {
        let ours = annotations.iter().filter_map(|(key, value)| {
            let key = key.strip_prefix("nginx.ingress.kubernetes.io/")?;
            Some(format!("{key} {}", word(value)))
        });
        ours.collect::<Vec<_>>()
    });
    desk.note("router", &row(nginx.unwrap_or_default()));
    let backends = list(desk.at("/spec/rules")).iter().flat_map(|rule| {
        let paths = list(&rule["http"]["paths"]);
        paths.iter().map(|path| word(&path["backend"]["service"]["name"]))
    });
    let backends = row(backends.collect());
    desk.note("backends", &backends);
    desk.note_word("owner", "/metadata/ownerReferences/0/kind");
    desk.note_word("class", "/spec/ingressClassName");
}

/// A VirtualService: its HTTP routes as they are.
pub(super) fn virtual_service(desk: &mut Desk<'_>) {
    let routes = list(desk.at("/spec/http")).iter().map(|route| {
        let name = word(&route["name"]);
        let targets = list(&route["route"]).iter().map(|target| {
            let host = word(&target["destination"]["host"]);
            let subset = target["destination"]["subset"].as_str().map(|s| format!("/{s}"));
            format!("{host}{} {}", subset.unwrap_or_default(), word(&target["weight"]))
        });
        let mut words = vec![format!("{name}: {}", row(targets.collect()))];
        let mut rest = route.as_object().cloned().unwrap_or_default();
        rest.remove("name");
        rest.remove("route");
        if !rest.is_empty() {
            words.push(Value::Object(sorted(rest)).to_string());
        }
        words.join(" ")
    });
    let state = routes.collect::<Vec<_>>().join("; ");
    desk.note("routes", &state);
}

/// A DestinationRule: which version each subset is.
pub(super) fn destination_rule(desk: &mut Desk<'_>) {
    let managed = "/metadata/annotations/argo-rollouts.argoproj.io~1managed-by-rollouts";
    desk.note_word("managed by", managed);
    let subsets = list(desk.at("/spec/subsets")).iter();
    let subsets = subsets.map(|s| format!("{} {}", word(&s["name"]), word(&s["labels"][HASH])));
    let state = row(subsets.collect());
    desk.note("subsets", &state);
}

fn sorted(map: Map<String, Value>) -> Map<String, Value> {
    let mut pairs: Vec<_> = map.into_iter().collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs.into_iter().collect()
}
