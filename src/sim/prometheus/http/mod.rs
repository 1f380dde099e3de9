//! The HTTP API of Prometheus: what each path answers.
//!
//! Speaks no HTTP itself: paths and decoded parameters come in, a status and a JSON document go
//! out. Called by the API of this room.

mod lists;
mod parameters;
mod print;
mod status;

use serde_json::{Value, json};

use super::plan::Steps;
use super::{Failure, Found, Source, eval, reachable};
use crate::sim::time::Moment;
use crate::sim::world::Ground;
pub(super) use parameters::Parameters;

/// The most steps that a range query may have.
const MOST_STEPS: i64 = 11_000;

/// Answers a request. A document that is a mere text is sent as plain text.
pub(crate) fn answer(
    ground: &Ground,
    method: &str,
    path: &str,
    parameters: &[(String, String)],
    now: Moment,
) -> (u16, Value) {
    if let Err(failure) = reachable(ground) {
        return refused(&failure);
    }
    match path {
        "/-/healthy" => (200, "Prometheus Server is Healthy.\n".into()),
        "/-/ready" => (200, "Prometheus Server is Ready.\n".into()),
        _ => api(ground, method, path, Parameters(parameters), now.timestamp_millis()),
    }
}

/// The paths of the API, over any series.
pub(super) fn api(
    source: &dyn Source,
    method: &str,
    path: &str,
    parameters: Parameters<'_>,
    now: i64,
) -> (u16, Value) {
    let place = path.strip_prefix("/api/v1/").unwrap_or_default();
    let label = place.strip_prefix("label/").and_then(|rest| rest.strip_suffix("/values"));
    let posted = matches!(place, "query" | "query_range" | "series" | "labels");
    if !(method == "GET" || method == "HEAD" || (method == "POST" && posted)) {
        return (405, "Method Not Allowed\n".into());
    }
    let asked = match (place, label) {
        ("query", _) => query(source, parameters, now).map(|(found, at)| print::result(&found, at)),
        ("query_range", _) => query_range(source, parameters).map(|found| print::result(&found, 0)),
        ("series", _) => lists::series(source, parameters),
        ("labels", _) => lists::names(source, parameters),
        (_, Some(label)) => lists::values(source, label, parameters),
        ("metadata", _) => status::metadata(parameters),
        ("status/buildinfo", _) => Ok(status::build()),
        ("targets", _) => status::targets(source, parameters, now),
        ("rules", _) => Ok(json!({"groups": []})),
        ("alerts", _) => Ok(json!({"alerts": []})),
        _ => return (404, "404 page not found\n".into()),
    };
    match asked {
        Ok(data) => (200, json!({"status": "success", "data": data})),
        Err(failure) => refused(&failure),
    }
}

/// A failure as Prometheus answers it.
fn refused(failure: &Failure) -> (u16, Value) {
    let code = match failure.kind {
        "bad_data" => 400,
        "execution" => 422,
        "timeout" | "canceled" | "unavailable" => 503,
        "not_found" => 404,
        _ => 500,
    };
    (code, json!({"status": "error", "errorType": failure.kind, "error": failure.text}))
}

/// Says in which parameter a failure lies.
fn of_parameter(name: &str) -> impl Fn(Failure) -> Failure + use<'_> {
    move |failure| match failure.kind {
        "bad_data" => Failure::bad_data(format!("invalid parameter {name:?}: {}", failure.text)),
        _ => failure,
    }
}

fn query(
    source: &dyn Source,
    parameters: Parameters<'_>,
    now: i64,
) -> Result<(Found, i64), Failure> {
    let at = parameters.time_or("time", now)?;
    parameters.check_timeout()?;
    let found = eval::instant(source, parameters.text("query"), at);
    Ok((found.map_err(of_parameter("query"))?, at))
}

fn query_range(source: &dyn Source, parameters: Parameters<'_>) -> Result<Found, Failure> {
    let from = parameters.time("start")?;
    let to = parameters.time("end")?;
    if to < from {
        let failure = Failure::bad_data("end timestamp must not be before start time");
        return Err(of_parameter("end")(failure));
    }
    let every = parameters.step()?;
    if to.saturating_sub(from) / every > MOST_STEPS {
        return Err(Failure::bad_data(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the \
             query resolution (?step=XX)",
        ));
    }
    parameters.check_timeout()?;
    eval::over(source, parameters.text("query"), Steps { from, to, every })
}
