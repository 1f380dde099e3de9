//! The room against receivers that behave well and badly, on this machine.

mod answers;
mod listener;
mod secrets;

use std::time::Duration;

use super::courier::Pace;
use super::{Courier, Kind, Receiver, Target};
use crate::domain::alert::{Alert, Occasion, Severity};
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::time::{Span, Timestamp, parse_rfc3339};

/// So many seconds after the alerts of these tests happened.
pub(super) fn at(seconds: i64) -> Timestamp {
    parse_rfc3339("2026-11-28T10:00:00Z").unwrap() + Span::seconds(seconds)
}

pub(super) fn alert(occasion: Occasion) -> Alert {
    Alert {
        at: at(0),
        incident: "i-1".into(),
        occasion,
        workload: WorkloadId::new("shop", WorkloadKind::Rollout, "checkout"),
        environment: "prod".into(),
        summary: "errors > 1% & rising".into(),
        facts: vec![
            ("error share".into(), "2.1% (limit 1%) for 5m".into()),
            ("pods".into(), "3".into()),
        ],
    }
}

fn receiver(kind: Kind, url: &str) -> Receiver {
    Receiver {
        name: "ops".into(),
        kind,
        target: Target::Open(url.to_owned()),
        key: None,
        token: None,
        ca_file: None,
        least: Severity::Info,
    }
}

/// Soon gives up.
fn courier(receiver: Receiver) -> Courier {
    let pace = Pace { connect: Duration::from_millis(800), answer: Duration::from_millis(900) };
    Courier::paced(receiver, pace)
}
