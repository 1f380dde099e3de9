//! Findings for people, in plain text: a line for each, then why and what to write.
//!
//! The first line of a finding is never broken, so that editors and `grep` find their way; the
//! others are, where a width is given. No colours, no marks beyond ASCII of our own. Called by
//! `runtime`.

use unicode_width::UnicodeWidthStr;

use crate::domain::readiness::{Finding, Standing};
use crate::domain::text::several;
use crate::domain::time::to_rfc3339;

use super::{Report, named, said};

/// In front of the lines below a finding.
const INDENT: &str = "    ";
/// Lines are not made narrower than this.
const NARROWEST: usize = 40;

/// The report as text. `width` is how many columns a line may have; none for no limit.
pub fn text(report: &Report<'_>, width: Option<usize>) -> String {
    let mut out = String::new();
    for misread in report.sorted_faults() {
        let (source, fault) = (&misread.source, &misread.fault);
        let (line, column) = (fault.at.line, fault.at.column);
        out.push_str(&format!("{source}:{line}:{column} unreadable: {}\n", fault.message));
    }
    for finding in report.sorted() {
        push(&mut out, finding, width);
    }
    for unused in report.unused {
        out.push_str(&format!("waiver: {unused}\n"));
    }
    out.push_str(&summary(report));
    out
}

fn push(out: &mut String, finding: &Finding, width: Option<usize>) {
    let place = finding.place.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
    let word = match &finding.standing {
        Standing::Broken => finding.severity.word().to_owned(),
        Standing::Unknown(_) => format!("unknown ({})", finding.severity.word()),
        Standing::Waived(_) => format!("waived ({})", finding.severity.word()),
    };
    let Finding { source, rule, subject, .. } = finding;
    let (who, what) = (named(subject), said(finding));
    out.push_str(&format!("{source}{place} {word} {rule} {who}: {what}\n"));
    if let Standing::Waived(waiver) = &finding.standing {
        let until = to_rfc3339(waiver.until);
        below(out, &format!("waived until {until}: {}", waiver.reason), width);
    }
    for (lead, line) in [("why: ", &finding.why), ("fix: ", &finding.fix)] {
        if !line.is_empty() {
            below(out, &format!("{lead}{line}"), width);
        }
    }
}

/// A line below a finding, broken at spaces. What is wider than a line stays whole: it is a path or
/// a value that somebody may want to copy.
fn below(out: &mut String, line: &str, width: Option<usize>) {
    let room = width.map_or(usize::MAX, |width| width.max(NARROWEST) - INDENT.len());
    let mut filled = 0;
    for word in line.split_whitespace() {
        let wide = word.width();
        if filled == 0 {
            out.push_str(INDENT);
            filled = wide;
        } else if filled + 1 + wide <= room {
            out.push(' ');
            filled += 1 + wide;
        } else {
            out.push('\n');
            out.push_str(INDENT);
            filled = wide;
        }
        out.push_str(word);
    }
    out.push('\n');
}

fn summary(report: &Report<'_>) -> String {
    let counts = report.counts();
    let checked = report.checked;
    let found = [
        counted(counts.errors, "error"),
        counted(counts.warnings, "warning"),
        counted(counts.notes, "note"),
        format!("{} unknown", counts.unknown),
        format!("{} waived", counts.waived),
    ];
    let unreadable = match report.faults.len() {
        0 => String::new(),
        faults => format!(", {faults} unreadable"),
    };
    format!(
        "{}{unreadable} in {}, {}, {}; {}\n",
        found.join(", "),
        counted(checked.workloads, "workload"),
        counted(checked.objects, "object"),
        counted(checked.files, "file"),
        counted(checked.rules, "rule"),
    )
}

/// The same for a noun that takes an s.
fn counted(count: usize, one: &str) -> String {
    several(count, one, &format!("{one}s"))
}
