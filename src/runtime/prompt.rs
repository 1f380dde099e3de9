//! Asking on the command line, where no screen is open.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::app::dialog::Confirmation;

/// Why an action was not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nobody can be asked and `--yes` was not given.
    NobodyToAsk,
    /// A reason is required.
    NoReason,
    /// The answer was no, or not what had to be typed.
    Declined,
}

impl Refusal {
    /// The sentence for people.
    pub(super) fn text(&self) -> &'static str {
        match self {
            Self::NobodyToAsk => "not confirmed: this is no terminal, and --yes was not given",
            Self::NoReason => "not confirmed: in production this needs --reason TEXT",
            Self::Declined => "not confirmed: nothing was sent",
        }
    }
}

/// Confirms by `--yes` or by asking, on the rungs of the same ladder as the dialog.
pub(super) fn confirm(
    dialog: &Confirmation,
    yes: bool,
    reason: Option<&str>,
) -> Result<(), Refusal> {
    if dialog.reason_required && reason.is_none_or(|r| r.trim().is_empty()) {
        return Err(Refusal::NoReason);
    }
    if yes {
        return Ok(());
    }
    let wanted = dialog.token.as_deref().unwrap_or("yes");
    ask(wanted, dialog.token.is_none(), dialog.plan.action.verb.name())
}

/// Asks for a word, or for its first letter where that is enough.
pub(super) fn ask(wanted: &str, letter: bool, what: &str) -> Result<(), Refusal> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Refusal::NobodyToAsk);
    }
    let mut stderr = io::stderr().lock();
    let asked = write!(stderr, "type {wanted} to {what}: ").and_then(|()| stderr.flush());
    let mut line = String::new();
    let read = asked.and_then(|()| io::stdin().lock().read_line(&mut line));
    let said = line.trim();
    let agreed = said == wanted || (letter && wanted.get(..1) == Some(said));
    if read.is_ok() && agreed { Ok(()) } else { Err(Refusal::Declined) }
}
