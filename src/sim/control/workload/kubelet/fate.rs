//! What a container will do: by the mark of its pod, or else by its image.
//!
//! The marks are those of the real control plane that `sim` is compared with, with the same times;
//! never for a real cluster. Called by the kubelet and for logs.

use serde_json::Value;

use crate::sim::control::workload::pod;
use crate::sim::dice::Dice;
use crate::sim::object::Document;
use crate::sim::time::{self, Span};
use crate::sim::world::{Behaviour, Ending, Images, Pull, Restarts};

/// The label or annotation of a pod that says how it fails.
const FAULT: &str = "waveoff.demo/fault";

/// The annotation that says how long a pod takes to start.
const READY_AFTER: &str = "waveoff.demo/ready-after";

/// How long the pods of a Job work when nobody described them.
const WORK: Span = Span::seconds(2);

/// What the `run`th run of a container does, counted from zero.
pub(in crate::sim::control::workload) fn fate(
    pod: &Value,
    image: &str,
    run: u64,
    images: &Images,
    dice: Dice,
) -> Behaviour {
    let mut fate = images.of(image).clone();
    if let Some(fault) = pod::mark(pod, FAULT)
        && let Some(marked) = marked(fault, pod, run, dice)
    {
        return marked;
    }
    let slow = pod.annotation(READY_AFTER).and_then(time::go_duration);
    fate.starts_in = slow.unwrap_or(fate.starts_in);
    let works = pod.controller().is_some_and(|owner| owner.text("/kind") == "Job");
    if works && !images.knows(image) {
        fate.ends = Some(Ending::Exit { after: WORK, code: 0 });
    }
    fate
}

/// What a mark means; nothing for those that mean nothing.
fn marked(fault: &str, pod: &Value, run: u64, dice: Dice) -> Option<Behaviour> {
    let between = |what: &str, low, high| {
        Span::milliseconds(dice.between(&["fault", what, pod.uid()], run, low, high))
    };
    let again = Restarts::Every(between("restart", 8_000, 9_000));
    let exits = |seconds| Some(Ending::Exit { after: Span::seconds(seconds), code: 1 });
    let unready = Behaviour {
        pull: Pull::After(Span::milliseconds(600)),
        starts_in: between("start", 1_000, 1_200),
        ready_after: None,
        unready: String::new(),
        restarts: again,
        ..Behaviour::default()
    };
    Some(match fault {
        "slow" => Behaviour { ready_after: Some(Span::seconds(14)), ..unready },
        "never-ready" => Behaviour { unready: Behaviour::default().unready, ..unready },
        "crash-loop" => Behaviour { ends: exits(2), ..unready },
        "oom" => {
            let ends = Some(Ending::OutOfMemory { after: Span::seconds(4) });
            Behaviour { ends, ..unready }
        }
        "late-crash" => {
            let ready_after = (run == 0).then(Span::zero);
            let starts_in = Span::seconds(1);
            Behaviour { ready_after, ends: exits(20), starts_in, ..unready }
        }
        "image-pull" => Behaviour { pull: Pull::Missing, starts_in: Span::seconds(1), ..unready },
        _ => return None,
    })
}

/// Whether an init container ends as soon as it starts, because nobody described it.
pub(in crate::sim::control::workload) fn runs_once(image: &str, images: &Images) -> bool {
    !images.knows(image)
}
