//! What the API server says we may do, and how long ago it said so.

use std::collections::BTreeMap;

use crate::domain::plan::Permission;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};

/// An answer of a SelfSubjectAccessReview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Yes.
    Allowed,
    /// No.
    Denied,
    /// It could not be asked; why.
    Unknown(SafeText),
}

/// How long an answer holds.
const HOLDS_FOR: Span = Span::seconds(60);

/// The answers so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessBook {
    answers: BTreeMap<Permission, (Access, Timestamp)>,
}

impl AccessBook {
    /// Notes an answer.
    pub fn note(&mut self, now: Timestamp, permission: Permission, access: Access) {
        self.answers.insert(permission, (access, now));
    }

    /// The last answer, however old.
    pub fn get(&self, permission: &Permission) -> Option<&Access> {
        self.answers.get(permission).map(|(access, _)| access)
    }

    /// Those that were never asked or whose answer is too old.
    pub fn stale(&self, now: Timestamp, wanted: Vec<Permission>) -> Vec<Permission> {
        let fresh = |p: &Permission| {
            self.answers.get(p).is_some_and(|(access, at)| {
                now - *at < HOLDS_FOR && !matches!(access, Access::Unknown(_))
            })
        };
        wanted.into_iter().filter(|p| !fresh(p)).collect()
    }
}
