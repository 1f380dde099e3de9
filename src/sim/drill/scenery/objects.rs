//! A service of a drill as the objects that its team would apply.
//!
//! Never writes them. Called by `genesis`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::steps;
use crate::sim::drill::script::{Router, Service, Strategy};
use crate::sim::object::DocumentMut;
use crate::sim::store::Kind;

/// Where images come from; nobody is there.
const REGISTRY: &str = "registry.example";

impl Service {
    /// One that says no more than how it is released.
    pub(in crate::sim::drill) fn of(strategy: Strategy) -> Self {
        Self {
            name: String::new(),
            namespace: String::new(),
            strategy,
            router: Router::default(),
            replicas: 1,
            version: String::new(),
            history: Vec::new(),
            requests: 0.0,
            steps: Vec::new(),
            background: Vec::new(),
            background_from: None,
            after_switch: Vec::new(),
            auto_promotion: false,
            keep: None,
            progress_deadline: None,
            rollback_window: None,
            surge: None,
            unavailable: None,
            min_available: None,
            gitops: None,
            annotations: BTreeMap::new(),
        }
    }
}

impl Service {
    /// Whether `namespace/name` means it.
    pub(in crate::sim::drill) fn is_called(&self, name: &str) -> bool {
        name.split_once('/') == Some((self.namespace.as_str(), self.name.as_str()))
    }
}

/// The image of a service's tag.
pub(in crate::sim::drill) fn image(service: &Service, tag: &str) -> String {
    format!("{REGISTRY}/{}/{}:{tag}", service.namespace, service.name)
}

/// The tag of an image.
pub(in crate::sim::drill) fn tag_of(image: &str) -> &str {
    image.rsplit_once(':').map_or(image, |(_, tag)| tag)
}

/// The kind of a service's workload.
pub(in crate::sim::drill) fn workload_kind(service: &Service) -> Kind {
    match service.strategy {
        Strategy::Canary | Strategy::BlueGreen => Kind::Rollout,
        Strategy::Rolling => Kind::Deployment,
    }
}

/// All objects of a service at this tag, in the order of creation.
pub(in crate::sim::drill) fn of_service(
    service: &Service,
    tag: &str,
) -> Result<Vec<(Kind, Value)>, String> {
    let mut objects = match service.strategy {
        Strategy::Canary => before_canary(service),
        Strategy::BlueGreen => {
            let preview = format!("{}-preview", service.name);
            vec![
                (Kind::Service, cluster_service(service, &service.name)),
                (Kind::Service, cluster_service(service, &preview)),
            ]
        }
        Strategy::Rolling => {
            vec![(Kind::Service, cluster_service(service, &service.name))]
        }
    };
    if let Some(least) = &service.min_available {
        objects.push((Kind::PodDisruptionBudget, budget(service, least)));
    }
    objects.push((workload_kind(service), workload(service, tag)?));
    Ok(objects)
}

/// Services and routes of a canary.
fn before_canary(service: &Service) -> Vec<(Kind, Value)> {
    let name = &service.name;
    let (stable, canary) = (format!("{name}-stable"), format!("{name}-canary"));
    match service.router {
        Router::Nginx => vec![
            (Kind::Service, cluster_service(service, &stable)),
            (Kind::Service, cluster_service(service, &canary)),
            (Kind::Ingress, ingress(service, &stable)),
        ],
        Router::Istio => vec![
            (Kind::Service, cluster_service(service, &stable)),
            (Kind::Service, cluster_service(service, &canary)),
            (Kind::VirtualService, virtual_service(service, &stable, &canary)),
        ],
        Router::None => vec![(Kind::Service, cluster_service(service, name))],
    }
}

fn metadata(service: &Service, name: &str) -> Value {
    json!({
        "name": name,
        "namespace": service.namespace,
        "labels": {"app": service.name, "app.kubernetes.io/name": service.name},
    })
}

fn cluster_service(service: &Service, name: &str) -> Value {
    json!({
        "metadata": metadata(service, name),
        "spec": {
            "selector": {"app": service.name},
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}],
        },
    })
}

fn ingress(service: &Service, backend: &str) -> Value {
    json!({
        "metadata": metadata(service, &service.name),
        "spec": {"ingressClassName": "nginx", "rules": [{
            "host": format!("{}.{}.example", service.name, service.namespace),
            "http": {"paths": [{
                "path": "/",
                "pathType": "Prefix",
                "backend": {"service": {"name": backend, "port": {"name": "http"}}},
            }]},
        }]},
    })
}

fn virtual_service(service: &Service, stable: &str, canary: &str) -> Value {
    json!({
        "metadata": metadata(service, &service.name),
        "spec": {
            "hosts": [service.name],
            "http": [{"name": "primary", "route": [
                {"destination": {"host": stable}, "weight": 100},
                {"destination": {"host": canary}, "weight": 0},
            ]}],
        },
    })
}

fn budget(service: &Service, least: &str) -> Value {
    let least = least.parse::<i64>().map_or_else(|_| json!(least), |number| json!(number));
    json!({
        "metadata": metadata(service, &service.name),
        "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": service.name}}},
    })
}

/// The pod template of a service at a tag.
pub(in crate::sim::drill) fn template(service: &Service, tag: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": service.name, "app.kubernetes.io/name": service.name}},
        "spec": {
            "terminationGracePeriodSeconds": 20,
            "containers": [{
                "name": service.name,
                "image": image(service, tag),
                "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "readinessProbe": {
                    "httpGet": {"path": "/healthz", "port": "http"},
                    "periodSeconds": 5,
                    "failureThreshold": 3,
                },
                "resources": {
                    "requests": {"cpu": "100m", "memory": "128Mi"},
                    "limits": {"memory": "512Mi"},
                },
            }],
        },
    })
}

fn workload(service: &Service, tag: &str) -> Result<Value, String> {
    let mut metadata = metadata(service, &service.name);
    for (key, value) in &service.annotations {
        metadata.set("/annotations", {
            let mut all = metadata.get("annotations").cloned().unwrap_or_else(|| json!({}));
            all.set(&format!("/{}", crate::sim::object::escaped(key)), value.as_str());
            all
        });
    }
    owned_by(service, &mut metadata);
    let mut spec = json!({
        "replicas": service.replicas,
        "revisionHistoryLimit": 10,
        "selector": {"matchLabels": {"app": service.name}},
        "template": template(service, tag),
    });
    if let Some(deadline) = service.progress_deadline {
        spec.set("/progressDeadlineSeconds", deadline.0.num_seconds());
    }
    if let Some(revisions) = service.rollback_window {
        spec.set("/rollbackWindow/revisions", revisions);
    }
    spec.set("/strategy", strategy(service)?);
    Ok(json!({"metadata": metadata, "spec": spec}))
}

/// The marks that a GitOps controller leaves on what it owns.
fn owned_by(service: &Service, metadata: &mut Value) {
    let name = &service.name;
    match service.gitops.as_deref() {
        Some("argocd") => {
            let kind = workload_kind(service).facts();
            let id = format!("{name}:{}/{}:{}/{name}", kind.group, kind.name, service.namespace);
            metadata.set("/annotations/argocd.argoproj.io~1tracking-id", id);
            metadata.set("/labels/argocd.argoproj.io~1instance", name.as_str());
        }
        Some(_) => {
            metadata.set("/labels/kustomize.toolkit.fluxcd.io~1name", name.as_str());
            metadata.set("/labels/kustomize.toolkit.fluxcd.io~1namespace", "flux-system");
        }
        None => {}
    }
}

fn strategy(service: &Service) -> Result<Value, String> {
    match service.strategy {
        Strategy::Canary => canary(service),
        Strategy::BlueGreen => Ok(blue_green(service)),
        Strategy::Rolling => Ok(json!({
            "type": "RollingUpdate",
            "rollingUpdate": {
                "maxSurge": amount(service.surge.as_deref()),
                "maxUnavailable": amount(service.unavailable.as_deref()),
            },
        })),
    }
}

fn amount(text: Option<&str>) -> Value {
    let text = text.unwrap_or("25%");
    text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
}

fn canary(service: &Service) -> Result<Value, String> {
    let name = &service.name;
    let mut canary = json!({});
    match service.router {
        Router::Nginx => canary.set("/trafficRouting/nginx/stableIngress", name.as_str()),
        Router::Istio => canary.set(
            "/trafficRouting/istio/virtualService",
            json!({"name": name, "routes": ["primary"]}),
        ),
        Router::None => {
            canary.set("/maxSurge", amount(service.surge.as_deref()));
            canary.set("/maxUnavailable", amount(service.unavailable.as_deref().or(Some("0"))));
        }
    }
    if service.router != Router::None {
        canary.set("/stableService", format!("{name}-stable"));
        canary.set("/canaryService", format!("{name}-canary"));
        if let Some(keep) = service.keep {
            canary.set("/scaleDownDelaySeconds", keep.0.num_seconds());
            canary.set("/abortScaleDownDelaySeconds", keep.0.num_seconds());
        }
    }
    if !service.background.is_empty() {
        let mut analysis = judged_by(name, &service.background);
        if let Some(from) = service.background_from {
            analysis.set("/startingStep", from);
        }
        canary.set("/analysis", analysis);
    }
    let steps: Result<Vec<Value>, String> =
        service.steps.iter().map(|step| steps::read(name, step)).collect();
    canary.set("/steps", steps?);
    Ok(json!({"canary": canary}))
}

fn blue_green(service: &Service) -> Value {
    let name = &service.name;
    let mut strategy = json!({
        "activeService": name,
        "previewService": format!("{name}-preview"),
        "autoPromotionEnabled": service.auto_promotion,
    });
    if let Some(keep) = service.keep {
        strategy.set("/scaleDownDelaySeconds", keep.0.num_seconds());
    }
    if !service.background.is_empty() {
        strategy.set("/prePromotionAnalysis", judged_by(name, &service.background));
    }
    if !service.after_switch.is_empty() {
        strategy.set("/postPromotionAnalysis", judged_by(name, &service.after_switch));
    }
    json!({"blueGreen": strategy})
}

/// References to templates, with what they need to know of the service.
pub(in crate::sim::drill) fn judged_by(service: &str, templates: &[String]) -> Value {
    let templates: Vec<Value> =
        templates.iter().map(|name| json!({"templateName": name})).collect();
    let latest = json!({"podTemplateHashValue": "Latest"});
    json!({
        "templates": templates,
        "args": [
            {"name": "service", "value": service},
            {"name": "hash", "valueFrom": latest},
        ],
    })
}

/// What every object of a world has to have.
pub(in crate::sim::drill) fn namespace(name: &str) -> Value {
    let labels: Map<String, Value> =
        [("kubernetes.io/metadata.name".to_owned(), json!(name))].into_iter().collect();
    json!({"metadata": {"name": name, "labels": labels}, "status": {"phase": "Active"}})
}
