//! One message at a time: changes the model, gives effects.

use crate::domain::time::Timestamp;

use super::effect::Effect;
use super::model::Model;
use super::msg::Msg;

/// Takes in one message.
pub fn update(_model: &mut Model, _now: Timestamp, _msg: Msg) -> Vec<Effect> {
    Vec::new()
}
