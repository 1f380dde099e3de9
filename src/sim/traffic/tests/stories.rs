//! What drills do to the traffic, and what the rule document's queries make of it.

use super::*;

const SUCCESS: &str = r#"sum(rate(http_requests_total{service="checkout", code!~"5.."}[2m])) /
    sum(rate(http_requests_total{service="checkout"}[2m]))"#;
const ERRORS: &str = r#"sum(rate(http_requests_total{service="checkout", code=~"5.."}[2m])) /
    sum(rate(http_requests_total{service="checkout"}[2m]))"#;
const LATENCY: &str = r#"histogram_quantile(0.99,
    sum(rate(http_request_duration_seconds_bucket{service="checkout"}[2m])) by (le)) * 1000"#;
const BUSINESS: &str = r#"
    sum(rate(business_transactions_total{service="checkout", status="success"}[5m])) /
    sum(rate(business_transactions_total{service="checkout"}[5m]))"#;
const CANARY_SHARE: &str = r#"sum(rate(http_requests_total{rollouts_pod_template_hash="bbb"}[2m])) /
    sum(rate(http_requests_total{service="checkout"}[2m]))"#;

/// One of the document's queries for one revision.
fn of(query: &str, hash: &str) -> String {
    let with = format!(r#"service="checkout",rollouts_pod_template_hash="{hash}""#);
    query.replace(r#"service="checkout""#, &with)
}

#[test]
fn a_service_that_never_erred_has_no_errors_to_divide() {
    let mut shop = Shop::plain(1, Demand::steady(90.0));
    shop.advance(Span::minutes(10));
    assert!((shop.value(SUCCESS) - 1.0).abs() < 1e-12);
    assert!(shop.ask(ERRORS).is_empty());
    shop.near(r#"sum(rate(http_requests_total{service="checkout"}[5m]))"#, 90.0, 0.05);
    shop.near("sum by (pod) (rate(http_requests_total{pod=\"two\"}[5m]))", 30.0, 0.1);
    shop.near(BUSINESS, 0.995, 0.005);
    // Between the bounds 100 and 250 ms nothing is known; a straight line says 237.
    shop.near(LATENCY, 237.0, 0.04);
}

#[test]
fn the_measured_share_is_the_weight() {
    let mut shop = Shop::with_canary(2, 25);
    shop.advance(Span::minutes(1));
    // The five hours before anybody looked count too.
    shop.near(CANARY_SHARE, 0.25, 0.06);
    shop.near("sum(http_requests_total)", 200.0 * 5.0 * 3_600.0, 0.02);
    shop.weigh(60);
    shop.advance(Span::minutes(3));
    shop.near(CANARY_SHARE, 0.6, 0.04);
    shop.near(r#"sum(rate(nginx_ingress_controller_requests{canary!=""}[2m]))"#, 120.0, 0.05);
    let canary = shop.ask(r#"nginx_ingress_controller_requests{canary!=""}"#);
    assert_eq!(canary[0].0["canary"], "shop-checkout-canary-80");
    assert_eq!((&*canary[0].0["status"], &*canary[0].0["service"]), ("200", "checkout-stable"));
    shop.weigh(0);
    shop.advance(Span::minutes(3));
    assert!(shop.value(CANARY_SHARE) == 0.0);
    assert!(shop.value(&of(SUCCESS, "bbb")).is_nan(), "a quiet canary is 0/0");
}

#[test]
fn a_router_that_lies_is_seen_in_the_measured_share_alone() {
    let mut shop = Shop::with_canary(3, 25);
    shop.advance(Span::minutes(1));
    let from = shop.world.now();
    let place = Place::service("shop", "checkout");
    let lie = shop.traffic().begin(Harm::CanaryShare(0.6), place, from);
    shop.advance(Span::minutes(3));
    shop.near(CANARY_SHARE, 0.6, 0.04);
    let now = shop.world.now();
    shop.traffic().end(lie, now);
    shop.advance(Span::minutes(3));
    shop.near(CANARY_SHARE, 0.25, 0.06);
}

#[test]
fn a_bad_image_errs_and_a_burst_begins_and_ends_on_time() {
    let mut shop = Shop::with_canary(4, 20);
    let bad = Handling { errors: 0.1, business: 0.9, ..Handling::default() };
    shop.traffic().describe_image(CANARY, bad);
    shop.advance(Span::minutes(3));
    shop.near(&of(ERRORS, "bbb"), 0.1, 0.15);
    shop.near(&of(BUSINESS, "bbb"), 0.81, 0.05);
    assert!(shop.ask(&of(ERRORS, "aaa")).is_empty());
    shop.near(ERRORS, 0.02, 0.2);
    let (from, until) = (start() + Span::minutes(5), start() + Span::minutes(8));
    let burst = shop.traffic().begin(Harm::Errors(0.5), Place::image(STABLE), from);
    shop.traffic().end(burst, until);
    shop.advance(Span::minutes(4) + Span::seconds(45));
    shop.near(&of(ERRORS, "aaa"), 0.5, 0.05);
    shop.advance(Span::minutes(3));
    assert!(shop.value(&of(ERRORS, "aaa")) < 1e-12);
    let total = r#"sum(http_requests_total{rollouts_pod_template_hash="aaa",code="500"})"#;
    shop.near(total, 160.0 * 0.5 * 180.0, 0.05);
}

#[test]
fn above_the_top_bucket_the_quantile_is_its_bound() {
    let mut shop = Shop::with_canary(5, 50);
    let from = start() + Span::minutes(1);
    let stuck = Harm::Latency(Latency::new(40.0, 0.2));
    shop.traffic().begin(stuck, Place::image(CANARY), from);
    shop.advance(Span::minutes(5));
    assert!((shop.value(&of(LATENCY, "bbb")) - 10_000.0).abs() < 1e-6);
    assert!(shop.value(&of(LATENCY, "aaa")) < 500.0);
    let mean = r#"sum(rate(http_request_duration_seconds_sum{pod="canary-a"}[2m])) /
        sum(rate(http_request_duration_seconds_count{pod="canary-a"}[2m]))"#;
    shop.near(mean, 40.0 * 0.02f64.exp(), 0.02);
}

#[test]
fn a_leak_grows_until_the_container_starts_anew() {
    let mut shop = Shop::with_canary(6, 50);
    let memory = r#"container_memory_working_set_bytes{pod="canary-a"}"#;
    let median = r#"histogram_quantile(0.5, sum by (le) (
        rate(http_request_duration_seconds_bucket{pod="canary-a"}[2m])))"#;
    shop.advance(Span::minutes(1));
    shop.near(memory, 134_217_728.0, 0.03);
    let harm = Harm::Leak { slower: 0.2, bytes: 20e6 };
    shop.traffic().begin(harm, Place::image(CANARY), start() + Span::minutes(1));
    shop.advance(Span::minutes(20));
    shop.near(memory, 134_217_728.0 + 20.0 * 20e6, 0.05);
    shop.near(median, 0.045 * (1.0 + 0.2 * 19.0), 0.25);
    let status = "/status/containerStatuses/0/restartCount";
    shop.change(Kind::Pod, "canary-a", status, 1);
    shop.advance(Span::minutes(1));
    shop.near(memory, 134_217_728.0 + 20e6, 0.05);
    shop.near(r#"resets(http_requests_total{pod="canary-a",code="200"}[5m])"#, 1.0, 0.0);
    shop.near(r#"kube_pod_container_status_restarts_total{pod="canary-a"}"#, 1.0, 0.0);
}

#[test]
fn only_the_pods_on_a_bad_node_fail() {
    let mut shop = Shop::plain(7, Demand::steady(90.0));
    shop.traffic().begin(Harm::Errors(0.8), Place::node("n2"), start());
    shop.advance(Span::minutes(4));
    shop.near(ERRORS, 0.8 / 3.0, 0.1);
    let failing = shop.ask(r#"sum by (pod) (http_requests_total{code="500"})"#);
    let failing: Vec<&str> = failing.iter().map(|(labels, _)| &*labels["pod"]).collect();
    assert_eq!(failing, ["two"]);
}

#[test]
fn a_quiet_image_and_a_silent_service_get_nothing() {
    let mut shop = Shop::with_canary(8, 30);
    shop.traffic().begin(Harm::Silence, Place::image(CANARY), start());
    shop.advance(Span::minutes(4));
    assert!(shop.value(&of(SUCCESS, "bbb")).is_nan());
    shop.near("sum(rate(http_requests_total[2m]))", 140.0, 0.05);
    let now = shop.world.now();
    shop.traffic().begin(Harm::Silence, Place::everywhere(), now);
    shop.advance(Span::minutes(4));
    assert!(shop.value(SUCCESS).is_nan());
    assert!(shop.value(LATENCY).is_nan());
}

#[test]
fn without_ready_pods_the_router_answers_itself() {
    let mut shop = Shop::with_canary(9, 40);
    shop.advance(Span::minutes(2));
    let ready = "/status/conditions/0/status";
    shop.change(Kind::Pod, "canary-a", ready, "False");
    shop.advance(Span::minutes(3));
    // nginx has no canary without pods: everything goes the main way.
    let by_stable = r#"sum(rate(http_requests_total{rollouts_pod_template_hash="aaa"}[2m]))"#;
    shop.near(by_stable, 200.0, 0.05);
    for name in ["stable-a", "stable-b", "stable-c"] {
        shop.change(Kind::Pod, name, ready, "False");
    }
    shop.advance(Span::minutes(3));
    assert!(shop.value("sum(rate(http_requests_total[2m]))") == 0.0);
    let lost = r#"sum by (status) (rate(nginx_ingress_controller_requests{status="503"}[2m]))"#;
    shop.near(lost, 200.0, 0.05);
    shop.near(r#"kube_pod_status_ready{pod="stable-a",condition="false"}"#, 1.0, 0.0);
    assert!(shop.value(r#"kube_pod_status_ready{pod="stable-a",condition="true"}"#) == 0.0);
}

#[test]
fn a_pod_beyond_its_capacity_turns_requests_away() {
    let mut shop = Shop::plain(10, Demand::steady(90.0));
    let weak = Handling { capacity: Some(20.0), ..Handling::default() };
    shop.traffic().describe_image(STABLE, weak);
    shop.advance(Span::minutes(4));
    shop.near(ERRORS, 1.0 / 3.0, 0.06);
    assert!(shop.value(LATENCY) > 1_000.0);
    let now = shop.world.now();
    shop.traffic().begin(Harm::Surge(0.5), Place::service("shop", "checkout"), now);
    shop.advance(Span::minutes(4));
    assert!(shop.value(ERRORS) < 1e-9);
}

#[test]
fn a_pod_that_is_gone_is_stale_at_its_next_scrape() {
    let mut shop = Shop::plain(11, Demand::steady(90.0));
    shop.advance(Span::minutes(5));
    let requests = r#"http_requests_total{pod="two"}"#;
    assert_eq!(shop.ask(requests).len(), 1);
    shop.remove(Kind::Pod, "two");
    shop.advance(Span::seconds(16));
    for series in [requests, r#"up{pod="two"}"#, r#"container_memory_working_set_bytes{pod="two"}"#]
    {
        assert!(shop.ask(series).is_empty(), "{series}");
    }
    assert!(!shop.ask(&format!("last_over_time({requests}[5m])")).is_empty());
    shop.advance(Span::minutes(3));
    shop.near("sum by (pod) (rate(http_requests_total{pod=\"one\"}[2m]))", 45.0, 0.1);
}

#[test]
fn a_crashed_container_is_down_but_there() {
    let mut shop = Shop::plain(12, Demand::steady(30.0));
    shop.advance(Span::minutes(2));
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    shop.change(Kind::Pod, "one", "/status/conditions/0/status", "False");
    shop.change(Kind::Pod, "one", "/status/containerStatuses/0/state", waiting);
    shop.advance(Span::seconds(30));
    assert!(shop.value(r#"up{pod="one"}"#) == 0.0);
    assert!(shop.ask(r#"http_requests_total{pod="one"}"#).is_empty());
    shop.near("count(up{job=\"checkout\"})", 3.0, 0.0);
}

#[test]
fn istio_weighs_by_subsets_and_names_workloads() {
    let mut shop = Shop::new(13);
    let since = start() - Span::hours(1);
    shop.insert(Kind::Pod, pod("stable-a", STABLE, "aaa", "n1", since));
    shop.insert(Kind::Pod, pod("canary-a", CANARY, "bbb", "n1", since));
    shop.insert(Kind::Service, service("checkout", None));
    let subset = |name: &str, hash: &str| {
        let labels = json!({"rollouts-pod-template-hash": hash});
        json!({"name": name, "labels": labels})
    };
    let subsets = [subset("stable", "aaa"), subset("canary", "bbb")];
    shop.insert(
        Kind::DestinationRule,
        json!({
            "metadata": {"name": "checkout", "namespace": "shop"},
            "spec": {"host": "checkout", "subsets": subsets},
        }),
    );
    let to = |subset: &str, weight: i64| {
        let destination = json!({"host": "checkout", "subset": subset});
        json!({"destination": destination, "weight": weight})
    };
    let http = json!([{"route": [to("stable", 90), to("canary", 10)]}]);
    shop.insert(
        Kind::VirtualService,
        json!({
            "metadata": {"name": "checkout", "namespace": "shop"},
            "spec": {"hosts": ["shop.example"], "http": http},
        }),
    );
    let entry = Entry::VirtualService("checkout".into());
    shop.traffic().describe_service("shop", "checkout", entry, Demand::steady(100.0));
    shop.advance(Span::minutes(1));
    let by_version = "sum by (destination_version, destination_workload, response_code) (
        rate(istio_requests_total{destination_service_name=\"checkout\"}[5m]))";
    let found = shop.ask(by_version);
    let canary = found.iter().find(|(labels, _)| labels["destination_version"] == "2.0").unwrap();
    let names = ["destination_workload", "response_code"].map(|name| &*canary.0[name]);
    assert_eq!(names, ["checkout", "200"]);
    assert!((canary.1 - 10.0).abs() < 1.5, "{found:?}");
    shop.change(Kind::VirtualService, "checkout", "/spec/http/0/route/1/weight", 90);
    shop.advance(Span::minutes(5));
    shop.near(r#"sum(rate(http_requests_total{pod="canary-a"}[2m]))"#, 50.0, 0.1);
    let p50 = "histogram_quantile(0.5, sum by (le) (
        rate(istio_request_duration_milliseconds_bucket[2m])))";
    shop.near(p50, 45.0, 0.25);
    // A subset without pods fails at the router.
    shop.change(Kind::Pod, "canary-a", "/status/conditions/0/status", "False");
    shop.advance(Span::minutes(3));
    shop.near(
        r#"sum(rate(istio_requests_total{response_code="503",response_flags="UH"}[2m]))"#,
        50.0,
        0.1,
    );
}

#[test]
fn a_switch_of_the_selector_moves_everybody() {
    let mut shop = Shop::with_canary(14, 0);
    shop.insert(Kind::Service, service("active", Some("aaa")));
    let demand = Demand::steady(50.0);
    shop.traffic().describe_service("shop", "active", Entry::Service, demand);
    shop.advance(Span::minutes(3));
    let by = |hash: &str| {
        format!(
            r#"sum(rate(http_requests_total{{
                service="active",rollouts_pod_template_hash="{hash}"}}[1m]))"#
        )
    };
    shop.near(&by("aaa"), 50.0, 0.1);
    let selector = "/spec/selector/rollouts-pod-template-hash";
    shop.change(Kind::Service, "active", selector, "bbb");
    shop.advance(Span::minutes(2));
    assert!(shop.value(&by("aaa")) == 0.0);
    shop.near(&by("bbb"), 50.0, 0.1);
}

#[test]
fn exporters_show_workloads_and_rollouts() {
    let mut shop = Shop::with_canary(15, 20);
    let rollout = json!({
        "metadata": {"name": "checkout", "namespace": "shop"},
        "spec": {"replicas": 4, "strategy": {"canary": {"trafficRouting": {"nginx": {}}}}},
        "status": {
            "replicas": 4,
            "availableReplicas": 3,
            "updatedReplicas": 1,
            "conditions": [{"type": "Progressing", "reason": "RolloutPaused"}],
        },
    });
    shop.insert(Kind::Rollout, rollout);
    let deployment = json!({
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"replicas": 2},
        "status": {"replicas": 2, "readyReplicas": 1},
    });
    shop.insert(Kind::Deployment, deployment);
    shop.advance(Span::minutes(1));
    let info = &shop.ask(r#"rollout_info{name="checkout"}"#)[0].0;
    let labels = ["strategy", "traffic_router", "phase", "namespace"].map(|name| &*info[name]);
    assert_eq!(labels, ["canary", "Nginx", "Paused", "shop"]);
    shop.near("rollout_info_replicas_unavailable", 1.0, 0.0);
    shop.near(r#"kube_deployment_status_replicas_ready{deployment="cart"}"#, 1.0, 0.0);
    shop.change(Kind::Rollout, "checkout", "/status/conditions/0/reason", "RolloutAborted");
    shop.advance(Span::seconds(16));
    assert_eq!(shop.ask("rollout_info").len(), 1);
    assert_eq!(shop.ask("rollout_info")[0].0["phase"], "Abort");
    shop.near(r#"sum by (phase) (kube_pod_status_phase{phase="Running"})"#, 4.0, 0.0);
    shop.near("sum(up{job=~\"kubelet|argo.*|kube-state.*|ingress-nginx.*\"})", 5.0, 0.0);
}

#[test]
fn without_scrapes_everything_is_stale_and_comes_back() {
    let mut shop = Shop::plain(16, Demand::steady(90.0));
    shop.advance(Span::minutes(10));
    let now = shop.world.now();
    shop.world.ground_mut().faults.stop_scrapes(now);
    shop.advance(Span::minutes(4));
    assert!(!shop.ask("up").is_empty(), "five minutes back there is something");
    assert!(shop.ask("rate(http_requests_total[2m])").is_empty());
    shop.advance(Span::minutes(2));
    assert!(shop.ask("up").is_empty());
    let now = shop.world.now();
    shop.world.ground_mut().faults.resume_scrapes(now);
    shop.advance(Span::minutes(1));
    assert!(!shop.ask("up").is_empty());
    shop.near("sum(increase(http_requests_total[8m]))", 90.0 * 480.0, 0.05);
}
