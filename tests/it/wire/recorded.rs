//! Objects as a real API server gave them (Argo Rollouts 1.10.1, Kubernetes 1.34.4), read into
//! records; and the same objects damaged in every way.

use serde_json::{Value, json};

use waveoff::cluster::wire::{self, Decoded, decode};
use waveoff::domain::analysis::template::{Arg, ArgValue, RolloutAnalysis, TemplateName};
use waveoff::domain::analysis::{AnalysisRole, AnalysisRun, Verdict};
use waveoff::domain::id::ResourceKind;
use waveoff::domain::observation::Record;
use waveoff::domain::phase::{self, Phase};
use waveoff::domain::pod::{Pod, PodState};
use waveoff::domain::strategy::{Amount, PauseLength, Step, Strategy};
use waveoff::domain::time::{Span, Timestamp, parse_rfc3339};
use waveoff::domain::workload::{PauseReason, Workload};

macro_rules! recorded {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!($name, ".json"))).unwrap()
    };
}

fn read(kind: ResourceKind, object: &Value) -> Record {
    let Decoded { record, odd } = decode(kind, object);
    assert_eq!(odd, None);
    record.unwrap()
}

fn workload(kind: ResourceKind, object: &Value) -> Workload {
    match read(kind, object) {
        Record::Workload(workload) => *workload,
        other => unreachable!("{other:?}"),
    }
}

fn rollout(object: &Value) -> Workload {
    workload(ResourceKind::Rollouts, object)
}

fn pod(object: &Value) -> Pod {
    match read(ResourceKind::Pods, object) {
        Record::Pod(pod) => *pod,
        other => unreachable!("{other:?}"),
    }
}

fn run(object: &Value) -> AnalysisRun {
    match read(ResourceKind::AnalysisRuns, object) {
        Record::AnalysisRun(run) => *run,
        other => unreachable!("{other:?}"),
    }
}

fn at(text: &str) -> Timestamp {
    parse_rfc3339(text).unwrap()
}

#[test]
fn a_canary_at_its_gate() {
    let workload = rollout(&recorded!("rollout_paused"));
    assert_eq!(workload.id.to_string(), "rollout shop/checkout");
    assert_eq!((workload.revision, workload.generation, workload.replicas), (Some(2), 2, 8));
    assert_eq!(phase::of(&workload).phase, Phase::Paused);
    assert_eq!(workload.images[0].short(), "checkout:1.5.0");
    let canary = workload.strategy.canary().unwrap();
    let text = |name: &str, value: &str| Arg {
        name: name.into(),
        value: Some(ArgValue::Text(value.into())),
    };
    let analysis = RolloutAnalysis {
        templates: vec![TemplateName::local("error-rate")],
        args: vec![
            text("service", "checkout"),
            Arg { name: "hash".into(), value: Some(ArgValue::LatestHash) },
        ],
    };
    assert_eq!(
        canary.steps,
        [
            Step::SetWeight(5),
            Step::Pause(PauseLength::UntilPromoted),
            Step::SetWeight(25),
            Step::Analysis(analysis),
            Step::SetWeight(50),
            Step::Pause(PauseLength::For(Span::seconds(30))),
            Step::SetWeight(100),
        ]
    );
    assert_eq!(canary.routers[0].as_str(), "nginx");
    assert_eq!(canary.abort_scale_down_delay, Span::seconds(60));
    let status = &workload.status;
    assert_eq!(status.observed_generation, Some(2));
    assert_eq!(status.step_index, Some(1));
    assert_eq!(status.pauses[0].reason, PauseReason::CanaryPauseStep);
    assert_eq!(status.pauses[0].start_text, "2026-11-23T18:19:10Z");
    let weights = status.weights.as_ref().unwrap();
    assert_eq!((weights.canary.weight, weights.stable.weight), (5, 95));
    assert_eq!(weights.canary.hash.as_str(), "85747cfc4");
    assert_eq!(weights.verified, None);
    assert!(!status.abort && !status.promote_full && status.controller_pause);
}

#[test]
fn a_canary_aborted_by_its_analysis() {
    let workload = rollout(&recorded!("rollout_aborted"));
    assert_eq!(phase::of(&workload).phase, Phase::Degraded);
    assert!(workload.status.abort);
    assert_eq!(workload.status.aborted_at, Some(at("2026-11-23T18:25:03Z")));
    assert!(workload.status.message.contains("failed (2) > failureLimit (1)"));

    let run = run(&recorded!("analysis_run_failed"));
    assert_eq!(run.owner, Some(workload.uid));
    assert_eq!((run.role, run.step_index), (AnalysisRole::Step, Some(3)));
    assert_eq!(run.hash.unwrap().as_str(), "85747cfc4");
    assert_eq!((run.revision, run.verdict), (Some(2), Verdict::Failed));
    let metric = &run.metrics[0];
    assert_eq!(metric.provider.as_str(), "prometheus");
    assert_eq!((metric.failed, metric.failure_limit, metric.error_limit), (2, 1, 4));
    assert_eq!(metric.count.as_deref(), Some("4"));
    // The run keeps the template's own text; its arguments are beside it.
    assert_eq!(metric.success_condition.as_deref(), Some("result[0] < 0.05"));
    assert_eq!(metric.query.as_deref(), Some(r#"error_rate{service="checkout",hash="85747cfc4"}"#));
    assert_eq!(metric.measurements.len(), 2);
    assert_eq!(metric.measurements[0].value.as_str(), "[0.31]");
}

#[test]
fn a_blue_green_with_its_preview() {
    let workload = rollout(&recorded!("rollout_blue_green"));
    let Strategy::BlueGreen(settings) = &workload.strategy else { unreachable!() };
    assert_eq!(settings.active_service.as_str(), "storefront");
    assert!(!settings.auto_promotion);
    let status = &workload.status;
    assert_eq!(status.active_hash.as_deref(), Some("79ddf798d4"));
    assert_eq!(status.preview_hash.as_deref(), Some("5c5b7b8f7f"));
    assert_eq!(status.pre_analysis.as_ref().unwrap().verdict, Verdict::Successful);
    assert_eq!(status.step_index, None);
    let run = run(&recorded!("analysis_run_pre_promotion"));
    assert_eq!(run.role, AnalysisRole::PrePromotion);
}

#[test]
fn a_rollout_whose_template_is_elsewhere() {
    let workload = rollout(&recorded!("rollout_workload_ref"));
    let reference = workload.workload_ref.unwrap();
    assert_eq!((reference.kind.as_str(), reference.name.as_str()), ("Deployment", "mailer"));
    assert!(workload.images.is_empty());
    assert_eq!(workload.status.workload_observed_generation, Some(4));
}

#[test]
fn a_deployment_that_crash_loops() {
    let workload = workload(ResourceKind::Deployments, &recorded!("deployment_crash_looping"));
    assert_eq!(workload.status.unavailable, 3);
    assert_eq!(workload.revision, Some(4));
    let Strategy::Rolling(rolling) = &workload.strategy else { unreachable!() };
    assert!(matches!(rolling.max_surge, Amount::Count(_) | Amount::Percent(_)));
    let pod = pod(&recorded!("pod_crash_looping"));
    assert_eq!(pod.state(at("2026-11-23T18:21:00Z")), PodState::Broken);
    assert_eq!(pod.status_word().as_str(), "CrashLoopBackOff");
    assert_eq!(pod.restarts(), 1);
    assert_eq!(pod.containers[0].last_terminated.as_ref().unwrap().exit_code, 1);
}

#[test]
fn a_ready_pod() {
    let pod = pod(&recorded!("pod_ready"));
    assert_eq!(pod.state(at("2026-11-23T18:21:00Z")), PodState::Ready);
    assert_eq!(pod.ready_containers(), (1, 1));
    assert!(pod.owner.is_some() && pod.node.is_some());
}

#[test]
fn a_version_with_its_deadline() {
    let object = recorded!("replica_set");
    let Record::ReplicaSet(set) = read(ResourceKind::ReplicaSets, &object) else { unreachable!() };
    assert_eq!((set.hash.as_str(), set.revision, set.desired), ("85747cfc4", Some(2), 2));
    assert_eq!(set.scale_down_deadline, Some(at("2026-11-23T18:26:03Z")));
}

#[test]
fn what_lies_around_it() {
    let object = recorded!("ingress_canary");
    let Record::Ingress(ingress) = read(ResourceKind::Ingresses, &object) else { unreachable!() };
    assert_eq!((ingress.canary_weight, ingress.is_canary), (Some(0), true));
    assert_eq!(ingress.backends[0].as_str(), "checkout-canary");

    let object = recorded!("service");
    let Record::Service(service) = read(ResourceKind::Services, &object) else { unreachable!() };
    assert_eq!(service.hash.as_deref(), Some("85747cfc4"));
    assert_eq!(service.selector.len(), 2);

    let object = recorded!("disruption_budget");
    let Record::DisruptionBudget(budget) = read(ResourceKind::DisruptionBudgets, &object) else {
        unreachable!()
    };
    assert_eq!((budget.allowed, budget.healthy, budget.desired), (1, 5, 4));

    let object = recorded!("event");
    let Record::Event(event) = read(ResourceKind::Events, &object) else { unreachable!() };
    assert_eq!((event.about_kind.as_str(), event.count, event.warning), ("Rollout", 1, false));
    assert_eq!(event.at, Some(at("2026-11-23T18:05:21Z")));
}

#[test]
fn marks_of_gitops_tools() {
    let owner = |labels: Value, annotations: Value| {
        let mut object = recorded!("rollout_paused");
        object["metadata"]["labels"] = labels;
        object["metadata"]["annotations"] = annotations;
        rollout(&object).gitops.map(|g| (g.tool, g.name.to_string()))
    };
    let cases = [
        (
            json!({}),
            json!({"argocd.argoproj.io/tracking-id": "web:argoproj.io/Rollout:shop/checkout"}),
            Some(("Argo CD", "web")),
        ),
        (
            json!({"app.kubernetes.io/instance": "web"}),
            json!({"argocd.argoproj.io/sync-wave": "1"}),
            Some(("Argo CD", "web")),
        ),
        (json!({"app.kubernetes.io/instance": "web"}), json!({}), None),
        (json!({"kustomize.toolkit.fluxcd.io/name": "apps"}), json!({}), Some(("Flux", "apps"))),
        (json!({"helm.toolkit.fluxcd.io/name": "shop"}), json!({}), Some(("Flux", "shop"))),
    ];
    for (labels, annotations, expected) in cases {
        let expected = expected.map(|(tool, name)| (tool, name.to_owned()));
        assert_eq!(owner(labels.clone(), annotations), expected, "{labels}");
    }
}

#[test]
fn steps_of_every_kind() {
    let steps = json!([
        {"setWeight": 0}, {"pause": {"duration": 30}}, {"pause": {"duration": "30"}},
        {"pause": {"duration": "1h30m"}}, {"pause": {"duration": "soon"}}, {"pause": null},
        {"setCanaryScale": {"weight": 25}}, {"setCanaryScale": {"matchTrafficWeight": true}},
        {"experiment": {"duration": "5m", "templates": [{"name": "base"}]}},
        {"setHeaderRoute": {"name": "beta"}}, {"setMirrorRoute": {"name": "m", "percentage": 10}},
        {"plugin": {"name": "argoproj-labs/step"}}, {"teleport": {"to": "moon"}}, {},
    ]);
    let mut object = recorded!("rollout_paused");
    object["spec"]["strategy"]["canary"]["steps"] = steps;
    let workload = rollout(&object);
    let labels: Vec<String> =
        workload.strategy.canary().unwrap().steps.iter().map(Step::label).collect();
    assert_eq!(
        labels,
        [
            "0%",
            "pause 30s",
            "pause 30s",
            "pause 1h30m",
            "pause soon?",
            "empty step?",
            "scale 25%",
            "scale = weight",
            "experiment",
            "header beta",
            "mirror m",
            "plugin argoproj-labs/step",
            "teleport?",
            "empty step?",
        ]
    );
}

/// Every place of an object in turn gets a value of every type: the object is still read, or left
/// out and reported, and its identity stays its own.
#[test]
fn damage_anywhere_is_survived() {
    let objects = [
        (ResourceKind::Rollouts, recorded!("rollout_aborted")),
        (ResourceKind::Rollouts, recorded!("rollout_paused")),
        (ResourceKind::Rollouts, recorded!("rollout_blue_green")),
        (ResourceKind::Rollouts, recorded!("rollout_workload_ref")),
        (ResourceKind::Deployments, recorded!("deployment_crash_looping")),
        (ResourceKind::ReplicaSets, recorded!("replica_set")),
        (ResourceKind::Pods, recorded!("pod_crash_looping")),
        (ResourceKind::Pods, a_pod_with_everything()),
        (ResourceKind::AnalysisRuns, recorded!("analysis_run_failed")),
        (ResourceKind::AnalysisRuns, recorded!("analysis_run_pre_promotion")),
        (ResourceKind::Services, recorded!("service")),
        (ResourceKind::DisruptionBudgets, recorded!("disruption_budget")),
        (ResourceKind::Ingresses, recorded!("ingress_canary")),
        (ResourceKind::Events, recorded!("event")),
    ];
    let damages = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!("x"),
        json!([7]),
        json!({"x": []}),
    ];
    for (kind, object) in objects {
        let mut places = Vec::new();
        collect(&object, String::new(), &mut places);
        for place in &places {
            for damage in &damages {
                let mut broken = object.clone();
                *broken.pointer_mut(place).unwrap() = damage.clone();
                let decoded = decode(kind, &broken);
                // Lists and watches pass over what no translation looks at: the result is the same.
                let passing = wire::read(kind, broken.to_string().as_bytes()).unwrap();
                assert_eq!(passing, decoded, "{place} {damage}");
                let Some(record) = decoded.record else {
                    assert!(decoded.odd.is_some(), "{place} {damage}");
                    assert!(place.starts_with("/metadata"), "left out for {place} {damage}");
                    continue;
                };
                let uid = broken.pointer("/metadata/uid").and_then(Value::as_str).unwrap();
                assert_eq!(record.uid().as_str(), uid);
            }
        }
    }
}

/// The recorded pod with what it did not have.
fn a_pod_with_everything() -> Value {
    let mut pod = recorded!("pod_crash_looping");
    pod["metadata"]["deletionTimestamp"] = json!("2026-11-23T10:00:00Z");
    pod["status"]["reason"] = json!("Evicted");
    pod["status"]["message"] = json!("The node was low on resource: memory.");
    pod["status"]["conditions"][0] = json!({
        "type": "PodScheduled", "status": "False", "message": "0/3 nodes are available",
    });
    pod["spec"]["initContainers"] = pod["spec"]["containers"].clone();
    pod["status"]["initContainerStatuses"] = pod["status"]["containerStatuses"].clone();
    pod
}

fn collect(value: &Value, path: String, places: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(inner, format!("{path}/{key}"), places);
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                collect(inner, format!("{path}/{at}"), places);
            }
        }
        _ => {}
    }
    if !path.is_empty() {
        places.push(path);
    }
}

#[test]
fn a_wrong_type_is_reported_by_name() {
    let mut object = recorded!("rollout_paused");
    object["spec"]["replicas"] = json!("eight");
    let decoded = decode(ResourceKind::Rollouts, &object);
    assert_eq!(decoded.odd.unwrap().as_str(), "rollouts checkout: replicas is no number");
    assert!(decoded.record.is_some());
}

#[test]
fn hostile_text_is_made_visible_at_the_door() {
    let mut object = recorded!("rollout_paused");
    object["status"]["message"] = json!("\u{1b}[2Jgone\u{202e}");
    let message = rollout(&object).status.message;
    assert_eq!(message.as_str(), "␛[2Jgone<202E>");
}

#[test]
fn a_run_of_an_experiment_and_its_jobs() {
    let object = serde_json::json!({
        "metadata": {
            "name": "ab-check", "namespace": "shop", "uid": "u1",
            "ownerReferences": [{ "kind": "Experiment", "uid": "e1", "controller": true }],
        },
        "spec": { "metrics": [{ "name": "smoke", "provider": { "job": {} } }] },
        "status": { "phase": "Failed", "metricResults": [{ "name": "smoke", "measurements": [
            { "phase": "Failed", "metadata": { "job-name": "j1", "job-namespace": "jobs" } },
            { "phase": "Failed", "metadata": { "job-name": "j2" } },
        ] }] },
    });
    let run = run(&object);
    assert_eq!((run.role, run.owner.as_deref()), (AnalysisRole::Experiment, Some("e1")));
    let jobs: Vec<String> = run.metrics[0]
        .measurements
        .iter()
        .map(|m| m.job.as_ref().map(|job| format!("{}/{}", job.namespace, job.name)).unwrap())
        .collect();
    assert_eq!(jobs, ["jobs/j1", "shop/j2"]);
}

#[test]
fn templates_say_what_their_arguments_are() {
    let object = serde_json::json!({
        "metadata": { "name": "errors", "namespace": "shop", "uid": "u1" },
        "spec": {
            "args": [
                { "name": "plain", "value": "5" },
                { "name": "open" },
                { "name": "hash", "valueFrom": { "podTemplateHashValue": "Latest" } },
                { "name": "stable", "valueFrom": { "podTemplateHashValue": "Stable" } },
                { "name": "region", "valueFrom": { "fieldRef": { "fieldPath": "metadata.labels['region']" } } },
                { "name": "token", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } },
            ],
            "templates": [{ "templateName": "more", "clusterScope": true }],
            "metrics": [{ "name": "m", "provider": { "prometheus": {
                "address": "http://p:9090", "query": "x{h=\"{{args.hash}}\"}" } } }],
        },
    });
    let template = waveoff::cluster::wire::decode_template(&object, false).unwrap();
    let values: Vec<Option<ArgValue>> = template.args.into_iter().map(|arg| arg.value).collect();
    assert_eq!(
        values,
        [
            Some(ArgValue::Text("5".into())),
            None,
            Some(ArgValue::LatestHash),
            Some(ArgValue::StableHash),
            Some(ArgValue::Field("metadata.labels['region']".into())),
            Some(ArgValue::Secret),
        ]
    );
    assert_eq!(template.templates, [TemplateName { name: "more".into(), cluster: true }]);
    let metric = &template.metrics[0];
    assert_eq!(metric.query.as_deref(), Some("x{h=\"{{args.hash}}\"}"), "as it is written");
    assert_eq!(metric.address.as_deref(), Some("http://p:9090"));
}
