//! What stands in the manifests, and why it holds.

use std::collections::BTreeSet;

use super::{
    STRATEGIES, bundle, every_order, gateway, image, layered, made, nginx, objects, of_kind, order,
    plain, text, value, workload,
};
use crate::domain::analysis::limit::Limits;
use crate::domain::measure::query::Formula;
use crate::domain::time::{Span, parse_go_duration};
use crate::manifest::bundle::Bundle;
use crate::manifest::make::{Check, File, Image, Order, Routing, make};
use crate::manifest::tree::{Node, Spot, Value};
use crate::manifest::workload::Strategy;

fn kinds(order: &Order) -> Vec<String> {
    let named =
        |object: &crate::manifest::bundle::Object| format!("{} {}", object.kind, object.name);
    bundle(order).objects().iter().map(named).collect()
}

fn container(bundle: &Bundle) -> Spot<'_> {
    let containers = workload(bundle).keys(&["spec", "template", "spec", "containers"]);
    containers.elements().first().expect("a container").clone()
}

#[test]
fn the_objects_of_each_strategy() {
    assert_eq!(
        kinds(&order(Strategy::Rolling)),
        ["Deployment basket", "Service basket", "Ingress basket", "PodDisruptionBudget basket"]
    );
    assert_eq!(
        kinds(&order(Strategy::BlueGreen)),
        [
            "Rollout basket",
            "Service basket-active",
            "Service basket-preview",
            "Ingress basket",
            "PodDisruptionBudget basket",
            "AnalysisTemplate basket-checks",
            "AnalysisTemplate basket-traffic",
        ]
    );
    assert_eq!(
        kinds(&Order { routing: gateway(), ..order(Strategy::Canary) }),
        [
            "Rollout basket",
            "Service basket-stable",
            "Service basket-canary",
            "HTTPRoute basket",
            "PodDisruptionBudget basket",
            "AnalysisTemplate basket-traffic",
        ]
    );
    let unrouted = kinds(&Order { routing: Routing::None, ..order(Strategy::Canary) });
    assert_eq!(
        unrouted[1..4],
        ["Service basket", "Service basket-stable", "Service basket-canary"]
    );
}

/// In every order: files are read back, nothing is there twice, selectors select the pods, and
/// nothing is longer than a screen but a query.
#[test]
fn what_holds_for_every_order() {
    for order in every_order() {
        let made = made(&order);
        assert_eq!(made, make(&order).expect("again"));
        let paths: BTreeSet<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths.len(), made.files.len());
        for File { path, text } in &made.files {
            assert!(text.starts_with("# ") && text.ends_with('\n') && text.is_ascii(), "{path}");
            let long = |line: &&str| line.chars().count() > 100 && !line.contains("increase(");
            let long: Vec<&str> =
                text.lines().filter(long).filter(|l| !l.contains("rate(")).collect();
            let long: Vec<&&str> = long.iter().filter(|line| !line.contains("sha256:")).collect();
            assert!(long.is_empty(), "{path}: {long:?}");
            assert!(!text.lines().any(|line| line.ends_with(' ')), "{path}");
        }
        let bundle = bundle(&order);
        let labels = workload(&bundle).keys(&["spec", "template", "metadata", "labels"]);
        let labels = labels.node().expect("labels");
        for object in bundle.objects() {
            let selector = match object.kind.as_str() {
                "Service" => object.root().keys(&["spec", "selector"]),
                "Deployment" | "Rollout" | "PodDisruptionBudget" => {
                    object.root().keys(&["spec", "selector", "matchLabels"])
                }
                _ => continue,
            };
            let selector = selector.node().expect("a selector").entries();
            assert_eq!(selector.len(), 1, "a selector can never be changed: one label is enough");
            assert_eq!(
                labels.get(&selector[0].key).map(|n| &n.value),
                Some(&selector[0].node.value)
            );
        }
    }
}

#[test]
fn a_pod_starts_serves_drains_and_ends() {
    for strategy in STRATEGIES {
        let bundle = bundle(&order(strategy));
        let spec = workload(&bundle).keys(&["spec", "template", "spec"]);
        let container = container(&bundle);
        let stop = container.keys(&["lifecycle", "preStop", "sleep", "seconds"]).int();
        let env = container.key("env").elements();
        let drain = env.first().expect("env").key("value").text().and_then(parse_go_duration);
        let drain = drain.expect("a time").num_seconds();
        let grace = spec.key("terminationGracePeriodSeconds").int().expect("grace");
        assert_eq!((stop, drain, grace), (Some(10), 50, 70));
        assert!(grace > 10 + drain + order(strategy).profile.reserve.num_seconds());
        let probe = |name: &str| {
            let probe = container.key(name);
            let number = |key: &str| probe.key(key).int().expect("a number");
            assert_eq!(probe.keys(&["httpGet", "port"]).text(), Some("http"));
            let path = probe.keys(&["httpGet", "path"]).text().expect("a path").to_owned();
            (path, number("periodSeconds") * number("failureThreshold"))
        };
        assert_eq!(probe("startupProbe"), ("/health/live".to_owned(), 120));
        assert_eq!(probe("readinessProbe"), ("/health/ready".to_owned(), 15));
        assert_eq!(probe("livenessProbe"), ("/health/live".to_owned(), 60));
        let security = container.key("securityContext");
        assert_eq!(security.key("readOnlyRootFilesystem").bool(), Some(true));
        assert_eq!(security.key("allowPrivilegeEscalation").bool(), Some(false));
        let drop = security.keys(&["capabilities", "drop"]).elements();
        assert_eq!(drop.first().and_then(Spot::text), Some("ALL"));
        let pod = spec.key("securityContext");
        assert_eq!(pod.key("runAsNonRoot").bool(), Some(true));
        assert_eq!(pod.keys(&["seccompProfile", "type"]).text(), Some("RuntimeDefault"));
        assert_eq!(workload(&bundle).keys(&["spec", "minReadySeconds"]).int(), Some(10));
        assert_eq!(workload(&bundle).keys(&["spec", "revisionHistoryLimit"]).int(), Some(5));
        assert_eq!(container.key("image").text(), Some(image().reference().as_str()));
    }
}

#[test]
fn a_server_that_is_old_gets_what_it_has() {
    let of = |minor: Option<u32>| {
        let mut order = order(Strategy::Canary);
        order.profile.server_minor = minor;
        made(&order)
    };
    for (minor, native) in [(None, true), (Some(30), true), (Some(34), true), (Some(29), false)] {
        let made = of(minor);
        let objects: Bundle = objects(&made.files).into_iter().collect();
        let stop = container(&objects).keys(&["lifecycle", "preStop"]);
        assert_eq!(!stop.key("sleep").is_absent(), native, "{minor:?}");
        assert_eq!(stop.key("exec").is_absent(), native, "{minor:?}");
        let noted = |words: &str| made.notes.iter().any(|note| note.contains(words));
        assert_eq!(noted("the version of the API server is not known"), minor.is_none());
        assert_eq!(noted("the image needs /bin/sh"), minor == Some(29));
    }
    assert!(text(&of(Some(26)), "disruption-budget.yaml").contains("maxUnavailable: 2"));
    assert!(!text(&of(Some(26)), "disruption-budget.yaml").contains("unhealthyPodEvictionPolicy"));
    assert!(!text(&of(Some(26)), "rollout.yaml").contains("matchLabelKeys"));
    assert!(text(&of(None), "rollout.yaml").contains("- rollouts-pod-template-hash"));
    assert!(
        text(&made(&order(Strategy::Rolling)), "deployment.yaml").contains("- pod-template-hash")
    );
}

/// What the disruption controller makes of a budget: pods that may go, of so many expected.
fn go(budget: &Spot<'_>, expected: i64) -> i64 {
    let (least, most) = (budget.key("minAvailable"), budget.key("maxUnavailable"));
    match (least.text(), most.int()) {
        (Some(share), None) => {
            let percent: i64 = share.trim_end_matches('%').parse().expect("a percentage");
            expected - (expected * percent + 99).div_euclid(100)
        }
        (None, Some(pods)) => pods,
        other => panic!("{other:?}"),
    }
}

/// The budget lets somebody go, and keeps the floor of the guard where that can be kept, also when
/// two versions stand side by side and all that go are of the one with the users.
#[test]
fn a_drained_node_takes_no_more_than_the_guard_allows() {
    for strategy in STRATEGIES {
        for replicas in 2..=60_u32 {
            let order = Order { shape: plain(replicas), ..order(strategy) };
            let bundle = bundle(&order);
            let budget = of_kind(&bundle, "PodDisruptionBudget").root().key("spec");
            let versions = if strategy == Strategy::Rolling { 1 } else { 2 };
            let pods = i64::from(replicas);
            let gone = go(&budget, pods * versions);
            assert!(gone >= 1, "{strategy:?} {replicas}");
            let kept = (pods - gone) * 100 >= pods * 80;
            assert_eq!(kept, replicas >= 5, "{strategy:?} {replicas}: {gone}");
            let noted = made(&order).notes.iter().any(|note| note.contains("5 replicas hold it"));
            assert_eq!(noted, replicas < 5);
        }
    }
}

#[test]
fn a_single_replica_has_no_budget_and_that_is_said() {
    for strategy in STRATEGIES {
        let made = made(&Order { shape: plain(1), ..order(strategy) });
        assert!(!made.files.iter().any(|file| file.text.contains("PodDisruptionBudget")));
        assert!(
            made.notes.iter().any(|note| note.starts_with("shop: no disruption budget, since one"))
        );
    }
}

#[test]
fn the_steps_of_a_canary() {
    let of = |order: &Order| -> Vec<String> {
        let bundle = bundle(order);
        let steps = workload(&bundle).keys(&["spec", "strategy", "canary", "steps"]);
        let said = |step: &Spot<'_>| match step.key("setWeight").int() {
            Some(weight) => weight.to_string(),
            None => step.keys(&["pause", "duration"]).text().unwrap_or("a person").to_owned(),
        };
        steps.elements().iter().map(said).collect()
    };
    let usual = order(Strategy::Canary);
    let watched = ["5", "5m", "25", "5m", "50", "5m", "a person", "100", "5m"];
    assert_eq!(of(&usual), watched);
    let unwatched = Order { prometheus: None, ..usual.clone() };
    assert_eq!(of(&unwatched), ["5", "a person", "25", "a person", "50", "a person", "100", "5m"]);
    let mut other = usual;
    other.profile.ladder = vec![1, 10];
    other.pace.rungs = vec![Span::minutes(2), Span::seconds(150)];
    assert_eq!(of(&other), ["1", "2m", "10", "150s", "a person", "100", "5m"]);
}

#[test]
fn a_canary_goes_back_and_stays_warm() {
    for routing in [Routing::None, nginx(), gateway()] {
        let order = Order { routing: routing.clone(), ..order(Strategy::Canary) };
        let bundle = bundle(&order);
        let spec = workload(&bundle).key("spec");
        assert_eq!(spec.key("progressDeadlineAbort").bool(), Some(true));
        assert_eq!(spec.keys(&["rollbackWindow", "revisions"]).int(), Some(3));
        let canary = spec.keys(&["strategy", "canary"]);
        assert_eq!(canary.keys(&["analysis", "startingStep"]).int(), Some(1));
        assert_eq!(canary.key("maxUnavailable").int(), Some(0));
        // Argo Rollouts refuses the delay without a router (validation.go).
        let routed = routing != Routing::None;
        assert_eq!(canary.key("scaleDownDelaySeconds").int(), routed.then_some(600));
        let router = canary.key("trafficRouting");
        match routing {
            Routing::None => assert!(router.is_absent()),
            Routing::Nginx { .. } => {
                assert_eq!(router.keys(&["nginx", "stableIngress"]).text(), Some("basket"));
                assert!(text(&made(&order), "ingress.yaml").contains("name: basket-stable"));
            }
            Routing::Gateway { .. } => {
                let plugin = router.keys(&["plugins", "argoproj-labs/gatewayAPI"]);
                assert_eq!(plugin.key("httpRoute").text(), Some("basket"));
                assert_eq!(plugin.key("namespace").text(), Some("shop"));
            }
        }
    }
}

fn metrics(bundle: &Bundle, template: &str) -> Vec<Node> {
    let object = bundle.find("AnalysisTemplate", "shop", template).expect("the template");
    object.root().keys(&["spec", "metrics"]).node().expect("metrics").elements().to_vec()
}

/// Nothing, NaN and too little are neither good nor bad; what is over the limit is bad.
#[test]
fn an_idle_version_pauses_and_a_failing_one_aborts() {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::text).expect(key).to_owned();
    for strategy in [Strategy::BlueGreen, Strategy::Canary] {
        let bundle = bundle(&order(strategy));
        for metric in metrics(&bundle, "basket-traffic") {
            let name = text(&metric, "name");
            let (success, failure) =
                (text(&metric, "successCondition"), text(&metric, "failureCondition"));
            let good = Limits::of_success(&success).unwrap_or_else(|| panic!("{success}"));
            let not_bad = Limits::of_failure(&failure).unwrap_or_else(|| panic!("{failure}"));
            assert!(!good.empty_is_good && !good.undefined_is_good, "{name}");
            let limit = match name.as_str() {
                "error-share" => 0.01,
                "p99-seconds" => 2.0,
                "requests" => {
                    assert!(good.hold(50.0) && !good.hold(49.0));
                    assert!([0.0, 1.0, 49.0, 50.0].iter().all(|value| not_bad.hold(*value)));
                    continue;
                }
                other => panic!("{other}"),
            };
            for (value, passes) in [(0.0, true), (limit, true), (limit * 1.01, false)] {
                assert_eq!((good.hold(value), not_bad.hold(value)), (passes, passes), "{name}");
            }
            let query = metric.get("provider").and_then(|p| p.get("prometheus"));
            let query = text(query.expect("Prometheus"), "query");
            promql_parser::parser::parse(&query.replace("{{args.", "").replace("}}\"", "\""))
                .unwrap_or_else(|error| panic!("{error}: {query}"));
            assert!(query.contains("[2m]") && query.contains(">= 50"), "{query}");
        }
    }
}

/// The quantile is one that the cockpit takes from its buckets: only they tell "above the top one".
#[test]
fn the_quantile_is_read_from_its_buckets() {
    let bundle = bundle(&order(Strategy::Canary));
    let of = |node: &Node| {
        let query = node.get("provider")?.get("prometheus")?.get("query")?.text()?.to_owned();
        matches!(Formula::of(&query), Formula::Quantile { quantile, .. } if quantile > 0.98)
            .then_some(())
    };
    assert_eq!(metrics(&bundle, "basket-traffic").iter().filter_map(of).count(), 1);
}

#[test]
fn the_preview_is_asked_and_users_are_measured_after_the_switch() {
    let mut order = order(Strategy::BlueGreen);
    order.checks = Check::of_gate(&crate::domain::gate::Profile::default());
    let bundle = bundle(&order);
    let switch = workload(&bundle).keys(&["spec", "strategy", "blueGreen"]);
    assert_eq!(switch.key("autoPromotionEnabled").bool(), Some(false));
    assert_eq!(switch.key("scaleDownDelaySeconds").int(), Some(600));
    let used = |key: &str| {
        let template = switch.keys(&[key, "templates"]).elements();
        template.first().expect(key).key("templateName").text().map(str::to_owned)
    };
    assert_eq!(used("prePromotionAnalysis").as_deref(), Some("basket-checks"));
    assert_eq!(used("postPromotionAnalysis").as_deref(), Some("basket-traffic"));
    let asked: Vec<(String, Option<String>, Option<String>)> = metrics(&bundle, "basket-checks")
        .iter()
        .map(|metric| {
            let web = metric.get("provider").and_then(|p| p.get("web")).expect("web");
            let text = |node: Option<&Node>| node.and_then(Node::text).map(str::to_owned);
            let url = text(web.get("url")).expect("url");
            (url, text(web.get("jsonPath")), text(metric.get("successCondition")))
        })
        .collect();
    let url = |path: &str| format!("http://basket-preview.{{{{args.namespace}}}}.svc{path}");
    let wanted = |path, json: &str, value: &str| {
        (url(path), Some(json.to_owned()), Some(format!("result == \"{value}\"")))
    };
    assert_eq!(
        asked,
        [
            (url("/health"), None, None),
            wanted("/api/v1/status", "{$['status']}", "healthy"),
            wanted("/api/v1/health/db", "{$['database']['status']}", "connected"),
        ]
    );
    let counts = |metric: &Node| metric.get("count").and_then(Node::int);
    assert!(metrics(&bundle, "basket-traffic").iter().all(|metric| counts(metric) == Some(5)));
}

#[test]
fn environments_differ_in_what_they_have_to() {
    for strategy in STRATEGIES {
        let order = Order { shape: layered(2, 5, 20), routing: gateway(), ..order(strategy) };
        let made = made(&order);
        let base: Vec<&str> =
            made.files.iter().filter_map(|file| file.path.strip_prefix("base/")).collect();
        let list = value(text(&made, "base/kustomization.yaml"));
        let listed: Vec<&str> = list
            .get("resources")
            .expect("resources")
            .elements()
            .iter()
            .filter_map(Node::text)
            .collect();
        assert_eq!(base[1..], listed);
        let namespaced =
            |file: &File| file.path.starts_with("base/") && file.text.contains("\n  namespace:");
        assert!(!made.files.iter().any(namespaced));
        let overlay =
            |name: &str| value(text(&made, &format!("overlays/{name}/kustomization.yaml")));
        let (dev, staging, production) =
            (overlay("dev"), overlay("staging"), overlay("production"));
        let text_of =
            |node: &Node, key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
        assert_eq!(text_of(&dev, "namespace").as_deref(), Some("shop-dev"));
        assert_eq!(text_of(&production, "namespace").as_deref(), Some("shop"));
        for key in ["resources", "images", "replacements", "kind", "apiVersion"] {
            let bare = |node: &Node| node.get(key).map(stripped);
            assert_eq!(bare(&staging), bare(&production), "{key}");
            assert_eq!(bare(&staging), bare(&dev), "{key}");
        }
        let operations = |overlay: &Node| -> Vec<(String, String)> {
            let patch = overlay.get("patches").expect("patches").elements()[0].get("patch");
            let patch = value(patch.and_then(Node::text).expect("a patch"));
            let of = |node: &Node| {
                (
                    text_of(node, "path").expect("path"),
                    node.get("value").expect("value").to_string(),
                )
            };
            patch.elements().iter().map(of).collect()
        };
        let replicas = |count: &str| ("/spec/replicas".to_owned(), count.to_owned());
        assert_eq!(operations(&staging), [replicas("5")]);
        assert_eq!(operations(&production), [replicas("20")]);
        assert_eq!(operations(&dev).len(), 2);
        assert_eq!(operations(&dev)[1].0, "/spec/template/spec/containers/0/resources");
        assert!(text(&made, "overlays/dev/kustomization.yaml").contains("cpu: \"62m\""));
    }
}

/// A tree without its places.
fn stripped(node: &Node) -> Node {
    let value = match &node.value {
        Value::List(elements) => Value::List(elements.iter().map(stripped).collect()),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|entry| crate::manifest::tree::Entry {
                    key: entry.key.clone(),
                    at: None,
                    node: stripped(&entry.node),
                })
                .collect(),
        ),
        other => other.clone(),
    };
    Node::bare(value)
}

#[test]
fn one_budget_fits_all_environments() {
    let of = |shape, strategy| {
        let made = made(&Order { shape, ..order(strategy) });
        let found = made.files.iter().find(|file| file.path == "base/disruption-budget.yaml");
        let gone = text(&made, "overlays/dev/kustomization.yaml").contains("$patch");
        (found.map(|file| value(&file.text).get("spec").map(stripped)), gone)
    };
    let says = |shape, strategy, words: &str| {
        let (budget, gone) = of(shape, strategy);
        let spec = budget.flatten().expect("a budget");
        let said = ["minAvailable", "maxUnavailable"]
            .into_iter()
            .filter_map(|key| spec.get(key).map(|node| format!("{key} {node}")));
        assert_eq!(said.collect::<Vec<_>>(), [words]);
        gone
    };
    assert!(!says(layered(5, 5, 20), Strategy::Rolling, "minAvailable 80%"));
    assert!(!says(layered(2, 5, 20), Strategy::Rolling, "maxUnavailable 1"));
    assert!(!says(layered(10, 10, 20), Strategy::Canary, "maxUnavailable 2"));
    assert!(says(layered(1, 10, 20), Strategy::Canary, "maxUnavailable 2"));
    assert_eq!(of(layered(1, 1, 1), Strategy::Canary).0, None);
}

#[test]
fn what_a_person_has_to_know_is_noted() {
    let notes = |order: &Order| made(order).notes.join("\n");
    let usual = notes(&order(Strategy::Canary));
    assert!(usual.contains("namespaces are not made: shop must be there"));
    assert!(usual.contains("no fixes since March 2026"));
    assert!(usual.contains("`rollouts_pod_template_hash`"));
    let bare = Order { prometheus: None, routing: Routing::None, ..order(Strategy::Canary) };
    assert!(
        notes(&bare).contains("nothing measures the canary, so each weight waits for a person")
    );
    assert!(notes(&bare).contains("5 % needs 20 of them, and 10 give 10 % at least"));
    let mut unchecked = Order { prometheus: None, ..order(Strategy::BlueGreen) };
    unchecked.checks.clear();
    assert!(notes(&unchecked).contains("no checks: nothing asks the preview"));
    assert!(notes(&unchecked).contains("nothing judges the new version after the switch"));
    assert!(!kinds(&unchecked).iter().any(|kind| kind.starts_with("AnalysisTemplate")));
    let low = Order { port: 80, ..order(Strategy::Rolling) };
    assert!(notes(&low).contains("port 80 is below 1024"));
    assert!(notes(&low).contains("arm the guard during a release"));
    let tagged = Image { tag: Some("1.4.0".to_owned()), ..image() };
    let tagged = made(&Order { image: tagged, shape: layered(2, 2, 5), ..order(Strategy::Canary) });
    assert!(text(&tagged, "overlays/dev/kustomization.yaml").contains("newTag: \"1.4.0\""));
}
