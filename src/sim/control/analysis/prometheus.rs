//! Measurements by Prometheus, with what the controller's client says when it gets no answer.
//!
//! It asks the Prometheus of this world, whatever the address. Called when a metric is measured.

use serde_json::{Value, json};

use super::condition;
use super::reading::Reading;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::prometheus::{Failure, Found};
use crate::sim::time::{self, Moment};
use crate::sim::world::Ground;

/// How Prometheus is asked.
pub(crate) type Ask = fn(&Ground, &str, Moment) -> Result<Found, Failure>;

/// What of the metric's settings no client can be made of.
pub(super) fn misconfigured(metric: &Value) -> Option<&'static str> {
    let settings = "/provider/prometheus";
    let address = metric.text(&format!("{settings}/address"));
    if address.is_empty() {
        return Some("prometheus address is not configured");
    }
    if authority(address).is_none() {
        return Some("prometheus address is not is url format");
    }
    let negative = metric.int(&format!("{settings}/timeout")) < 0;
    negative.then_some("prometheus timeout should not be negative")
}

/// The query with its arguments, which is shown beside the results.
pub(super) fn metadata(metric: &Value) -> Option<Value> {
    let query = metric.text("/provider/prometheus/query");
    (!query.is_empty()).then(|| json!({"ResolvedPrometheusQuery": query}))
}

/// Measures once.
pub(super) fn measure(ask: Ask, ground: &Ground, metric: &Value, now: Moment) -> Value {
    let mut measurement = json!({"startedAt": time::micros(now), "finishedAt": time::micros(now)});
    let judged = read(ask, ground, metric, now).and_then(|reading| {
        let conditions = (metric.text("/successCondition"), metric.text("/failureCondition"));
        condition::judge(conditions.0, conditions.1, &reading).map(|phase| (phase, reading))
    });
    match judged {
        Ok((phase, reading)) => {
            measurement.set("/phase", phase);
            measurement.set("/value", reading.to_string());
        }
        Err(why) => {
            measurement.set("/phase", "Error");
            measurement.set("/message", why);
        }
    }
    measurement
}

fn read(ask: Ask, ground: &Ground, metric: &Value, now: Moment) -> Result<Reading, String> {
    let settings = "/provider/prometheus";
    let address = metric.text(&format!("{settings}/address"));
    if metric.pointer(&format!("{settings}/rangeQuery")).is_some() {
        return Err("range queries are not played in a drill".into());
    }
    if !ground.faults.prometheus_away.is_empty() {
        return Err(refused(address));
    }
    let query = metric.text(&format!("{settings}/query"));
    match ask(ground, query, now).map_err(|failure| told(&failure))? {
        Found::Scalar(number) => Ok(Reading::Number(number)),
        Found::Vector(samples) => {
            Ok(Reading::List(samples.into_iter().map(|(_, number)| number).collect()))
        }
        Found::Matrix(series) => Ok(Reading::List(
            series.into_iter().flat_map(|(_, points)| points).map(|(_, number)| number).collect(),
        )),
        Found::Text(_) => Err("Prometheus metric type not supported".into()),
    }
}

/// Nobody listens at the address. A real client would give the number of a host that has a name.
fn refused(address: &str) -> String {
    let host = authority(address).unwrap_or_default();
    let port = match (host.contains(':'), address.starts_with("https:")) {
        (true, _) => "",
        (false, true) => ":443",
        (false, false) => ":80",
    };
    let address = address.trim_end_matches('/');
    format!("Post \"{address}/api/v1/query\": dial tcp {host}{port}: connect: connection refused")
}

/// The host and port of a URL.
fn authority(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?;
    (!scheme.is_empty() && !host.is_empty()).then_some(host)
}

/// What the client makes of an answer that is an error: only of 400 and 422 it reads the body.
fn told(failure: &Failure) -> String {
    let status = match failure.kind {
        "bad_data" | "execution" => return format!("{}: {}", failure.kind, failure.text),
        "not_found" => return "client_error: client error: 404".into(),
        "internal" => 500,
        _ => 503,
    };
    format!("server_error: server error: {status}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_in_the_words_of_the_client() {
        let failure = |kind| Failure { kind, text: "why".into() };
        assert_eq!(told(&failure("bad_data")), "bad_data: why");
        assert_eq!(told(&failure("execution")), "execution: why");
        assert_eq!(told(&failure("internal")), "server_error: server error: 500");
        assert_eq!(told(&failure("timeout")), "server_error: server error: 503");
        assert_eq!(
            refused("http://prometheus.monitoring/"),
            "Post \"http://prometheus.monitoring/api/v1/query\": dial tcp \
             prometheus.monitoring:80: connect: connection refused"
        );
        assert_eq!(
            refused("http://127.0.0.1:9"),
            "Post \"http://127.0.0.1:9/api/v1/query\": dial tcp 127.0.0.1:9: connect: connection \
             refused"
        );
    }

    #[test]
    fn settings_must_make_a_client() {
        let of = |settings| misconfigured(&json!({"provider": {"prometheus": settings}}));
        assert_eq!(of(json!({})), Some("prometheus address is not configured"));
        let malformed = Some("prometheus address is not is url format");
        assert_eq!(of(json!({"address": "prometheus"})), malformed);
        assert_eq!(of(json!({"address": "http://"})), malformed);
        let negative = Some("prometheus timeout should not be negative");
        assert_eq!(of(json!({"address": "http://p", "timeout": -1})), negative);
        assert_eq!(of(json!({"address": "http://p:9090/x"})), None);
    }
}
