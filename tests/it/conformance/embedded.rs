//! The embedded cluster as a theatre.
//!
//! The one place that knows how it is served. Called by the two comparisons.

use super::theatre::House;

/// What the pods of an image with this ending do, as the plane plays it by an annotation (see
/// tests/plane/kwok-faults.yaml): the embedded cluster is told by image.
#[expect(dead_code, reason = "for whoever serves the embedded cluster here")]
pub(crate) const FAULTS: [(&str, &str); 4] = [
    ("never-ready", "runs, and its readiness probe fails for ever"),
    ("crash-loop", "exits with 1 after 2 s, is restarted after 8 to 9 s, and so on"),
    ("late-crash", "ready, falls into crash-loop after 20 s"),
    ("image-pull", "its image cannot be pulled"),
];

/// Serves an embedded cluster that has nothing in it yet; none while it cannot be served.
pub(crate) fn embedded() -> Option<House> {
    None
}
