//! The way through a service: to Prometheus, or to the pods that it selects.
//!
//! Called for requests to `services/NAME/proxy`.

use serde_json::Value;

use super::behind;

use crate::sim::api::place::Target;
use crate::sim::api::refusals;
use crate::sim::api::reply::{Content, Reply};
use crate::sim::api::request::{Request, pairs};
use crate::sim::object::Document;
use crate::sim::prometheus;
use crate::sim::store::{Key, Kind, Refusal};
use crate::sim::world::World;

/// The label of the service behind which Prometheus is.
const LABEL: &str = "app.kubernetes.io/name";

pub(crate) fn proxy(world: &World, request: &Request, target: &Target) -> Result<Reply, Refusal> {
    let (name, port) = taken_apart(&target.name)?;
    let key = Key::new(Kind::Service, &target.namespace, name);
    let service = world.store().find(&key)?;
    let ports = service.items("/spec/ports");
    let known = |wanted: &str| {
        let number = wanted.parse::<i64>().ok();
        ports.iter().any(|p| p.text("/name") == wanted || number == p.int_maybe("/port"))
    };
    if !port.is_empty() && port.parse::<i64>().is_ok() && !known(port) {
        return Err(refusals::unavailable(format!(
            "no service port {port} found for service {name:?}"
        )));
    }
    let is_known = port.is_empty() || known(port);
    let path = format!("/{}", target.rest.join("/"));
    if service.label(LABEL) != "prometheus" && is_known {
        return behind::ask(world, service, &request.method, &path);
    }
    if !is_known {
        return Err(refusals::unavailable(format!("no endpoints available for service {name:?}")));
    }
    let away = &world.ground().faults.prometheus_away;
    if !away.is_empty() {
        return Err(refusals::unavailable(format!("error trying to reach service: {away}")));
    }
    Ok(passed_on(world, request, &path))
}

/// Answers what was asked of Prometheus itself, without a way through the API.
pub(crate) fn prometheus(world: &World, request: &Request) -> Reply {
    passed_on(world, request, &request.path)
}

fn passed_on(world: &World, request: &Request, path: &str) -> Reply {
    let mut parameters = request.query.clone();
    if request.content_type() == "application/x-www-form-urlencoded" {
        parameters.extend(pairs(&String::from_utf8_lossy(&request.body)));
    }
    let (code, body) = ask(world, &request.method, path, &parameters);
    // A document that is a mere text is plain text.
    let content = match body {
        Value::String(text) => Content::Text(text),
        other => Content::Json(other),
    };
    Reply { code, content, headers: Vec::new() }
}

/// A name as it stands in a path: `[scheme:]NAME[:port]`.
fn taken_apart(text: &str) -> Result<(&str, &str), Refusal> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [name] => Ok((name, "")),
        [name, port] | ["" | "http" | "https", name, port] => Ok((name, port)),
        _ => Err(Refusal::bad_request(format!("invalid service request {text:?}"))),
    }
}

/// Asks Prometheus.
fn ask(world: &World, method: &str, path: &str, parameters: &[(String, String)]) -> (u16, Value) {
    prometheus::answer(world.ground(), method, path, parameters, world.now())
}
