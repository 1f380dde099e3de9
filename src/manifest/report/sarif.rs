//! The report as SARIF 2.1.0 (OASIS), which code hosts show beside the lines of a change.
//!
//! What is unknown is a result of kind `open`, which by the standard has no level. Called by
//! `runtime`.

use serde_json::{Value, json};

use crate::domain::readiness::{Finding, Severity, Standing};
use crate::domain::time::to_rfc3339;
use crate::manifest::read::Misread;
use crate::manifest::rules::Rule;

use super::{Report, named, said};

/// The report as one SARIF log. `rules` are those that were asked.
pub fn sarif(report: &Report<'_>, rules: &[Rule]) -> String {
    let results = report.sorted().into_iter().map(|finding| result(finding, rules));
    let notes: Vec<Value> = report.sorted_faults().into_iter().map(notification).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "waveoff",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(described).collect::<Vec<Value>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": notes.is_empty(),
                "toolExecutionNotifications": notes,
            }],
            "results": results.collect::<Vec<Value>>(),
        }],
    });
    format!("{log:#}\n")
}

fn described(rule: &Rule) -> Value {
    let weights = [rule.weight.rolling, rule.weight.blue_green, rule.weight.canary];
    let heaviest = weights.into_iter().flatten().max();
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.title },
        "defaultConfiguration": { "level": heaviest.map_or("none", level) },
    })
}

/// The words of the standard are ours, but they are its own.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn result(finding: &Finding, rules: &[Rule]) -> Value {
    let (kind, level) = match &finding.standing {
        Standing::Unknown(_) => ("open", "none"),
        Standing::Broken | Standing::Waived(_) => ("fail", level(finding.severity)),
    };
    let who = named(&finding.subject);
    let lines =
        [format!("{who}: {}", said(finding)), finding.why.to_string(), finding.fix.to_string()];
    let lines: Vec<&str> =
        lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
    let mut result = json!({
        "ruleId": finding.rule,
        "kind": kind,
        "level": level,
        "message": { "text": lines.join("\n") },
        "locations": [location(finding, &who)],
        "suppressions": suppressions(finding),
        "properties": {
            "severity": finding.severity.word(),
            "measured": finding.measured.as_str(),
            "wanted": finding.wanted.as_str(),
        },
    });
    let index = rules.iter().position(|rule| rule.id == finding.rule);
    if let (Some(index), Some(fields)) = (index, result.as_object_mut()) {
        fields.insert("ruleIndex".to_owned(), index.into());
    }
    result
}

fn location(finding: &Finding, who: &str) -> Value {
    let path = if finding.path.is_empty() { String::new() } else { format!(" {}", finding.path) };
    let logical = json!([{ "fullyQualifiedName": format!("{who}{path}"), "kind": "object" }]);
    match finding.place {
        Some(at) => json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&finding.source) },
                "region": { "startLine": at.line, "startColumn": at.column },
            },
            "logicalLocations": logical,
        }),
        // What is live stands in no file.
        None => json!({ "logicalLocations": logical }),
    }
}

/// Said of every result, as soon as it may be said of one (3.27.23).
fn suppressions(finding: &Finding) -> Value {
    match &finding.standing {
        Standing::Waived(waiver) => {
            let until = to_rfc3339(waiver.until);
            let justification = format!("{} (until {until})", waiver.reason);
            json!([{ "kind": "external", "status": "accepted", "justification": justification }])
        }
        Standing::Broken | Standing::Unknown(_) => json!([]),
    }
}

fn notification(misread: &Misread) -> Value {
    json!({
        "level": "error",
        "message": { "text": misread.fault.message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&misread.source) },
            "region": {
                "startLine": misread.fault.at.line,
                "startColumn": misread.fault.at.column,
            },
        }}],
    })
}

/// A path as a reference of RFC 3986: from the root with `file://`, else relative to where the
/// program ran.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
