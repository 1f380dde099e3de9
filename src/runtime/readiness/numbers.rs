//! Whose numbers manifests are judged by, and which Prometheus is asked about them: those of the
//! guard that would be armed, for a workload of the catalogue its own.
//!
//! Called by `check`, `new` and the readiness of one workload.

use std::collections::BTreeMap;

use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::environment::Environment;
use crate::domain::guard::rule::Terms;
use crate::domain::id::WorkloadId;
use crate::domain::measure::address::Address;
use crate::domain::measure::sides::Series;
use crate::domain::text::SafeText;
use crate::manifest::profile::{Profile, Profiles, Selection};
use crate::manifest::rules::rollouts::selections;

/// The numbers of a guard.
pub(super) fn profile_of(terms: &Terms) -> Profile {
    let longest = terms.rules().iter().map(|rule| rule.lasts).max();
    Profile {
        healthy_floor: terms.healthy,
        error_limit: terms.errors,
        latency_limit: terms.latency,
        // There always is the rule of errors.
        guard_window: longest.unwrap_or(terms.errors_for),
        ..Profile::default()
    }
}

/// The numbers of all workloads. In a cluster only environments of its context count; without one,
/// manifests that say no namespace are those of the environment that users are on.
pub(super) fn profiles(
    terms: &Terms,
    catalogue: &Catalogue,
    context: Option<&SafeText>,
) -> Profiles {
    let mut profiles = Profiles::of_all(profile_of(terms));
    for service in &catalogue.services {
        let main = service.main_environment().map(|main| &main.name.value);
        let mut here: Vec<&Environment> = service
            .environments
            .iter()
            .filter(|environment| is_here(environment, context))
            .collect();
        here.sort_by_key(|environment| main != Some(&environment.name.value));
        for environment in here {
            profiles.give(&environment.workload.value, of_environment(terms, environment));
        }
    }
    profiles
}

/// Which Prometheus the catalogue has for workloads of a cluster.
pub(super) fn servers(
    catalogue: &Catalogue,
    context: Option<&SafeText>,
) -> BTreeMap<Address, Vec<WorkloadId>> {
    let mut servers: BTreeMap<Address, Vec<WorkloadId>> = BTreeMap::new();
    for environment in catalogue.environments().filter(|one| is_here(one, context)) {
        let id = &environment.workload.value;
        let stated = environment.metrics.prometheus.as_ref();
        let address = stated
            .and_then(|stated| Address::parse(&stated.value, Some(id.namespace.as_str())).ok());
        if let Some(address) = address {
            servers.entry(address).or_default().push(id.clone());
        }
    }
    servers
}

/// Whether an environment is of a cluster; where nobody asks for one, every environment counts.
fn is_here(environment: &Environment, context: Option<&SafeText>) -> bool {
    context.is_none_or(|context| environment.is_in(context))
}

/// The numbers of an environment: its guard's where it has one.
fn of_environment(terms: &Terms, environment: &Environment) -> Profile {
    Profile { guard_selectors: picks(environment), ..profile_of(environment.guard.or(terms)) }
}

/// By which labels the guard of an environment picks its series, as far as that is written.
fn picks(environment: &Environment) -> Vec<Selection> {
    let mut picks: Vec<Selection> = environment
        .metrics
        .queries
        .iter()
        .flat_map(|(_, query)| selections(query.value.as_str()))
        .collect();
    match &environment.metrics.series {
        Some(Series::Selector(selector)) => {
            let of_any = |pick: Selection| Selection { metric: None, ..pick };
            let query = format!("any{{{}}}", selector.value);
            picks.extend(selections(&query).into_iter().map(of_any));
        }
        Some(Series::Label { label, canary, .. }) => picks.push(Selection {
            metric: None,
            label: label.value.to_string(),
            value: canary.value.to_string(),
        }),
        None => {}
    }
    picks
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::catalogue::read;
    use crate::domain::time::Span;
    use crate::manifest::bundle::Object;
    use crate::manifest::read::{Limits, bytes};

    const CATALOGUE: &str = "\
guard_profiles:
  strict: {p99: 1s}
services:
  - name: payment
    type: critical_apis
    risk: high
    environments:
      - name: staging
        context: lab
        namespace: staging
        workload: {kind: Rollout, name: payment}
        production: false
      - name: production
        context: live
        namespace: bank
        workload: {kind: Rollout, name: payment}
        guard: strict
        metrics: {label: service, stable: payment, canary: payment-canary}
";

    fn named(namespace: &str) -> Object {
        let text = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: payment{namespace}}}\n"
        );
        let mut read = bytes(&"a.yaml".into(), text.as_bytes(), &Limits::default());
        read.objects.remove(0)
    }

    #[test]
    fn the_window_is_that_of_the_slowest_rule_there_is() {
        let window = |terms: &Terms| profile_of(terms).guard_window;
        assert_eq!(window(&Terms::default()), Span::minutes(5));
        let pods = Terms { healthy_for: Span::minutes(8), ..Terms::default() };
        assert_eq!(window(&pods), Span::minutes(8));
        let unasked = Terms { business_for: Span::minutes(9), ..Terms::default() };
        assert_eq!(window(&unasked), Span::minutes(5));
        let business = Terms { business: Some(("sum(orders)".into(), 0.9)), ..unasked };
        assert_eq!(window(&business), Span::minutes(9));
    }

    #[test]
    fn a_workload_of_the_catalogue_has_its_own_numbers() {
        let loaded = read(Path::new("waveoff.yaml"), CATALOGUE);
        assert!(loaded.faults.is_empty(), "{:?}", loaded.faults);
        let terms = Terms::default();
        let limit = |profiles: &Profiles, object: &Object| profiles.of(object).latency_limit;
        let all = profiles(&terms, &loaded.catalogue, None);
        assert_eq!(limit(&all, &named(", namespace: bank")), Span::seconds(1));
        assert_eq!(limit(&all, &named(", namespace: staging")), Span::seconds(2));
        assert_eq!(limit(&all, &named(", namespace: other")), Span::seconds(2));
        assert_eq!(limit(&all, &named("")), Span::seconds(1), "users are on production");
        let lab = profiles(&terms, &loaded.catalogue, Some(&"lab".into()));
        assert_eq!(limit(&lab, &named(", namespace: bank")), Span::seconds(2), "another cluster's");
        let picks = &all.of(&named("")).guard_selectors;
        assert_eq!((picks.len(), picks[0].value.as_str()), (1, "payment-canary"));
    }
}
