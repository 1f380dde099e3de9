//! The routes of a VirtualService: which of them are meant, whether they can be shared, and their
//! weights.
//!
//! Called when traffic is routed, and by the validation.

use serde_json::{Value, json};

use super::super::Share;
use super::hosts;
use crate::sim::control::rollout::pass::Pass;
use crate::sim::control::rollout::spec::{DestinationRuleRef, Rollout, VirtualServiceRef};
use crate::sim::object::{Document, DocumentMut};

/// The host of a destination, without its namespace.
fn host_of(destination: &Value) -> &str {
    let host = destination.text("/destination/host");
    host.split_once('.').map_or(host, |(host, _)| host)
}

/// The HTTP routes of these names; without names the only one, or the first that has none.
fn http_indexes(names: &[String], routes: &[Value]) -> Result<Vec<usize>, String> {
    if names.is_empty() {
        if routes.len() == 1 {
            return Ok(vec![0]);
        }
        let unnamed = routes.iter().position(|route| route.text("/name").is_empty());
        return Ok(unnamed.into_iter().collect());
    }
    let find = |name: &String| {
        let found = routes.iter().position(|route| route.text("/name") == name);
        found.ok_or_else(|| {
            format!("HTTP Route '{name}' is not found in the defined Virtual Service.")
        })
    };
    names.iter().map(find).collect()
}

/// The TLS or TCP routes that match these ports and hosts; without any the first one.
fn stream_indexes(kind: &str, wanted: &[Value], routes: &[Value]) -> Result<Vec<usize>, String> {
    if wanted.is_empty() {
        return Ok(vec![0]);
    }
    let mut indexes = Vec::new();
    for wanted in wanted {
        let before = indexes.len();
        indexes.extend(
            (0..routes.len())
                .filter(|at| routes.get(*at).is_some_and(|route| is_match(kind, wanted, route))),
        );
        if indexes.len() == before {
            let kind = kind.to_uppercase();
            return Err(format!("No matching {kind} routes found in the defined Virtual Service."));
        }
    }
    Ok(indexes)
}

/// Whether a route has one port, the wanted one, and exactly the wanted hosts.
fn is_match(kind: &str, wanted: &Value, route: &Value) -> bool {
    let matches = route.items("/match");
    let mut ports: Vec<i64> = matches.iter().map(|one| one.int("/port")).collect();
    ports.sort_unstable();
    ports.dedup();
    let texts = |value: &Value| {
        let mut texts: Vec<String> =
            value.items("/sniHosts").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        texts.sort();
        texts.dedup();
        texts
    };
    let mut hosts: Vec<String> = matches.iter().flat_map(texts).collect();
    hosts.sort();
    hosts.dedup();
    let port = ports.first().copied().unwrap_or(0);
    ports.len() <= 1 && port == wanted.int("/port") && (kind == "tcp" || hosts == texts(wanted))
}

/// Whether a VirtualService can share the traffic of a Rollout; otherwise which kind of its routes
/// is wrong, and why.
pub(crate) fn check_service(
    rollout: &Rollout,
    reference: &VirtualServiceRef,
    service: &Value,
) -> Result<(), (&'static str, String)> {
    check_http(rollout, reference, service).map_err(|why| ("HTTP", why))?;
    let (tls, tcp) = (&reference.tls_routes, &reference.tcp_routes);
    check_streams(rollout, "tls", tls, service).map_err(|why| ("TLS", why))?;
    check_streams(rollout, "tcp", tcp, service).map_err(|why| ("TCP", why))
}

fn check_http(
    rollout: &Rollout,
    reference: &VirtualServiceRef,
    service: &Value,
) -> Result<(), String> {
    if service.pointer("/spec/http").is_none() {
        return Ok(());
    }
    let routes = service.items("/spec/http");
    for index in http_indexes(&reference.routes, routes)? {
        check_destinations(rollout, routes.get(index))?;
    }
    let managed = rollout.routing().and_then(|routing| routing.managed_routes.as_ref());
    let is_managed = |route: &&Value| {
        managed.into_iter().flatten().any(|managed| managed.name == route.text("/name"))
    };
    let others = routes.iter().filter(|route| !is_managed(route)).count();
    if reference.routes.is_empty() && others > 1 {
        return Err("spec.http[] should be set in VirtualService and it must have exactly one \
                    route when omitting spec.strategy.canary.trafficRouting.istio.virtualService.\
                    routes"
            .into());
    }
    Ok(())
}

fn check_streams(
    rollout: &Rollout,
    kind: &str,
    wanted: &[Value],
    service: &Value,
) -> Result<(), String> {
    if service.pointer(&format!("/spec/{kind}")).is_none() {
        return Ok(());
    }
    let routes = service.items(&format!("/spec/{kind}"));
    for index in stream_indexes(kind, wanted, routes)? {
        check_destinations(rollout, routes.get(index))?;
    }
    if wanted.is_empty() && routes.len() > 1 {
        return Err(format!(
            "spec.{kind}[] should be set in VirtualService and it must have exactly one route \
             when omitting spec.strategy.canary.trafficRouting.istio.virtualService.{kind}Routes"
        ));
    }
    Ok(())
}

/// Whether a route leads to both versions.
fn check_destinations(rollout: &Rollout, route: Option<&Value>) -> Result<(), String> {
    let (stable, canary) = hosts(rollout);
    let destinations = route.map(|route| route.items("/route")).unwrap_or_default();
    let has_host = |host: &str| {
        !host.is_empty() && destinations.iter().any(|destination| host_of(destination) == host)
    };
    let has_subset = |name: &str| {
        !name.is_empty() && destinations.iter().any(|d| d.text("/destination/subset") == name)
    };
    let istio = rollout.routing().and_then(|routing| routing.istio.as_ref());
    if let Some(rule) = istio.and_then(|istio| istio.destination_rule.as_ref()) {
        for (which, name) in
            [("Canary", &rule.canary_subset_name), ("Stable", &rule.stable_subset_name)]
        {
            if !has_subset(name) {
                return Err(format!("{which} DestinationRule subset '{name}' not found in route"));
            }
        }
        return Ok(());
    }
    for (which, name) in [("Canary", canary), ("Stable", stable)] {
        if !has_host(&name) {
            return Err(format!("{which} Service '{name}' not found in route"));
        }
    }
    Ok(())
}

/// Managed routes first, in the order of their names, then the others.
pub(super) fn in_order(routes: &[Value], managed: &[&str]) -> Vec<Value> {
    let is_managed = |route: &&Value| managed.contains(&route.text("/name"));
    let first = managed
        .iter()
        .flat_map(|name| routes.iter().filter(move |route| route.text("/name") == *name));
    first.chain(routes.iter().filter(|route| !is_managed(route))).cloned().collect()
}

/// The destinations of the first route that shares traffic.
pub(super) fn shared_destinations(names: &[String], routes: &[Value]) -> Vec<Value> {
    let index = http_indexes(names, routes).ok().and_then(|indexes| indexes.first().copied());
    let route = index.and_then(|index| routes.get(index));
    route.map(|route| route.items("/route").to_vec()).unwrap_or_default()
}

impl Pass<'_, '_> {
    /// Changes the weights of all routes that are meant; whether any is another than before.
    pub(super) fn change_weights(
        &self,
        service: &mut Value,
        reference: &VirtualServiceRef,
        share: &Share,
    ) -> bool {
        let mut names = reference.routes.clone();
        let managed = self.rollout.routing().and_then(|routing| routing.managed_routes.as_ref());
        for route in service.items("/spec/http") {
            let name = route.text("/name");
            let is_managed = managed.into_iter().flatten().any(|managed| managed.name == name);
            if route.get("mirror").is_some() && is_managed {
                names.push(name.to_owned());
            }
        }
        let http = http_indexes(&names, service.items("/spec/http")).unwrap_or_default();
        let streams = |kind: &str, wanted: &[Value]| {
            let routes = service.items(&format!("/spec/{kind}"));
            stream_indexes(kind, wanted, routes).unwrap_or_default()
        };
        let tls = streams("tls", &reference.tls_routes);
        let tcp = streams("tcp", &reference.tcp_routes);
        let mut changed = false;
        for (kind, indexes) in [("http", http), ("tls", tls), ("tcp", tcp)] {
            for index in indexes {
                let place = format!("/spec/{kind}/{index}/route");
                if let Some(Value::Array(destinations)) = service.pointer_mut(&place) {
                    changed |= self.change_route(destinations, share);
                }
            }
        }
        changed
    }

    fn change_route(&self, destinations: &mut Vec<Value>, share: &Share) -> bool {
        let (stable, canary) = hosts(&self.rollout);
        let rule = self.istio().destination_rule.unwrap_or_default();
        let stable_weight = stable_weight(destinations, share, &rule);
        let mut missing = share.additional.clone();
        let mut wanted = Vec::new();
        let mut changed = false;
        for destination in destinations.iter() {
            let (host, subset) = (host_of(destination), destination.text("/destination/subset"));
            let is = |name: &str| !subset.is_empty() && subset == name;
            let before = destination.int("/weight");
            let extra = missing.iter().position(|other| other.service_name == host);
            let weight = if host.is_empty() || rule.additional_subset_names.iter().any(|n| is(n)) {
                before
            } else if host == canary || is(&rule.canary_subset_name) {
                i64::from(share.weight)
            } else if host == stable || is(&rule.stable_subset_name) {
                i64::from(stable_weight)
            } else if let Some(extra) = extra {
                i64::from(missing.remove(extra).weight)
            } else if before == 0 {
                0
            } else {
                // Left over from an experiment.
                changed = true;
                continue;
            };
            let mut destination = destination.clone();
            if weight != before {
                destination.set("/weight", weight);
                changed = true;
            }
            wanted.push(destination);
        }
        for other in missing.iter().filter(|other| other.weight != 0) {
            let host = json!({"host": other.service_name});
            wanted.push(json!({"weight": other.weight, "destination": host}));
            changed = true;
        }
        *destinations = wanted;
        changed
    }
}

/// What is left for the stable version.
fn stable_weight(destinations: &[Value], share: &Share, rule: &DestinationRuleRef) -> i32 {
    let additional: i32 = share.additional.iter().map(|other| other.weight).sum();
    let foreign = destinations.iter().filter(|destination| {
        let subset = destination.text("/destination/subset");
        rule.additional_subset_names.iter().any(|name| name == subset)
    });
    let foreign: i64 = foreign.map(|destination| destination.int("/weight")).sum();
    let foreign = i32::try_from(foreign).unwrap_or(0);
    (100 - share.weight - additional - foreign).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(name: &str) -> Value {
        json!({"name": name, "route": [
            {"destination": {"host": "stable.shop"}, "weight": 100},
            {"destination": {"host": "canary"}},
        ]})
    }

    fn rollout() -> Rollout {
        let object = json!({
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"strategy": {"canary": {
                "canaryService": "canary", "stableService": "stable",
                "trafficRouting": {"istio": {"virtualService": {"name": "web"}}},
            }}},
        });
        Rollout::read(&object).unwrap()
    }

    #[test]
    fn what_can_be_shared() {
        let named = |names: &[&str]| VirtualServiceRef {
            routes: names.iter().map(|name| (*name).to_owned()).collect(),
            ..VirtualServiceRef::default()
        };
        let service = |routes: Vec<Value>| json!({"spec": {"http": routes}});
        let check =
            |names: &[&str], routes| check_service(&rollout(), &named(names), &service(routes));
        assert_eq!(check(&[], vec![route("a")]), Ok(()));
        assert_eq!(check(&["b"], vec![route("a"), route("b")]), Ok(()));
        assert_eq!(
            check(&["c"], vec![route("a")]),
            Err(("HTTP", "HTTP Route 'c' is not found in the defined Virtual Service.".into()))
        );
        assert!(check(&[], vec![route("a"), route("b")]).unwrap_err().1.contains("exactly one"));
        let one_way = json!({"route": [{"destination": {"host": "stable"}}]});
        assert_eq!(
            check(&[], vec![one_way]),
            Err(("HTTP", "Canary Service 'canary' not found in route".into()))
        );
    }

    #[test]
    fn managed_routes_come_first() {
        let routes = [route("a"), route("mirror"), route("b"), route("header")];
        let ordered = in_order(&routes, &["header", "mirror", "gone"]);
        let names: Vec<_> = ordered.iter().map(|route| route.text("/name")).collect();
        assert_eq!(names, ["header", "mirror", "a", "b"]);
    }
}
