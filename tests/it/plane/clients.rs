//! Clients that were not written here, against a drill that is served: kubectl and the plugin of
//! Argo Rollouts. The commands are in `clients.txt`.
//!
//! Here because the plane has these clients; no cluster of the plane is asked.

use std::process::{Command, Stdio};

use crate::drills::{Hangar, Served};
use crate::report::report;

use super::grounds::{shared, text};

/// A drill in which nothing happens for longer than this takes.
const BENCH: &str = r#"
schema = 1
title = "A bench"
story = "Nothing happens."
length = "60m"

[[service]]
name = "idle"
namespace = "bench"
strategy = "rolling"
replicas = 1
version = "1.0.0"
requests = 1.0

[[goal]]
title = "nothing"
never = { service = "idle", aborted = true }
points = 100
"#;

/// A line of the list.
struct Row<'a> {
    code: i32,
    command: &'a str,
    says: &'a str,
}

fn rows() -> impl Iterator<Item = Row<'static>> {
    let lines = include_str!("clients.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut parts = line.splitn(3, '|');
        let mut next = || parts.next().unwrap();
        Row { code: next().parse().unwrap(), command: next(), says: next() }
    })
}

#[test]
#[ignore = "needs the control plane's clients: tests/run"]
fn kubectl_and_the_plugin_are_at_home_in_a_drill() {
    let hangar = Hangar::open();
    let bench = hangar.file("bench.toml", BENCH);
    let served = Served::start(&hangar, &["drill", &bench]);
    // kubectl writes the namespace into it.
    let keys = hangar.path("keys");
    std::fs::copy(served.kubeconfig("operator"), &keys).unwrap();
    let path = format!("{}:{}", shared().value("PLANE_BIN"), std::env::var("PATH").unwrap());
    let (mut count, mut wrong) = (0, Vec::new());
    for row in rows() {
        let output = Command::new("bash")
            .args(["-c", row.command])
            .env("PATH", &path)
            .env("KUBECONFIG", &keys)
            .env("HOME", hangar.path(""))
            .env("SHOP", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/plane/clients.yaml"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = text(&output);
        count += 1;
        if output.status.code() != Some(row.code) || !said.contains(row.says) {
            wrong.push(format!("{} -> {:?}\n{said}", row.command, output.status.code()));
        }
    }
    report(&format!("clients: {count} commands, {} wrong", wrong.len()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
