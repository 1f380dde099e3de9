//! One workload before one rule, and how the rule says what it found.
//!
//! Called by the rules.

use crate::domain::readiness::{Finding, Severity, Standing};
use crate::domain::text::SafeText;

use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::profile::Profile;
use crate::manifest::tree::Spot;
use crate::manifest::workload::Workload;

use super::around::{Around, Size};
use super::rollouts::Use;

/// What a rule says of a spot.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// What is there.
    pub measured: String,
    /// What is wanted.
    pub wanted: String,
    /// What goes wrong otherwise.
    pub why: String,
    /// What to write.
    pub fix: String,
}

impl Said {
    /// What is there, what is wanted, what goes wrong otherwise, what to write.
    pub fn of(
        measured: impl Into<String>,
        wanted: impl Into<String>,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { measured: measured.into(), wanted: wanted.into(), why: why.into(), fix: fix.into() }
    }
}

/// One workload before one rule.
#[derive(Debug)]
pub struct Case<'c> {
    rule: &'static str,
    severity: Severity,
    /// Everything that was read.
    pub bundle: &'c Bundle,
    /// The workload.
    pub workload: &'c Workload<'c>,
    /// What stands around it: its budgets, its autoscaler.
    pub around: &'c Around<'c>,
    /// The analyses that it asks for.
    pub(super) analyses: &'c [Use<'c>],
    /// The numbers.
    pub profile: &'c Profile,
    findings: Vec<Finding>,
}

impl<'c> Case<'c> {
    pub(super) fn new(
        rule: &'static str,
        severity: Severity,
        bundle: &'c Bundle,
        workload: &'c Workload<'c>,
        (around, analyses): (&'c Around<'c>, &'c [Use<'c>]),
        profile: &'c Profile,
    ) -> Self {
        let findings = Vec::new();
        Self { rule, severity, bundle, workload, around, analyses, profile, findings }
    }

    /// How many pods the workload is meant to have. None where that cannot be read.
    pub fn size(&self) -> Option<Size<'c>> {
        self.around.size(self.workload)
    }

    /// The rule is broken at this spot of `object`.
    pub fn broken(&mut self, object: &Object, spot: &Spot<'_>, said: Said) {
        self.push(self.severity, object, spot, Standing::Broken, said);
    }

    /// The rule is broken at this spot of `object`, and weighs more or less than it mostly does.
    pub fn broken_as(&mut self, severity: Severity, object: &Object, spot: &Spot<'_>, said: Said) {
        self.push(severity, object, spot, Standing::Broken, said);
    }

    /// It cannot be told at this spot of `object`.
    pub fn unknown(&mut self, object: &Object, spot: &Spot<'_>, reason: &str, said: Said) {
        let standing = Standing::Unknown(SafeText::new(reason));
        self.push(self.severity, object, spot, standing, said);
    }

    /// The rule is broken for want of an object of a kind; whether it is there cannot be told
    /// where those could not be read.
    pub fn lacks(&mut self, kind: &str, object: &Object, spot: &Spot<'_>, said: Said) {
        self.lacks_in(&object.namespace, kind, object, spot, said);
    }

    /// The same for one of another namespace.
    pub fn lacks_in(
        &mut self,
        namespace: &str,
        kind: &str,
        object: &Object,
        spot: &Spot<'_>,
        said: Said,
    ) {
        if self.bundle.is_unread(kind, namespace) {
            self.unknown(object, spot, &format!("{kind}s could not be read"), said);
        } else {
            self.broken(object, spot, said);
        }
    }

    fn push(
        &mut self,
        severity: Severity,
        object: &Object,
        spot: &Spot<'_>,
        standing: Standing,
        said: Said,
    ) {
        self.findings.push(Finding {
            rule: self.rule,
            severity,
            standing,
            subject: object.subject(),
            workload: self.workload.object.subject(),
            source: object.source.clone(),
            path: SafeText::new(spot.path()),
            place: spot.place(),
            measured: said.measured.into(),
            wanted: said.wanted.into(),
            why: said.why.into(),
            fix: said.fix.into(),
        });
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
