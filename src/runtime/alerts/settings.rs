//! From the configuration to receivers, and to the ways that lead to them.
//!
//! A drill takes nothing of it: nobody is woken for an exercise.

use std::sync::Arc;

use crate::config::{Places, ReceiverKind, ReceiverRule, Reference, Settings};
use crate::notify::{Courier, Kind, Receiver, Target};
use crate::runtime::connect::secret;
use crate::web::Secret;

use super::{Plan, Way};

/// Whom to tell in this session, and where the queue is kept.
pub(in crate::runtime) fn plan(settings: &Settings, places: &Places, is_drill: bool) -> Plan {
    if is_drill {
        return Plan::default();
    }
    let ways = couriers(settings).into_iter().map(|courier| {
        let Receiver { name, kind, least, .. } = courier.receiver().clone();
        Way { name, kind, least, post: Arc::new(courier) }
    });
    let directory = places.state.as_ref().map(|state| state.join("alerts"));
    Plan { ways: ways.collect(), directory }
}

/// The way to each receiver of the configuration.
pub(in crate::runtime) fn couriers(settings: &Settings) -> Vec<Courier> {
    settings.alerts.iter().map(|rule| Courier::new(receiver(&rule.value))).collect()
}

fn receiver(rule: &ReceiverRule) -> Receiver {
    Receiver {
        name: rule.name.as_str().into(),
        kind: match rule.kind {
            ReceiverKind::Slack => Kind::Slack,
            ReceiverKind::Alertmanager => Kind::Alertmanager,
            ReceiverKind::PagerDuty => Kind::PagerDuty,
            ReceiverKind::Webhook => Kind::Webhook,
        },
        target: match &rule.url {
            Reference::Text(url) => Target::Open(url.clone()),
            Reference::File(path) => Target::Hidden(Secret::File(path.clone())),
            Reference::Variable(name) => Target::Hidden(Secret::Variable(name.clone())),
        },
        key: rule.key.as_ref().and_then(secret),
        token: rule.token.as_ref().and_then(secret),
        ca_file: rule.ca_file.clone(),
        least: rule.least,
    }
}
