//! Events: what controllers said. A garnish of the timeline, never state: they are
//! de-duplicated, rate-limited and expire after an hour.

use super::id::{ObjectRef, Uid};
use super::text::SafeText;
use super::time::Timestamp;

/// An event, `v1` or `events.k8s.io/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Which.
    pub id: ObjectRef,
    /// `metadata.uid`.
    pub uid: Uid,
    /// UID of the object it is about.
    pub about: Option<Uid>,
    /// Kind of the object it is about.
    pub about_kind: SafeText,
    /// Name of the object it is about.
    pub about_name: SafeText,
    /// Whether its type is `Warning`.
    pub warning: bool,
    /// Machine reason.
    pub reason: SafeText,
    /// Sentence.
    pub message: SafeText,
    /// When last seen.
    pub at: Option<Timestamp>,
    /// How often.
    pub count: u32,
}
