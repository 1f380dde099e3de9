//! Dialogs: what is asked before anything is written.
//!
//! A confirmation is pinned to a plan. When the workload changes while it is open, the plan is made
//! anew, the difference is said, and the button is armed again later: nothing acts on a state that
//! was not on the screen.

use tui_input::Input;

use crate::domain::id::{Uid, WorkloadId};
use crate::domain::legality::UndoTarget;
use crate::domain::plan::{Danger, Plan};
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};

use super::session::Level;

/// Time before a fresh dialog can be confirmed in production: longer than a key repeat or a paste.
const ARM_PRODUCTION: Span = Span::milliseconds(400);

/// The same elsewhere.
const ARM_LAB: Span = Span::milliseconds(150);

/// When the Enter of a dialog counts: not before it could be read, and not as a part of noise.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// How careful to be.
    pub level: Level,
    /// When Enter begins to count.
    pub armed_at: Timestamp,
    /// The last thing before came in a burst: the next Enter does not count, as it may be the
    /// first byte of more noise.
    pub hasty: bool,
}

impl Trigger {
    /// Counts from some time after now on.
    pub fn new(level: Level, now: Timestamp) -> Self {
        Self { level, armed_at: now + arming(level), hasty: false }
    }

    /// Begins the arming time anew.
    pub fn rearm(&mut self, now: Timestamp) {
        self.armed_at = now + arming(self.level);
    }

    /// Why Enter does not count now; `None` when it does.
    pub fn hindrance(&self, now: Timestamp) -> Option<&'static str> {
        if self.hasty {
            return Some("keys came in a burst: press Enter once more");
        }
        (now < self.armed_at).then_some("read first")
    }

    /// An Enter that came alone after a burst: what comes next counts, after the arming time.
    pub fn calm(&mut self, now: Timestamp) {
        if std::mem::take(&mut self.hasty) {
            self.rearm(now);
        }
    }
}

/// What has the focus in a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The buttons: letters do nothing, Enter confirms.
    Buttons,
    /// The token to be typed.
    Token,
    /// The reason.
    Reason,
}

/// A confirmation.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// What would be done, by the state that is on the screen.
    pub plan: Plan,
    /// When Enter counts.
    pub trigger: Trigger,
    /// What must be typed: the first characters of the target hash, or `blind` on old data.
    pub token: Option<SafeText>,
    /// What has been typed of it.
    pub typed: Input,
    /// Whether a reason must be given.
    pub reason_required: bool,
    /// The reason.
    pub reason: Input,
    /// What has the focus.
    pub field: Field,
    /// What changed while it was open; lines above are fresh.
    pub changed: Vec<SafeText>,
    /// Why the gate on the way is shut: a reason is needed to go past it.
    pub gate: Option<SafeText>,
    /// Why it cannot be confirmed any more.
    pub refused: Option<SafeText>,
}

impl Confirmation {
    /// Asks for this plan. `stale`: the data on screen is old.
    pub fn new(plan: Plan, level: Level, stale: bool, now: Timestamp) -> Self {
        let grave = plan.danger == Danger::Grave && level == Level::Production;
        let token = if stale {
            Some(SafeText::from("blind"))
        } else if grave {
            let token: String = plan.typed.chars().take(3).collect();
            Some(token).filter(|t| !t.is_empty()).map(SafeText::from)
        } else {
            None
        };
        let mut dialog = Self {
            reason_required: grave,
            trigger: Trigger::new(level, now),
            plan,
            token,
            typed: Input::default(),
            reason: Input::default(),
            field: Field::Buttons,
            changed: Vec::new(),
            gate: None,
            refused: None,
        };
        dialog.field = dialog.missing().unwrap_or(Field::Buttons);
        dialog
    }

    /// Asks for a reason to go past a gate that is shut; `None` where none is in the way.
    #[must_use]
    pub fn past_gate(mut self, shut: Option<SafeText>) -> Self {
        self.reason_required |= shut.is_some();
        self.gate = shut;
        self.field = self.missing().unwrap_or(Field::Buttons);
        self
    }

    /// The reason as it is kept: whoever went past a shut gate finds that in the journal.
    pub fn told(&self, reason: &str) -> SafeText {
        let reason = reason.trim();
        match self.gate {
            Some(_) => format!("without gate: {reason}").into(),
            None => reason.into(),
        }
    }

    /// The first field that still has to be filled in, in the order on the screen.
    pub fn missing(&self) -> Option<Field> {
        if self.reason_required && self.reason.value().trim().is_empty() {
            return Some(Field::Reason);
        }
        let token = self.token.as_ref()?;
        (self.typed.value().trim() != token.as_str()).then_some(Field::Token)
    }

    /// Why Enter would not confirm now; `None` when it would.
    pub fn hindrance(&self, now: Timestamp) -> Option<SafeText> {
        if let Some(refused) = &self.refused {
            return Some(refused.clone());
        }
        match (self.missing(), &self.token) {
            (Some(Field::Reason), _) if self.gate.is_some() => {
                return Some("no gate: give a reason".into());
            }
            (Some(Field::Reason), _) => return Some("give a reason".into()),
            (Some(_), Some(token)) => return Some(format!("type {token} to confirm").into()),
            _ => {}
        }
        self.trigger.hindrance(now).map(SafeText::from)
    }

    /// The fields that Tab visits.
    pub fn fields(&self) -> Vec<Field> {
        let token = self.token.as_ref().map(|_| Field::Token);
        std::iter::once(Field::Reason).chain(token).chain([Field::Buttons]).collect()
    }
}

fn arming(level: Level) -> Span {
    match level {
        Level::Production => ARM_PRODUCTION,
        Level::Lab => ARM_LAB,
    }
}

/// The arming of a guard. What is proposed is in the model: it is asked about meanwhile.
#[derive(Debug, Clone)]
pub struct ArmDialog {
    /// Which proposal.
    pub uid: Uid,
    /// Selected rule.
    pub selected: usize,
    /// When Enter counts.
    pub trigger: Trigger,
}

impl ArmDialog {
    /// Asks whether to arm it.
    pub fn new(uid: Uid, level: Level, now: Timestamp) -> Self {
        Self { uid, selected: 0, trigger: Trigger::new(level, now) }
    }
}

/// The choice of a revision to go back to.
#[derive(Debug, Clone)]
pub struct RevisionPicker {
    /// Of which workload.
    pub id: WorkloadId,
    /// What can be chosen, newest first.
    pub targets: Vec<UndoTarget>,
    /// Selected row.
    pub selected: usize,
}

/// A dialog. At most one is open.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// A confirmation.
    Confirm(Box<Confirmation>),
    /// The choice of a revision.
    PickRevision(RevisionPicker),
    /// Whether to arm a guard.
    Arm(ArmDialog),
    /// Whether to disarm the guard of this object.
    Disarm(Uid),
    /// Whether to push the revert that is offered, which is the model's.
    Revert(Trigger),
    /// Leave although an action is on its way.
    Quit,
}
