//! The manifests of the rule document, read where it lies: what has to be found in them, and what
//! must not be.
//!
//! The document is never copied. Called by nobody.

use std::path::PathBuf;

use super::super::RULES;
use crate::domain::readiness::{Finding, Severity};
use crate::domain::text::SafeText;
use crate::manifest::bundle::Bundle;
use crate::manifest::profile::Profile;
use crate::manifest::read::{Limits, objects};
use crate::manifest::rules::judge;

/// The rule document; none where it is not there, which is said.
#[expect(clippy::print_stderr, reason = "a test that did not look says so")]
fn document() -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/deployment-strategies.md");
    let path =
        std::env::var_os("WAVEOFF_RULE_DOCUMENT").map_or(PathBuf::from(beside), PathBuf::from);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: the rule document is not at {}", path.display());
    }
    text
}

/// The manifests in it: blocks of YAML that have objects.
fn findings() -> Option<Vec<Finding>> {
    let text = document()?;
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let manifests = blocks.filter(|block| block.contains("apiVersion:"));
    let source = SafeText::new("deployment-strategies.md");
    let read = |block: &str| objects(&source, block, &Limits::default()).objects;
    let bundle: Bundle = manifests.flat_map(read).collect();
    Some(judge(&bundle, &Profile::default(), RULES))
}

#[test]
fn of_the_rule_document_is_found_what_is_wrong_with_it() {
    let Some(findings) = findings() else { return };
    let has = |rule: &str, name: &str, path: &str, measured: &str| {
        let is = |finding: &&Finding| {
            finding.rule == rule
                && finding.subject.name == name
                && finding.path.ends_with(path)
                && finding.measured.contains(measured)
        };
        let count = findings.iter().filter(is).count();
        assert_eq!(count, 1, "{rule} {name} {path} {measured}: {:#?}", super::all_said(&findings));
    };
    let (green, canary) = ("user-service-rollout", "payment-service-canary");
    has("W22", green, "blueGreen.scaleDownDelaySeconds", "30s");
    has("W24", green, "prePromotionAnalysis.templates[0]", "user-service-preview");
    has("W30", green, "spec.rollbackWindow", "none");
    has("W27", canary, "canary.steps[9]", "10m");
    has("W28", canary, "canary.analysis", "19m");
    has("W29", canary, "canary.steps[2].analysis.templates", "success-rate, latency");
    has("W30", canary, "spec.rollbackWindow", "none");
    has("W31", canary, "canary.stableService", "Service payment-service-stable");
    has("W31", canary, "canary.canaryService", "Service payment-service-canary");
    has("W31", canary, "nginx.stableIngress", "Ingress payment-service-ingress");
    has("W42", canary, "additionalIngressAnnotations.canary-by-header", "x-canary");
    for name in ["success-rate", "error-rate", "business-metrics"] {
        has("W34", name, "prometheus.query", "both sides");
    }
    let conditions = [
        ("success-rate", "result[0] >= 0.95", "2 of 5 (40 %)"),
        ("latency", "result[0] <= 500", "2 of 5 (40 %)"),
        ("error-rate", "result[0] <= 0.01", "2 of 5 (40 %)"),
        ("business-metrics", "result[0] >= 0.98", "1 of 3 (33 %)"),
    ];
    for (name, condition, failures) in conditions {
        has("W35", name, "metrics[0].successCondition", condition);
        has("W36", name, "metrics[0].failureLimit", failures);
    }
    has("W37", "success-rate", "metrics[0].successCondition", "5 % of failed requests");
}

#[test]
fn of_the_rule_document_nothing_else_is_said() {
    let Some(findings) = findings() else { return };
    let wrong = ["W21", "W23", "W25", "W26", "W32", "W33", "W38", "W39", "W40", "W41", "W46"];
    let found: Vec<String> = super::all_said(&findings);
    assert!(findings.iter().all(|finding| !wrong.contains(&finding.rule)), "{found:#?}");
    let orders = findings.iter().any(|finding| finding.subject.name.contains("order-service"));
    assert!(!orders, "{found:#?}");
    assert!(!found.iter().any(|said| said.starts_with("W34") && said.contains("/latency ")));
    let looser = findings.iter().filter(|finding| finding.rule == "W37").count();
    assert_eq!((looser, found.len()), (1, 24), "{found:#?}");
    assert_eq!(findings.iter().filter(|finding| finding.severity == Severity::Note).count(), 1);
}
