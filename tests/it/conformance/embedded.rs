//! The embedded cluster as a theatre.
//!
//! The one place that knows how it is served. Called by the two comparisons.

use futures::FutureExt;
use kube::config::Kubeconfig;
use waveoff::sim::{Clock, Metric, Simulation};

use super::theatre::House;

/// Serves an embedded cluster that has nothing in it yet. It ends with the test that asked for it.
pub(crate) fn embedded(seed: u64) -> House {
    let simulation = Simulation::new(seed, Clock::paced(1.0, chrono::Utc::now)).expect("loopback");
    let kubeconfig = simulation.kubeconfig("operator", "default").expect("an operator");
    let served = simulation.clone();
    tokio::spawn(async move { served.run().await });
    House {
        name: "embedded",
        kubeconfig: Kubeconfig::from_yaml(&kubeconfig).expect("a kubeconfig"),
        prometheus: format!("http://{}", simulation.prometheus_address()),
        set_metric: Box::new(move |name, value| {
            let (metric, service) = name.split_once('/').expect("error_rate/SERVICE");
            simulation.set_metric(metric, &[("service", service)], given(&value));
            std::future::ready(()).boxed()
        }),
        clock: Box::new(chrono::Utc::now),
        pace: 1.0,
    }
}

fn given(value: &str) -> Metric {
    match value {
        "nan" => Metric::Number(f64::NAN),
        "empty" => Metric::Empty,
        "error" => Metric::Error,
        "unset" => Metric::Unset,
        number => Metric::Number(number.parse().expect("a number")),
    }
}
