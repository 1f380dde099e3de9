//! W16 to W19: disruption budgets.

use serde_json::{Value as Json, json};

use crate::domain::readiness::Severity::{Error, Note, Warning};
use crate::manifest::profile::Profile;

use super::{
    Add, Edit, Remove, Set, blue_green, budget, canary, edit, judged, play, rolling, row, scaler,
};

const LABELS: &str = "spec.template.metadata.labels";
const SPEC: &str = "1/spec";

fn says(key: &str, value: Json) -> Edit {
    let mut spec = json!({"selector": {"matchLabels": {"app": "web"}}});
    spec[key] = value;
    Set(SPEC, spec)
}

/// The budget as it was.
fn one() -> Vec<Edit> {
    vec![says("maxUnavailable", json!(1))]
}

#[test]
fn w16_pods_without_a_budget() {
    let selector = |selector: Json| Set("1/spec/selector", selector);
    let back = || vec![selector(json!({"matchLabels": {"app": "web"}}))];
    let found = |measured| vec![("W16", Warning, LABELS, measured)];
    let expression = |operator: &str, values: Json| {
        let term = json!({"key": "app", "operator": operator, "values": values});
        json!({"matchExpressions": [term]})
    };
    play(vec![
        row(rolling, vec![Remove("1")], found("none"), vec![Add(budget())]),
        row(
            canary,
            vec![selector(json!({"matchLabels": {"app": "wbe"}}))],
            found("none; web selects app=wbe, which no pods here are"),
            back(),
        ),
        row(
            blue_green,
            vec![selector(json!(null))],
            found("none; web selects nothing, which no pods here are"),
            vec![selector(json!({}))],
        ),
        row(
            rolling,
            vec![selector(expression("NotIn", json!(["web"])))],
            found("none; web selects app notin (web), which no pods here are"),
            vec![selector(expression("In", json!(["api", "web"])))],
        ),
        row(
            rolling,
            vec![Set("1/metadata/namespace", json!("other"))],
            found("none"),
            vec![Remove("1/metadata/namespace")],
        ),
        row(
            rolling,
            vec![Set("1/apiVersion", json!("policy/v1beta1"))],
            found("none; web is of policy/v1beta1, which 1.25 ended"),
            vec![Set("1/apiVersion", json!("policy/v1"))],
        ),
    ]);
}

#[test]
fn w16_a_budget_that_selects_nothing_beside_one_that_does() {
    let idle = |name: &str, labels: Json| {
        let mut idle = budget();
        idle["metadata"]["name"] = json!(name);
        idle["spec"]["selector"] = json!({"matchLabels": labels});
        Add(idle)
    };
    let found = |measured| vec![("W16", Warning, "spec.selector", measured)];
    let none = || vec![Remove("2")];
    play(vec![
        row(
            rolling,
            vec![idle("web", json!({"app": "wbe"})), Set("1/metadata/name", json!("keep"))],
            found("app=wbe, which no pods here are"),
            none(),
        ),
        row(
            canary,
            vec![idle("keep", json!({"app": "web", "tier": "back"}))],
            found("app=web,tier=back, which no pods here are"),
            none(),
        ),
        // Of pods that are not here.
        row(rolling, vec![idle("db", json!({"app": "db"}))], vec![], none()),
    ]);
}

#[test]
fn w17_budgets_that_let_none_or_all_go() {
    let least = "spec.minAvailable";
    let most = "spec.maxUnavailable";
    let broken = |key, value: Json, path, measured| {
        row(rolling, vec![says(key, value)], vec![("W17", Warning, path, measured)], one())
    };
    let refused = |key, value: Json, path, measured| {
        row(rolling, vec![says(key, value)], vec![("W17", Error, path, measured)], one())
    };
    play(vec![
        broken(
            "minAvailable",
            json!("91%"),
            least,
            "minAvailable 91% lets none of 10 go (Deployment web)",
        ),
        broken(
            "minAvailable",
            json!(12),
            least,
            "minAvailable 12 lets none of 10 go (Deployment web)",
        ),
        broken(
            "minAvailable",
            json!(0),
            least,
            "minAvailable 0 lets all of 10 go (Deployment web)",
        ),
        broken(
            "maxUnavailable",
            json!(0),
            most,
            "maxUnavailable 0 lets none of 10 go (Deployment web)",
        ),
        // Rounded up: 91 % of 10 is all of them.
        broken(
            "maxUnavailable",
            json!("91%"),
            most,
            "maxUnavailable 91% lets all of 10 go (Deployment web)",
        ),
        broken(
            "unhealthyPodEvictionPolicy",
            json!("AlwaysAllow"),
            "spec",
            "neither minAvailable nor maxUnavailable lets none of 10 go (Deployment web)",
        ),
        refused("minAvailable", json!("101%"), least, "101%"),
        refused("minAvailable", json!("most"), least, "most"),
        refused("maxUnavailable", json!(-1), most, "-1"),
        row(
            rolling,
            vec![says("minAvailable", json!(9)), Set("1/spec/maxUnavailable", json!(1))],
            vec![("W17", Error, most, "minAvailable 9 and maxUnavailable 1")],
            vec![Remove("1/spec/minAvailable")],
        ),
    ]);
}

#[test]
fn w17_two_budgets_for_one_pod() {
    let mut second = budget();
    second["metadata"]["name"] = json!("all");
    second["spec"]["selector"] = json!({});
    play(vec![row(
        canary,
        vec![Add(second)],
        vec![("W17", Warning, "spec.selector", "web and all select Rollout web")],
        vec![Set("2/spec/selector", json!({"matchLabels": {"app": "api"}}))],
    )]);
}

#[test]
fn w18_budgets_below_the_floor_of_the_guard() {
    let path = "spec.minAvailable";
    let replicas = |count: i64| Set("0/spec/replicas", json!(count));
    play(vec![
        // 70 % of 15 is rounded up to 11, and 11 is 73 % (X53).
        row(
            rolling,
            vec![replicas(15), says("minAvailable", json!("70%"))],
            vec![("W18", Warning, path, "minAvailable 70% keeps 11 of 15 (73%)")],
            vec![says("minAvailable", json!("80%"))],
        ),
        // 79 % is rounded up to 12 of 15, which is 80 %.
        row(rolling, vec![replicas(15), says("minAvailable", json!("79%"))], vec![], vec![]),
        row(
            rolling,
            vec![says("maxUnavailable", json!("25%"))],
            vec![("W18", Warning, "spec.maxUnavailable", "maxUnavailable 25% keeps 7 of 10 (70%)")],
            vec![says("maxUnavailable", json!("20%"))],
        ),
        row(
            canary,
            vec![says("maxUnavailable", json!(3))],
            vec![("W18", Warning, "spec.maxUnavailable", "maxUnavailable 3 keeps 7 of 10 (70%)")],
            vec![says("maxUnavailable", json!(2))],
        ),
        // Of three pods one has to be able to go, whatever the floor says.
        row(rolling, vec![replicas(3), says("minAvailable", json!(2))], vec![], vec![]),
    ]);
}

#[test]
fn w18_what_is_offered_instead_lets_a_pod_go() {
    let fixed = |count: i64| vec![Set("0/spec/replicas", json!(count))];
    let scaled = vec![Remove("0/spec/replicas"), Add(scaler("Deployment", "apps/v1", 3))];
    let cases = [
        (fixed(15), "70%", "12 of 15 (80%)", "minAvailable", json!("80%")),
        // 80 % of 4 is rounded up to all of them.
        (fixed(4), "50%", "3 of 4, so that one can go", "maxUnavailable", json!(1)),
        // It is so at the smallest size of an autoscaler, which has 20 at most.
        (scaled, "50%", "16 of 20 (80%)", "maxUnavailable", json!(1)),
    ];
    for (size, least, wanted, key, value) in cases {
        let mut objects = rolling();
        edit(&mut objects, size);
        edit(&mut objects, vec![says("minAvailable", json!(least))]);
        let found = judged(&objects, &Profile::default());
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let seen: Vec<_> =
            found.iter().map(|f| (f.rule, f.wanted.as_str(), f.fix.as_str())).collect();
        assert_eq!(seen, [("W18", wanted, format!("{key}: {text}").as_str())]);
        edit(&mut objects, vec![says(key, value)]);
        let left = judged(&objects, &Profile::default());
        assert!(left.is_empty(), "{wanted}: {left:?}");
    }
}

#[test]
fn w19_budgets_that_count_both_versions() {
    let path = "spec.minAvailable";
    let measured = "minAvailable 80% lets 4 of 20 go with both versions up";
    let percent = || vec![says("minAvailable", json!("80%"))];
    play(vec![
        row(blue_green, percent(), vec![("W19", Warning, path, measured)], one()),
        row(
            canary,
            percent(),
            vec![("W19", Note, path, measured)],
            vec![Set("0/spec/strategy/canary/dynamicStableScale", json!(true))],
        ),
        row(
            blue_green,
            vec![says("minAvailable", json!(8))],
            vec![("W19", Warning, path, "minAvailable 8 lets 12 of 20 go with both versions up")],
            vec![says("maxUnavailable", json!(2))],
        ),
        row(
            blue_green,
            vec![says("maxUnavailable", json!("20%"))],
            vec![(
                "W19",
                Warning,
                "spec.maxUnavailable",
                "maxUnavailable 20% lets 4 of 20 go with both versions up",
            )],
            vec![says("maxUnavailable", json!(2))],
        ),
        row(rolling, percent(), vec![], vec![]),
    ]);
}
