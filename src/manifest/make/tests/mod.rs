//! What is made, read back.

mod checked;
mod made;
mod refused;
mod written;

use crate::domain::text::SafeText;
use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::read::{self, Limits};
use crate::manifest::tree::{Node, Spot};
use crate::manifest::workload::Strategy;

use super::{Environment, File, Image, Made, Order, Routing, Shape, make};

const STRATEGIES: [Strategy; 3] = [Strategy::Rolling, Strategy::BlueGreen, Strategy::Canary];

fn image() -> Image {
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    Image { repository: "registry.example/shop/basket".to_owned(), tag: None, digest }
}

fn environment(namespace: &str, replicas: u32) -> Environment {
    Environment { namespace: namespace.to_owned(), replicas }
}

fn plain(replicas: u32) -> Shape {
    Shape::Plain(environment("shop", replicas))
}

fn layered(dev: u32, staging: u32, production: u32) -> Shape {
    Shape::Kustomize {
        dev: environment("shop-dev", dev),
        staging: environment("shop-staging", staging),
        production: environment("shop", production),
    }
}

fn nginx() -> Routing {
    Routing::Nginx { class: "nginx".to_owned(), host: "basket.shop.example".to_owned() }
}

fn gateway() -> Routing {
    Routing::Gateway {
        gateway: "public".to_owned(),
        namespace: Some("infra".to_owned()),
        host: "basket.shop.example".to_owned(),
    }
}

/// An order with everything: Prometheus, an Ingress, an owner.
fn order(strategy: Strategy) -> Order {
    Order {
        routing: nginx(),
        prometheus: Some("http://prometheus.monitoring.svc:9090".to_owned()),
        metrics_port: Some(9100),
        owner: Some("payments".to_owned()),
        runbook: Some("https://runbooks.example/basket".to_owned()),
        ..Order::new(strategy, "basket", image(), plain(10))
    }
}

/// Each strategy with each routing and each shape.
fn every_order() -> Vec<Order> {
    let mut orders = Vec::new();
    for strategy in STRATEGIES {
        for routing in [Routing::None, nginx(), gateway()] {
            for shape in [plain(10), plain(2), layered(5, 5, 20), layered(2, 3, 5)] {
                orders.push(Order { routing: routing.clone(), shape, ..order(strategy) });
            }
        }
    }
    orders
}

fn made(order: &Order) -> Made {
    make(order).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// The objects of the files that are no list for kustomize.
fn objects(files: &[File]) -> Vec<Object> {
    let read = |file: &File| {
        let source = SafeText::new(&file.path);
        let read = read::objects(&source, &file.text, &Limits::default());
        assert!(read.faults.is_empty(), "{}: {:?}\n{}", file.path, read.faults, file.text);
        read.objects
    };
    files.iter().filter(|file| !file.path.contains("kustomization")).flat_map(read).collect()
}

fn bundle(order: &Order) -> Bundle {
    objects(&made(order).files).into_iter().collect()
}

fn of_kind<'b>(bundle: &'b Bundle, kind: &str) -> &'b Object {
    let mut found = bundle.objects().iter().filter(|object| object.kind == kind);
    let first = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "more than one {kind}");
    first
}

fn workload(bundle: &Bundle) -> Spot<'_> {
    let is = |object: &&Object| matches!(object.kind.as_str(), "Deployment" | "Rollout");
    bundle.objects().iter().find(is).expect("a workload").root()
}

/// The text of a file.
fn text<'m>(made: &'m Made, path: &str) -> &'m str {
    let file = made.files.iter().find(|file| file.path == path);
    &file.unwrap_or_else(|| panic!("no {path}")).text
}

fn value(text: &str) -> Node {
    read::value(text, &Limits::default()).unwrap_or_else(|fault| panic!("{fault}\n{text}"))
}
