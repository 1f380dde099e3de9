//! What becomes of requests at the pods of an image: answers, errors, time, business.
//!
//! Written by drills. Called by the services.

use std::collections::BTreeMap;

use crate::sim::traffic::meter::Latency;

/// How an image handles requests.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Handling {
    /// The share that it answers with 500.
    pub(crate) errors: f64,
    /// The share that it answers with 404.
    pub(crate) client_errors: f64,
    pub(crate) latency: Latency,
    /// The share of the good answers that are good business too.
    pub(crate) business: f64,
    /// Requests per second that a pod can bear. Above, it answers some with 503, and near it
    /// everything becomes slower; without a capacity it bears all.
    pub(crate) capacity: Option<f64>,
    /// Bytes that a pod holds.
    pub(crate) memory: f64,
}

impl Default for Handling {
    fn default() -> Self {
        Self {
            errors: 0.0,
            client_errors: 0.0,
            latency: Latency::new(0.045, 0.6),
            business: 0.995,
            capacity: None,
            memory: 128.0 * 1_048_576.0,
        }
    }
}

/// How each image handles requests. One that nobody described does as the usual one does.
#[derive(Debug, Default)]
pub(in crate::sim::traffic) struct Handlings {
    known: BTreeMap<String, Handling>,
    usual: Handling,
}

impl Handlings {
    pub(in crate::sim::traffic) fn describe(&mut self, image: &str, handling: Handling) {
        self.known.insert(image.to_owned(), handling);
    }

    pub(in crate::sim::traffic) fn of(&self, image: &str) -> &Handling {
        self.known.get(image).unwrap_or(&self.usual)
    }
}

/// The load from which on a pod becomes slower, as a share of its capacity.
const BUSY: f64 = 0.7;

/// The load at which it does not become slower any more.
const FULL: f64 = 0.97;

/// What a load does to a pod: the share that it turns away, and how many times slower it is.
pub(in crate::sim::traffic) fn strain(capacity: Option<f64>, load: f64) -> (f64, f64) {
    let Some(capacity) = capacity.filter(|capacity| *capacity > 0.0) else { return (0.0, 1.0) };
    let used = load / capacity;
    let turned_away = if used > 1.0 { 1.0 - 1.0 / used } else { 0.0 };
    // Waiting grows as in a queue: by what is left of the capacity.
    let slower = if used > BUSY { (1.0 - BUSY) / (1.0 - used.min(FULL)) } else { 1.0 };
    (turned_away, slower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_under_strain_is_slow_and_turns_away() {
        assert_eq!(strain(None, 1e9), (0.0, 1.0));
        assert_eq!(strain(Some(100.0), 60.0), (0.0, 1.0));
        let (turned_away, slower) = strain(Some(100.0), 90.0);
        assert!(turned_away == 0.0 && (slower - 3.0).abs() < 1e-9);
        let (turned_away, slower) = strain(Some(100.0), 200.0);
        assert!((turned_away - 0.5).abs() < 1e-9 && (slower - 10.0).abs() < 1e-9);
    }
}
