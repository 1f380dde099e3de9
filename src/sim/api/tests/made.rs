//! Right requests that write, and what a real API server (1.34.4, with the definitions of Argo
//! Rollouts 1.10.1) made of each: defaults, merges, what is dropped. Nobody owns fields here.

use super::*;
use crate::sim::object::{Document, DocumentMut};

/// One request and what it really made a line; without what differs from one cluster to another.
const REAL: &str = include_str!("made.jsonl");

/// The controllers of the real cluster had been at work, and none were here.
const OF_CONTROLLERS: [&str; 2] =
    ["deployment.kubernetes.io~1revision", "rollout.argoproj.io~1revision"];

fn plain(mut made: Value, name: &str, method: &str) -> Value {
    let uid = made.uid().to_owned();
    for field in ["uid", "resourceVersion", "creationTimestamp", "generation"] {
        made.take_out(&format!("/metadata/{field}"));
    }
    for key in OF_CONTROLLERS {
        made.take_out(&format!("/metadata/annotations/{key}"));
    }
    let kind = made.text("/kind").to_owned();
    if matches!(kind.as_str(), "Deployment" | "Rollout") && method != "POST" {
        made.take_out("/status");
    }
    if name == "pod generate" {
        made.take_out("/metadata/name");
    }
    if kind == "Service" {
        if made.text("/spec/clusterIP") != "None" {
            made.take_out("/spec/clusterIP");
            made.take_out("/spec/clusterIPs");
        }
        for at in 0..made.items("/spec/ports").len() {
            made.take_out(&format!("/spec/ports/{at}/nodePort"));
        }
    }
    let text =
        if uid.is_empty() { made.to_string() } else { made.to_string().replace(&uid, "UID") };
    serde_json::from_str(&text).unwrap()
}

#[test]
fn writes_make_what_a_real_server_makes() {
    let mut server = Server::new();
    let mut differences = Vec::new();
    let mut count = 0;
    for line in REAL.lines() {
        let real: Value = serde_json::from_str(line).unwrap();
        let (method, path) = real.text("/request").split_once(' ').unwrap();
        let mut request = Request::new(method, path);
        if let Some(form) = real.get("content-type").and_then(Value::as_str) {
            request.headers.push(("content-type".to_owned(), form.to_owned()));
        }
        request.body = real.text("/body").as_bytes().to_vec();
        let reply = server.reply("pilot", request);
        let warning = reply.headers.iter().find(|(name, _)| *name == "Warning");
        let warning = warning.map_or("", |(_, text)| text.as_str());
        let made = plain(reply.json().clone(), real.text("/name"), method);
        count += 1;
        if made != real["made"] || real.text("/warning") != warning {
            differences.push(format!(
                "{} {} {warning}\n  real {}\n  ours {made}",
                real.text("/name"),
                reply.code,
                real["made"]
            ));
        }
    }
    assert!(count > 50, "{count}");
    assert!(differences.is_empty(), "{} of {count}\n{}", differences.len(), differences.join("\n"));
}
