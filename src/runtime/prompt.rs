//! Asking on the command line, where no screen is open.
//!
//! A thread reads the answer, so that whoever waits for it goes on hearing signals.

use std::io::{self, BufRead, IsTerminal};
use std::thread;

use tokio::sync::oneshot;

use crate::app::dialog::Confirmation;

use super::say::complain_raw;

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
pub(super) async fn confirm(
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
    ask(wanted, dialog.token.is_none(), dialog.plan.action.verb.name()).await
}

/// Asks for a word, or for its first letter where that is enough. Safe to cancel.
pub(super) async fn ask(wanted: &str, letter: bool, what: &str) -> Result<(), Refusal> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Refusal::NobodyToAsk);
    }
    complain_raw(&format!("type {wanted} to {what}: "));
    let line = line().await.unwrap_or_default();
    let said = line.trim();
    let agreed = said == wanted || (letter && wanted.get(..1) == Some(said));
    if agreed { Ok(()) } else { Err(Refusal::Declined) }
}

/// The next line that is typed; nothing where none can be read.
async fn line() -> Option<String> {
    let (told, heard) = oneshot::channel();
    let read = move || {
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line).is_ok() {
            let _ = told.send(line);
        }
    };
    // Of its own, and never waited for: a task that blocks would hold up the way out.
    thread::Builder::new().name("prompt".to_owned()).spawn(read).ok()?;
    heard.await.ok()
}
