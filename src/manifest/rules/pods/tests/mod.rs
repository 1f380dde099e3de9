//! The rules about pods, each on a manifest that breaks it and on the smallest repair.
//!
//! A row is a good manifest, what is changed in it, everything that is found then, and a change
//! after which nothing is found.

mod budgets;
mod golden;
mod images;
mod lent;
mod parity;
mod sizes;
mod stopping;

use serde_json::{Value as Json, json};

use crate::domain::readiness::{Finding, Place, Severity, Standing};
use crate::domain::text::SafeText;
use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::profile::Profile;
use crate::manifest::rules::judge;
use crate::manifest::tree::{Entry, Node, Value};

use super::RULES;

const DIGEST: &str = "sha256:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

/// One finding in short: rule, weight, path, what is there.
type Short = (&'static str, Severity, &'static str, &'static str);

/// A change of the list of objects.
enum Edit {
    /// Writes a value, also where nothing was.
    Set(&'static str, Json),
    /// Takes a field away.
    Remove(&'static str),
    /// Adds an object.
    Add(Json),
}

use Edit::{Add, Remove, Set};

/// A row of a table.
struct Row {
    base: fn() -> Vec<Json>,
    breaks: Vec<Edit>,
    found: Vec<Short>,
    repair: Vec<Edit>,
}

fn row(base: fn() -> Vec<Json>, breaks: Vec<Edit>, found: Vec<Short>, repair: Vec<Edit>) -> Row {
    Row { base, breaks, found, repair }
}

/// Judges each row broken and repaired.
fn play(rows: Vec<Row>) {
    play_with(&Profile::default(), rows);
}

fn play_with(profile: &Profile, rows: Vec<Row>) {
    for (number, row) in rows.into_iter().enumerate() {
        let mut objects = (row.base)();
        edit(&mut objects, row.breaks);
        let findings = judged(&objects, profile);
        let seen: Vec<_> = findings.iter().map(short).collect();
        let wanted: Vec<_> = row
            .found
            .iter()
            .map(|(rule, severity, path, measured)| {
                ((*rule).to_owned(), *severity, (*path).to_owned(), (*measured).to_owned())
            })
            .collect();
        assert_eq!(seen, wanted, "row {number}, broken");
        for finding in &findings {
            let texts = [&finding.wanted, &finding.why, &finding.fix];
            assert!(texts.iter().all(|text| !text.is_empty()), "{finding:?}");
            assert!(finding.place.is_some(), "{finding:?}");
        }
        edit(&mut objects, row.repair);
        let left: Vec<_> = judged(&objects, profile).iter().map(short).collect();
        assert_eq!(left, [], "row {number}, repaired");
    }
}

fn short(finding: &Finding) -> (String, Severity, String, String) {
    let measured = match &finding.standing {
        Standing::Unknown(why) => format!("? {why}"),
        _ => finding.measured.to_string(),
    };
    (finding.rule.to_owned(), finding.severity, finding.path.to_string(), measured)
}

fn judged(objects: &[Json], profile: &Profile) -> Vec<Finding> {
    judge(&bundle(objects), profile, RULES)
}

fn bundle(objects: &[Json]) -> Bundle {
    objects.iter().map(object).collect()
}

fn object(json: &Json) -> Object {
    let node = placed(json, &mut 0);
    Object::new(SafeText::new("web.yaml"), node).expect("an object has a kind")
}

/// A tree with a line for each value.
fn placed(json: &Json, line: &mut u32) -> Node {
    *line += 1;
    let at = Some(Place { line: *line, column: 1 });
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(list) => Value::List(list.iter().map(|one| placed(one, line)).collect()),
        Json::Object(map) => {
            let entry = |(key, value): (&String, &Json)| {
                let node = placed(value, line);
                Entry { key: key.clone(), at: node.at, node }
            };
            Value::Map(map.iter().map(entry).collect())
        }
    };
    Node { at, value }
}

fn edit(objects: &mut Vec<Json>, edits: Vec<Edit>) {
    for edit in edits {
        match edit {
            Add(object) => objects.push(object),
            Remove(path) if !path.contains('/') => {
                objects.remove(path.parse().unwrap());
            }
            Set(path, value) => {
                let (parent, key) = parent(objects, path);
                if parent.is_null() {
                    *parent = json!({});
                }
                match parent {
                    Json::Object(map) => {
                        map.insert(key, value);
                    }
                    Json::Array(list) => match key.parse::<usize>() {
                        Ok(index) => list[index] = value,
                        Err(_) => list.push(value),
                    },
                    other => panic!("{path} is in {other}"),
                }
            }
            Remove(path) => {
                let (parent, key) = parent(objects, path);
                let removed = match parent {
                    Json::Object(map) => map.remove(&key),
                    Json::Array(list) => Some(list.remove(key.parse().unwrap())),
                    other => panic!("{path} is in {other}"),
                };
                assert!(removed.is_some(), "{path} is not there");
            }
        }
    }
}

/// `0/spec/replicas`: the spec of the first object, and `replicas`. What is missing on the way is
/// made.
fn parent<'o>(objects: &'o mut [Json], path: &str) -> (&'o mut Json, String) {
    let mut parts: Vec<&str> = path.split('/').collect();
    let key = parts.pop().unwrap().replace("~1", "/");
    let mut parts = parts.into_iter();
    let mut at = &mut objects[parts.next().unwrap().parse::<usize>().unwrap()];
    for part in parts {
        at = match at {
            Json::Array(list) => &mut list[part.parse::<usize>().unwrap()],
            other => &mut other[part],
        };
    }
    (at, key)
}

/// A pod template without fault.
fn template() -> Json {
    json!({
        "metadata": {"labels": {"app": "web", "version": "v1.2.0"}},
        "spec": {
            "terminationGracePeriodSeconds": 65,
            "containers": [{
                "name": "web",
                "image": format!("registry:5000/shop/web:v1.2.0@{DIGEST}"),
                "ports": [{"name": "http", "containerPort": 8080}],
                "env": [{"name": "GRACEFUL_SHUTDOWN_TIMEOUT", "value": "50s"}],
                "resources": {
                    "requests": {"cpu": "250m", "memory": "256Mi"},
                    "limits": {"cpu": 1, "memory": "512Mi"},
                },
                "readinessProbe": {"httpGet": {"path": "/health/ready", "port": "http"}},
                "livenessProbe": {"httpGet": {"path": "/health/live", "port": 8080}},
                "lifecycle": {"preStop": {"sleep": {"seconds": 10}}},
                "volumeMounts": [{"name": "config", "mountPath": "/config"}],
            }],
            "volumes": [{"name": "config", "configMap": {"name": "web-9kc7bt4mf2"}}],
        },
    })
}

fn meta() -> Json {
    json!({"name": "web", "namespace": "shop"})
}

fn budget() -> Json {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta(),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    })
}

/// A Deployment without fault, and its budget.
fn rolling() -> Vec<Json> {
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(),
        "spec": {
            "replicas": 10,
            "minReadySeconds": 10,
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "selector": {"matchLabels": {"app": "web"}},
            "template": template(),
        },
    });
    vec![deployment, budget()]
}

fn rollout(strategy: Json) -> Vec<Json> {
    let mut rollout = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": meta(),
        "spec": {
            "replicas": 10,
            "minReadySeconds": 10,
            "progressDeadlineAbort": true,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template(),
        },
    });
    rollout["spec"]["strategy"] = strategy;
    vec![rollout, budget()]
}

/// A blue-green Rollout without fault, and its budget.
fn blue_green() -> Vec<Json> {
    rollout(json!({"blueGreen": {"activeService": "web", "previewService": "web-preview"}}))
}

/// A canary behind a router without fault, and its budget.
fn canary() -> Vec<Json> {
    rollout(json!({"canary": {
        "canaryService": "web-canary", "stableService": "web",
        "trafficRouting": {"nginx": {"stableIngress": "web"}},
        "steps": [{"setWeight": 50}],
    }}))
}

/// A canary by the number of its pods, without fault, and its budget.
fn plain_canary() -> Vec<Json> {
    rollout(json!({"canary": {"maxSurge": 1, "maxUnavailable": 0, "steps": [{"setWeight": 50}]}}))
}

/// An autoscaler of the good manifests.
fn scaler(kind: &str, version: &str, least: impl Into<Json>) -> Json {
    let least: Json = least.into();
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta(),
        "spec": {
            "minReplicas": least, "maxReplicas": 20,
            "scaleTargetRef": {"apiVersion": version, "kind": kind, "name": "web"},
        },
    })
}

#[test]
fn nothing_is_found_in_what_is_good() {
    for base in [rolling, blue_green, canary, plain_canary] {
        play(vec![row(base, vec![], vec![], vec![])]);
    }
}

#[test]
fn the_pods_of_a_rollout_without_a_strategy_are_judged_too() {
    let ready = "0/spec/template/spec/containers/0/readinessProbe";
    let path = "spec.template.spec.containers[0].readinessProbe";
    for strategy in [json!({"bluegreen": {}}), json!({"canary": {}, "blueGreen": {}})] {
        play(vec![row(
            blue_green,
            vec![Set("0/spec/strategy", strategy), Remove(ready)],
            vec![("W04", Severity::Error, path, "none")],
            vec![Set(ready, json!({"tcpSocket": {"port": 8080}}))],
        )]);
    }
}

#[test]
fn the_table_is_in_order_and_each_rule_is_once_there() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
    let numbers = (1..=20).chain(43..=45).map(|number| format!("W{number:02}"));
    assert_eq!(ids, numbers.collect::<Vec<_>>());
}
