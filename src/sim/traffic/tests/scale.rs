//! A fleet: a thousand services with ten pods each. Figures are written by hand-run tests.

use std::time::Instant;

use super::*;
use crate::sim::prometheus::answer;

/// Services in fifty namespaces, each with so many pods, all ready for hours.
fn fleet(services: usize, pods: usize) -> World {
    let mut world = World::new(1, start(), controllers());
    let since = start() - Span::hours(3);
    for number in 0..services {
        let (namespace, name) = (format!("team-{}", number % 50), format!("service-{number}"));
        for member in 0..pods {
            let node = format!("node-{}", (number + member) % 100);
            let mut pod = pod(&format!("{name}-{member}"), STABLE, "aaa", &node, since);
            pod.set("/metadata/namespace", namespace.as_str());
            pod.set("/metadata/labels/app", name.as_str());
            world.store_mut().insert(Kind::Pod, pod, start()).unwrap();
        }
        let service = json!({
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"selector": {"app": name}},
        });
        world.store_mut().insert(Kind::Service, service, start()).unwrap();
        let demand = Demand::steady(50.0).in_waves(0.3, Span::hours(24));
        world.ground_mut().traffic.describe_service(&namespace, &name, Entry::Service, demand);
    }
    world
}

fn vector(world: &World, query: &str) -> usize {
    match ask(world.ground(), query, world.now()).unwrap() {
        Found::Vector(samples) => samples.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_quiet_fleet_has_nothing_to_do() {
    let mut world = fleet(40, 10);
    world.advance(start() + Span::seconds(1));
    let segments = |world: &World| -> usize {
        let services = world.ground().traffic.services.values();
        let apps = services.flat_map(|service| service.apps.values());
        apps.flat_map(|app| app.codes.values()).map(meter::Meter::changes).sum()
    };
    assert_eq!(segments(&world), 400);
    assert_eq!(world.due(), None);
    world.advance(start() + Span::hours(2));
    assert_eq!(segments(&world), 400);
    assert_eq!(world.ground().traffic.due.len(), 1, "the next sweep");
    let by = "sum by (service) (rate(http_requests_total[5m]))";
    assert_eq!(vector(&world, by), 40);
}

#[test]
#[ignore = "figures; run by hand in release"]
#[expect(clippy::print_stderr, clippy::disallowed_methods, reason = "figures are for people")]
fn figures() {
    let (before, begun) = (resident(), Instant::now());
    let mut world = fleet(1_000, 10);
    let (stored, made) = (resident(), begun.elapsed());
    let begun = Instant::now();
    world.advance(start() + Span::seconds(1));
    eprintln!("made in {made:?}, settled in {:?}", begun.elapsed());
    eprintln!("objects {} MiB, traffic {} MiB", stored - before, resident() - stored);
    let begun = Instant::now();
    world.advance(start() + Span::minutes(60));
    eprintln!("a quiet minute takes {:?}", begun.elapsed() / 60);
    eprintln!("memory after an hour: traffic {} MiB", resident() - stored);
    for query in [
        "sum by (service) (rate(http_requests_total[5m]))",
        "sum(rate(http_requests_total{service=\"service-7\"}[5m]))",
        "histogram_quantile(0.99, sum by (le) (
            rate(http_request_duration_seconds_bucket{service=\"service-7\"}[2m])))",
        "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
        "sum(kube_pod_status_ready)",
        "count(up)",
    ] {
        let begun = Instant::now();
        let found = vector(&world, query);
        eprintln!("{:?} for {found} of {query}", begun.elapsed());
    }
    let to = world.now().timestamp();
    let range = |query: &str| {
        let given = [("query", query), ("step", "15")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let ends = [("start", to - 3_600), ("end", to)].map(|(k, v)| (k.to_owned(), v.to_string()));
        let parameters: Vec<_> = given.into_iter().chain(ends).collect();
        let begun = Instant::now();
        let (code, _) =
            answer(world.ground(), "GET", "/api/v1/query_range", &parameters, world.now());
        eprintln!("{:?} for an hour ({code}) of {query}", begun.elapsed());
    };
    range("sum(rate(http_requests_total{service=\"service-7\"}[2m]))");
    range("sum by (service) (rate(http_requests_total[2m]))");
    let begun = Instant::now();
    let names = answer(world.ground(), "GET", "/api/v1/label/__name__/values", &[], world.now());
    eprintln!("{:?} for the names of metrics ({})", begun.elapsed(), names.0);
    let begun = Instant::now();
    for number in 0..1_000 {
        let key =
            Key::new(Kind::Pod, &format!("team-{}", number % 50), &format!("service-{number}-0"));
        let now = world.now();
        let unready = |pod: &mut Value| pod.set("/status/conditions/0/status", "False");
        world.store_mut().modify(&key, Part::Whole, now, unready).unwrap();
    }
    let written = begun.elapsed();
    world.advance(start() + Span::minutes(61));
    eprintln!("a pod of each service changes: {:?}, {written:?} of it written", begun.elapsed());
}

/// Resident memory in MiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages / 256
}
