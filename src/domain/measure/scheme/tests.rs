//! What is asked to find a scheme, which one is chosen, and the queries that follow.

use super::*;
use crate::domain::catalogue::stated::Stated;
use crate::domain::sample::{CURRENT, STABLE, a_blue_green, a_canary, a_deployment};

fn element(mark: &str, labels: &[(&str, &str)]) -> Labels {
    let own = labels.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    own.chain([(MARK.into(), mark.into())]).collect()
}

/// The mark of a scheme's way, by its requests and the way's label.
fn mark_of(requests: &str, label: &str) -> String {
    for (number, scheme) in SCHEMES.iter().enumerate() {
        for (way_number, way) in scheme.ways.iter().enumerate() {
            let own = match way {
                Way::Hash(l)
                | Way::Pod(l)
                | Way::Service(l, _)
                | Way::Ingress(l)
                | Way::Cluster(l) => l,
                Way::Labelled => &"",
            };
            if scheme.requests == requests && *own == label {
                return format!("{number}.{way_number}");
            }
        }
    }
    panic!("no scheme has {requests} by {label}");
}

fn sides() -> Sides {
    a_canary().ask(|release| Sides::of(release, None))
}

#[test]
fn few_queries_ask_for_every_scheme() {
    let queries = exploration(&sides());
    assert!(queries.len() <= 2, "{} queries", queries.len());
    assert!(queries.iter().all(|query| query.len() < 8 * 1024), "an address holds no more");
    let query = queries.join("\n");
    for scheme in SCHEMES {
        assert!(query.contains(&format!("{}{{", scheme.requests)), "{}", scheme.name);
    }
    let nginx = "label_replace(count by (status) (present_over_time(\
                 nginx_ingress_controller_requests{namespace=\"shop\",ingress=~\"checkout\"}[10m])), \
                 \"waveoff\", \"0.0\", \"\", \"\")";
    assert!(query.starts_with(nginx), "{query}");
    let by_hash = format!("{{rollouts_pod_template_hash=~\"{CURRENT}|{STABLE}\"}}");
    assert!(query.contains(&by_hash), "{query}");
}

#[test]
fn what_routers_count_is_preferred_and_the_error_label_is_the_one_that_is_there() {
    let plain = mark_of("http_requests_total", "pod");
    let nginx = mark_of("nginx_ingress_controller_requests", "namespace");
    let only_plain = [element(&plain, &[("status", "200")]), element(&plain, &[("status", "503")])];
    let found_plain = found(&only_plain, &sides()).unwrap();
    assert_eq!(found_plain.name(), "http_requests_total");
    let both = [only_plain[0].clone(), element(&nginx, &[("status", "200")])];
    assert_eq!(found(&both, &sides()).unwrap().name(), "ingress-nginx");

    let sides = sides();
    let canary = sides.canary.as_ref().unwrap();
    assert_eq!(
        found_plain.failed(&sides, canary, "1m").unwrap(),
        format!(
            "sum(increase(http_requests_total{{pod=~\"checkout-{CURRENT}-[a-z0-9]+\",status=~\"5..\"}}[1m]))"
        )
    );
    let without = found(&[element(&plain, &[])], &sides).unwrap();
    assert_eq!(without.failed(&sides, canary, "1m"), None, "nothing tells a failure");
    assert!(without.requests(&sides, canary, "1m").is_some());
}

#[test]
fn nothing_or_nonsense_is_no_scheme() {
    assert_eq!(found(&[], &sides()), None);
    for mark in ["", "x.y", "0", "99.0", "0.99"] {
        assert_eq!(found(&[element(mark, &[])], &sides()), None, "{mark:?}");
    }
}

#[test]
fn versions_are_told_apart_in_each_way() {
    let sides = sides();
    let (canary, stable) = (sides.canary.as_ref().unwrap(), sides.stable.as_ref().unwrap());
    let of = |requests: &str, label: &str| {
        found(&[element(&mark_of(requests, label), &[])], &sides).unwrap()
    };
    let cases = [
        (
            of("nginx_ingress_controller_requests", "namespace"),
            "namespace=\"shop\",ingress=~\"checkout\",canary=~\"shop-checkout-canary-.+\""
                .to_owned(),
            "namespace=\"shop\",ingress=~\"checkout\",canary=\"\"".to_owned(),
        ),
        (
            of("istio_requests_total", "destination_service_name"),
            "destination_service_name=\"checkout-canary\",destination_service_namespace=\"shop\",\
             reporter=\"source\""
                .to_owned(),
            "destination_service_name=\"checkout-stable\",destination_service_namespace=\"shop\",\
             reporter=\"source\""
                .to_owned(),
        ),
        (
            of("response_total", "rollouts_pod_template_hash"),
            format!("rollouts_pod_template_hash=\"{CURRENT}\",direction=\"inbound\""),
            format!("rollouts_pod_template_hash=\"{STABLE}\",direction=\"inbound\""),
        ),
        (
            of("envoy_cluster_upstream_rq_xx", "envoy_cluster_name"),
            "envoy_cluster_name=~\"(.+[/_|.])?checkout-canary([/_|.:].*)?\"".to_owned(),
            "envoy_cluster_name=~\"(.+[/_|.])?checkout-stable([/_|.:].*)?\"".to_owned(),
        ),
    ];
    for (found, of_canary, of_stable) in cases {
        let query = |version| found.requests(&sides, version, "1m").unwrap();
        assert!(query(canary).contains(&format!("{{{of_canary}}}[1m]")), "{}", query(canary));
        assert!(query(stable).contains(&format!("{{{of_stable}}}[1m]")), "{}", query(stable));
    }
}

fn stated(text: &str) -> Stated<SafeText> {
    Stated::built_in(text.into())
}

#[test]
fn the_catalogue_says_how_versions_are_told_apart_and_nothing_else_is_tried() {
    let series = |canary: &str| Series::Label {
        label: stated("app_version"),
        stable: stated("shop.v1"),
        canary: stated(canary),
    };
    let sides_of = |series: Series| a_canary().ask(|release| Sides::of(release, Some(&series)));
    let sides = sides_of(series("a\"b"));
    let queries = exploration(&sides).join("\n");
    let either = "http_requests_total{app_version=~\"a\\\"b|shop\\\\.v1\"}";
    assert!(queries.contains(either), "{queries}");
    assert!(!queries.contains("pod"), "{queries}");
    let number = SCHEMES.iter().position(|s| s.requests == "http_requests_total").unwrap();
    let own = found(&[element(&format!("{number}.0"), &[("code", "200")])], &sides).unwrap();
    let query =
        |version: &Option<Version>| own.requests(&sides, version.as_ref().unwrap(), "1m").unwrap();
    assert!(query(&sides.canary).contains("{app_version=\"a\\\"b\"}[1m]"));
    assert!(query(&sides.stable).contains("{app_version=\"shop.v1\"}[1m]"));
    // What is the same for both tells nothing apart.
    assert_eq!(exploration(&sides_of(series("shop.v1"))), Vec::<String>::new());
}

#[test]
fn a_selector_of_the_catalogue_narrows_what_is_usual() {
    let series = Series::Selector(stated("job=\"shop\""));
    let sides = a_canary().ask(|release| Sides::of(release, Some(&series)));
    let by_pod = mark_of("http_requests_total", "pod");
    let own = found(&[element(&by_pod, &[("code", "200")])], &sides).unwrap();
    let query = own.failed(&sides, sides.canary.as_ref().unwrap(), "1m").unwrap();
    let wanted = format!("{{pod=~\"checkout-{CURRENT}-[a-z0-9]+\",job=\"shop\",code=~\"5..\"}}");
    assert!(query.contains(&wanted), "{query}");
    assert!(own.scrapes(&sides).unwrap().contains(",job=\"shop\""));
    assert!(exploration(&sides).iter().all(|query| query.contains("job=\"shop\"")));
}

#[test]
fn durations_come_with_their_unit() {
    let sides = sides();
    let stable = sides.stable.as_ref().unwrap();
    let istio = found(&[element(&mark_of("istio_requests_total", "pod"), &[])], &sides).unwrap();
    let (query, per_second) = istio.durations(&sides, stable, "2m").unwrap();
    assert!(query.starts_with("sum by (le) (increase(istio_request_duration_milliseconds_bucket{"));
    assert!((per_second - 1000.0).abs() < f64::EPSILON);
}

#[test]
fn versions_of_each_strategy() {
    let blue_green = a_blue_green().ask(|release| Sides::of(release, None));
    assert_eq!(blue_green.canary.unwrap().service.unwrap(), "storefront-preview");
    assert_eq!(blue_green.stable.unwrap().hash, STABLE);
    let at_rest = a_deployment().ask(|release| Sides::of(release, None));
    assert_eq!(at_rest.canary, None, "a Deployment at rest has one version");
    assert_eq!(at_rest.stable.unwrap().hash, CURRENT);
}

#[test]
fn the_same_release_in_another_namespace_is_somebody_else() {
    let sides = sides();
    let by_hash = mark_of("http_requests_total", "rollouts_pod_template_hash");
    let of = |label: &'static str, value: &'static str| {
        element(&by_hash, &[("code", "200"), (label, value)])
    };
    assert_eq!(found(&[of("namespace", "staging")], &sides), None);
    let both = [of("namespace", "staging"), of("namespace", "shop")];
    let own = found(&both, &sides).unwrap();
    let query = own.requests(&sides, sides.canary.as_ref().unwrap(), "1m").unwrap();
    let wanted = format!("{{rollouts_pod_template_hash=\"{CURRENT}\",namespace=\"shop\"}}");
    assert!(query.contains(&wanted), "{query}");
    assert!(own.scrapes(&sides).unwrap().contains(",namespace=\"shop\"}[60s]"));
    // The label may be the target's own: then the exported one tells.
    let target = element(&by_hash, &[("namespace", "ingress"), ("exported_namespace", "shop")]);
    let query = found(&[target], &sides).unwrap();
    let query = query.requests(&sides, sides.stable.as_ref().unwrap(), "1m").unwrap();
    assert!(query.contains("exported_namespace=\"shop\""), "{query}");
    let untold = found(&[element(&by_hash, &[("code", "200")])], &sides).unwrap();
    let query = untold.requests(&sides, sides.stable.as_ref().unwrap(), "1m").unwrap();
    assert!(!query.contains("namespace"), "no label tells: {query}");
}

#[test]
fn the_time_between_two_scrapes() {
    let counted = |counts: &[(&str, f64)]| {
        let element = |(window, count): &(&str, f64)| (element(window, &[]), *count);
        interval(&counts.iter().map(element).collect::<Vec<_>>())
    };
    let cases = [
        (&[("10", 10.0), ("30", 30.0), ("60", 60.0)][..], Some(1.0)),
        (&[("10", 1.0), ("30", 2.0), ("60", 4.0)][..], Some(15.0)),
        (&[("10", 10.0), ("30", 14.0), ("60", 14.0)][..], Some(1.0)),
        (&[("10", 2.0), ("30", 7.0), ("60", 15.0)][..], Some(4.0)),
        (&[("60", 2.0)][..], Some(30.0)),
        (&[("60", 1.0)][..], None),
        (&[("60", f64::NAN)][..], None),
        (&[][..], None),
    ];
    for (counts, wanted) in cases {
        let found = counted(counts);
        assert_eq!(found.map(f64::round), wanted, "{counts:?}");
    }
}
