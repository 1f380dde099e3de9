//! What the stories fly: small rollouts with short steps, as the objects that kubectl applies.

use serde_json::{Value, json};

/// A Rollout behind the stable and canary Services and an nginx Ingress. `strategy` is what goes
/// into `strategy.canary` besides.
pub(crate) fn canary(name: &str, replicas: u32, strategy: &Value) -> Vec<Value> {
    let (stable, canary) = (format!("{name}-stable"), format!("{name}-canary"));
    let mut settings = json!({
        "stableService": stable,
        "canaryService": canary,
        "trafficRouting": { "nginx": { "stableIngress": name } },
    });
    merge(&mut settings, strategy);
    vec![
        service(&stable, name),
        service(&canary, name),
        ingress(name, &stable),
        rollout(name, replicas, &json!({ "canary": settings })),
    ]
}

/// A Rollout without a router: pods are the weight.
pub(crate) fn basic_canary(name: &str, replicas: u32, strategy: &Value) -> Vec<Value> {
    vec![rollout(name, replicas, &json!({ "canary": strategy }))]
}

/// A blue-green Rollout with its two Services.
pub(crate) fn blue_green(name: &str, replicas: u32, strategy: &Value) -> Vec<Value> {
    let preview = format!("{name}-preview");
    let mut settings = json!({ "activeService": name, "previewService": preview });
    merge(&mut settings, strategy);
    vec![
        service(name, name),
        service(&preview, name),
        rollout(name, replicas, &json!({ "blueGreen": settings })),
    ]
}

/// A Rollout.
pub(crate) fn rollout(name: &str, replicas: u32, strategy: &Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": { "name": name },
        "spec": {
            "replicas": replicas,
            "revisionHistoryLimit": 6,
            "selector": { "matchLabels": { "app": name } },
            "template": template(name),
            "strategy": strategy,
        },
    })
}

/// A Deployment. `settings` goes into its spec besides.
pub(crate) fn deployment(name: &str, replicas: u32, settings: &Value) -> Value {
    let mut spec = json!({
        "replicas": replicas,
        "selector": { "matchLabels": { "app": name } },
        "template": template(name),
    });
    merge(&mut spec, settings);
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name }, "spec": spec })
}

/// An AnalysisTemplate that asks the plane's metrics for the errors of `service`.
pub(crate) fn error_rate(name: &str, prometheus: &str, service: &str, metric: &Value) -> Value {
    let query = format!("error_rate{{service=\"{service}\",hash=\"{{{{args.hash}}}}\"}}");
    let mut one = json!({
        "name": "error-rate",
        "interval": "1s",
        "count": 3,
        "successCondition": "result[0] <= 0.05",
        "provider": { "prometheus": { "address": prometheus, "query": query } },
    });
    merge(&mut one, metric);
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": { "name": name },
        "spec": { "args": [{ "name": "hash" }], "metrics": [one] },
    })
}

/// A reference to a template, with the hash of the new version as its argument.
pub(crate) fn judged_by(template: &str) -> Value {
    json!({
        "templates": [{ "templateName": template }],
        "args": [{ "name": "hash", "valueFrom": { "podTemplateHashValue": "Latest" } }],
    })
}

fn template(name: &str) -> Value {
    json!({
        "metadata": { "labels": { "app": name } },
        "spec": { "containers": [{
            "name": "main",
            "image": format!("registry.example/{name}:1"),
            "ports": [{ "name": "http", "containerPort": 8080 }],
        }] },
    })
}

fn service(name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": name },
        "spec": {
            "selector": { "app": app },
            "ports": [{ "name": "http", "port": 80, "targetPort": "http" }],
        },
    })
}

fn ingress(name: &str, service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": name },
        "spec": { "ingressClassName": "nginx", "rules": [{
            "host": format!("{name}.example"),
            "http": { "paths": [{
                "path": "/",
                "pathType": "Prefix",
                "backend": { "service": { "name": service, "port": { "name": "http" } } },
            }] },
        }] },
    })
}

/// Puts the fields of one object into another.
pub(super) fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().expect("an object") {
        into[key] = value.clone();
    }
}
