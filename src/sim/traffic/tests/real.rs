//! The same series in a real Prometheus: a story is written down, with what this room answers.
//!
//! `compare.py` beside the corpus of the Prometheus hands the series to a real one, asks it the
//! same and compares. Run by hand, with `DUMP` set to the file to write.

use super::*;
use crate::sim::prometheus::answer;

const QUERIES: &[&str] = &[
    // The rule document's own, and the same for one revision.
    r#"sum(rate(http_requests_total{service="checkout", code!~"5.."}[2m])) /
        sum(rate(http_requests_total{service="checkout"}[2m]))"#,
    r#"histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{
        service="checkout"}[2m])) by (le)) * 1000"#,
    r#"sum(rate(http_requests_total{service="checkout", code=~"5.."}[2m])) /
        sum(rate(http_requests_total{service="checkout"}[2m]))"#,
    r#"sum(rate(business_transactions_total{service="checkout", status="success"}[5m])) /
        sum(rate(business_transactions_total{service="checkout"}[5m]))"#,
    r#"sum(rate(http_requests_total{service="checkout",code=~"5..",
        rollouts_pod_template_hash="bbb"}[2m])) / sum(rate(http_requests_total{
        service="checkout",rollouts_pod_template_hash="bbb"}[2m]))"#,
    r#"histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{
        service="checkout",rollouts_pod_template_hash="bbb"}[2m])) by (le)) * 1000"#,
    "sum by (rollouts_pod_template_hash) (rate(http_requests_total[1m]))",
    "sum by (pod) (increase(http_requests_total[5m]))",
    "sum by (code) (http_requests_total)",
    "http_requests_total",
    "irate(http_requests_total[2m])",
    "resets(http_requests_total[30m])",
    "changes(up[10m])",
    "up",
    "sum by (job) (up)",
    "count by (job) (up == 0)",
    "rate(http_request_duration_seconds_sum[2m]) / rate(http_request_duration_seconds_count[2m])",
    "histogram_quantile(0.5, sum by (le, pod) (rate(http_request_duration_seconds_bucket[5m])))",
    r#"sum(http_request_duration_seconds_bucket{le="0.5"}) /
        sum(http_request_duration_seconds_count)"#,
    "sum by (canary) (rate(nginx_ingress_controller_requests[2m]))",
    r#"sum(rate(nginx_ingress_controller_requests{canary!=""}[2m])) /
        sum(rate(nginx_ingress_controller_requests[2m]))"#,
    "histogram_quantile(0.9, sum by (le, canary) (
        rate(nginx_ingress_controller_request_duration_seconds_bucket[2m])))",
    "kube_pod_status_ready",
    "sum by (phase) (kube_pod_status_phase)",
    "increase(kube_pod_container_status_restarts_total[15m])",
    "container_memory_working_set_bytes",
    "deriv(container_memory_working_set_bytes[10m])",
    "predict_linear(container_memory_working_set_bytes[10m], 3600) > 1e8",
    "max_over_time(container_memory_working_set_bytes[5m]) / 1048576",
    "avg by (node) (container_memory_working_set_bytes)",
    "topk(2, sum by (pod) (rate(http_requests_total[2m])))",
    "rollout_info * on (namespace, name) group_right (phase) rollout_info_replicas_available",
    "rollout_info_replicas_unavailable > 0",
    "absent(http_requests_total{rollouts_pod_template_hash=\"ccc\"})",
    "count_over_time(http_requests_total[5m])",
    "http_requests_total offset 5m",
    "timestamp(up)",
    "max_over_time(sum(rate(http_requests_total{code=~\"5..\"}[1m]))[10m:30s])",
    "quantile_over_time(0.9, container_memory_working_set_bytes[15m])",
];

/// Two hours in which much happens.
fn story() -> Shop {
    let mut shop = Shop::with_canary(77, 5);
    let handling = Handling { errors: 0.004, client_errors: 0.02, ..Handling::default() };
    shop.traffic().describe_image(CANARY, handling);
    let rollout = json!({
        "metadata": {"name": "checkout", "namespace": "shop"},
        "spec": {"replicas": 4, "strategy": {"canary": {"trafficRouting": {"nginx": {}}}}},
        "status": {"replicas": 4, "availableReplicas": 4, "updatedReplicas": 1},
    });
    shop.insert(Kind::Rollout, rollout);
    shop.advance(Span::minutes(20));
    shop.weigh(25);
    shop.change(Kind::Rollout, "checkout", "/status/availableReplicas", 3);
    let now = shop.world.now();
    let burst = shop.traffic().begin(Harm::Errors(0.3), Place::image(CANARY), now);
    shop.traffic().end(burst, now + Span::minutes(7));
    let leak = Harm::Leak { slower: 0.1, bytes: 4e6 };
    shop.traffic().begin(leak, Place::node("n2"), now);
    shop.advance(Span::minutes(15));
    shop.change(Kind::Pod, "canary-a", "/status/containerStatuses/0/restartCount", 1);
    shop.advance(Span::minutes(10));
    shop.world.ground_mut().faults.stop_scrapes(now + Span::minutes(26));
    shop.world.ground_mut().faults.resume_scrapes(now + Span::minutes(33));
    shop.advance(Span::minutes(15));
    let reason = json!([{"type": "Progressing", "reason": "RolloutAborted"}]);
    shop.change(Kind::Rollout, "checkout", "/status/conditions", reason);
    shop.weigh(0);
    shop.advance(Span::minutes(10));
    shop.remove(Kind::Pod, "canary-a");
    let crashed = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    shop.change(Kind::Pod, "stable-c", "/status/conditions/0/status", "False");
    shop.change(Kind::Pod, "stable-c", "/status/containerStatuses/0/state", crashed);
    shop.advance(Span::minutes(20));
    shop
}

#[test]
#[ignore = "writes a file for compare.py"]
fn a_story_for_a_real_prometheus() {
    let shop = story();
    let ground = shop.world.ground();
    let all = [Matcher::other(NAME, Box::new(|_| true))];
    let now = shop.world.now().timestamp_millis();
    let gaps = &ground.faults.scrape_gaps;
    let series = ground.traffic.select(&all, now - 7_200_000, now, gaps).unwrap();
    let written = series.iter().map(|one| {
        let labels: BTreeMap<&str, &str> = one.tags.iter().map(|(k, v)| (&**k, &**v)).collect();
        let points = one.points.iter();
        let points = points.map(|point| (point.at, format!("{:016x}", point.value.to_bits())));
        json!({"labels": labels, "points": points.collect::<Vec<_>>()})
    });
    let written: Vec<Value> = written.collect();
    let mut asked = Vec::new();
    for number in 0..50 {
        let time = now - 5_900_000 + number * 117_391;
        let time = format!("{}.{:03}", time / 1_000, time % 1_000);
        for query in QUERIES {
            let parameters =
                [("query".to_owned(), (*query).to_owned()), ("time".to_owned(), time.clone())];
            let (code, body) =
                answer(ground, "GET", "/api/v1/query", &parameters, shop.world.now());
            asked.push(json!({"query": query, "time": time, "code": code, "body": body}));
        }
    }
    let file = std::env::var("DUMP").unwrap();
    std::fs::write(file, json!({"series": written, "asked": asked}).to_string()).unwrap();
}
