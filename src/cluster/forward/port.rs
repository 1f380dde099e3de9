//! Which port of a pod is asked.
//!
//! A pod need not declare its ports, so a number is taken at its word; a name must be found. Only
//! reads. Called by `runtime`, by way of `forward`.

use serde_json::Value;

use crate::cluster::call;
use crate::cluster::connect::Connection;
use crate::cluster::error::ClusterError;
use crate::cluster::resource;
use crate::domain::id::ResourceKind;

/// Names of ports that speak HTTP without TLS, the likeliest first.
const PORT_NAMES: [&str; 3] = ["http", "web", "http-web"];

/// Finds the port of a pod. In this order: what is `wanted`, as name or number of a port of the
/// pod, else of the Service, else as a number that nobody declares; what the Service's only port,
/// or the one with a usual name, sends to; the only port that the pod declares, or the one with a
/// usual name.
///
/// # Errors
/// When pod or Service cannot be read, when it cannot be told which port is meant (the words list
/// those there are), and when it speaks TLS.
pub async fn pod_port(
    conn: &Connection,
    namespace: &str,
    pod: &str,
    service: Option<&str>,
    wanted: Option<&str>,
) -> Result<u16, ClusterError> {
    let read = async |kind: ResourceKind, name: &str| {
        let path = resource::object(kind, namespace, name);
        let action = format!("get {} in {namespace}", kind.resource());
        let what = format!("{} {namespace}/{name}", kind.resource().trim_end_matches('s'));
        call::ask(conn, &path, &action, &what).await
    };
    let found = read(ResourceKind::Pods, pod).await?;
    let service = match service {
        Some(name) => Some(read(ResourceKind::Services, name).await?),
        None => None,
    };
    choose(&found, service.as_ref(), wanted).map_err(|cause| ClusterError::Decode {
        action: format!("choose a port of pod {namespace}/{pod}").into(),
        cause: cause.into(),
    })
}

/// A port of a pod or of a Service, as its object says it.
#[derive(Debug, Clone, Copy)]
struct Port<'a> {
    name: &'a str,
    number: u16,
    /// Where a Service sends to: a number, or a name of the pod's.
    target: Option<&'a Value>,
    tls: bool,
}

impl<'a> Port<'a> {
    /// Nothing where it is not for TCP, or has no number.
    fn of(port: &'a Value, key: &str) -> Option<Self> {
        let text = |key: &str| port.get(key).and_then(Value::as_str).unwrap_or_default();
        if !matches!(text("protocol"), "" | "TCP") {
            return None;
        }
        let number = port.get(key).and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok())?;
        let name = text("name");
        let tls = name.starts_with("https") || text("appProtocol") == "https" || number == 443;
        Some(Self { name, number, target: port.get("targetPort"), tls })
    }

    fn is(&self, word: &str) -> bool {
        self.name == word || word.parse() == Ok(self.number)
    }

    fn words(&self) -> String {
        format!("{} {}", self.number, self.name).trim_end().to_owned()
    }
}

/// Those of its containers, and of init containers that go on running beside them.
fn declared(pod: &Value) -> Vec<Port<'_>> {
    let all = |key: &str| pod.pointer(key).and_then(Value::as_array).into_iter().flatten();
    let stays = |c: &&Value| c.get("restartPolicy").and_then(Value::as_str) == Some("Always");
    let containers = all("/spec/containers").chain(all("/spec/initContainers").filter(stays));
    let ports = containers.filter_map(|c| c.get("ports").and_then(Value::as_array)).flatten();
    ports.filter_map(|port| Port::of(port, "containerPort")).collect()
}

fn choose(pod: &Value, service: Option<&Value>, wanted: Option<&str>) -> Result<u16, String> {
    let own = declared(pod);
    let services = service.and_then(|s| s.pointer("/spec/ports").and_then(Value::as_array));
    let services: Vec<Port<'_>> =
        services.into_iter().flatten().filter_map(|port| Port::of(port, "port")).collect();
    if let Some(word) = wanted {
        if let Some(port) = own.iter().find(|port| port.is(word)) {
            return plain(port);
        }
        if let Some(port) = services.iter().find(|port| port.is(word)) {
            return target(port, &own);
        }
        return match word.parse() {
            Ok(0) | Err(_) => Err(format!("there is no port {word}; {}", said(&own))),
            Ok(number) => Ok(number),
        };
    }
    if let Some(port) = likeliest(&services) {
        return target(port, &own);
    }
    match likeliest(&own) {
        Some(port) => plain(port),
        None => Err(format!("which port is meant? Say it by gate.port; {}", said(&own))),
    }
}

/// The only one, or the one with a usual name.
fn likeliest<'a, 'b>(ports: &'b [Port<'a>]) -> Option<&'b Port<'a>> {
    match ports {
        [only] => Some(only),
        _ => PORT_NAMES.iter().find_map(|word| ports.iter().find(|port| port.name == *word)),
    }
}

/// What a port of a Service sends to.
fn target(port: &Port<'_>, own: &[Port<'_>]) -> Result<u16, String> {
    if port.tls {
        return plain(port);
    }
    match port.target {
        None => Ok(port.number),
        Some(Value::String(name)) => match own.iter().find(|port| port.name == name) {
            Some(port) => plain(port),
            None => Err(format!(
                "the Service's port {} sends to port {name}, which the pod does not have; {}",
                port.words(),
                said(own)
            )),
        },
        Some(number) => {
            let number = number.as_u64().and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0);
            number.ok_or_else(|| format!("the Service's port {} sends to no port", port.words()))
        }
    }
}

fn plain(port: &Port<'_>) -> Result<u16, String> {
    if port.tls {
        let words = port.words();
        return Err(format!(
            "port {words} speaks TLS, which is not spoken by port-forward: name another by \
             gate.port, or give --url"
        ));
    }
    Ok(port.number)
}

fn said(own: &[Port<'_>]) -> String {
    if own.is_empty() {
        return "the pod declares none".to_owned();
    }
    let all: Vec<String> = own.iter().map(Port::words).collect();
    format!("the pod has {}", all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(ports: &Value) -> Value {
        json!({ "spec": { "containers": [{ "name": "app", "ports": ports }] } })
    }

    fn service(ports: &Value) -> Value {
        json!({ "spec": { "ports": ports } })
    }

    #[test]
    fn what_is_wanted_comes_first() {
        let pod = pod(&json!([
            { "name": "http", "containerPort": 8080 },
            { "name": "admin", "containerPort": 9000 },
        ]));
        let service = service(&json!([{ "name": "front", "port": 80, "targetPort": "admin" }]));
        let found = |wanted: &str| choose(&pod, Some(&service), Some(wanted));
        assert_eq!(found("http"), Ok(8080));
        assert_eq!(found("9000"), Ok(9000));
        // The Service's own name and number lead to where it sends.
        assert_eq!(found("front"), Ok(9000));
        assert_eq!(found("80"), Ok(9000));
        // Nobody declares it; it may be there all the same.
        assert_eq!(found("7070"), Ok(7070));
        assert!(found("grpc").unwrap_err().contains("the pod has 8080 http, 9000 admin"));
        for bad in ["0", "65536", "-1", ""] {
            assert!(found(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn else_it_is_where_the_service_sends() {
        let pod = pod(&json!([
            { "name": "app", "containerPort": 8080 },
            { "name": "admin", "containerPort": 9000 },
        ]));
        let found = |ports: Value| choose(&pod, Some(&service(&ports)), None);
        assert_eq!(found(json!([{ "port": 80, "targetPort": "app" }])), Ok(8080));
        assert_eq!(found(json!([{ "port": 80, "targetPort": 7000 }])), Ok(7000));
        assert_eq!(found(json!([{ "port": 80 }])), Ok(80));
        let two = json!([
            { "name": "grpc", "port": 9090, "targetPort": 1 },
            { "name": "http", "port": 80, "targetPort": "admin" },
        ]);
        assert_eq!(found(two), Ok(9000));
        let gone = found(json!([{ "port": 80, "targetPort": "old" }])).unwrap_err();
        assert!(gone.contains("port 80 sends to port old"), "{gone}");
        assert!(gone.contains("8080 app, 9000 admin"), "{gone}");
        assert!(found(json!([{ "port": 80, "targetPort": 70_000 }])).is_err());
        // A Service that does not say which leaves it to the pod, which does not say it either.
        let odd = json!([{ "name": "a", "port": 1 }, { "name": "b", "port": 2 }]);
        assert!(found(odd).unwrap_err().contains("gate.port"));
    }

    #[test]
    fn else_it_is_the_only_one_or_has_a_usual_name() {
        let found = |ports: Value| choose(&pod(&ports), None, None);
        assert_eq!(found(json!([{ "containerPort": 3000 }])), Ok(3000));
        let usual = json!([
            { "name": "https", "containerPort": 8443 },
            { "name": "web", "containerPort": 8080 },
        ]);
        assert_eq!(found(usual), Ok(8080));
        // What is not for TCP does not count.
        let mixed = json!([
            { "containerPort": 53, "protocol": "UDP" },
            { "containerPort": 8080, "protocol": "TCP" },
        ]);
        assert_eq!(found(mixed), Ok(8080));
        let odd = found(json!([{ "containerPort": 1 }, { "name": "b", "containerPort": 2 }]));
        assert!(odd.unwrap_err().contains("the pod has 1, 2 b"));
        assert!(found(json!([])).unwrap_err().contains("the pod declares none"));
        assert!(choose(&json!({}), None, None).is_err());
        assert!(choose(&json!({ "spec": { "containers": "x" } }), None, None).is_err());
    }

    #[test]
    fn an_init_container_that_stays_has_ports_too() {
        let beside = |policy: &str| {
            json!({ "spec": {
                "containers": [{ "name": "app" }],
                "initContainers": [
                    { "restartPolicy": policy, "ports": [{ "containerPort": 8080 }] },
                ],
            }})
        };
        assert_eq!(choose(&beside("Always"), None, None), Ok(8080));
        assert!(choose(&beside(""), None, None).is_err());
    }

    #[test]
    fn a_port_that_speaks_tls_is_refused_with_the_way_out() {
        let secured = pod(&json!([{ "name": "https", "containerPort": 8443 }]));
        let refused = |wanted| choose(&secured, None, wanted).unwrap_err();
        assert!(refused(None).contains("port 8443 https speaks TLS"));
        assert!(refused(Some("8443")).contains("--url"));
        let service = service(&json!([{ "port": 443, "targetPort": 8080 }]));
        assert!(choose(&pod(&json!([])), Some(&service), None).unwrap_err().contains("TLS"));
    }
}
