//! What is found when manifests are read before a release: findings, their weight, and who waived
//! them.
//!
//! Words only; the rules themselves are the room `manifest`. Called by it, and by everything that
//! shows findings.

use super::text::SafeText;
use super::time::Timestamp;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Costs something in an incident.
    Warning,
    /// Breaks the release, or the way back from it.
    Error,
}

impl Severity {
    /// The word for screens and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Where something stands in a text. Both count from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

/// The object that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// `kind`.
    pub kind: SafeText,
    /// `metadata.namespace`; empty where none is written.
    pub namespace: SafeText,
    /// `metadata.name`.
    pub name: SafeText,
}

/// Whether a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is broken.
    Broken,
    /// It cannot be told, and this is why. Neither good nor bad.
    Unknown(SafeText),
    /// It is broken, and somebody answers for it.
    Waived(Waiver),
}

/// Somebody's word that a finding is all right for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Why.
    pub reason: SafeText,
    /// Until when; after it the finding is back.
    pub until: Timestamp,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, `W04`.
    pub rule: &'static str,
    /// Its weight here.
    pub severity: Severity,
    /// Broken, unknown or waived.
    pub standing: Standing,
    /// The object.
    pub subject: Subject,
    /// The workload that was judged: the object itself, or what it is for. Of an object of several
    /// workloads it is the first.
    pub workload: Subject,
    /// The file it stands in; the cluster's name for what is live.
    pub source: SafeText,
    /// The field, `spec.template.spec.containers[0].readinessProbe`.
    pub path: SafeText,
    /// Where in the file the field stands, or where it is missing from. None for what is live.
    pub place: Option<Place>,
    /// What is there.
    pub measured: SafeText,
    /// What is wanted.
    pub wanted: SafeText,
    /// What goes wrong otherwise.
    pub why: SafeText,
    /// What to write.
    pub fix: SafeText,
}
