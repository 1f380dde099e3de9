//! Routers that this world does not have: ALB, SMI, App Mesh, Ambassador, Traefik, APISIX.
//!
//! They fail as on a cluster where their resources are not installed. Called when traffic is
//! routed, and by the validation.

use crate::sim::control::rollout::pass::Trouble;
use crate::sim::control::rollout::spec::TrafficRouting;

/// Those that are asked for, in the order of the real controller.
pub(crate) fn asked(routing: &TrafficRouting) -> Vec<&'static str> {
    let all = [
        ("alb", routing.alb.is_some()),
        ("smi", routing.smi.is_some()),
        ("ambassador", routing.ambassador.is_some()),
        ("appMesh", routing.app_mesh.is_some()),
        ("traefik", routing.traefik.is_some()),
        ("apisix", routing.apisix.is_some()),
    ];
    all.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name).collect()
}

/// What the API server says of a kind that it does not know.
pub(crate) const UNKNOWN_RESOURCE: &str = "the server could not find the requested resource";

/// Why a weight cannot be set.
pub(super) fn failure(router: &str) -> Trouble {
    Trouble::Missing(match router {
        "smi" => format!("{UNKNOWN_RESOURCE} (post trafficsplits.split.smi-spec.io)"),
        _ => UNKNOWN_RESOURCE.to_owned(),
    })
}
