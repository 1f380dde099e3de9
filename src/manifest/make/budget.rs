//! The disruption budget: how many pods a drained node may take at once.
//!
//! Called by `make`.

use super::numbers::{self, Budget};
use super::order::{Order, Shape};
use super::pod;
use super::yaml::{Doc, Map};

/// The budget; none for a single replica.
pub(super) fn budget(order: &Order, of_rollout: bool, namespace: Option<&str>) -> Option<Map> {
    let (why, key, value) = match numbers::budget(order, of_rollout) {
        Budget::None => return None,
        Budget::Least(percent) => {
            let why = "the share of healthy pods below which the guard takes a version back: with \
                       less, the drain of a node would undo a good release";
            (why.to_owned(), "minAvailable", Doc::Text(format!("{percent}%")))
        }
        Budget::Most(pods) => {
            let why = most(order, pods, of_rollout);
            (why, "maxUnavailable", Doc::Int(pods))
        }
    };
    let knows = order.profile.server_minor.is_none_or(|minor| minor >= 27);
    let selector = Map::new().put("matchLabels", pod::labels(order));
    let spec = Map::new()
        .why(why)
        .put(key, value)
        .why("a pod that is not ready serves nobody: it must not keep a node from being emptied")
        .put_some("unhealthyPodEvictionPolicy", knows.then_some("AlwaysAllow"))
        .put("selector", selector);
    let document = Map::new()
        .put("apiVersion", "policy/v1")
        .put("kind", "PodDisruptionBudget")
        .put("metadata", pod::metadata(order, &order.name, namespace))
        .put("spec", spec);
    Some(document)
}

fn most(order: &Order, pods: i64, of_rollout: bool) -> String {
    let floor = order.profile.healthy_floor;
    let fewest = numbers::fewest(order).unwrap_or_default();
    let mut why = if numbers::spare(fewest, floor) > 0 {
        format!(
            "a number and no share: {pods} of {fewest} may be away without the version falling \
             below the {:.0} % at which the guard takes it back",
            floor * 100.0
        )
    } else {
        let of = match order.shape {
            Shape::Plain(_) => "",
            Shape::Kustomize { .. } => ", the fewest of an environment,",
        };
        format!("one at a time: with {fewest} replicas{of} a stricter budget locks every node")
    };
    if of_rollout {
        why.push_str(
            ". While two versions run, a share would count the pods of both, and so many of them \
             could all be those that have the users; a number holds for each version",
        );
    }
    why
}
