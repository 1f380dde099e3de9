//! The real control plane as a theatre: recordings are made of it, and the embedded cluster is held
//! against it.
//!
//! Ignored by plain `cargo test`, like everything that needs the plane.

use futures::FutureExt;
use kube::config::Kubeconfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::play::{play, wanted};
use super::recording::{self, Recording};
use super::theatre::{House, Theatre};
use crate::plane::grounds::{shared, tell};

/// The plane that all tests share.
fn house() -> House {
    let plane = shared();
    let file = plane.kubeconfig("operator");
    let prometheus = plane.value("PLANE_METRICS_URL").to_owned();
    let address = prometheus.trim_start_matches("http://").to_owned();
    House {
        name: "plane",
        kubeconfig: Kubeconfig::read_from(file).expect("the plane's kubeconfig"),
        prometheus,
        set_metric: Box::new(move |name, value| put(address.clone(), name, value).boxed()),
        clock: Box::new(chrono::Utc::now),
        pace: 1.0,
    }
}

/// `plane metric` without a process: a PUT to the stub of Prometheus.
async fn put(address: String, name: String, value: String) {
    let mut line = tokio::net::TcpStream::connect(&address).await.expect("the metrics stub");
    let request = format!(
        "PUT /set/{name} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{value}",
        value.len()
    );
    line.write_all(request.as_bytes()).await.expect("the metrics stub reads");
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.expect("the metrics stub answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{name} {value}: {answer}");
}

/// The versions of what plays here.
async fn versions(theatre: &Theatre) -> String {
    let version = theatre.get("/version").await;
    let kubernetes = version.body["gitVersion"].as_str().expect("a version").to_owned();
    let modules = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plane/modules");
    let of = |module: &str, name: &str| {
        let file = format!("{modules}/{module}/go.mod");
        let text = std::fs::read_to_string(file).expect("a go.mod");
        let line = text.lines().find(|l| l.trim_start().trim_start_matches("require ").starts_with(name));
        line.and_then(|l| l.split_whitespace().find(|w| w.starts_with('v'))).unwrap_or("?").to_owned()
    };
    let argo = of("argo", "github.com/argoproj/argo-rollouts ");
    let kwok = of("kwok", "sigs.k8s.io/kwok ");
    format!("kubernetes {kubernetes}, argo-rollouts {argo}, kwok {kwok}")
}

/// Plays the stories and widens the recordings by what is seen. `WAVEOFF_RECORD=new` forgets what
/// was recorded before, `WAVEOFF_RECORD=1` adds to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the control plane, and writes the recordings: WAVEOFF_RECORD=1"]
async fn record() {
    let Ok(mode) = std::env::var("WAVEOFF_RECORD") else { return };
    let theatre = Theatre::open(house()).await;
    let of = versions(&theatre).await;
    let played = play(&theatre, &wanted()).await;
    let mut failed = Vec::new();
    for one in played {
        let story = one.story;
        match one.outcome {
            Ok(tracks) => {
                let before = recording::of(&story).filter(|_| mode != "new").unwrap_or_default();
                let changes = if before.runs > 0 { before.differences(&tracks) } else { Vec::new() };
                tell(&format!("{:24} {:5.1} s, {} changes", story.name, one.lasted, changes.len()));
                for change in changes {
                    tell(&format!("  {} | {}", change.field.0, change.field.1));
                    change.lines.iter().for_each(|line| tell(&format!("    {line}")));
                }
                recording::keep(&story, &Recording::with(before, &tracks, &of));
            }
            Err(why) => failed.push(format!("{}: {why}", story.name)),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
