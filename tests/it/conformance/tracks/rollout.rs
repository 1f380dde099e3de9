//! The Rollout itself: phase, step, weights, pauses, versions, conditions, counts, and how long its
//! timed pauses lasted.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Desk, list, row, word};

/// Longer than it was told a timed pause may seem: times are whole seconds, and two cores are
/// shared by many stories.
const LATE: f64 = 4.0;

/// Follows Rollouts through a record.
pub(super) struct Watcher {
    /// Start and length of the timed pause that each stands at.
    pauses: BTreeMap<String, (DateTime<Utc>, f64)>,
    /// Delays after which ReplicaSets are scaled down, in seconds.
    pub(super) delays: Vec<f64>,
}

impl Watcher {
    pub(super) fn new() -> Self {
        // Where nothing is told it is half a minute, as for Experiments.
        Self { pauses: BTreeMap::new(), delays: vec![30.0] }
    }

    pub(super) fn note(&mut self, desk: &mut Desk<'_>) {
        if desk.entry.gone {
            return desk.note("phase", "deleted");
        }
        self.times(desk);
        let (phase, message) = (desk.word("/status/phase"), desk.word("/status/message"));
        desk.note("phase", &format!("{phase}: {message}"));
        desk.note_word("step", "/status/currentStepIndex");
        desk.note_word("observed generation", "/status/observedGeneration");
        desk.note_word("workload generation", "/status/workloadObservedGeneration");
        desk.note_word("revision", "/metadata/annotations/rollout.argoproj.io~1revision");
        desk.note("weights", &weights(desk.at("/status/canary/weights")));
        desk.note("pauses", &pauses(desk));
        desk.note("flags", &flags(desk));
        let (stable, current) =
            (desk.word("/status/stableRS"), desk.word("/status/currentPodHash"));
        desk.note("versions", &format!("stable {stable}, current {current}"));
        blue_green(desk);
        frame(desk);
        analyses(desk);
        desk.note_word("experiment", "/status/canary/currentExperiment");
        desk.note(
            "restart",
            if desk.at("/spec/restartAt").is_null() {
                "-"
            } else if desk.at("/spec/restartAt") == desk.at("/status/restartedAt") {
                "done"
            } else {
                "wanted"
            },
        );
        desk.conditions();
        desk.note_word("wanted replicas", "/spec/replicas");
        for (group, pointer) in [
            ("count replicas", "/status/replicas"),
            ("count updated", "/status/updatedReplicas"),
            ("count ready", "/status/readyReplicas"),
            ("count available", "/status/availableReplicas"),
            ("count HPA", "/status/HPAReplicas"),
        ] {
            desk.count(group, pointer);
        }
    }

    /// How long a pause of a told length lasted, once it is over.
    fn times(&mut self, desk: &mut Desk<'_>) {
        let strategies = ["/spec/strategy/canary", "/spec/strategy/blueGreen"];
        let delays = ["scaleDownDelaySeconds", "abortScaleDownDelaySeconds"];
        for delay in strategies.iter().flat_map(|s| delays.map(|d| desk.at(s)[d].as_f64())) {
            self.delays.extend(delay.filter(|d| !self.delays.contains(d)));
        }
        let now = told_pause(desk);
        let before = self.pauses.get(&desk.object).copied();
        if let Some((start, length)) = before
            && now.is_none_or(|(next, _)| next != start)
        {
            let lasted = (desk.entry.at - start).as_seconds_f64();
            let state = if lasted < length {
                format!("{length} s: ended early")
            } else if lasted < length + LATE {
                format!("{length} s: as told")
            } else {
                format!("{length} s: too late")
            };
            desk.note("timed pauses", &state);
        }
        match now {
            Some(now) => self.pauses.insert(desk.object.clone(), now),
            None => self.pauses.remove(&desk.object),
        };
    }
}

/// Start and length, in seconds, of a pause that ends by itself.
fn told_pause(desk: &Desk<'_>) -> Option<(DateTime<Utc>, f64)> {
    let pause = desk.at("/status/pauseConditions").get(0)?;
    let start = DateTime::parse_from_rfc3339(pause["startTime"].as_str()?).ok()?;
    let length = match pause["reason"].as_str()? {
        "CanaryPauseStep" => {
            let index = usize::try_from(desk.at("/status/currentStepIndex").as_u64().unwrap_or(0));
            let step = desk.at("/spec/strategy/canary/steps").get(index.ok()?)?;
            match &step["pause"]["duration"] {
                Value::Number(n) => n.as_f64()?,
                Value::String(s) => s.trim_end_matches('s').parse().ok()?,
                _ => return None,
            }
        }
        "BlueGreenPause" => desk.at("/spec/strategy/blueGreen/autoPromotionSeconds").as_f64()?,
        _ => return None,
    };
    Some((start.with_timezone(&Utc), length))
}

fn weights(weights: &Value) -> String {
    if weights.is_null() {
        return "-".to_owned();
    }
    let one = |name: &str, w: &Value| {
        let weight = w["weight"].as_i64().unwrap_or(0);
        format!("{name} {weight} {} {}", word(&w["podTemplateHash"]), word(&w["serviceName"]))
    };
    let mut words = vec![one("stable", &weights["stable"]), one("canary", &weights["canary"])];
    words.extend(list(&weights["additional"]).iter().map(|w| one("additional", w)));
    if let Some(verified) = weights["verified"].as_bool() {
        words.push(format!("verified {verified}"));
    }
    row(words)
}

fn pauses(desk: &Desk<'_>) -> String {
    let reasons = list(desk.at("/status/pauseConditions"));
    let mut words: Vec<String> = reasons.iter().map(|p| word(&p["reason"])).collect();
    if desk.at("/status/controllerPause") == true {
        words.push("controllerPause".into());
    }
    if desk.at("/spec/paused") == true {
        words.push("held".into());
    }
    row(words)
}

fn flags(desk: &Desk<'_>) -> String {
    let mut words = Vec::new();
    for flag in ["abort", "promoteFull"] {
        if desk.at("/status")[flag] == true {
            words.push(flag.to_owned());
        }
    }
    if desk.at("/status/abortedAt").is_string() {
        words.push("abortedAt".into());
    }
    if let Some(collisions) = desk.at("/status/collisionCount").as_i64() {
        words.push(format!("collisions {collisions}"));
    }
    row(words)
}

/// What a cockpit shows of one state: fields that change together, together.
fn frame(desk: &mut Desk<'_>) {
    let mut words = vec![
        format!("step {}", desk.word("/status/currentStepIndex")),
        desk.word("/status/phase"),
        pauses(desk),
        flags(desk),
    ];
    if let Some(weight) = desk.at("/status/canary/weights/canary/weight").as_i64() {
        words.push(format!("weight {weight}"));
    }
    let versions = ["stableRS", "currentPodHash", "blueGreen/activeSelector"];
    words.extend(versions.iter().map(|v| desk.word(&format!("/status/{v}"))));
    words.retain(|word| word != "-");
    desk.note("frame", &row(words));
}

fn blue_green(desk: &mut Desk<'_>) {
    let status = desk.at("/status/blueGreen");
    let mut state = format!(
        "active {}, preview {}",
        word(&status["activeSelector"]),
        word(&status["previewSelector"])
    );
    if status["scaleUpPreviewCheckPoint"] == true {
        state.push_str(", checkpoint");
    }
    if desk.at("/spec/strategy/blueGreen").is_object() {
        desk.note("blue-green", &state);
    }
}

/// The analyses that the status names.
fn analyses(desk: &mut Desk<'_>) {
    for (group, pointer) in [
        ("analysis step", "/status/canary/currentStepAnalysisRunStatus"),
        ("analysis background", "/status/canary/currentBackgroundAnalysisRunStatus"),
        ("analysis pre", "/status/blueGreen/prePromotionAnalysisRunStatus"),
        ("analysis post", "/status/blueGreen/postPromotionAnalysisRunStatus"),
    ] {
        let run = desk.at(pointer);
        let state = match run {
            Value::Null => "-".to_owned(),
            run => format!(
                "{} {}: {}",
                word(&run["name"]),
                word(&run["status"]),
                word(&run["message"])
            ),
        };
        desk.note(group, &state);
    }
}
