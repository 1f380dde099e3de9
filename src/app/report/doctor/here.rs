//! What is said of this side: configuration, files, terminal.
//!
//! Called by `runtime` with what was found.

use super::{Check, State};
use crate::app::theme::ColorDepth;
use crate::domain::text::SafeText;

/// The least size of a screen.
const LEAST: (u16, u16) = (80, 24);

/// How many values were set by whom.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// The file.
    pub file: usize,
    /// Variables of the environment.
    pub variables: usize,
    /// Flags.
    pub flags: usize,
    /// Nobody.
    pub default: usize,
}

/// The configuration: it was read, or else the program had ended. `file` is where it is looked for,
/// and whether it is there.
pub fn configuration(file: Option<(&str, bool)>, counts: Counts) -> Check {
    let place = match file {
        Some((path, true)) => path.to_owned(),
        Some((path, false)) => format!("no file {path}"),
        None => "no file: neither XDG_CONFIG_HOME nor HOME is set".to_owned(),
    };
    let Counts { file, variables, flags, default } = counts;
    let set = [(file, "by the file"), (variables, "by variables"), (flags, "by flags")];
    let set = set.into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = set.map(|(count, who)| format!("{count} {who}")).collect();
    let found = if words.is_empty() {
        format!("{place}; all {default} values by default")
    } else {
        format!("{place}; values set: {}, {default} by default", words.join(", "))
    };
    Check::new(State::Ok, "configuration", found)
}

/// The journal: where, and why nothing can be written there.
pub fn journal(place: &str, written: Result<(), String>, read_only: bool) -> Check {
    match written {
        Ok(()) => Check::new(State::Ok, "journal", format!("can be written in {place}")),
        Err(why) => {
            let state = if read_only { State::Warn } else { State::Fail };
            let found = format!("cannot be written in {place}: {why}");
            Check::new(state, "journal", found).advise(
                "no verb is sent without its record, except an abort: make room, give the \
                 directory to this user, or set XDG_STATE_HOME",
            )
        }
    }
}

/// A receiver of alerts, by its name and kind: the host that answered, or why nobody did. Whether
/// it takes an alert is not tried: that would be one.
pub fn receiver(name: &str, kind: &str, reached: Result<SafeText, String>) -> Check {
    match reached {
        Ok(host) => {
            let found = format!("{name} ({kind}): {host} answers; no alert was sent");
            Check::new(State::Ok, "alerts", found)
        }
        Err(why) => Check::new(State::Warn, "alerts", format!("{name} ({kind}): {why}"))
            .advise(format!("nobody is told by it: see [alerts.{name}] in the configuration")),
    }
}

/// The log: where it is, or why there is none.
pub fn log(place: Option<&str>, trouble: Option<&str>) -> Check {
    match (place, trouble) {
        (Some(place), None) => Check::new(State::Ok, "log", format!("is written in {place}")),
        (_, trouble) => Check::new(State::Warn, "log", trouble.unwrap_or("there is none"))
            .advise("the rest works; name another place with --log-file"),
    }
}

/// The directory of configuration and themes: where, whether it is there, why it cannot be read.
pub fn directory(place: Option<&str>, read: Result<bool, String>) -> Check {
    let Some(place) = place else {
        return Check::new(State::Skip, "themes", "no directory: HOME is not set");
    };
    match read {
        Ok(true) => Check::new(State::Ok, "themes", format!("{place} can be read")),
        Ok(false) => Check::new(State::Ok, "themes", format!("built-in ones; no {place}")),
        Err(why) => Check::new(State::Warn, "themes", format!("{place}: {why}"))
            .advise("themes of your own are not found: make the directory readable"),
    }
}

/// The terminal.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of a terminal")]
pub struct Terminal {
    /// Whether standard input is one.
    pub input: bool,
    /// Whether standard output is one.
    pub output: bool,
    /// `TERM`.
    pub term: Option<String>,
    /// Colours.
    pub depth: ColorDepth,
    /// Whether `NO_COLOR` is set.
    pub no_color: bool,
    /// Whether the locale has more than ASCII.
    pub unicode: bool,
    /// Columns and rows, when it says so.
    pub size: Option<(u16, u16)>,
    /// Whether it is at the other end of an SSH connection.
    pub ssh: bool,
    /// `tmux`, `screen` or `zellij`.
    pub within: Option<&'static str>,
    /// The theme that is used, or what is wrong with it.
    pub theme: Result<String, String>,
}

/// The terminal, when there is one.
pub fn terminal(terminal: &Terminal) -> Check {
    if let Err(why) = &terminal.theme {
        return Check::new(State::Fail, "terminal", why.as_str())
            .advise("the cockpit does not open: mend the theme, or choose one with --theme");
    }
    let missing = match (terminal.input, terminal.output) {
        (true, true) => None,
        (false, true) => Some("standard input is"),
        (true, false) => Some("standard output is"),
        (false, false) => Some("standard input and output are"),
    };
    if let Some(missing) = missing {
        let found = format!("{missing} no terminal here: commands work, the cockpit needs one");
        return Check::new(State::Skip, "terminal", found);
    }
    judge(terminal)
}

fn judge(terminal: &Terminal) -> Check {
    let found = found(terminal);
    let (columns, rows) = LEAST;
    if let Some((width, height)) = terminal.size
        && (width < columns || height < rows)
    {
        let advice = format!("too small: the cockpit draws nothing below {columns}x{rows}");
        return Check::new(State::Fail, "terminal", found).advise(advice);
    }
    match (terminal.term.as_deref(), terminal.within) {
        (None | Some("" | "dumb"), _) => Check::new(State::Warn, "terminal", found).advise(
            "set TERM to what this terminal is, such as xterm-256color: no colours until then",
        ),
        (_, Some("tmux")) => Check::new(State::Ok, "terminal", found).advise(
            "for `y` (copy over OSC 52) tmux needs `set -g set-clipboard on`, and a terminal \
             around it that takes it",
        ),
        (_, Some("screen")) => Check::new(State::Ok, "terminal", found)
            .advise("GNU screen passes no OSC 52 on: `y` (copy) does not reach the clipboard"),
        _ => Check::new(State::Ok, "terminal", found),
    }
}

fn found(terminal: &Terminal) -> SafeText {
    let term = match terminal.term.as_deref() {
        None | Some("") => "TERM is not set".to_owned(),
        Some(term) => format!("TERM {term}"),
    };
    let colours = match terminal.depth {
        _ if terminal.no_color => "no colours (NO_COLOR)",
        ColorDepth::None => "no colours",
        ColorDepth::Ansi16 => "16 colours",
        ColorDepth::Ansi256 => "256 colours",
        ColorDepth::TrueColor => "true colour",
    };
    let letters = if terminal.unicode { "Unicode" } else { "ASCII" };
    let size = match terminal.size {
        Some((width, height)) => format!("{width}x{height}"),
        None => "a size it does not say".to_owned(),
    };
    let mut words = vec![term, size, colours.to_owned(), letters.to_owned()];
    words.extend(terminal.theme.iter().map(|theme| format!("theme {theme}")));
    words.extend(terminal.within.map(|name| format!("within {name}")));
    words.extend(terminal.ssh.then(|| "over SSH".to_owned()));
    words.join(", ").into()
}
