//! What measuring needs of the cluster: templates of analyses, Services that are Prometheus, and
//! the way to such a Service through the API server.
//!
//! Only reads. Called by `runtime`.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::call;
use super::connect::Connection;
use super::error::ClusterError;
use super::resource::escape;
use super::wire;
use crate::domain::analysis::template::{AnalysisTemplate, TemplateName};
use crate::domain::measure::address::ServicePort;
use crate::domain::text::SafeText;

const ARGO: &str = "/apis/argoproj.io/v1alpha1";

/// Services of the usual charts and operators, by the label that they all set.
const NAMED_PROMETHEUS: &str = "app.kubernetes.io/name in (prometheus, thanos-query, \
                                victoria-metrics-single, vmsingle, mimir)";

/// Where Services of older manifests are looked for by name.
const USUAL_PLACES: [(&str, &str); 6] = [
    ("monitoring", "prometheus"),
    ("monitoring", "prometheus-k8s"),
    ("monitoring", "prometheus-server"),
    ("prometheus", "prometheus-server"),
    ("istio-system", "prometheus"),
    ("linkerd-viz", "prometheus"),
];

/// Names of ports that lead to the API of such a server.
const PORT_NAMES: [&str; 6] = ["http-web", "web", "http", "https-web", "https", "api"];

/// Reads a template.
///
/// # Errors
/// `NotFound`, `Forbidden` and others.
pub async fn read_analysis_template(
    conn: &Connection,
    namespace: &str,
    name: &TemplateName,
) -> Result<AnalysisTemplate, ClusterError> {
    let kind = if name.cluster { "clusteranalysistemplates" } else { "analysistemplates" };
    let scope =
        if name.cluster { String::new() } else { format!("/namespaces/{}", escape(namespace)) };
    let path = format!("{ARGO}{scope}/{kind}/{}", escape(&name.name));
    let action = format!("get {kind} in {namespace}");
    let what = format!("{} {}", kind.trim_end_matches('s'), name.name);
    let value = call::ask(conn, &path, &action, &what).await?;
    wire::decode_template(&value, name.cluster).ok_or_else(|| ClusterError::Decode {
        action: action.into(),
        cause: "it has no name".into(),
    })
}

/// Services of the cluster that look like Prometheus; those that may not be read are left out.
///
/// # Errors
/// When neither a list nor a single Service could be had: the last reason.
pub async fn prometheus_services(conn: &Connection) -> Result<Vec<ServicePort>, ClusterError> {
    let action = "list services in all namespaces";
    let path = format!("/api/v1/services?limit=50&labelSelector={}", escape(NAMED_PROMETHEUS));
    let mut trouble = None;
    let mut found = Vec::new();
    match call::ask(conn, &path, action, "services").await {
        Ok(list) => found.extend(call::items(&list).filter_map(port_of)),
        Err(error) => trouble = Some(error),
    }
    if found.is_empty() {
        for (namespace, name) in USUAL_PLACES {
            let path = format!("/api/v1/namespaces/{namespace}/services/{name}");
            let action = format!("get services in {namespace}");
            match call::ask(conn, &path, &action, name).await {
                Ok(service) => found.extend(port_of(&service)),
                Err(ClusterError::NotFound { .. }) => {}
                Err(error) => trouble = Some(error),
            }
        }
    }
    match trouble {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

fn port_of(service: &Value) -> Option<ServicePort> {
    let text = |path: &str| service.pointer(path).and_then(Value::as_str);
    let (namespace, name) = (text("/metadata/namespace")?, text("/metadata/name")?);
    // Exporters carry the label of their chart too.
    let is_other = ["node-exporter", "alertmanager", "pushgateway", "kube-state", "operator"]
        .iter()
        .any(|other| name.contains(other));
    if is_other {
        return None;
    }
    let ports = service.pointer("/spec/ports").and_then(Value::as_array)?;
    let name_of = |port: &Value| port.get("name").and_then(Value::as_str).map(str::to_owned);
    let by_name = PORT_NAMES
        .iter()
        .find_map(|wanted| ports.iter().find(|port| name_of(port).as_deref() == Some(*wanted)));
    let port = by_name.or_else(|| ports.first())?;
    let number = port.get("port").and_then(Value::as_u64)?;
    let https = name_of(port).is_some_and(|name| name.starts_with("https"));
    Some(ServicePort {
        namespace: SafeText::new(namespace),
        name: SafeText::new(name),
        port: number.to_string().into(),
        https,
    })
}

/// An answer of a Service, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Through {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
    /// `Location`.
    pub location: Option<String>,
    /// `Retry-After` in seconds.
    pub retry_after: Option<Duration>,
}

/// Why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotThrough {
    /// No connection to the API server, or it broke.
    Unreachable(SafeText),
    /// No answer in time.
    Silent,
    /// The body is larger than was asked for.
    TooLarge,
}

/// GETs a path of a Service through the API server, which needs the right `get services/proxy`.
///
/// # Errors
/// Why there is no answer.
pub async fn through(
    conn: &Connection,
    service: &ServicePort,
    path_and_query: &str,
    most: usize,
    within: Duration,
) -> Result<Through, NotThrough> {
    let scheme = if service.https { "https" } else { "http" };
    let path = format!(
        "/api/v1/namespaces/{}/services/{scheme}:{}:{}/proxy{path_and_query}",
        escape(&service.namespace),
        escape(&service.name),
        escape(&service.port)
    );
    let asked = async {
        let response = call::open(conn, call::get(&path), within).await.map_err(unreachable)?;
        let status = response.status();
        let location = location(&response);
        let retry_after = call::retry_after(&response);
        let collected = call::collect(response.into_body(), most).await;
        let bytes = collected.map_err(NotThrough::Unreachable)?.ok_or(NotThrough::TooLarge)?;
        let body = if status == StatusCode::FORBIDDEN { forbidden(service, bytes) } else { bytes };
        Ok(Through { status: status.as_u16(), body, location, retry_after })
    };
    match tokio::time::timeout(within, asked).await {
        Ok(ended) => ended,
        Err(_) => Err(NotThrough::Silent),
    }
}

fn location(response: &http::Response<kube::client::Body>) -> Option<String> {
    let location = response.headers().get("location")?.to_str().ok()?;
    response.status().is_redirection().then(|| location.to_owned())
}

/// The API server's own refusal names the missing right at length; ours is short.
fn forbidden(service: &ServicePort, bytes: Vec<u8>) -> Vec<u8> {
    let status: Option<Value> = serde_json::from_slice(&bytes).ok();
    let is_ours = status.is_some_and(|s| s.get("kind").and_then(Value::as_str) == Some("Status"));
    if is_ours {
        format!("get services/proxy in {}", service.namespace).into_bytes()
    } else {
        bytes
    }
}

fn unreachable(failure: call::Failure) -> NotThrough {
    match failure {
        call::Failure::Unsent(cause) | call::Failure::Garbled(cause) => {
            NotThrough::Unreachable(cause)
        }
        call::Failure::Silent(_) => NotThrough::Silent,
        call::Failure::Refused(refusal) => NotThrough::Unreachable(refusal.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(name: &str, ports: &Value) -> Value {
        json!({ "metadata": { "namespace": "monitoring", "name": name }, "spec": { "ports": ports } })
    }

    #[test]
    fn the_port_of_the_api_is_chosen_and_exporters_are_none() {
        let ports = json!([
            { "name": "reloader-web", "port": 8080 },
            { "name": "http-web", "port": 9090 }
        ]);
        let port = |name: &str, ports: &Value| port_of(&service(name, ports)).map(|s| s.port);
        assert_eq!(port("prometheus", &ports).unwrap(), "9090");
        assert_eq!(port("prometheus-server", &json!([{ "port": 80 }])).unwrap(), "80");
        for other in ["prometheus-node-exporter", "prometheus-alertmanager", "prometheus-operator"]
        {
            assert_eq!(port(other, &ports), None, "{other}");
        }
        assert_eq!(port("prometheus", &json!([])), None);
    }
}
