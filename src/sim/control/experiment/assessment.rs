//! The phase of an experiment, by its templates and its analyses.
//!
//! Called at the end of each look.

use serde_json::Value;

use super::super::analysis::is_worse;
use super::{is_over, state};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::time::{self, Moment};

/// States of templates from best to worst.
const BY_GRAVITY: &[&str] = &["Successful", "Running", "Progressing", "Error", "Failed"];

/// What analyses say together that were all that was waited for.
const REQUIRED_DONE: &str = "Required AnalysisRuns completed";

type Finding = (&'static str, String);

/// The status with the experiment's phase. One that is over stays as it is.
pub(super) fn assessed(experiment: &Value, mut status: Value, now: Moment) -> Value {
    match status.text("/phase") {
        "" => status.set("/phase", "Pending"),
        "Pending" | "Running" => {
            let (templates, analyses) =
                (templates(experiment, &status), analyses(experiment, &status));
            if templates.0 == "Running" && status.text("/availableAt").is_empty() {
                status.set("/availableAt", time::seconds(now));
            }
            let (phase, message) = together(experiment, &status, templates, analyses);
            status.set("/phase", phase);
            if message.is_empty() {
                status.take_out("/message");
            } else {
                status.set("/message", message);
            }
        }
        _ => {}
    }
    status
}

fn together(experiment: &Value, status: &Value, templates: Finding, analyses: Finding) -> Finding {
    if is_over(templates.0) {
        // Templates that lasted leave the word to the analyses, unless these go on for ever.
        let decided = is_over(analyses.0) || state::has_required(experiment);
        return if templates.0 == "Successful" && decided { analyses } else { templates };
    }
    let gone_wrong = is_over(analyses.0) && analyses.0 != "Successful";
    if gone_wrong || state::required_are_successful(experiment, status) {
        analyses
    } else {
        templates
    }
}

/// The worst of the templates.
fn templates(experiment: &Value, status: &Value) -> Finding {
    let gravity = |state| BY_GRAVITY.iter().position(|known| *known == state).unwrap_or(0);
    let (mut worst, mut message) = ("Successful", "");
    for template in experiment.items("/spec/templates") {
        match state::known(status, "/templateStatuses", template.text("/name")) {
            None if gravity("Progressing") > gravity(worst) => worst = "Progressing",
            Some(known) if gravity(known.text("/status")) > gravity(worst) => {
                (worst, message) = (known.text("/status"), known.text("/message"));
            }
            _ => {}
        }
    }
    let phase = match worst {
        "Progressing" => "Pending",
        "Failed" => "Failed",
        "Error" => "Error",
        "Successful" => "Successful",
        _ => "Running",
    };
    (phase, message.to_owned())
}

/// The worst of the analyses; success when there are none.
fn analyses(experiment: &Value, status: &Value) -> Finding {
    let (mut worst, mut message) = ("Successful", "");
    for analysis in experiment.items("/spec/analyses") {
        let known = state::known(status, "/analysisRuns", analysis.text("/name"));
        if let Some(known) = known.filter(|known| is_worse(worst, known.text("/phase"))) {
            (worst, message) = (known.text("/phase"), known.text("/message"));
        }
    }
    if state::required_are_successful(experiment, status) && is_worse(worst, "Running") {
        return ("Successful", REQUIRED_DONE.into());
    }
    let phase = match worst {
        "Failed" => "Failed",
        "Error" => "Error",
        "Inconclusive" => "Inconclusive",
        "Successful" => "Successful",
        // An experiment is not pending because one of its analyses is.
        _ => "Running",
    };
    (phase, message.to_owned())
}
