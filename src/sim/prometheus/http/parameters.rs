//! Parameters of requests: instants, lengths, steps.
//!
//! Called by the paths.

use super::{Failure, of_parameter};
use crate::sim::prometheus::number;

/// The decoded parameters of a request.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim::prometheus) struct Parameters<'p>(
    pub(in crate::sim::prometheus) &'p [(String, String)],
);

impl<'p> Parameters<'p> {
    /// The first of this name; empty when there is none.
    pub(super) fn text(self, name: &str) -> &'p str {
        self.all(name).next().unwrap_or_default()
    }

    /// All of this name.
    pub(super) fn all(self, name: &str) -> impl Iterator<Item = &'p str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// An instant in milliseconds.
    pub(super) fn time(self, name: &str) -> Result<i64, Failure> {
        read_time(self.text(name)).map_err(of_parameter(name))
    }

    /// The same, or another when it is not given.
    pub(super) fn time_or(self, name: &str, otherwise: i64) -> Result<i64, Failure> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(otherwise);
        }
        read_time(text).map_err(|failure| {
            let text = format!("Invalid time value for '{name}': {}", failure.text);
            of_parameter(name)(Failure::bad_data(text))
        })
    }

    /// The step of a range query in milliseconds; at least one.
    pub(super) fn step(self) -> Result<i64, Failure> {
        let text = self.text("step");
        let step = read_length(text).map_err(of_parameter("step"))?;
        if step <= 0.0 {
            return Err(of_parameter("step")(Failure::bad_data(
                "zero or negative query resolution step widths are not accepted. Try a positive \
                 integer",
            )));
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds, as there")]
        let step = (step * 1_000.0) as i64;
        Ok(step.max(1))
    }

    /// Nothing takes long here, but a timeout that cannot be read is refused.
    pub(super) fn check_timeout(self) -> Result<(), Failure> {
        match self.text("timeout") {
            "" => Ok(()),
            text => read_length(text).map(|_| ()).map_err(of_parameter("timeout")),
        }
    }
}

/// The instants that are told apart, in milliseconds before and after 1970: all of history.
const FARTHEST: i64 = 9_000_000_000_000_000;

/// Reads seconds since 1970, or an instant as RFC 3339 writes it.
fn read_time(text: &str) -> Result<i64, Failure> {
    let finite = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
    if let Some(seconds) = finite {
        #[expect(clippy::cast_possible_truncation, reason = "saturates, beyond any instant here")]
        let milliseconds = (seconds * 1_000.0).round() as i64;
        return Ok(milliseconds.clamp(-FARTHEST, FARTHEST));
    }
    let instant = crate::sim::time::parse(text).map(|instant| instant.timestamp_millis());
    instant.ok_or_else(|| Failure::bad_data(format!("cannot parse {text:?} to a valid timestamp")))
}

/// Reads seconds, or a length such as `1m30s`; gives seconds.
fn read_length(text: &str) -> Result<f64, Failure> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| !seconds.is_nan());
    let seconds = seconds.or_else(|| number::length(text));
    let seconds = seconds
        .ok_or_else(|| Failure::bad_data(format!("cannot parse {text:?} to a valid duration")))?;
    if seconds.abs() > 9.2e9 {
        return Err(Failure::bad_data(format!(
            "cannot parse {text:?} to a valid duration. It overflows int64"
        )));
    }
    Ok(seconds)
}
