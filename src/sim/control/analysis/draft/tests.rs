//! How templates are merged, and how runs get their names.

use super::*;
use crate::sim::dice::Dice;
use crate::sim::store::Part;
use crate::sim::time::{Moment, parse};
use crate::sim::world::{Controller, World};

fn now() -> Moment {
    parse("2026-11-24T10:00:00Z").unwrap()
}

/// A namespace with these templates: name, spec. Names that begin with `cluster-` are of the
/// cluster.
fn store(templates: &[(&str, Value)]) -> Store {
    let mut store = Store::new(Dice::new(1));
    for (name, spec) in templates {
        let (kind, metadata) = if name.starts_with("cluster-") {
            (Kind::ClusterAnalysisTemplate, json!({"name": name}))
        } else {
            (Kind::AnalysisTemplate, json!({"name": name, "namespace": "shop"}))
        };
        store.create(kind, json!({"metadata": metadata, "spec": spec}), now()).unwrap();
    }
    store
}

fn names(names: &[&str]) -> Vec<Value> {
    let scope = |name: &&str| json!({"templateName": name, "clusterScope": name.starts_with('c')});
    names.iter().map(scope).collect()
}

fn drafted(store: &Store, templates: &[&str], args: Value) -> Result<Value, String> {
    let templates = names(templates);
    let Value::Array(args) = args else { panic!("a list of arguments") };
    let draft = Draft { namespace: "shop", templates: &templates, args, ..Draft::default() };
    run(store, &draft)
}

fn metric(name: &str) -> Value {
    json!({"metrics": [{"name": name, "provider": {"prometheus": {"query": "up"}}}]})
}

#[test]
fn nested_templates_come_once_those_of_the_namespace_first() {
    let mut outer = metric("outer");
    outer.set("/templates", names(&["cluster-b", "inner"]));
    let mut cluster = metric("cluster");
    cluster.set("/templates", names(&["inner"]));
    let store = store(&[("outer", outer), ("cluster-b", cluster), ("inner", metric("inner"))]);
    let run = drafted(&store, &["outer", "inner"], json!([])).unwrap();
    let metrics: Vec<&str> = run.items("/spec/metrics").iter().map(|m| m.text("/name")).collect();
    assert_eq!(metrics, ["outer", "inner", "cluster"]);
    let empty = json!({"oauth2": {}, "sigv4": {}});
    assert_eq!(run.pointer("/spec/metrics/0/provider/prometheus/authentication"), Some(&empty));
    assert_eq!(run.pointer("/status"), Some(&json!({"phase": "", "runSummary": {}})));
}

#[test]
fn what_cannot_be_merged_is_said_in_the_words_of_the_controller() {
    let arg = |value: Value| json!({"args": [value], "metrics": []});
    let rule = |list: &str| json!({list: [{"metricName": "m"}, {"metricName": "m"}]});
    let mut circle = metric("circle");
    circle.set("/templates", names(&["round"]));
    let store = store(&[
        ("a", metric("m")),
        ("b", metric("m")),
        ("one", arg(json!({"name": "x", "value": "1"}))),
        ("two", arg(json!({"name": "x", "value": "2"}))),
        ("open", arg(json!({"name": "y"}))),
        ("dry", rule("dryRun")),
        ("kept", rule("measurementRetention")),
        ("round", circle),
    ]);
    let cases: &[(&[&str], &str)] = &[
        (&["a", "b"], "two metrics have the same name 'm'"),
        (&["one", "two"], "Argument `x` specified multiple times with different values: '1', '2'"),
        (&["open"], "args.y was not resolved"),
        (&["dry"], "two Dry-Run metric rules have the same name 'm'"),
        (&["kept"], "two Measurement Retention metric rules have the same name 'm'"),
        (&["none"], "analysistemplate.argoproj.io \"none\" not found"),
        (&["cluster-none"], "clusteranalysistemplate.argoproj.io \"cluster-none\" not found"),
        (&["round"], "analysis templates name each other in a circle"),
    ];
    for (templates, error) in cases {
        assert_eq!(drafted(&store, templates, json!([])).unwrap_err(), *error);
    }
}

#[test]
fn arguments_are_declared_by_templates_and_filled_by_whoever_asks() {
    let secret = json!({"secretKeyRef": {"name": "s", "key": "k"}});
    let args = json!({"args": [
        {"name": "a", "value": "template"},
        {"name": "b", "value": "template"},
        {"name": "c"},
        {"name": "d", "valueFrom": secret},
    ]});
    let later = json!({"args": [{"name": "c", "value": "other"}, {"name": "a"}]});
    let store = store(&[("one", args), ("two", later)]);
    let given = json!([{"name": "b", "value": "given"}, {"name": "unknown", "value": "x"}]);
    let run = drafted(&store, &["one", "two"], given).unwrap();
    let wanted = json!([
        {"name": "a", "value": "template"},
        {"name": "b", "value": "given"},
        {"name": "c", "value": "other"},
        {"name": "d", "valueFrom": secret},
    ]);
    assert_eq!(run.pointer("/spec/args"), Some(&wanted));
}

#[test]
fn rules_and_metadata_are_carried_over_and_empty_ones_left_out() {
    let mut spec = metric("m");
    spec.set("/dryRun", json!([{"metricName": "m"}]));
    let store = store(&[("t", spec)]);
    let templates = names(&["t"]);
    let owner = json!({"kind": "Rollout", "uid": "u", "controller": true});
    let draft = Draft {
        namespace: "shop",
        name: "checkout-1".into(),
        templates: &templates,
        dry_run: &[json!({"metricName": "first"})],
        labels: json!({"a": "b"}),
        annotations: json!({}),
        owner: owner.clone(),
        ..Draft::default()
    };
    let run = run(&store, &draft).unwrap();
    let metadata = json!({
        "name": "checkout-1",
        "namespace": "shop",
        "labels": {"a": "b"},
        "ownerReferences": [owner],
    });
    assert_eq!(run.pointer("/metadata"), Some(&metadata));
    let dry = json!([{"metricName": "first"}, {"metricName": "m"}]);
    assert_eq!(run.pointer("/spec/dryRun"), Some(&dry));
    assert_eq!(run.pointer("/spec/measurementRetention"), None);
}

/// Creates a run whenever a ConfigMap changes; its data says which.
#[derive(Debug)]
struct Maker;

impl Controller for Maker {
    fn name(&self) -> &'static str {
        "maker"
    }

    fn wake(&self, change: &crate::sim::store::Change, _: &Store, keys: &mut Vec<Key>) {
        if change.key.kind == Kind::ConfigMap {
            keys.push(change.key.clone());
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let order = turn.store.get(key).unwrap();
        let (metric, owner) = (order.text("/data/metric"), order.text("/data/owner"));
        let run = json!({
            "metadata": {
                "name": "run",
                "namespace": "shop",
                "ownerReferences": [{"uid": owner, "controller": true}],
            },
            "spec": {"metrics": [{"name": metric}]},
            "status": {"phase": ""},
        });
        let made = create(turn, run).unwrap();
        let name = made.name().to_owned();
        turn.store.modify(key, Part::Main, turn.now, |o| o.set("/data/made", name)).unwrap();
    }
}

#[test]
fn a_taken_name_is_counted_up_unless_the_run_is_the_one_that_was_meant() {
    let mut world = World::new(1, now(), vec![Box::new(Maker)]);
    let order = json!({"metadata": {"name": "order", "namespace": "shop"}});
    let order = world.store_mut().create(Kind::ConfigMap, order, now()).unwrap();
    let order = Key::new(Kind::ConfigMap, "shop", order.name());
    let mut at = now();
    let mut ask = |metric: &str, owner: &str, finish: &str| {
        let change = |o: &mut Value| {
            o.set("/data", json!({"metric": metric, "owner": owner}));
        };
        world.store_mut().modify(&order, Part::Main, at, change).unwrap();
        at += crate::sim::time::Span::seconds(1);
        world.advance(at);
        let made = world.store().get(&order).unwrap().text("/data/made").to_owned();
        if !finish.is_empty() {
            let run = Key::new(Kind::AnalysisRun, "shop", &made);
            let end = |o: &mut Value| o.set("/status/phase", finish);
            world.store_mut().modify(&run, Part::Whole, at, end).unwrap();
        }
        made
    };
    assert_eq!(ask("m", "u", ""), "run");
    assert_eq!(ask("m", "u", ""), "run", "the same run again");
    assert_eq!(ask("other", "u", ""), "run.1", "it measures something else");
    assert_eq!(ask("m", "v", ""), "run.2", "somebody else's");
    assert_eq!(ask("m", "u", "Failed"), "run");
    assert_eq!(ask("m", "u", ""), "run.3", "the first is over");
}
