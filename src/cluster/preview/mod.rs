//! The way to a new version through the API server: the proxy to its preview Service.
//!
//! Only reads. What the API server itself says instead of the Service is not an answer of it.
//! Needs `get services/proxy` and `get services`. Called by `runtime`.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Response};
use hyper::body::Bytes;
use serde_json::Value;

use super::call::{self, Failure};
use super::connect::Connection;
use super::error::ClusterError;
use super::resource::escape;
use crate::domain::gate::{Answer, Body, Lost, MOST_BODY};
use crate::domain::measure::address::ServicePort;
use crate::domain::text::SafeText;

/// What the asked service's logs show.
const USER_AGENT: &str = concat!("waveoff/", env!("CARGO_PKG_VERSION"), " preflight");

/// Names of ports that speak HTTP, the likeliest first.
const PORT_NAMES: [&str; 4] = ["http", "https", "web", "http-web"];

/// Finds the port of a Service: the one that is `wanted` by number or name, else the only one, else
/// one with a usual name.
///
/// # Errors
/// When the Service cannot be read, or it cannot be told which port is meant.
pub async fn service_port(
    conn: &Connection,
    namespace: &str,
    name: &str,
    wanted: Option<&str>,
) -> Result<ServicePort, ClusterError> {
    let path = format!("/api/v1/namespaces/{}/services/{}", escape(namespace), escape(name));
    let action = format!("get services in {namespace}");
    let service = call::ask(conn, &path, &action, &format!("Service {name}")).await?;
    let ports = service.pointer("/spec/ports").and_then(Value::as_array);
    let (port, https) = choose(ports.map_or(&[], Vec::as_slice), wanted)
        .map_err(|cause| ClusterError::Decode { action: action.into(), cause: cause.into() })?;
    let (namespace, name) = (SafeText::new(namespace), SafeText::new(name));
    Ok(ServicePort { namespace, name, port: port.into(), https })
}

/// Number of the port, and whether it speaks TLS.
fn choose(ports: &[Value], wanted: Option<&str>) -> Result<(String, bool), String> {
    let name = |port: &Value| port.get("name").and_then(Value::as_str).unwrap_or("").to_owned();
    let number = |port: &Value| port.get("port").and_then(Value::as_u64).unwrap_or(0).to_string();
    let said = || {
        let all: Vec<String> =
            ports.iter().map(|p| format!("{} {}", number(p), name(p)).trim().to_owned()).collect();
        all.join(", ")
    };
    let is = |word: &str| ports.iter().find(|port| name(port) == word || number(port) == word);
    let found = match (wanted, ports) {
        (Some(word), _) => {
            is(word).ok_or_else(|| format!("it has no port {word}; there are {}", said()))?
        }
        (None, [only]) => only,
        (None, []) => return Err("it has no port".to_owned()),
        (None, _) => PORT_NAMES.iter().find_map(|word| is(word)).ok_or_else(|| {
            format!("which port is meant? Say it by gate.port; there are {}", said())
        })?,
    };
    let protocol = found.get("appProtocol").and_then(Value::as_str).unwrap_or_default();
    let https = protocol == "https" || name(found).starts_with("https") || number(found) == "443";
    Ok((number(found), https))
}

/// GETs a path of a Service, which begins with a slash.
///
/// # Errors
/// Why there is no whole answer of the Service within this time.
pub async fn ask(
    conn: &Connection,
    service: &ServicePort,
    path: &str,
    within: Duration,
) -> Result<Answer, Lost> {
    let scheme = if service.https { "https:" } else { "" };
    let (namespace, name) = (escape(&service.namespace), escape(&service.name));
    let port = escape(&service.port);
    let path = format!("/api/v1/namespaces/{namespace}/services/{scheme}{name}:{port}/proxy{path}");
    let mut request = call::get(&path);
    sign(request.headers_mut());
    let asked = async {
        let response = call::open(conn, request, within).await.map_err(lost)?;
        let answer = read(response).await.map_err(Lost::Unreachable)?;
        match own_words(service, &answer) {
            Some(lost) => Err(lost),
            None => Ok(answer),
        }
    };
    match tokio::time::timeout(within, asked).await {
        Ok(Err(Lost::Silent(_))) | Err(_) => {
            Err(Lost::Silent(u64::try_from(within.as_millis()).unwrap_or(u64::MAX)))
        }
        Ok(ended) => ended,
    }
}

/// What every request to a new version says of itself.
pub(super) fn sign(headers: &mut HeaderMap) {
    headers.insert("accept", HeaderValue::from_static("application/json, text/plain;q=0.9, */*"));
    headers.insert("user-agent", HeaderValue::from_static(USER_AGENT));
}

/// Reads an answer to its end, or to the limit of what is judged; the cause when it broke.
pub(super) async fn read<B>(response: Response<B>) -> Result<Answer, SafeText>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    let (head, body) = response.into_parts();
    let body = match call::collect(body, MOST_BODY).await? {
        Some(bytes) => Body::Whole(bytes),
        None => Body::TooLarge,
    };
    Ok(Answer {
        status: head.status.as_u16(),
        content_type: text(&head.headers, "content-type"),
        encoding: text(&head.headers, "content-encoding"),
        location: text(&head.headers, "location"),
        body,
    })
}

fn text(headers: &HeaderMap, name: &str) -> Option<SafeText> {
    Some(SafeText::new(&String::from_utf8_lossy(headers.get(name)?.as_bytes())))
}

/// What the API server says itself: it comes as a `Status` and never from the Service.
fn own_words(service: &ServicePort, answer: &Answer) -> Option<Lost> {
    let Body::Whole(body) = &answer.body else { return None };
    let status: Value = serde_json::from_slice(body).ok()?;
    let is = |key: &str, value: &str| status.get(key).and_then(Value::as_str) == Some(value);
    if answer.status < 400 || !is("kind", "Status") || !is("apiVersion", "v1") {
        return None;
    }
    if answer.status == 403 {
        let right = format!("get services/proxy in {}", service.namespace);
        return Some(Lost::Forbidden(right.into()));
    }
    let message = status.get("message").and_then(Value::as_str).unwrap_or_default();
    Some(Lost::Unreachable(format!("the API server answered {}: {message}", answer.status).into()))
}

fn lost(failure: Failure) -> Lost {
    match failure {
        Failure::Silent(cause) if cause.starts_with("no answer within") => Lost::Silent(0),
        Failure::Unsent(cause) | Failure::Garbled(cause) | Failure::Silent(cause) => {
            Lost::Unreachable(cause)
        }
        Failure::Refused(refusal) => Lost::Unreachable(refusal.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_port_is_the_one_that_is_meant_or_it_is_asked_for() {
        let ports = |value: Value| value.as_array().unwrap().clone();
        let two = ports(json!([{ "name": "grpc", "port": 9000 }, { "name": "http", "port": 80 }]));
        let odd = ports(json!([{ "name": "a", "port": 1 }, { "name": "b", "port": 2 }]));
        let one = ports(json!([{ "port": 8443, "appProtocol": "https" }]));
        assert_eq!(choose(&two, None), Ok(("80".into(), false)));
        assert_eq!(choose(&two, Some("grpc")), Ok(("9000".into(), false)));
        assert_eq!(choose(&two, Some("9000")), Ok(("9000".into(), false)));
        assert_eq!(choose(&one, None), Ok(("8443".into(), true)));
        assert!(choose(&odd, None).unwrap_err().contains("1 a, 2 b"));
        assert!(choose(&one, Some("80")).unwrap_err().contains("8443"));
        assert!(choose(&[], None).is_err());
    }

    #[test]
    fn what_the_api_server_says_is_no_answer_of_the_service() {
        let service = ServicePort {
            namespace: "shop".into(),
            name: "preview".into(),
            port: "80".into(),
            https: false,
        };
        let answer = |status, body: &Value| Answer {
            status,
            content_type: None,
            encoding: None,
            location: None,
            body: Body::Whole(body.to_string().into_bytes()),
        };
        let own = json!({ "kind": "Status", "apiVersion": "v1", "message": "no endpoints" });
        let is = |status, body: &Value| own_words(&service, &answer(status, body));
        assert!(matches!(is(503, &own), Some(Lost::Unreachable(t)) if t.contains("no endpoints")));
        assert!(matches!(is(403, &own), Some(Lost::Forbidden(t)) if t.contains("services/proxy")));
        assert_eq!(is(200, &own), None);
        assert_eq!(is(503, &json!({ "status": "unhealthy" })), None);
    }
}
