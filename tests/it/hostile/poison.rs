//! Recorded objects with every text in them replaced by a hostile one, and everything else that a
//! server, a kubeconfig, a log or a drill can say, said by somebody hostile.

use serde_json::{Map, Value, json};
use waveoff::app::model::Model;
use waveoff::app::msg::{Answer, Explored, Msg, Pulse, TemplateRef};
use waveoff::app::update::update;
use waveoff::cluster::wire::{Decoded, decode};
use waveoff::domain::id::{ObjectRef, ResourceKind, WorkloadId};
use waveoff::domain::observation::{Observation, Record, SourceId, SourceState};
use waveoff::domain::text::SafeText;
use waveoff::domain::time::Span;

use super::dice::Dice;
use crate::fixture::{ago, now};

macro_rules! recorded {
    ($($kind:ident $name:literal),+ $(,)?) => {
        vec![$((ResourceKind::$kind, include_str!(concat!("../wire/", $name, ".json")))),+]
    };
}

/// A whole workload as a real API server gave it, its rollout first.
pub(super) fn objects(rollout: usize) -> Vec<(ResourceKind, Value)> {
    let rollouts = recorded! {
        Rollouts "rollout_paused",
        Rollouts "rollout_aborted",
        Rollouts "rollout_blue_green",
        Rollouts "rollout_workload_ref",
        Deployments "deployment_crash_looping",
    };
    let others = recorded! {
        ReplicaSets "replica_set",
        Pods "pod_crash_looping",
        Pods "pod_ready",
        AnalysisRuns "analysis_run_failed",
        AnalysisRuns "analysis_run_pre_promotion",
        Events "event",
        Services "service",
        Ingresses "ingress_canary",
        DisruptionBudgets "disruption_budget",
    };
    let all = std::iter::once(rollouts[rollout % rollouts.len()]).chain(others);
    let mut objects: Vec<(ResourceKind, Value)> =
        all.map(|(kind, text)| (kind, serde_json::from_str(text).unwrap())).collect();
    related(&mut objects);
    objects
}

/// Makes them one family: they were recorded on different days.
fn related(objects: &mut [(ResourceKind, Value)]) {
    let rollout = objects[0].1.clone();
    let uid = rollout["metadata"]["uid"].clone();
    let hash = match &rollout["status"]["currentPodHash"] {
        Value::String(hash) => hash.clone(),
        _ => "85747cfc4".into(),
    };
    let set = objects.iter().find(|(kind, _)| *kind == ResourceKind::ReplicaSets);
    let set_uid = set.unwrap().1["metadata"]["uid"].clone();
    for (kind, object) in &mut objects[1..] {
        let owner = if *kind == ResourceKind::Pods { &set_uid } else { &uid };
        let meta = &mut object["metadata"];
        meta["namespace"] = rollout["metadata"]["namespace"].clone();
        meta["ownerReferences"] = json!([{"uid": owner, "controller": true, "kind": "Rollout"}]);
        for label in ["rollouts-pod-template-hash", "pod-template-hash"] {
            meta["labels"][label] = hash.clone().into();
        }
        if *kind == ResourceKind::Events {
            object["involvedObject"]["uid"] = uid.clone();
        }
    }
}

/// Words by which an object is told what it is; most of them are left, so that the rest is read.
const STRUCTURE: [&str; 9] = [
    "uid",
    "phase",
    "status",
    "type",
    "kind",
    "rollouts-pod-template-hash",
    "pod-template-hash",
    "currentPodHash",
    "stableRS",
];

/// Replaces texts, at times numbers, and at times a whole part by something of another type.
pub(super) fn poison(value: &mut Value, key: &str, dice: &mut Dice) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                poison(inner, key, dice);
            }
            if dice.one_in(4) {
                map.insert(attack(dice), attack(dice).into());
            }
        }
        Value::Array(items) => {
            for item in items.iter_mut() {
                poison(item, key, dice);
            }
            if dice.one_in(20) {
                items.push(attack(dice).into());
            }
        }
        Value::String(_) if STRUCTURE.contains(&key) && !dice.one_in(40) => {}
        Value::String(_) if STRUCTURE.contains(&key) => *value = attack(dice).into(),
        Value::String(text) => {
            let is_time = text.len() == 20 && text.ends_with('Z');
            if !is_time || dice.one_in(4) {
                *value = attack(dice).into();
            }
        }
        _ if dice.one_in(30) => *value = attack(dice).into(),
        _ => {}
    }
    if dice.one_in(60) && key != "metadata" && key != "uid" && !key.is_empty() {
        *value = of_another_type(dice);
    }
}

fn of_another_type(dice: &mut Dice) -> Value {
    match dice.below(6) {
        0 => Value::Null,
        1 => (-1).into(),
        2 => 1e308.into(),
        3 => true.into(),
        4 => vec![Value::from(attack(dice))].into(),
        _ => Map::from_iter([(attack(dice), Value::from(attack(dice)))]).into(),
    }
}

/// A hostile text that says something a person would see.
pub(super) fn attack(dice: &mut Dice) -> String {
    const WHOLE: [&str; 14] = [
        "\x1b]0;owned\x07title",
        "\x1b]52;c;cm0gLXJmIC8=\x07copy",
        "\x1b[2J\x1b[H\x1b[31mred",
        "\u{9b}31mred",
        "\u{202e}gpj.exe",
        "\x1bP+q544e\x1b\\answer",
        "\x1b[?1049l\x1b[?25hleave",
        "over\rwrite\x08\x08",
        "bell\x07\x07",
        "ze\u{200b}ro\u{2060}\u{feff}",
        "tags\u{e0061}\u{e007f}",
        "\u{301}\u{301}first",
        "z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}algo",
        "line\nfeed\ttab\u{2028}separator",
    ];
    let mut text = WHOLE[dice.below(WHOLE.len())].to_owned();
    if dice.one_in(3) {
        text.push_str(&dice.text());
    }
    if dice.one_in(50) {
        text = text.repeat(400);
    }
    text
}

/// The same as the doors of the program make it.
pub(super) fn safe(dice: &mut Dice) -> SafeText {
    SafeText::from(attack(dice))
}

/// The records of a poisoned workload, read by the door that reads the cluster.
pub(super) fn records(rollout: usize, dice: &mut Dice) -> (Vec<Record>, Vec<SafeText>) {
    let (mut records, mut oddities) = (Vec::new(), Vec::new());
    for (kind, mut object) in objects(rollout) {
        poison(&mut object, "", dice);
        let Decoded { record, odd } = decode(kind, &object);
        records.extend(record);
        oddities.extend(odd);
    }
    (records, oddities)
}

/// Everything that may reach the model from outside, said to it.
pub(super) fn tell_all(model: &mut Model, rollout: usize, dice: &mut Dice) -> Option<WorkloadId> {
    let session = &mut model.session;
    for text in [
        &mut session.context,
        &mut session.cluster,
        &mut session.server,
        &mut session.user,
        &mut session.log_path,
        &mut session.journal_path,
    ] {
        *text = SafeText::name(&attack(dice));
    }
    let (records, oddities) = records(rollout, dice);
    let id = records.iter().find_map(|record| match record {
        Record::Workload(workload) => Some(workload.id.clone()),
        _ => None,
    });
    let seen = records.into_iter().map(Observation::Seen).collect();
    let mut msgs = vec![Msg::Observed(seen)];
    let source = |kind, dice: &mut Dice| SourceId { kind, namespace: Some(safe(dice)) };
    for odd in oddities {
        msgs.push(Msg::Odd(source(ResourceKind::Rollouts, dice), odd));
    }
    for kind in ResourceKind::ALL {
        let error = safe(dice);
        let state = match dice.below(4) {
            0 => SourceState::Forbidden(error),
            1 => SourceState::Missing(error),
            2 => SourceState::Stale { since: ago(30), attempt: 2, retry_at: None, error },
            _ => SourceState::Live(now()),
        };
        msgs.push(Msg::Source(source(kind, dice), state));
    }
    let pulse = Pulse {
        alive: false,
        last_alive: None,
        rtt_ms: None,
        skew_s: None,
        sign_in: None,
        error: Some(safe(dice)),
    };
    msgs.push(Msg::Pulse(pulse));
    msgs.push(Msg::Identity(safe(dice)));
    msgs.push(Msg::Trouble(safe(dice), safe(dice)));
    if let Some(id) = &id {
        let labels = vec![(attack(dice).into(), attack(dice).into())];
        let elements = Ok(vec![(labels, 1.0)]);
        let what = waveoff::app::metrics::Search::Schemes;
        msgs.push(Msg::Explored(id.clone(), Explored { what, elements }));
        msgs.push(Msg::Prometheus(id.clone(), 1, Err(safe(dice))));
    }
    for msg in msgs {
        update(model, now(), msg);
    }
    id
}

/// What answers and readings can say, put where they arrive.
pub(super) fn answer_all(model: &mut Model, dice: &mut Dice) {
    let tickets: Vec<_> = model.flights.iter().map(|flight| flight.ticket).collect();
    for ticket in tickets {
        let answer = match dice.below(3) {
            0 => Answer::Changed(vec![safe(dice), safe(dice)]),
            1 => Answer::Refused(safe(dice)),
            _ => Answer::Unknown(safe(dice)),
        };
        update(model, now() + Span::seconds(1), Msg::Answered(ticket, answer));
    }
}

/// Two sides of a comparison with hostile labels.
pub(super) fn side(dice: &mut Dice) -> TemplateRef {
    TemplateRef {
        replica_set: ObjectRef { namespace: safe(dice), name: safe(dice) },
        uid: safe(dice),
        label: safe(dice),
    }
}
