//! What the four reports say.

use serde_json::Value;

use super::*;
use crate::domain::readiness::{Place, Waiver};
use crate::domain::text::SafeText;
use crate::domain::time::{Timestamp, parse_rfc3339};
use crate::manifest::read::Fault;
use crate::manifest::rules::{Rule, Weights};
use crate::manifest::waive::Waived;

fn finding(rule: &'static str, severity: Severity, line: u32) -> Finding {
    let subject =
        Subject { kind: "Deployment".into(), namespace: "shop".into(), name: "api".into() };
    Finding {
        rule,
        severity,
        standing: Standing::Broken,
        subject: subject.clone(),
        workload: subject,
        source: "apps/shop.yaml".into(),
        path: "spec.probe".into(),
        place: Some(Place { line, column: 5 }),
        measured: "none".into(),
        wanted: "a probe".into(),
        why: "requests come too early".into(),
        fix: "write one".into(),
    }
}

fn until() -> Timestamp {
    parse_rfc3339("2026-04-01T00:00:00Z").unwrap()
}

/// One of each: an error, a warning in another file, an unknown, a waived one, a note of what is
/// live.
fn findings() -> Vec<Finding> {
    let mut waived = finding("W08", Severity::Error, 3);
    waived.standing = Standing::Waived(Waiver { reason: "base image".into(), until: until() });
    let mut unknown = finding("W31", Severity::Error, 20);
    unknown.standing = Standing::Unknown("no template".into());
    let mut other = finding("W11", Severity::Warning, 1);
    other.source = "apps/a b&<é>.yaml".into();
    let mut live = finding("W14", Severity::Note, 1);
    (live.source, live.place, live.path) = ("kind-test".into(), None, SafeText::default());
    live.subject.namespace = SafeText::default();
    vec![live, unknown, finding("W04", Severity::Error, 12), waived, other]
}

fn faults() -> Vec<Misread> {
    let at = Place { line: 7, column: 2 };
    let fault = Fault { at, message: "a key is \"twice\"".into() };
    vec![Misread { source: "apps/bad.yaml".into(), fault }]
}

const CHECKED: Checked = Checked { files: 3, objects: 9, workloads: 1, rules: 46 };

fn unneeded() -> Waived {
    Waived {
        rule: "W99".into(),
        kind: "*".into(),
        namespace: "*".into(),
        name: "gone".into(),
        reason: "long ago".into(),
        until: until(),
    }
}

fn with<T>(findings: &[Finding], look: impl Fn(&Report<'_>) -> T) -> T {
    let (faults, waived) = (faults(), unneeded());
    let unused = [Unused { waived: &waived, ended: true }];
    look(&Report { findings, faults: &faults, unused: &unused, checked: CHECKED })
}

fn rules() -> [Rule; 2] {
    let rule = |id, title, weight| Rule { id, title, weight, look: |_| {} };
    [
        rule("W04", "readiness missing", Weights::all(Severity::Error)),
        rule("W14", "resolved numbers", Weights::rollouts(Severity::Note)),
    ]
}

#[test]
fn text_says_all_of_it() {
    let said = with(&findings(), |report| text(report, None));
    let wanted = "\
apps/bad.yaml:7:2 unreadable: a key is \"twice\"
apps/a b&<é>.yaml:1:5 warning W11 Deployment shop/api: spec.probe: none (wanted a probe)
    why: requests come too early
    fix: write one
apps/shop.yaml:3:5 waived (error) W08 Deployment shop/api: spec.probe: none (wanted a probe)
    waived until 2026-04-01T00:00:00Z: base image
    why: requests come too early
    fix: write one
apps/shop.yaml:12:5 error W04 Deployment shop/api: spec.probe: none (wanted a probe)
    why: requests come too early
    fix: write one
apps/shop.yaml:20:5 unknown (error) W31 Deployment shop/api: cannot be told, no template; \
spec.probe: none (wanted a probe)
    why: requests come too early
    fix: write one
kind-test note W14 Deployment api: none (wanted a probe)
    why: requests come too early
    fix: write one
waiver: the waiver of W99 for * */gone fits no finding and ended 2026-04-01T00:00:00Z: \
take it out
1 error, 1 warning, 1 note, 1 unknown, 1 waived, 1 unreadable \
in 1 workload, 9 objects, 3 files; 46 rules
";
    assert_eq!(said, wanted);
}

#[test]
fn lines_below_a_finding_keep_to_the_width() {
    let mut wide = finding("W04", Severity::Error, 1);
    wide.why = "漢字 ".repeat(30).into();
    let said = with(&[wide], |report| text(report, Some(40)));
    let below: Vec<&str> = said.lines().filter(|line| line.starts_with("    ")).collect();
    assert!(below.len() > 5);
    for line in below {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 40, "{line}");
    }
    let words = said.split_whitespace().filter(|word| *word == "漢字").count();
    assert_eq!(words, 30);
}

#[test]
fn nothing_found_is_said_too() {
    let checked = Checked { files: 1, objects: 2, workloads: 0, rules: 46 };
    let empty = Report { findings: &[], faults: &[], unused: &[], checked };
    let wanted = "0 errors, 0 warnings, 0 notes, 0 unknown, 0 waived in 0 workloads, 2 objects, 1 \
                  file; 46 rules\n";
    assert_eq!(text(&empty, Some(80)), wanted);
}

#[test]
fn json_has_words_and_numbers() {
    let said = with(&findings(), json);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["schema"], 1);
    let summary = serde_json::json!({
        "errors": 1, "warnings": 1, "notes": 1, "unknown": 1, "waived": 1, "unreadable": 1,
    });
    assert_eq!(said["summary"], summary);
    assert_eq!(said["checked"]["rules"], 46);
    let found = said["findings"].as_array().unwrap();
    let standing: Vec<&str> = found.iter().map(|f| f["standing"].as_str().unwrap()).collect();
    assert_eq!(standing, ["broken", "waived", "broken", "unknown", "broken"]);
    assert_eq!(found[1]["reason"], "base image");
    assert_eq!(found[1]["until"], "2026-04-01T00:00:00Z");
    assert_eq!(found[2]["line"], 12);
    assert_eq!(found[2]["object"]["namespace"], "shop");
    assert!(found[2].get("reason").is_none());
    assert_eq!(found[3]["reason"], "no template");
    assert_eq!(found[4]["line"], Value::Null);
    assert_eq!(said["unreadable"][0]["column"], 2);
    assert_eq!(said["unused_waivers"][0]["ended"], true);
}

#[test]
fn sarif_is_what_the_standard_wants() {
    let said = with(&findings(), |report| sarif(report, &rules()));
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["version"], "2.1.0");
    let run = &said["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let known = &run["tool"]["driver"]["rules"];
    assert_eq!(known[0]["shortDescription"]["text"], "readiness missing");
    assert_eq!(known[1]["defaultConfiguration"]["level"], "note");
    let results = run["results"].as_array().unwrap();
    let levels: Vec<&str> = results.iter().map(|r| r["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["warning", "error", "error", "none", "note"]);
    let kinds: Vec<&str> = results.iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["fail", "fail", "fail", "open", "fail"]);
    let physical = |index: usize| &results[index]["locations"][0]["physicalLocation"];
    assert_eq!(physical(0)["artifactLocation"]["uri"], "apps/a%20b%26%3C%C3%A9%3E.yaml");
    assert_eq!(physical(2)["region"], serde_json::json!({"startLine": 12, "startColumn": 5}));
    assert_eq!(physical(4), &Value::Null);
    assert_eq!(results[1]["suppressions"][0]["kind"], "external");
    assert_eq!(results[2]["suppressions"], serde_json::json!([]));
    assert_eq!((&results[2]["ruleIndex"], &results[4]["ruleIndex"]), (&0.into(), &1.into()));
    assert!(results[0].get("ruleIndex").is_none());
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let notes = &run["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notes[0]["message"]["text"], "a key is \"twice\"");
}

#[test]
fn paths_from_the_root_and_strange_ones_are_references() {
    let at = |source: &str| {
        let mut one = finding("W04", Severity::Error, 1);
        one.source = source.into();
        let log: Value =
            serde_json::from_str(&with(&[one], |report| sarif(report, &rules()))).unwrap();
        let physical = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        physical["artifactLocation"]["uri"].as_str().unwrap().to_owned()
    };
    assert_eq!(at("/srv/a.yaml"), "file:///srv/a.yaml");
    assert_eq!(at("./a#b?.yaml"), "a%23b%3F.yaml");
    assert_eq!(at("c:d.yaml"), "c%3Ad.yaml");
}

#[test]
fn junit_tells_failures_errors_and_skipped_apart() {
    let said = with(&findings(), |report| junit(report, Severity::Warning));
    assert!(said.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "), "{said}");
    let counts = "tests=\"6\" failures=\"2\" errors=\"2\" skipped=\"2\"";
    assert!(said.contains(&format!("<testsuites name=\"waveoff check\" {counts}>")), "{said}");
    let shop = "<testsuite name=\"apps/shop.yaml\" tests=\"3\" failures=\"1\" errors=\"1\" \
                skipped=\"1\">";
    assert!(said.contains(shop), "{said}");
    assert!(said.contains("<testsuite name=\"apps/a b&amp;&lt;é&gt;.yaml\""), "{said}");
    let case = "<testcase classname=\"Deployment shop/api\" name=\"W04\">\n      <failure \
                type=\"error\" message=\"spec";
    assert!(said.contains(case), "{said}");
    assert!(said.contains("<error type=\"unknown\" message=\"cannot be told"), "{said}");
    assert!(said.contains("<skipped message=\"waived until 2026-04-01T00:00:00Z: base"), "{said}");
    assert!(said.contains("<skipped message=\"note: none"), "{said}");
    assert!(said.contains("message=\"a key is &quot;twice&quot;\""), "{said}");
    let strict = with(&findings(), |report| junit(report, Severity::Note));
    assert!(strict.contains("failures=\"3\" errors=\"2\" skipped=\"1\""), "{strict}");
}

/// Findings of one rule about one object are one test, and the worst of them is its end.
#[test]
fn junit_has_one_test_for_each_object_and_rule() {
    let mut waived = finding("W04", Severity::Error, 2);
    waived.standing = Standing::Waived(Waiver { reason: "r".into(), until: until() });
    let found = [finding("W04", Severity::Error, 9), waived];
    let said = with(&found, |report| junit(report, Severity::Error));
    assert_eq!(said.matches("<testcase ").count(), 2, "{said}");
    assert!(said.contains("tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\""), "{said}");
    let (second, ninth) = (said.find("shop.yaml:2:5"), said.find("shop.yaml:9:5"));
    assert!(second.is_some() && second < ninth, "{said}");
}

/// Marks of XML opened and closed, and nothing in it that XML has no place for.
#[test]
fn junit_is_well_formed_whatever_the_text() {
    let mut hostile = finding("W04", Severity::Error, 1);
    hostile.measured = "</failure> ]]> \u{1b}[31m \u{0} \" ' & \u{ffff} \u{202e}".into();
    hostile.subject.name = "<a href=\"x\">".into();
    let said = with(&[hostile], |report| junit(report, Severity::Error));
    let allowed = |c: char| c == '\n' || (!c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'));
    assert!(said.chars().all(allowed), "{said:?}");
    assert_eq!(said.matches("</failure>").count(), 1);
    let mut open = Vec::new();
    for mark in said.split('<').skip(1).filter(|mark| !mark.starts_with('?')) {
        let (mark, text) = mark.split_once('>').unwrap();
        assert_eq!(mark.matches('"').count() % 2, 0, "{mark}");
        assert!(!text.contains('>'), "{text}");
        if let Some(name) = mark.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !mark.ends_with('/') {
            open.push(mark.split(' ').next().unwrap());
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

/// The order in which findings come changes nothing.
#[test]
fn every_report_is_the_same_whatever_the_order() {
    let all = |findings: &[Finding]| {
        with(findings, |report| {
            [
                text(report, Some(60)),
                json(report),
                sarif(report, &rules()),
                junit(report, Severity::Note),
            ]
        })
    };
    let mut turned = findings();
    let first = all(&turned);
    for _ in 0..turned.len() {
        turned.rotate_left(1);
        assert_eq!(all(&turned), first);
    }
    turned.reverse();
    assert_eq!(all(&turned), first);
    sort(&mut turned);
    let rules: Vec<&str> = turned.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["W11", "W08", "W04", "W31", "W14"]);
}

#[test]
fn what_findings_come_to() {
    let all = findings();
    assert_eq!(worst(&all), Some(Severity::Error));
    assert!(fails_on(&all, Severity::Error));
    let only = |rule: &str| -> Vec<Finding> {
        all.iter().filter(|finding| finding.rule == rule).cloned().collect()
    };
    assert_eq!(outcome(&all, Severity::Error), Outcome::Broken);
    assert_eq!(outcome(&only("W31"), Severity::Error), Outcome::Unknown);
    assert_eq!((worst(&only("W31")), fails_on(&only("W31"), Severity::Note)), (None, false));
    assert_eq!(outcome(&only("W08"), Severity::Note), Outcome::Ready);
    assert_eq!(outcome(&only("W11"), Severity::Error), Outcome::Ready);
    assert_eq!(outcome(&only("W11"), Severity::Warning), Outcome::Broken);
    assert_eq!(outcome(&[], Severity::Note), Outcome::Ready);
    let mut light = only("W31");
    light[0].severity = Severity::Note;
    assert_eq!(outcome(&light, Severity::Warning), Outcome::Ready);
}
