//! The report as JSON, `schema` 1.
//!
//! Fields are only ever added. Called by `runtime`.

use serde_json::{Map, Value, json};

use crate::domain::readiness::{Finding, Place, Standing, Subject};
use crate::domain::time::to_rfc3339;

use super::{Report, standing_word};

/// The report as one JSON object, pretty, with a line break at its end.
pub fn json(report: &Report<'_>) -> String {
    let counts = report.counts();
    let checked = report.checked;
    let findings: Vec<Value> = report.sorted().into_iter().map(finding).collect();
    let faults = report.sorted_faults().into_iter().map(|misread| {
        json!({
            "source": misread.source.as_str(),
            "line": misread.fault.at.line,
            "column": misread.fault.at.column,
            "message": misread.fault.message,
        })
    });
    let unused = report.unused.iter().map(|unused| {
        let waived = unused.waived;
        json!({
            "rule": waived.rule.as_str(),
            "kind": waived.kind.as_str(),
            "namespace": waived.namespace.as_str(),
            "name": waived.name.as_str(),
            "reason": waived.reason.as_str(),
            "until": to_rfc3339(waived.until),
            "ended": unused.ended,
        })
    });
    let whole = json!({
        "schema": 1,
        "report": "check",
        "summary": {
            "errors": counts.errors,
            "warnings": counts.warnings,
            "notes": counts.notes,
            "unknown": counts.unknown,
            "waived": counts.waived,
            "unreadable": report.faults.len(),
        },
        "checked": {
            "files": checked.files,
            "objects": checked.objects,
            "workloads": checked.workloads,
            "rules": checked.rules,
        },
        "findings": findings,
        "unreadable": faults.collect::<Vec<Value>>(),
        "unused_waivers": unused.collect::<Vec<Value>>(),
    });
    format!("{whole:#}\n")
}

fn finding(finding: &Finding) -> Value {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    put("rule", finding.rule.into());
    put("severity", finding.severity.word().into());
    put("standing", standing_word(&finding.standing).into());
    match &finding.standing {
        Standing::Broken => {}
        Standing::Unknown(reason) => {
            put("reason", reason.as_str().into());
        }
        Standing::Waived(waiver) => {
            put("reason", waiver.reason.as_str().into());
            put("until", to_rfc3339(waiver.until).into());
        }
    }
    put("object", object(&finding.subject));
    put("workload", object(&finding.workload));
    put("source", finding.source.as_str().into());
    let (line, column) = finding.place.map(|Place { line, column }| (line, column)).unzip();
    put("line", line.into());
    put("column", column.into());
    for (key, text) in [
        ("path", &finding.path),
        ("measured", &finding.measured),
        ("wanted", &finding.wanted),
        ("why", &finding.why),
        ("fix", &finding.fix),
    ] {
        put(key, text.as_str().into());
    }
    Value::Object(fields)
}

fn object(subject: &Subject) -> Value {
    json!({
        "kind": subject.kind.as_str(),
        "namespace": subject.namespace.as_str(),
        "name": subject.name.as_str(),
    })
}
