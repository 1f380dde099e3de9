//! The words of a drill file about requests, nodes and Prometheus, as the ground takes them.
//!
//! Called by `genesis` and the director.

use crate::sim::drill::script::{File, Lie, NodeEvent, PrometheusEvent, Requests, Service};
use crate::sim::world::World;

/// Describes the requests of a service, and how each of its versions fares.
pub(in crate::sim::drill) fn describe(_world: &mut World, _service: &Service, _file: &File) {}

/// Requests fare differently from now on. Says so in words.
pub(in crate::sim::drill) fn change(
    _world: &mut World,
    _service: &Service,
    _requests: &Requests,
) -> String {
    String::new()
}

/// The router is honest or not. Says so in words.
pub(in crate::sim::drill) fn lie(_world: &mut World, _service: &Service, _lie: &Lie) -> String {
    String::new()
}

/// Something happens to a node. Says so in words.
pub(in crate::sim::drill) fn node(_world: &mut World, _event: &NodeEvent) -> String {
    String::new()
}

/// Something happens to Prometheus. Says so in words.
pub(in crate::sim::drill) fn prometheus(_world: &mut World, _event: PrometheusEvent) -> String {
    String::new()
}
