//! The numbers that rules judge by.
//!
//! They come from the guard, the gate and the catalogue; no rule has one of its own. Called by the
//! rules and whoever calls them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::id::WorkloadId;
use crate::domain::text::SafeText;
use crate::domain::time::Span;

use super::bundle::{Object, meets};

/// The numbers that each workload is judged by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profiles {
    /// Of those that have none of their own.
    usual: Profile,
    /// By the workload's name: its kind, its namespace, its numbers.
    own: BTreeMap<String, Vec<(&'static str, String, Profile)>>,
}

impl Profiles {
    /// The same for all.
    pub fn of_all(usual: Profile) -> Self {
        Self { usual, own: BTreeMap::new() }
    }

    /// Gives a workload numbers of its own. For objects that do not say their namespace those count
    /// that were given first.
    pub fn give(&mut self, id: &WorkloadId, profile: Profile) {
        let named = self.own.entry(id.name.to_string()).or_default();
        named.push((id.kind.as_str(), id.namespace.to_string(), profile));
    }

    /// The numbers of an object.
    pub fn of(&self, object: &Object) -> &Profile {
        let named = self.own.get(&object.name).map(Vec::as_slice).unwrap_or_default();
        let own = named.iter().find(|(kind, namespace, _)| {
            *kind == object.kind && meets(namespace, &object.namespace)
        });
        own.map_or(&self.usual, |(.., profile)| profile)
    }

    /// Changes all of them: what is known of a cluster is the same for each.
    pub fn change(&mut self, change: impl Fn(&mut Profile)) {
        change(&mut self.usual);
        self.own.values_mut().flatten().for_each(|(.., profile)| change(profile));
    }

    /// Changes those of a workload that was given numbers of its own.
    pub fn change_of(&mut self, id: &WorkloadId, change: impl Fn(&mut Profile)) {
        let named = self.own.get_mut(id.name.as_str()).into_iter().flatten();
        let own = named.filter(|(kind, namespace, _)| {
            *kind == id.kind.as_str() && *namespace == id.namespace.as_str()
        });
        own.for_each(|(.., profile)| change(profile));
    }
}

/// What is wanted of a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Smallest share of pods that has to be healthy while users are served, 0 to 1 (R116).
    pub healthy_floor: f64,
    /// Largest share of failed requests (R103).
    pub error_limit: f64,
    /// Longest P99 (R104).
    pub latency_limit: Span,
    /// The longest time for which a limit is broken before the guard acts.
    pub guard_window: Span,
    /// Weights that a canary goes by, in percent, before it has all (R047).
    pub ladder: Vec<i64>,
    /// Time that a program gets for its open requests after `preStop`, where it does not say it
    /// itself.
    pub drain: Span,
    /// Time kept free before a pod is killed.
    pub reserve: Span,
    /// Largest share of failed measurements that an analysis may tolerate (X17).
    pub failure_share: f64,
    /// Time between two scrapes.
    pub scrape: Span,
    /// Minor version of the API server, where it is known: 1.34 is 34.
    pub server_minor: Option<u32>,
    /// The series that the guard asks for; empty where that is not known (X31).
    pub guard_selectors: Vec<Selection>,
    /// What a live cluster answered; none where only files are judged.
    pub live: Option<Arc<Live>>,
}

/// How the guard picks the series of a workload: `metric{label="value"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The metric's name, as a query has it; none for all that count requests.
    pub metric: Option<String>,
    /// The label.
    pub label: String,
    /// Its value, with nothing left to be filled in.
    pub value: String,
}

/// An answer, or why there is none.
pub type Answer<T> = Result<T, SafeText>;

/// What a live cluster and its Prometheus answered. What was not asked is not there. What is to be
/// asked is said by `rules::rollouts::questions`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Live {
    /// What Prometheus answered; none where nobody named one.
    pub measured: Option<Measured>,
    /// What this user may not do and the keys need, `patch rollouts/status`, by namespace as it is
    /// written in the objects.
    pub refused: BTreeMap<String, Answer<Vec<SafeText>>>,
}

/// What a Prometheus answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// Upper edges of buckets (`le`), in the unit of the metric, by the selector of its `_bucket`
    /// series with the arguments filled in. `+Inf` may be among them.
    pub bounds: BTreeMap<String, Answer<Vec<f64>>>,
    /// Whether a query returns anything now, by its text with the arguments filled in.
    pub returns: BTreeMap<String, Answer<bool>>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            healthy_floor: 0.8,
            error_limit: 0.01,
            latency_limit: Span::seconds(2),
            guard_window: Span::minutes(5),
            ladder: vec![5, 25, 50],
            drain: Span::seconds(30),
            reserve: Span::seconds(5),
            failure_share: 0.2,
            scrape: Span::seconds(15),
            server_minor: None,
            guard_selectors: Vec::new(),
            live: None,
        }
    }
}
