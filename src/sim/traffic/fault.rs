//! What is broken in the traffic by script: what, where, and from when to when.
//!
//! Written by drills. Called by the services.

use super::meter::Latency;
use super::service::Handling;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Harm {
    /// This share of the requests is answered with 500.
    Errors(f64),
    /// Requests take this long.
    Latency(Latency),
    /// Each minute everything becomes slower by this share of what it was, and memory grows by so
    /// many bytes; a restarted container begins anew.
    Leak { slower: f64, bytes: f64 },
    /// Good answers are good business only for this share.
    Business(f64),
    /// The router sends this share to the canary, whatever its weight says.
    CanaryShare(f64),
    /// Users of a service, or of all, make so many times as many requests; images and nodes do not
    /// matter to them.
    Surge(f64),
    /// No requests come.
    Silence,
}

/// Where something goes wrong. Whatever is not named is meant as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) namespace: Option<String>,
    /// A service as it was described.
    pub(crate) service: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) node: Option<String>,
}

impl Place {
    /// Everywhere.
    #[cfg(test)]
    pub(crate) fn everywhere() -> Self {
        Self::default()
    }

    pub(crate) fn service(namespace: &str, service: &str) -> Self {
        let (namespace, service) = (Some(namespace.to_owned()), Some(service.to_owned()));
        Self { namespace, service, ..Self::default() }
    }

    #[cfg(test)]
    pub(crate) fn image(image: &str) -> Self {
        Self { image: Some(image.to_owned()), ..Self::default() }
    }

    pub(crate) fn node(node: &str) -> Self {
        Self { node: Some(node.to_owned()), ..Self::default() }
    }

    /// Whether it has to do with a service, if only with some of its pods.
    pub(super) fn touches(&self, namespace: &str, service: &str) -> bool {
        self.namespace.as_ref().is_none_or(|one| one == namespace)
            && self.service.as_ref().is_none_or(|one| one == service)
    }

    /// Whether it is about pods of this image on this node.
    pub(super) fn has_pod(&self, image: &str, node: &str) -> bool {
        self.image.as_ref().is_none_or(|one| one == image)
            && self.node.as_ref().is_none_or(|one| one == node)
    }

    /// Whether it is about services as a whole.
    pub(super) fn is_whole(&self) -> bool {
        self.image.is_none() && self.node.is_none()
    }
}

/// A fault.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) harm: Harm,
    pub(super) place: Place,
    pub(super) from: i64,
    pub(super) until: Option<i64>,
}

impl Fault {
    pub(super) fn holds(&self, at: i64) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// The number of a fault, to end it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FaultNumber(pub(super) usize);

/// Minutes between two instants.
pub(super) fn minutes(from: i64, to: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a session")]
    let minutes = (to - from).max(0) as f64 / 60_000.0;
    minutes
}

/// What becomes of requests at one pod, with everything that is wrong there.
pub(super) fn harmed(
    handling: &Handling,
    faults: &[&Fault],
    running_since: i64,
    now: i64,
) -> Handling {
    let mut handling = handling.clone();
    for fault in faults {
        match &fault.harm {
            Harm::Errors(share) => handling.errors = handling.errors.max(*share),
            Harm::Latency(latency) => handling.latency = latency.clone(),
            Harm::Business(share) => handling.business = *share,
            Harm::CanaryShare(_) | Harm::Surge(_) | Harm::Silence | Harm::Leak { .. } => {}
        }
    }
    for fault in faults {
        if let Harm::Leak { slower, .. } = &fault.harm {
            let factor = 1.0 + slower * minutes(fault.from.max(running_since), now);
            handling.latency = handling.latency.slowed(factor);
        }
    }
    handling
}
