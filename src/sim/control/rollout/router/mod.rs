//! Traffic of a canary: the weight that its router is given in a pass.
//!
//! Called by the passes of a canary.

mod foreign;
mod istio;
mod nginx;
mod weight;

pub(crate) use foreign::UNKNOWN_RESOURCE;
pub(crate) use istio::{check_service, service_key};
pub(crate) use nginx::{canary_name, leads_to};

use super::pass::{Outcome, Pass, Trouble};
use super::set::Set;
use super::status::{Destination, Weights};

/// A router that can be given weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Router {
    Istio,
    Nginx,
    /// One that is not there, and fails as it does on a cluster without it.
    Foreign(&'static str),
}

/// What a router is told in a pass.
#[derive(Debug, Clone, Default)]
struct Share {
    weight: i32,
    /// The hashes that the canary and the stable share belong to.
    canary: String,
    stable: String,
    /// Shares of the pods of an experiment.
    additional: Vec<Destination>,
}

impl Pass<'_, '_> {
    /// Brings the router to the weight of the present step, when the pods for it are there.
    pub(crate) fn route_traffic(&mut self) -> Outcome {
        let routers = self.routers()?;
        if routers.is_empty() {
            self.next.canary.weights = None;
        }
        for router in routers {
            let share = self.find_share(router)?;
            let rest = self.rollout.max_weight() - share.weight;
            if !self.has_pods_for(rest) {
                return Ok(());
            }
            self.apply(router, &share)?;
        }
        Ok(())
    }

    fn routers(&self) -> Result<Vec<Router>, Trouble> {
        let Some(routing) = self.rollout.routing() else { return Ok(Vec::new()) };
        let mut routers = Vec::new();
        if routing.istio.is_some() {
            routers.push(Router::Istio);
        }
        if routing.nginx.is_some() {
            routers.push(Router::Nginx);
        }
        routers.extend(foreign::asked(routing).into_iter().map(Router::Foreign));
        if let Some(name) = routing.plugins.as_ref().and_then(|plugins| plugins.keys().next()) {
            let why = format!("failed to get traffic router plugin {name}");
            return Err(Trouble::Failed(why));
        }
        Ok(routers)
    }

    /// Whether the stable version has the pods for the share of traffic that it will have.
    fn has_pods_for(&self, weight: i32) -> bool {
        let Some(stable) = self.sets.stable() else { return false };
        let max = self.rollout.max_weight().max(1);
        let needed = (weight * self.rollout.replicas()) / max;
        stable.available() >= needed || self.meets_threshold(stable, needed)
    }

    fn apply(&mut self, router: Router, share: &Share) -> Outcome {
        self.set_step_routes(router)?;
        let before = self.rollout.status.canary.weights.clone();
        let empty = self.sets.current().is_none_or(|set| set.available() == 0);
        let had_traffic = before.as_ref().is_some_and(|weights| weights.canary.weight > 0);
        if empty && had_traffic {
            // Otherwise the old weight would for a moment lead to pods that are not there.
            self.give_weight(router, share)?;
        }
        if router == Router::Istio {
            self.name_subsets(share)?;
        }
        self.give_weight(router, share)?;
        let weights = self.weights_of(share);
        if !weight::is_same(before.as_ref(), &weights) {
            let message = weight::update_message(before.as_ref(), &weights);
            self.tell("TrafficWeightUpdated", message);
            self.next.canary.weights = Some(weights);
        }
        // Neither nginx nor Istio can say whether a weight has taken effect.
        if let Some(weights) = &mut self.next.canary.weights {
            weights.verified = None;
        }
        Ok(())
    }

    fn give_weight(&mut self, router: Router, share: &Share) -> Outcome {
        let given = match router {
            Router::Nginx => self.set_nginx_weight(share.weight),
            Router::Istio => self.set_istio_weight(share),
            Router::Foreign(name) => Err(foreign::failure(name)),
        };
        if let Err(Trouble::Missing(why) | Trouble::Failed(why)) = &given {
            self.warn("TrafficRoutingError", why.clone());
        }
        given
    }

    /// Takes out the routes that were put into the router by steps.
    fn remove_routes(&mut self, router: Router) -> Outcome {
        if router == Router::Istio { self.remove_managed_routes() } else { Ok(()) }
    }

    /// Puts in the route of the present step. Not for the first revision, which has no steps.
    fn set_step_routes(&mut self, router: Router) -> Outcome {
        let step = self.rollout.current_step().0.cloned();
        let first = self.rollout.revision().is_none_or(|revision| revision <= 1);
        let Some(step) = step.filter(|_| !first && router == Router::Istio) else {
            return Ok(());
        };
        if let Some(route) = &step.set_header_route {
            self.set_header_route(route)?;
        }
        if let Some(route) = &step.set_mirror_route {
            self.set_mirror_route(route)?;
        }
        Ok(())
    }

    fn weights_of(&self, share: &Share) -> Weights {
        let canary = self.rollout.canary().cloned().unwrap_or_default();
        let additional: i32 = share.additional.iter().map(|other| other.weight).sum();
        Weights {
            canary: Destination {
                weight: share.weight,
                service_name: canary.canary_service,
                pod_template_hash: share.canary.clone(),
            },
            stable: Destination {
                weight: self.rollout.max_weight() - share.weight - additional,
                service_name: canary.stable_service,
                pod_template_hash: share.stable.clone(),
            },
            additional: share.additional.clone(),
            verified: None,
        }
    }

    fn available_new(&self) -> i32 {
        self.sets.current().map_or(0, Set::available)
    }
}
