//! `waveoff alerts test`: whether receivers take a message, by sending one that says it is a test.
//!
//! Nothing of it is queued or tried again. Called by `start`.

use crate::config::args::Alerts;
use crate::config::{Settings, nearest};
use crate::domain::alert::{Alert, Occasion};
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::time::Timestamp;
use crate::error::Exit;
use crate::notify::{Courier, NotifyError, Post};
use crate::runtime::clock::Clock;
use crate::runtime::say::{complain, print};

use super::couriers;

/// Tries all receivers, or the one of this name, and prints what became of it.
pub(in crate::runtime) async fn rehearse(settings: &Settings, asked: &Alerts) -> Exit {
    let Alerts::Test { name } = asked;
    let (name, now) = (name.as_deref(), Clock::default().now());
    let all = couriers(settings);
    if all.is_empty() {
        complain("there is nobody to tell: no [alerts.NAME] in the configuration");
        return Exit::Usage;
    }
    let names: Vec<&str> = all.iter().map(|courier| &*courier.receiver().name).collect();
    if let Some(name) = name.filter(|name| !names.contains(name)) {
        let hint = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("there are {}", names.join(", ")),
        };
        complain(&format!("no receiver {name}; {hint}"));
        return Exit::Usage;
    }
    let mut exit = Exit::Ok;
    let wanted = |courier: &&Courier| name.is_none_or(|name| courier.receiver().name == name);
    for courier in all.iter().filter(wanted) {
        let receiver = courier.receiver();
        let became = match try_one(courier, now).await {
            Ok(()) => "took the test".to_owned(),
            Err(error) => {
                exit = Exit::Finding;
                error.to_string()
            }
        };
        print(&format!("{} ({}): {became}\n", receiver.name, receiver.kind.word()));
    }
    exit
}

/// A message and its end, so that nobody is left with an open incident.
async fn try_one(courier: &Courier, now: Timestamp) -> Result<(), NotifyError> {
    let alert = |occasion, summary: &str| Alert {
        at: now,
        incident: format!("waveoff-test-{}", now.timestamp_millis()).into(),
        occasion,
        workload: WorkloadId::new("waveoff", WorkloadKind::Rollout, "test"),
        environment: "test".into(),
        summary: summary.into(),
        facts: Vec::new(),
    };
    let begin = alert(Occasion::Blind, "TEST: nothing is wrong, somebody tries whether this comes");
    courier.post(&begin, now).await?;
    tokio::time::sleep(courier.receiver().kind.gap()).await;
    courier.post(&alert(Occasion::Seeing, "TEST: the end of the test"), now).await
}
