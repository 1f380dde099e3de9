//! What the pods behind a service answer: whether they are up, healthy, and which version they are.
//!
//! As healthy as their image handles requests: what spoils one answer in a hundred calls itself
//! unhealthy. Called by `proxy`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sim::api::refusals;
use crate::sim::api::reply::Reply;
use crate::sim::object::Document;
use crate::sim::store::{Kind, Object, Refusal};
use crate::sim::world::World;

/// The share of spoiled answers from which on an image is unhealthy.
const SICK: f64 = 0.01;

/// The same from which on it is not even up.
const DOWN: f64 = 0.5;

/// Asks the first ready pod that a service selects.
pub(super) fn ask(
    world: &World,
    service: &Object,
    method: &str,
    path: &str,
) -> Result<Reply, Refusal> {
    let selector: BTreeMap<String, String> = service.part("/spec/selector");
    let chosen = |pod: &&Object| {
        let labels: BTreeMap<String, String> = pod.part("/metadata/labels");
        let selected = selector.iter().all(|(key, value)| labels.get(key) == Some(value));
        !selector.is_empty() && selected && pod.holds("Ready") && !pod.is_leaving()
    };
    let pod = world.store().list(Kind::Pod, Some(service.namespace())).find(chosen);
    let pod = pod.ok_or_else(|| {
        let name = service.name();
        refusals::unavailable(format!("no endpoints available for service {name:?}"))
    })?;
    if !matches!(method, "GET" | "HEAD") {
        return Ok(Reply::text(405, "Method Not Allowed\n"));
    }
    let image = pod.text("/spec/containers/0/image");
    Ok(answer(image, world.ground().traffic.spoils(image), path))
}

fn answer(image: &str, spoils: f64, path: &str) -> Reply {
    let healthy = if spoils < SICK { "healthy" } else { "unhealthy" };
    let one = |name: &str, status: &str| json!({ "name": name, "status": status });
    let body: Value = match path {
        "/health" if spoils >= DOWN => return Reply::text(503, "down\n"),
        "/health" => return Reply::text(200, "up\n"),
        "/api/v1/status" => json!({ "status": healthy, "errors": spoils }),
        "/api/v1/version" => {
            let version = image.rsplit(':').next().unwrap_or_default();
            json!({ "version": version })
        }
        "/api/v1/health/db" => json!({ "database": { "status": "connected" } }),
        "/api/v1/health/dependencies" => {
            json!({ "dependencies": [one("cache", "healthy"), one("queue", "healthy")] })
        }
        _ => return Reply::text(404, "404 page not found\n"),
    };
    Reply::ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_as_healthy_as_it_handles_requests() {
        for (spoils, health, status) in [
            (0.0, 200, "healthy"),
            (0.009, 200, "healthy"),
            (0.02, 200, "unhealthy"),
            (0.6, 503, "unhealthy"),
        ] {
            assert_eq!(answer("shop/web:1.2.3", spoils, "/health").code, health);
            let said = answer("shop/web:1.2.3", spoils, "/api/v1/status");
            assert_eq!(said.json()["status"], status, "{spoils}");
        }
        let version = answer("registry:5000/shop/web:1.2.3", 0.0, "/api/v1/version");
        assert_eq!(version.json()["version"], "1.2.3");
        assert_eq!(answer("a:1", 0.0, "/nothing").code, 404);
    }
}
