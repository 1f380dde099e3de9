//! Whether a workload is ready for a release: what the rules found, the gravest first.
//!
//! Called by `view`.

use crate::app::model::Model;
use crate::app::read::info::{Chapter, Fact, fact, plain};
use crate::app::read::phrase::Phrase;
use crate::app::readiness::Examined;
use crate::app::theme::Role;
use crate::domain::readiness::{Finding, Severity, Standing};
use crate::domain::release::Release;
use crate::domain::text::several;
use crate::domain::time::length;

/// All of it: a sentence, then the findings by their weight.
pub fn chapters(model: &Model, release: &Release<'_>) -> Vec<Chapter> {
    let state = &model.readiness;
    let of_this = state.found.as_ref().filter(|(id, ..)| *id == release.workload.id);
    let Some((_, at, found)) = of_this else {
        let asked = state.asked.is_some();
        let text = if asked { "its objects are being read" } else { "nothing was asked yet" };
        return vec![Chapter { title: "ready", facts: vec![quiet("state", text)] }];
    };
    let age = length(model.now - *at);
    match found {
        Err(why) => {
            let text = Phrase::of(Role::Warn, format!("not known: {why}"));
            vec![Chapter { title: "ready", facts: vec![fact("state", text)] }]
        }
        Ok(found) => {
            let mut all = vec![Chapter { title: "ready", facts: summary(found, &age) }];
            for (title, severity) in [
                ("errors", Severity::Error),
                ("warnings", Severity::Warning),
                ("notes", Severity::Note),
            ] {
                let broken = |f: &&Finding| f.severity == severity && !is_unknown(f);
                let facts = found.findings.iter().filter(broken).flat_map(told).collect();
                all.push(Chapter { title, facts });
            }
            let unknown = found.findings.iter().filter(|f| is_unknown(f));
            all.push(Chapter { title: "not known", facts: unknown.flat_map(told).collect() });
            all.retain(|chapter| !chapter.facts.is_empty());
            all
        }
    }
}

fn quiet(label: &str, text: &str) -> Fact {
    fact(label, Phrase::new().muted(text))
}

fn is_unknown(finding: &Finding) -> bool {
    matches!(finding.standing, Standing::Unknown(_))
}

fn summary(found: &Examined, age: &str) -> Vec<Fact> {
    let count = |severity| {
        let broken = |f: &&Finding| f.severity == severity && f.standing == Standing::Broken;
        found.findings.iter().filter(broken).count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    // What could not be read counts where a rule needed it.
    let unknown = found.findings.iter().filter(|f| is_unknown(f)).count();
    let state = if errors > 0 {
        Phrase::of(
            Role::Bad,
            format!(
                "not ready: {}, {}",
                several(errors, "error", "errors"),
                several(warnings, "warning", "warnings")
            ),
        )
    } else if unknown > 0 {
        Phrase::of(
            Role::Warn,
            format!("not known: {} could not be told", several(unknown, "thing", "things")),
        )
    } else if warnings > 0 {
        Phrase::of(Role::Warn, format!("ready, with {}", several(warnings, "warning", "warnings")))
    } else {
        Phrase::of(Role::Ok, "ready")
    };
    let mut facts = vec![fact("state", state.muted(format!(", {} rules, {age} ago", found.rules)))];
    facts.extend(
        found.missing.iter().map(|why| fact("unread", Phrase::new().muted(why.to_string()))),
    );
    facts
}

/// A finding: what is there and what is wanted, then where, then why, then what to write.
fn told(finding: &Finding) -> Vec<Fact> {
    let (role, measured) = match &finding.standing {
        Standing::Unknown(why) => (Role::Warn, format!("not known: {why}")),
        Standing::Waived(waiver) => {
            (Role::Muted, format!("{}, waived: {}", finding.measured, waiver.reason))
        }
        Standing::Broken => (role_of(finding.severity), finding.measured.to_string()),
    };
    let subject = format!("{} {}", finding.subject.kind, finding.subject.name);
    let mut facts = vec![
        fact(
            finding.rule,
            Phrase::of(role, measured).muted(format!("  wanted: {}", finding.wanted)),
        ),
        quiet("", &format!("{subject}  {}", finding.path)),
    ];
    if !finding.why.is_empty() {
        facts.push(plain("", finding.why.to_string()));
    }
    if !finding.fix.is_empty() {
        facts.push(quiet("", &format!("write: {}", finding.fix)));
    }
    facts
}

fn role_of(severity: Severity) -> Role {
    match severity {
        Severity::Error => Role::Bad,
        Severity::Warning => Role::Warn,
        Severity::Note => Role::Text,
    }
}
