//! Answers of queries as JSON.
//!
//! Called by the paths.

use serde_json::{Value, json};

use super::Found;
use crate::sim::prometheus::number;

/// `data` of an answer; instant values are of this instant, in milliseconds.
pub(super) fn result(found: &Found, at: i64) -> Value {
    let point = |at: i64, value: f64| json!([seconds(at), number::api(value)]);
    let (kind, result) = match found {
        // A scalar is written without an exponent, however small or large.
        Found::Scalar(value) => ("scalar", json!([seconds(at), number::plain(*value)])),
        Found::Text(text) => ("string", json!([seconds(at), text])),
        Found::Vector(samples) => {
            let samples = samples
                .iter()
                .map(|(labels, value)| json!({"metric": labels, "value": point(at, *value)}));
            ("vector", samples.collect())
        }
        Found::Matrix(series) => {
            let series = series.iter().map(|(labels, points)| {
                let points = points.iter();
                let values: Vec<Value> =
                    points.map(|(at, value)| point(at.timestamp_millis(), *value)).collect();
                json!({"metric": labels, "values": values})
            });
            ("matrix", series.collect())
        }
    };
    json!({"resultType": kind, "result": result})
}

/// An instant in seconds, with milliseconds only where there are some.
pub(super) fn seconds(at: i64) -> Value {
    if at % 1_000 == 0 {
        return (at / 1_000).into();
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds, far below 2^53")]
    let seconds = at as f64 / 1_000.0;
    seconds.into()
}
