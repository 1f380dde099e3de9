//! The API as clients meet it, without the wire.

mod desk;
mod fuzz;
mod made;
mod reading;
mod refusals;

use serde_json::{Value, json};

use super::*;
use crate::sim::time::{Moment, parse};

/// The instant at which every test begins.
fn start() -> Moment {
    parse("2026-11-24T10:00:00Z").unwrap()
}

/// A small world, and the desk in front of it.
struct Server {
    world: World,
    desk: Desk,
}

impl Server {
    fn new() -> Self {
        let desk = Desk::new(vec![
            Person::with_all_rights("pilot", "p"),
            Person::with_all_rights("operator", "o"),
            Person::with_eyes_only("viewer", "v"),
            Person::new("blind", "b", Vec::new()),
        ]);
        let mut server = Self { world: World::new(1, start(), Vec::new()), desk };
        for name in ["default", "api"] {
            server.made("/api/v1/namespaces", &json!({"metadata": {"name": name}}));
        }
        server.made("/api/v1/nodes", &json!({"metadata": {"name": "node-a"}}));
        server.made(ROLLOUTS, &rollout("checkout"));
        server.made(DEPLOYMENTS, &deployment("web"));
        server.made(
            SERVICES,
            &json!({
                "metadata": {"name": "web"},
                "spec": {
                    "selector": {"app": "web"},
                    "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
                },
            }),
        );
        server.made(CONFIG_MAPS, &config_map("cfg"));
        server
    }

    fn ask(&mut self, who: &str, request: Request) -> Answer {
        let tokens = [("pilot", "p"), ("operator", "o"), ("viewer", "v"), ("blind", "b")];
        let token = tokens.into_iter().find(|(name, _)| *name == who).map_or("wrong", |(_, t)| t);
        let mut request = request;
        if who != "nobody" {
            request.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        handle(&mut self.world, &mut self.desk, &request)
    }

    fn reply(&mut self, who: &str, request: Request) -> Reply {
        match self.ask(who, request) {
            Answer::Reply(reply) => reply,
            other => panic!("a stream: {other:?}"),
        }
    }

    /// As the pilot, with a body of this form.
    fn send(&mut self, line: &str, form: &str, body: &Value) -> Reply {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::new(method, path);
        request.headers.push(("content-type".to_owned(), form.to_owned()));
        request.body = body.to_string().into_bytes();
        self.reply("pilot", request)
    }

    fn get(&mut self, path: &str) -> Reply {
        self.reply("pilot", Request::new("GET", path))
    }

    fn made(&mut self, path: &str, object: &Value) -> Value {
        let reply = self.send(&format!("POST {path}"), "application/json", object);
        assert_eq!(reply.code, 201, "{reply:?}");
        reply.json().clone()
    }

    fn patch(&mut self, path: &str, form: &str, body: &Value) -> Reply {
        self.send(&format!("PATCH {path}"), &format!("application/{form}-patch+json"), body)
    }
}

const ROLLOUTS: &str = "/apis/argoproj.io/v1alpha1/namespaces/api/rollouts";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/api/deployments";
const SERVICES: &str = "/api/v1/namespaces/api/services";
const CONFIG_MAPS: &str = "/api/v1/namespaces/api/configmaps";
const PODS: &str = "/api/v1/namespaces/api/pods";

fn template(app: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [{"name": "app", "image": "shop/app:1"}]},
    })
}

fn rollout(name: &str) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name, "namespace": "api"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name),
            "strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}},
        },
    })
}

fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "api", "labels": {"app": name}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name),
        },
    })
}

fn config_map(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "api", "labels": {"a": "b"}},
        "data": {"k": "v"},
    })
}
