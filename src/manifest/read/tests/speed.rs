//! How long ten thousand objects take.

#![expect(clippy::disallowed_methods, reason = "tests measure time")]

use std::io::Write as _;
use std::time::Instant;

use super::*;

/// Ten thousand objects in one file: `cargo test --release -- --ignored --nocapture ten_thousand`.
#[test]
#[ignore = "prints a figure; wants --release"]
fn ten_thousand_objects() {
    let item = |index: usize| {
        serde_json::json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": format!("web-{index}"), "namespace": "shop", "labels": {"app": "web",
            "team": "shop"}},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web",
            "image": "registry.example.com/shop/web:1.2.3", "ports": [{"containerPort": 8080}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory":
            "128Mi"}}, "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080},
            "periodSeconds": 5}}], "terminationGracePeriodSeconds": 60}}}})
    };
    let items: Vec<_> = (0..10_000).map(item).collect();
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
    let json = serde_json::to_string_pretty(&list).unwrap();
    let yaml: Vec<String> = items.iter().map(|item| format!("---{}\n", yaml(item, 0))).collect();
    for (what, text) in [("JSON", json), ("YAML", yaml.concat())] {
        let started = Instant::now();
        let read = objects_of(&text);
        let took = started.elapsed();
        assert_eq!((read.objects.len(), read.faults.len()), (10_000, 0));
        let size = text.len() / 1_000_000;
        let line = format!("{size} MB of {what}, 10000 objects: {took:?}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
}

/// A value as YAML writes it in blocks.
fn yaml(value: &serde_json::Value, depth: usize) -> String {
    let lead = "  ".repeat(depth);
    let rows: Vec<String> = match value {
        serde_json::Value::Object(map) => {
            let row = |(key, value)| format!("\n{lead}{key}:{}", yaml(value, depth + 1));
            map.iter().map(row).collect()
        }
        serde_json::Value::Array(list) => {
            list.iter().map(|value| format!("\n{lead}-{}", yaml(value, depth + 1))).collect()
        }
        other => return format!(" {other}"),
    };
    rows.concat()
}
