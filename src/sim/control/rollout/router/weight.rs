//! Which weight a canary should have at this moment of its update.
//!
//! Called when traffic is routed.

use super::{Router, Share};
use crate::sim::control::rollout::analysis::phase_of;
use crate::sim::control::rollout::canary::Size;
use crate::sim::control::rollout::pass::{Pass, Trouble};
use crate::sim::control::rollout::status::{Destination, Weights};
use crate::sim::object::Document;

/// Whether the router was told the same before.
pub(super) fn is_same(before: Option<&Weights>, now: &Weights) -> bool {
    before.is_some_and(|before| {
        before.canary == now.canary
            && before.stable == now.stable
            && before.additional == now.additional
    })
}

/// What an event says of new weights. It ends in a space when only hashes are new.
pub(super) fn update_message(before: Option<&Weights>, now: &Weights) -> String {
    let to = now.canary.weight;
    let mut details = Vec::new();
    match before {
        None => details.push(format!("to {to}")),
        Some(before) if before.canary.weight != to => {
            details.push(format!("from {} to {to}", before.canary.weight));
        }
        Some(_) => {}
    }
    if before.is_some_and(|before| before.additional != now.additional) {
        let told = |other: &Destination| {
            format!("{{{} {} {}}}", other.weight, other.service_name, other.pod_template_hash)
        };
        let told: Vec<String> = now.additional.iter().map(told).collect();
        details.push(format!("additional: [{}]", told.join(" ")));
    }
    format!("Traffic weight updated {}", details.join(", "))
}

impl Pass<'_, '_> {
    /// The share that the router should be told. Routes of steps are removed on the way where the
    /// update does not need them any more.
    pub(super) fn find_share(&mut self, router: Router) -> Result<Share, Trouble> {
        let mut share = Share {
            weight: 0,
            canary: self.sets.current_hash().to_owned(),
            stable: self.sets.stable_hash().to_owned(),
            additional: Vec::new(),
        };
        let status = &self.rollout.status;
        if let Some(serving) = self.rollout.dynamic_rollback(self.sets.current()) {
            // Traffic is shared with the version before, not with the new one, which is stable.
            share.weight = self.weight_on_the_way_back();
            share.canary = serving;
        } else if self.rollout.is_fully_promoted() {
            self.remove_routes(router)?;
        } else if self.is_aborted() {
            share.weight = self.weight_on_the_way_back();
            let canary = self.rollout.canary().cloned().unwrap_or_default();
            if share.weight == 0 || !canary.dynamic_stable_scale {
                let stable = self.sets.stable().cloned();
                self.point(&canary.canary_service, stable, false)?;
            }
            self.remove_routes(router)?;
        } else if self.available_new() == 0 {
            share.additional = self.experiment_shares();
            self.remove_routes(router)?;
        } else if status.promote_full {
            share.weight = self.weight_of_full_promotion();
            self.remove_routes(router)?;
        } else if let Some(index) = self.rollout.current_step().1 {
            if !self.is_at_size(None) {
                share.weight = self.rollout.weight_before();
                share.additional = self.experiment_shares();
            } else if index == self.rollout.step_count() {
                share.weight = self.rollout.max_weight();
            } else {
                share.weight = self.rollout.set_weight();
                share.additional = self.experiment_shares();
            }
        }
        Ok(share)
    }

    /// All traffic follows the pods; without `dynamicStableScale` it waits for the end.
    fn weight_of_full_promotion(&self) -> i32 {
        let rollout = &self.rollout;
        let dynamic = rollout.canary().is_some_and(|canary| canary.dynamic_stable_scale);
        if dynamic {
            let replicas = rollout.replicas().max(1);
            return rollout.max_weight() * self.available_new() / replicas;
        }
        rollout.status.canary.weights.as_ref().map_or(0, |weights| weights.canary.weight)
    }

    /// None at once, unless the stable version was scaled down with its traffic: then as much as it
    /// cannot bear yet.
    fn weight_on_the_way_back(&self) -> i32 {
        let rollout = &self.rollout;
        let dynamic = rollout.canary().is_some_and(|canary| canary.dynamic_stable_scale);
        let replicas = rollout.replicas();
        let (true, Some(stable), Some(new)) = (dynamic, self.sets.stable(), self.sets.current())
        else {
            return 0;
        };
        if replicas == 0 {
            return 0;
        }
        let max = rollout.max_weight();
        let wanted = rollout.wanted_weight(Some(Size::of(new)), Some(Size::of(stable)));
        let borne = max * stable.available() / replicas;
        let Some(weights) = &rollout.status.canary.weights else {
            return (max - borne).max(0).max(wanted);
        };
        let current = weights.canary.weight;
        if wanted <= 0 {
            return (max - borne).max(0).min(current);
        }
        // The stable version still grows towards the next rung: the weight stays.
        if borne < max - wanted { current } else { wanted.min(current) }
    }

    /// Shares of an experiment that runs.
    fn experiment_shares(&self) -> Vec<Destination> {
        let current = self.experiments.current.as_ref();
        let Some(running) = current.filter(|experiment| phase_of(experiment) == "Running") else {
            return Vec::new();
        };
        let Some(step) = self.rollout.last_experiment() else { return Vec::new() };
        let statuses = running.items("/status/templateStatuses").iter();
        let shares = statuses.filter_map(|status| {
            let name = status.text("/name");
            let template = step.templates.iter().find(|template| template.name == name)?;
            Some(Destination {
                weight: template.weight?,
                service_name: status.text("/serviceName").into(),
                pod_template_hash: status.text("/podTemplateHash").into(),
            })
        });
        shares.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_events_say() {
        let weights = |weight: i32, hash: &str| Weights {
            canary: Destination {
                weight,
                service_name: "canary".into(),
                pod_template_hash: hash.into(),
            },
            ..Weights::default()
        };
        let (none, some) = (weights(0, "a"), weights(25, "a"));
        assert_eq!(update_message(None, &none), "Traffic weight updated to 0");
        assert_eq!(update_message(Some(&none), &some), "Traffic weight updated from 0 to 25");
        assert_eq!(update_message(Some(&none), &weights(0, "b")), "Traffic weight updated ");
        assert!(!is_same(Some(&none), &weights(0, "b")) && is_same(Some(&none), &none));
    }
}
