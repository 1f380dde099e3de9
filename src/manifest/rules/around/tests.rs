//! Selectors, and how few budgets are looked at for each workload.

use super::*;
use crate::manifest::tree::Value;

fn text(text: &str) -> Node {
    Node::bare(Value::Text(text.to_owned()))
}

fn map(entries: Vec<(&str, Node)>) -> Node {
    let entry = |(key, node): (&str, Node)| Entry { key: key.to_owned(), at: None, node };
    Node::bare(Value::Map(entries.into_iter().map(entry).collect()))
}

fn expression(operator: &str, values: &[&str]) -> Node {
    let values = Node::bare(Value::List(values.iter().map(|value| text(value)).collect()));
    let term = map(vec![("key", text("tier")), ("operator", text(operator)), ("values", values)]);
    map(vec![("matchExpressions", Node::bare(Value::List(vec![term])))])
}

#[test]
fn selectors_select_as_the_api_server_does() {
    let labels = map(vec![("app", text("web")), ("tier", text("front"))]);
    let pairs = |pairs: Vec<(&str, Node)>| map(vec![("matchLabels", map(pairs))]);
    let cases = [
        (Node::bare(Value::Null), false, "nothing"),
        (map(vec![]), true, "everything"),
        (pairs(vec![("app", text("web"))]), true, "app=web"),
        (pairs(vec![("app", text("web")), ("tier", text("back"))]), false, "app=web,tier=back"),
        (pairs(vec![("app", Node::bare(Value::Int(1)))]), false, "nothing"),
        (expression("In", &["front", "back"]), true, "tier in (front,back)"),
        (expression("In", &["back"]), false, "tier in (back)"),
        (expression("NotIn", &["front"]), false, "tier notin (front)"),
        (expression("NotIn", &["back"]), true, "tier notin (back)"),
        (expression("Exists", &[]), true, "tier"),
        (expression("DoesNotExist", &[]), false, "!tier"),
        (expression("Near", &["front"]), false, "nothing"),
    ];
    for (node, selects, said) in cases {
        let selector = Selector::of(&Spot::root(&node));
        assert_eq!(selector.selects(labels.entries()), selects, "{said}");
        assert_eq!(selector.said(), said);
    }
    let absent = expression("NotIn", &["front"]);
    assert!(Selector::of(&Spot::root(&absent)).selects(&[]), "a label that is not there is not in");
}

fn object(kind: &str, version: &str, name: &str, namespace: &str, spec: Node) -> Object {
    let meta = map(vec![("name", text(name)), ("namespace", text(namespace))]);
    let root = vec![
        ("apiVersion", text(version)),
        ("kind", text(kind)),
        ("metadata", meta),
        ("spec", spec),
    ];
    Object::new("web.yaml".into(), map(root)).unwrap()
}

#[test]
fn of_many_budgets_only_those_are_looked_at_that_may_select_a_pod() {
    // All in one namespace and with one label that all have: nothing is told apart by these.
    let labels = |name: &str| map(vec![("part-of", text("shop")), ("app", text(name))]);
    let mut bundle = Bundle::default();
    for number in 0..500 {
        let name = format!("web-{number}");
        let selector = map(vec![("matchLabels", labels(&name))]);
        let spec = map(vec![("selector", selector)]);
        bundle.push(object("PodDisruptionBudget", "policy/v1", &name, "shop", spec));
        let meta = map(vec![("labels", labels(&name))]);
        let spec = map(vec![("template", map(vec![("metadata", meta)]))]);
        bundle.push(object("Deployment", "apps/v1", &name, "shop", spec));
    }
    let objects = bundle.objects().iter();
    let workloads: Vec<_> = objects.filter_map(|object| Workload::of(object, &bundle)).collect();
    let around = Around::of(&bundle, &workloads);
    assert_eq!(workloads.len(), 500);
    for workload in &workloads {
        assert_eq!(around.candidates("shop", workload.pod_labels()).count(), 1);
        let budgets = around.budgets_of(workload);
        assert_eq!(budgets.len(), 1);
        assert_eq!(budgets[0].object.name, workload.object.name);
        assert!(around.budgets("other", workload.pod_labels()).is_empty());
        assert_eq!(around.budgets("", workload.pod_labels()).len(), 1);
    }
    assert!(around.idle_budgets("shop").next().is_none());
}
