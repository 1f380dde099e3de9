//! `waveoff revert`: what would be committed, and what came of it.
//!
//! Printed by `runtime`.

use serde_json::{Value, json};

use crate::app::revert::Stage;
use crate::domain::gitops::{Culprit, Proposal};

/// What would be committed, as text.
pub fn proposal_text(proposal: &Proposal) -> String {
    let revert = &proposal.revert;
    let mut text = format!(
        "{} {}: {} -> {}\n",
        proposal.remote,
        proposal.change.file,
        revert.from.as_str(),
        revert.to.as_str()
    );
    let way = proposal.way();
    text.push_str(&format!("  {way} {}, as {}\n", proposal.branch, proposal.identity));
    match &proposal.culprit {
        Culprit::Known { commit, .. } => text.push_str(&format!(
            "  reverts {} {} ({}, {})\n",
            commit.id, commit.subject, commit.author, commit.date
        )),
        Culprit::Unknown(why) => text.push_str(&format!("  reverts: {why}\n")),
    }
    for remark in &proposal.remarks {
        text.push_str(&format!("  ! {remark}\n"));
    }
    for line in &proposal.diff {
        text.push_str(&format!("  {} {}\n", line.mark.sign(), line.text));
    }
    text
}

/// How far it is, as JSON.
pub fn revert_json(stage: &Stage) -> Value {
    let (word, detail, proposal) = match stage {
        Stage::Asked => ("asked", "", None),
        Stage::Offered(proposal) => ("offered", "", Some(proposal)),
        Stage::Pushing(proposal) => ("pushing", "", Some(proposal)),
        Stage::Over(text, good) => (if *good { "done" } else { "failed" }, text.as_str(), None),
    };
    json!({
        "schema": 1,
        "stage": word,
        "detail": detail,
        "proposal": proposal.map(|proposal| json!({
            "remote": proposal.remote.as_str(),
            "branch": proposal.branch,
            "base": proposal.base,
            "file": proposal.change.file,
            "line": proposal.change.at.0,
            "from": proposal.revert.from.as_str(),
            "to": proposal.revert.to.as_str(),
            "message": proposal.message,
            "reverts": match &proposal.culprit {
                Culprit::Known { commit, .. } => Some(commit.id.as_str()),
                Culprit::Unknown(_) => None,
            },
        })),
    })
}
