//! The report as `JUnit` XML, which build servers show as tests.
//!
//! A suite for each file, a test for each object and rule with a finding. What is broken at the bar
//! or above it is a failure. What is unknown there is an error of the test, never a success, and
//! never the same as a failure. Waived and lighter findings are skipped tests. Called by `runtime`.

use crate::domain::readiness::{Finding, Severity, Standing};
use crate::domain::text::SafeText;
use crate::domain::time::to_rfc3339;
use crate::manifest::read::Misread;

use super::{Report, named, said};

/// How a test ended; later ones count more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Skipped,
    Error,
    Failure,
}

/// One test.
struct Test {
    class: String,
    name: String,
    end: End,
    kind: &'static str,
    message: String,
    body: String,
}

/// The tests of one file.
struct Suite<'a> {
    name: &'a SafeText,
    tests: Vec<Test>,
}

/// The report as one XML document. Findings that weigh less than `bar` fail no test.
pub fn junit(report: &Report<'_>, bar: Severity) -> String {
    let suites = suites(report, bar);
    let all = || suites.iter().flat_map(|suite| &suite.tests);
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    out.push_str(&format!("<testsuites name=\"waveoff check\"{}>\n", counts(&all())));
    for suite in &suites {
        let name = escaped(suite.name);
        let counts = counts(&suite.tests.iter());
        out.push_str(&format!("  <testsuite name=\"{name}\"{counts}>\n"));
        for test in &suite.tests {
            push(&mut out, test);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn suites<'a>(report: &Report<'a>, bar: Severity) -> Vec<Suite<'a>> {
    let mut findings = report.sorted();
    // Stable: places stay in their order within a rule.
    findings.sort_by_key(|finding| (&finding.source, &finding.subject, finding.rule));
    let unreadable = report.sorted_faults().into_iter().map(|misread| {
        let key = (&misread.source, None);
        (key, unreadable(misread))
    });
    let found = findings.chunk_by(|one, other| {
        (&one.source, &one.subject, one.rule) == (&other.source, &other.subject, other.rule)
    });
    let found = found.filter_map(|group| {
        let first = *group.first()?;
        Some(((&first.source, Some(&first.subject)), test(first, group, bar)))
    });
    let mut tests: Vec<_> = unreadable.chain(found).collect();
    tests.sort_by_key(|(key, _)| *key);
    let mut suites: Vec<Suite<'a>> = Vec::new();
    for ((source, _), test) in tests {
        match suites.last_mut().filter(|suite| suite.name == source) {
            Some(suite) => suite.tests.push(test),
            None => suites.push(Suite { name: source, tests: vec![test] }),
        }
    }
    suites
}

fn unreadable(misread: &Misread) -> Test {
    Test {
        class: misread.source.to_string(),
        name: format!("line {}", misread.fault.at.line),
        end: End::Error,
        kind: "unreadable",
        message: misread.fault.message.clone(),
        body: misread.to_string(),
    }
}

/// One test of all findings of a rule about an object: the worst of them is how it ended.
fn test(first: &Finding, group: &[&Finding], bar: Severity) -> Test {
    let worst = group.iter().max_by_key(|finding| end(finding, bar)).map_or(first, |worst| worst);
    let end = end(worst, bar);
    let kind = match &worst.standing {
        Standing::Broken => worst.severity.word(),
        Standing::Unknown(_) => "unknown",
        Standing::Waived(_) => "waived",
    };
    let message = match &worst.standing {
        Standing::Waived(waiver) => {
            format!("waived until {}: {}", to_rfc3339(waiver.until), waiver.reason)
        }
        Standing::Broken if end == End::Skipped => format!("{kind}: {}", said(worst)),
        _ => said(worst),
    };
    let body: Vec<String> = group.iter().map(|finding| body(finding)).collect();
    let class = named(&first.subject);
    Test { class, name: first.rule.to_owned(), end, kind, message, body: body.join("\n") }
}

fn end(finding: &Finding, bar: Severity) -> End {
    match &finding.standing {
        Standing::Broken if finding.severity >= bar => End::Failure,
        Standing::Unknown(_) if finding.severity >= bar => End::Error,
        _ => End::Skipped,
    }
}

fn body(finding: &Finding) -> String {
    let place = finding.place.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
    let mut body = format!("{}{place} {}", finding.source, said(finding));
    for (lead, line) in [("why: ", &finding.why), ("fix: ", &finding.fix)] {
        if !line.is_empty() {
            body.push_str(&format!("\n{lead}{line}"));
        }
    }
    body
}

fn counts<'t>(tests: &(impl Iterator<Item = &'t Test> + Clone)) -> String {
    let of = |end| tests.clone().filter(|test| test.end == end).count();
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        tests.clone().count(),
        of(End::Failure),
        of(End::Error),
        of(End::Skipped)
    )
}

fn push(out: &mut String, test: &Test) {
    let Test { end, kind, .. } = test;
    let (class, name) = (escaped(&test.class), escaped(&test.name));
    let (message, body) = (escaped(&test.message), escaped(&test.body));
    out.push_str(&format!("    <testcase classname=\"{class}\" name=\"{name}\">\n"));
    match end {
        // The schema has no place for text in a skipped test.
        End::Skipped => {
            out.push_str(&format!("      <skipped message=\"{message}\"/>\n"));
            out.push_str(&format!("      <system-out>{body}</system-out>\n"));
        }
        End::Error => out.push_str(&format!(
            "      <error type=\"{kind}\" message=\"{message}\">{body}</error>\n"
        )),
        End::Failure => out.push_str(&format!(
            "      <failure type=\"{kind}\" message=\"{message}\">{body}</failure>\n"
        )),
    }
    out.push_str("    </testcase>\n");
}

/// Text as XML 1.0 has it. What it has no place for at all is shown as a replacement character.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
