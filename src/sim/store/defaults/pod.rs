//! What is filled in for pods and their templates.
//!
//! Called by the defaults of the kinds that have a template, and for pods themselves.

use serde_json::{Value, json};

use super::{each, fill, fill_text, inside};
use crate::sim::object::{Document, DocumentMut};

/// Fills in a pod template, as the API server does for every native kind that has one.
pub(crate) fn pod_template(template: &mut Value) {
    if template.get("spec").is_none_or(|spec| !spec.is_object()) {
        return;
    }
    spec(template);
}

/// Fills in a pod.
pub(super) fn complete(pod: &mut Value) {
    if pod.get("spec").is_none_or(|spec| !spec.is_object()) {
        return;
    }
    spec(pod);
    for list in ["/spec/containers", "/spec/initContainers"] {
        each(pod, list, requests_from_limits);
    }
    fill(pod, "/spec/enableServiceLinks", true);
    fill(pod, "/spec/priority", 0);
    fill_text(pod, "/spec/preemptionPolicy", "PreemptLowerPriority");
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = pod.items("/spec/tolerations").iter().any(|t| t.text("/key") == key);
        if !tolerated {
            let mut all = pod.items("/spec/tolerations").to_vec();
            all.push(json!({
                "key": key,
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 300,
            }));
            pod.set("/spec/tolerations", all);
        }
    }
}

fn spec(object: &mut Value) {
    fill_text(object, "/spec/restartPolicy", "Always");
    fill(object, "/spec/terminationGracePeriodSeconds", 30);
    fill_text(object, "/spec/dnsPolicy", "ClusterFirst");
    fill(object, "/spec/securityContext", json!({}));
    fill_text(object, "/spec/schedulerName", "default-scheduler");
    for list in ["/spec/containers", "/spec/initContainers", "/spec/ephemeralContainers"] {
        each(object, list, container);
    }
    each(object, "/spec/volumes", volume);
}

fn container(container: &mut Value) {
    if !container.is_object() {
        return;
    }
    let image = container.text("/image");
    let name = image.rsplit('/').next().unwrap_or_default();
    let latest = !image.contains('@') && (!name.contains(':') || name.ends_with(":latest"));
    fill_text(container, "/imagePullPolicy", if latest { "Always" } else { "IfNotPresent" });
    fill_text(container, "/terminationMessagePath", "/dev/termination-log");
    fill_text(container, "/terminationMessagePolicy", "File");
    fill(container, "/resources", json!({}));
    each(container, "/ports", |port| fill_text(port, "/protocol", "TCP"));
    each(container, "/env", |variable| {
        if inside(variable, "/valueFrom/fieldRef").is_some() {
            fill_text(variable, "/valueFrom/fieldRef/apiVersion", "v1");
        }
    });
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if inside(container, &format!("/{probe}")).is_some() {
            for (field, value) in [
                ("timeoutSeconds", 1),
                ("periodSeconds", 10),
                ("successThreshold", 1),
                ("failureThreshold", 3),
            ] {
                let pointer = format!("/{probe}/{field}");
                if container.int(&pointer) == 0 {
                    container.set(&pointer, value);
                }
            }
        }
    }
    for handler in [
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle/preStop",
        "lifecycle/postStart",
    ] {
        if inside(container, &format!("/{handler}/httpGet")).is_some() {
            fill_text(container, &format!("/{handler}/httpGet/path"), "/");
            fill_text(container, &format!("/{handler}/httpGet/scheme"), "HTTP");
        }
    }
}

fn volume(volume: &mut Value) {
    let Some(members) = volume.as_object() else { return };
    if members.len() < 2 {
        volume.set("/emptyDir", json!({}));
    }
    for source in ["configMap", "secret", "downwardAPI", "projected"] {
        if inside(volume, &format!("/{source}")).is_some() {
            fill(volume, &format!("/{source}/defaultMode"), 0o644);
        }
    }
    if inside(volume, "/hostPath").is_some() {
        fill(volume, "/hostPath/type", "");
    }
}

/// What is limited and not asked for is asked for.
fn requests_from_limits(container: &mut Value) {
    let Some(limits) = container.members("/resources/limits").cloned() else { return };
    for (name, limit) in limits {
        fill(
            container,
            &format!("/resources/requests/{}", crate::sim::object::escaped(&name)),
            limit,
        );
    }
}

/// The quality of service that a pod's requests and limits give it.
pub(crate) fn qos_class(pod: &Value) -> &'static str {
    let (mut asked, mut guaranteed) = (false, true);
    for list in ["/spec/containers", "/spec/initContainers"] {
        for container in pod.items(list) {
            for resource in ["cpu", "memory"] {
                let request = container.pointer(&format!("/resources/requests/{resource}"));
                let limit = container.pointer(&format!("/resources/limits/{resource}"));
                asked |= request.is_some() || limit.is_some();
                guaranteed &= limit.is_some() && (request.is_none() || request == limit);
            }
        }
    }
    match (asked, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_follows_requests_and_limits() {
        let with = |resources: Value| json!({"containers": [{"resources": resources}]});
        let whole = json!({"limits": {"cpu": "1", "memory": "1Gi"}});
        let cases = [
            (json!({"containers": [{}]}), "BestEffort"),
            (with(json!({"requests": {"cpu": "1"}})), "Burstable"),
            (with(whole), "Guaranteed"),
            (with(json!({"limits": {"cpu": "1"}})), "Burstable"),
        ];
        for (spec, wanted) in cases {
            assert_eq!(qos_class(&json!({ "spec": spec })), wanted);
        }
    }

    #[test]
    fn a_pod_asks_for_what_limits_it() {
        let resources = json!({"limits": {"cpu": "1", "memory": "1Gi"}});
        let mut pod = json!({"spec": {"containers": [
            {"name": "a", "image": "x@sha256:1", "resources": resources},
        ]}});
        complete(&mut pod);
        assert_eq!(pod.text("/spec/containers/0/resources/requests/cpu"), "1");
        assert_eq!(pod.text("/spec/containers/0/imagePullPolicy"), "IfNotPresent");
        assert_eq!(pod.items("/spec/tolerations").len(), 2);
        assert_eq!(qos_class(&pod), "Guaranteed");
        let again = pod.clone();
        complete(&mut pod);
        assert_eq!(pod, again);
    }

    #[test]
    fn parts_that_are_there_are_filled_in() {
        let mut template = json!({"spec": {
            "containers": [{
                "name": "a",
                "image": "registry:5000/x",
                "ports": [{"containerPort": 80}],
                "readinessProbe": {"httpGet": {"port": 80}},
            }],
            "volumes": [{"name": "v", "configMap": {"name": "c"}}, {"name": "n"}],
        }});
        pod_template(&mut template);
        let container = &template["spec"]["containers"][0];
        assert_eq!(container["imagePullPolicy"], "Always");
        assert_eq!(container["ports"][0]["protocol"], "TCP");
        let probe = json!({
            "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        });
        assert_eq!(container["readinessProbe"], probe);
        assert_eq!(template["spec"]["volumes"][0]["configMap"]["defaultMode"], 420);
        assert_eq!(template["spec"]["volumes"][1]["emptyDir"], json!({}));
    }
}
