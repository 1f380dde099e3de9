//! What is refused, and in which words.

use super::{environment, gateway, nginx, order, plain};
use crate::domain::time::Span;
use crate::manifest::make::{Check, Image, Order, Resources, Routing, Shape, Wanted, make};
use crate::manifest::workload::Strategy;

/// The sentence of an order that was changed.
fn refusal(strategy: Strategy, change: impl FnOnce(&mut Order)) -> String {
    let mut order = order(strategy);
    change(&mut order);
    make(&order).map_or_else(|refusal| refusal.to_string(), |_| "made".to_owned())
}

#[test]
fn the_order_that_the_others_change_is_made() {
    assert_eq!(refusal(Strategy::Canary, |_| {}), "made");
}

#[test]
fn names() {
    let named = |strategy, name: &str| refusal(strategy, |order| order.name = name.to_owned());
    let asks = "give lower-case letters, digits and `-`, such as shop-2";
    for (name, wrong) in [
        ("", "it is empty"),
        ("Basket", "it has characters that no such name may have"),
        ("basket.v2", "it has characters that no such name may have"),
        ("bäsket", "it has characters that no such name may have"),
        ("basket\n", "it has characters that no such name may have"),
        ("-basket", "it begins or ends with a sign"),
        ("basket-", "it begins or ends with a sign"),
        ("2basket", "it begins with a digit, and names of Services may not"),
    ] {
        let said = named(Strategy::Rolling, name);
        assert!(
            said.starts_with("name \"") && said.ends_with(&format!("{wrong}; {asks}")),
            "{said}"
        );
    }
    for (strategy, most) in
        [(Strategy::Rolling, 63), (Strategy::BlueGreen, 55), (Strategy::Canary, 56)]
    {
        assert_eq!(named(strategy, &"a".repeat(most)), "made");
        assert!(named(strategy, &"a".repeat(most + 1)).contains(&format!("give {most} at most")));
    }
    let long = "a".repeat(56);
    assert_eq!(
        named(Strategy::BlueGreen, &long),
        format!(
            "name \"{long}\" has 56 characters: {long}-preview would have 64, and Kubernetes takes \
             63; give 55 at most"
        )
    );
    let namespace =
        |name: &str| refusal(Strategy::Canary, |o| o.shape = Shape::Plain(environment(name, 5)));
    assert_eq!(namespace("1shop"), "made");
    assert!(namespace("shop_1").starts_with("namespace \"shop_1\": it has characters"));
    assert!(namespace(&"n".repeat(64)).contains("it has more than 63 characters"));
}

#[test]
fn recreate() {
    assert_eq!(
        refusal(Strategy::Recreate, |_| {}),
        "strategy recreate: it ends every pod before the first new one starts; order rolling, \
         blue-green or canary"
    );
}

#[test]
fn images() {
    let digest = "0123456789abcdef".repeat(4);
    let good = [
        format!("basket@sha256:{digest}"),
        format!("shop/basket:1.4.0@sha256:{digest}"),
        format!("localhost:5000/shop/basket@sha256:{digest}"),
        format!("Registry.example/shop/my__basket.x-y:V1_2@sha256:{digest}"),
    ];
    for text in good {
        let image = Image::parse(&text).unwrap_or_else(|refusal| panic!("{refusal}"));
        assert_eq!(image.reference(), text);
        assert_eq!(refusal(Strategy::Canary, |order| order.image = image), "made");
    }
    let parsed = Image::parse(&format!("localhost:5000/basket:2@sha256:{digest}")).expect("image");
    assert_eq!(
        (parsed.repository.as_str(), parsed.tag.as_deref()),
        ("localhost:5000/basket", Some("2"))
    );
    let bad = [
        ("basket:1.4.0", "it has no digest, and a tag can be another image tomorrow"),
        ("basket@sha512:00", "its digest does not begin with `sha256:`"),
        ("basket@sha256:00", "its digest is not 64 digits of 0-9 and a-f"),
        ("basket:latest@sha256:{d}", "the tag `latest` tells nobody which version this is"),
        ("basket:@sha256:{d}", "its tag has characters that no tag may have"),
        ("basket:-1@sha256:{d}", "its tag begins with a sign"),
        ("basket:{{ .Values.tag }}@sha256:{d}", "its tag has characters"),
        ("Basket@sha256:{d}", "its repository is no path of lower-case names"),
        ("@sha256:{d}", "its repository is no path of lower-case names"),
        ("a//b@sha256:{d}", "its repository is no path of lower-case names"),
        ("a b.example/c@sha256:{d}", "its registry is no host"),
        ("basket@sha256:{d}\n", "its digest is not 64 digits of 0-9 and a-f"),
    ];
    for (text, wrong) in bad {
        let said = Image::parse(&text.replace("{d}", &digest)).expect_err(text).to_string();
        assert!(said.starts_with("image \"") && said.contains(wrong), "{said}");
        assert!(
            said.ends_with("give `repository:tag@sha256:` and 64 hexadecimal digits"),
            "{said}"
        );
    }
}

#[test]
fn ports_and_replicas() {
    let ports = |port, metrics| {
        refusal(Strategy::Canary, |order| (order.port, order.metrics_port) = (port, metrics))
    };
    assert_eq!(ports(0, None), "port 0: there is no such port; give a port from 1 to 65535");
    assert!(ports(8080, Some(0)).starts_with("metrics port 0: there is no such port"));
    assert!(ports(8080, Some(8080)).contains("it is the service's own; leave it out"));
    let shape = |shape| refusal(Strategy::Canary, |order| order.shape = shape);
    assert_eq!(
        shape(plain(0)),
        "replicas 0 of shop: nobody would serve; give 1 at least, and 2 for users"
    );
    assert!(shape(plain(u32::MAX)).ends_with("no cluster has so many pods"));
    let twice = Shape::Kustomize {
        dev: environment("shop", 2),
        staging: environment("shop-staging", 2),
        production: environment("shop", 5),
    };
    assert_eq!(
        shape(twice),
        "namespace \"shop\" is given for two environments: applying one would replace the other; \
         give each its own"
    );
    let resources = |cpu_request, cpu_limit, memory| {
        let resources = Resources { cpu_request, cpu_limit, memory };
        refusal(Strategy::Canary, |order| order.resources = resources)
    };
    assert!(resources(0, 1, 1).contains("nothing is requested"));
    assert!(resources(2, 1, 1).contains("the CPU limit is below the request"));
}

#[test]
fn hosts_and_addresses() {
    let host = |host: &str| {
        let routing = Routing::Nginx { class: "nginx".to_owned(), host: host.to_owned() };
        refusal(Strategy::Canary, |order| order.routing = routing)
    };
    for good in ["shop.example", "*.shop.example", "a-b.c1.example"] {
        assert_eq!(host(good), "made");
    }
    for bad in ["", "shop..example", "Shop.example", "shop_.example", "-a.example", "*", "a.*.b"] {
        assert!(host(bad).contains("it is no DNS name in lower case"), "{bad}: {}", host(bad));
    }
    assert!(host("10.0.0.1").contains("it is an address and no name"));
    assert!(host(&"a.".repeat(200)).contains("longer than 253"));
    let prometheus = |address: &str| {
        refusal(Strategy::Canary, |order| order.prometheus = Some(address.to_owned()))
    };
    assert_eq!(prometheus("https://prometheus.example:9090/x"), "made");
    assert!(prometheus("prometheus:9090").starts_with("address of Prometheus \"prometheus:9090\""));
    assert!(prometheus("http://").contains("it names no host"));
    assert!(prometheus("http://a/{{args.x}}").contains("characters that none may have"));
    for secret in ["http://me:hunter2@prometheus", "me:hunter2@prometheus"] {
        let said = prometheus(secret);
        assert!(said.contains("holds a user or a password") && !said.contains("hunter2"), "{said}");
    }
    let runbook = refusal(Strategy::Canary, |order| order.runbook = Some("wiki".to_owned()));
    assert!(runbook.starts_with("address of the runbook \"wiki\""), "{runbook}");
    let owner = |owner: &str| refusal(Strategy::Canary, |o| o.owner = Some(owner.to_owned()));
    assert_eq!(owner(" "), "owner: it is empty; leave it out, or name a team");
    assert_eq!(owner("a\nb"), "owner: it has control characters; name a team on one line");
    assert_eq!(owner("payments: \"team\" #1"), "made");
    let gateway_of = |order: &mut Order| order.routing = gateway();
    assert_eq!(refusal(Strategy::Canary, gateway_of), "made");
    assert_eq!(refusal(Strategy::Canary, |order| order.routing = nginx()), "made");
}

#[test]
fn paths_and_checks() {
    let said = refusal(Strategy::Canary, |order| order.health.ready = "ready".to_owned());
    assert_eq!(
        said,
        "readiness path \"ready\": it does not begin with `/`; give a path such as /health/ready"
    );
    let said = refusal(Strategy::Canary, |order| order.health.live = order.health.ready.clone());
    assert!(
        said.starts_with("liveness path \"/health/ready\" is the readiness path too"),
        "{said}"
    );
    let check = |path: &str, wanted: Option<(&str, &str)>| {
        let wanted = wanted.map(|(pointer, value)| Wanted {
            pointer: pointer.to_owned(),
            value: value.to_owned(),
        });
        let checks = vec![Check { path: path.to_owned(), wanted }];
        refusal(Strategy::BlueGreen, |order| order.checks = checks)
    };
    assert_eq!(check("/status?x=1", Some(("/a/0/b_c", "very healthy"))), "made");
    assert!(check("/a b", None).starts_with("path of a check \"/a b\""));
    for pointer in ["", "/", "status", "/a//b", "/a'b", "/a~1b"] {
        let said = check("/s", Some((pointer, "x")));
        assert!(said.contains("its pointer is none that a JSONPath can say"), "{pointer}: {said}");
    }
    for value in ["", "a\"b", "{{args.x}}", "a\\b", "a\nb"] {
        let said = check("/s", Some(("/a", value)));
        assert!(said.starts_with("check of \"/s\": its value is empty"), "{value}: {said}");
    }
}

#[test]
fn numbers_that_do_not_fit_together() {
    let ladder = |ladder: Vec<i64>| {
        refusal(Strategy::Canary, |order| {
            order.pace.rungs = vec![Span::minutes(5); ladder.len()];
            order.profile.ladder = ladder;
        })
    };
    assert_eq!(ladder(vec![1, 10, 99]), "made");
    for bad in [vec![], vec![0, 5], vec![5, 5], vec![25, 5], vec![5, 100]] {
        assert!(ladder(bad).ends_with("give weights that rise from 1 to 99, such as 5, 25, 50"));
    }
    let said = refusal(Strategy::Canary, |order| order.pace.rungs.truncate(2));
    assert_eq!(said, "pauses: 2 are given for 3 weights; give one for each");
    let said = refusal(Strategy::Canary, |order| order.pace.rungs = vec![Span::minutes(1); 3]);
    assert_eq!(
        said,
        "pause of 60s at 5 %: the analysis needs 2m for a verdict, so this weight would be passed \
         unjudged; give 2m at least"
    );
    let unmeasured = refusal(Strategy::Canary, |order| {
        order.pace.rungs = vec![Span::minutes(1); 3];
        order.prometheus = None;
    });
    assert_eq!(unmeasured, "made");
    let said = refusal(Strategy::BlueGreen, |order| order.pace.warm = Span::seconds(30));
    assert!(
        said.starts_with("the old version is kept for 30s: the guard and the analysis"),
        "{said}"
    );
    assert!(said.ends_with("give 9m at least"), "{said}");
    let said = refusal(Strategy::Canary, |order| order.pace.window = Span::seconds(30));
    assert!(said.starts_with("query window 30s: Prometheus scrapes every 15s"), "{said}");
    let said = refusal(Strategy::Canary, |order| order.pace.last = Span::milliseconds(1500));
    assert_eq!(said, "pause at 100 % 1.5s: give whole seconds, from 1s to 24h");
    let said = refusal(Strategy::Canary, |order| order.pace.every = Span::zero());
    assert!(said.starts_with("time between measurements 0s"), "{said}");
    for floor in [0.0, 1.0, f64::NAN] {
        let said = refusal(Strategy::Canary, |order| order.profile.healthy_floor = floor);
        assert!(said.contains("give a share between 0 and 1, such as 0.8"), "{said}");
    }
    let said = refusal(Strategy::Canary, |order| order.profile.error_limit = f64::NAN);
    assert!(said.starts_with("error limit NaN"), "{said}");
    let said = refusal(Strategy::Canary, |order| order.terms.least_requests = f64::INFINITY);
    assert!(said.starts_with("least requests inf"), "{said}");
}
