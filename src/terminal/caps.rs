//! What this terminal can do, read from its surroundings.
//!
//! Never asks the terminal, which may take its time over a slow link, and never reads the
//! environment inside a decision: that arrives as [`Surroundings`]. Called by `runtime` at start.

use std::env;

use crate::app::theme::ColorDepth;

/// The environment variables that tell what a terminal is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `TERM`.
    pub term: Option<String>,
    /// `COLORTERM`.
    pub colorterm: Option<String>,
    /// `NO_COLOR`.
    pub no_color: Option<String>,
    /// `COLORFGBG`.
    pub colorfgbg: Option<String>,
    /// `LC_ALL`.
    pub lc_all: Option<String>,
    /// `LC_CTYPE`.
    pub lc_ctype: Option<String>,
    /// `LANG`.
    pub lang: Option<String>,
    /// `SSH_TTY`, or else `SSH_CONNECTION`.
    pub ssh: Option<String>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        let read = |name| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Self {
            term: read("TERM"),
            colorterm: read("COLORTERM"),
            no_color: read("NO_COLOR"),
            colorfgbg: read("COLORFGBG"),
            lc_all: read("LC_ALL"),
            lc_ctype: read("LC_CTYPE"),
            lang: read("LANG"),
            ssh: read("SSH_TTY").or_else(|| read("SSH_CONNECTION")),
        }
    }
}

/// How a terminal calls a person who looks elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bell {
    /// Not at all: it would print what is meant to ring.
    Silent,
    /// By its tone.
    Tone,
    /// By its tone, and with words for the desktop.
    Words,
}

/// What this terminal can do.
#[expect(clippy::struct_excessive_bools, reason = "independent answers about a terminal")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// How many colours it shows.
    pub depth: ColorDepth,
    /// Whether colours are unwanted here, as <https://no-color.org> says.
    pub no_color: bool,
    /// Whether characters beyond ASCII arrive as such.
    pub unicode: bool,
    /// Whether the terminal is at the other end of an SSH connection.
    pub ssh: bool,
    /// Whether a frame may be bracketed as one synchronized update. Terminals that do not know
    /// the mode ignore it; only the most modest print it.
    pub synchronized: bool,
    /// How it calls a person.
    pub bell: Bell,
    /// Whether the background is said to be light; nothing when nobody said so.
    pub light: Option<bool>,
}

impl Capabilities {
    /// Reads them from the surroundings.
    pub fn read(from: &Surroundings) -> Self {
        let term = from.term.as_deref().unwrap_or("dumb");
        Self {
            depth: depth(from, term),
            // Present and not empty.
            no_color: from.no_color.as_deref().is_some_and(|value| !value.is_empty()),
            unicode: is_utf8(from) && !matches!(term, "dumb" | "linux"),
            ssh: from.ssh.as_deref().is_some_and(|value| !value.is_empty()),
            synchronized: !is_modest(term),
            bell: match term {
                "dumb" => Bell::Silent,
                _ if is_modest(term) => Bell::Tone,
                _ => Bell::Words,
            },
            light: from.colorfgbg.as_deref().and_then(is_light),
        }
    }
}

fn depth(from: &Surroundings, term: &str) -> ColorDepth {
    // https://no-color.org: present and not empty.
    if from.no_color.as_deref().is_some_and(|value| !value.is_empty()) || term == "dumb" {
        return ColorDepth::None;
    }
    let colorterm = from.colorterm.as_deref().unwrap_or_default();
    if term == "dumb" {
        ColorDepth::None
    } else if matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct") {
        ColorDepth::TrueColor
    } else if term.contains("256color") {
        ColorDepth::Ansi256
    } else if is_monochrome(term) {
        ColorDepth::None
    } else {
        ColorDepth::Ansi16
    }
}

/// Whether sequences that a terminal does not know are printed, or taken for others.
fn is_modest(term: &str) -> bool {
    matches!(term, "dumb" | "linux") || term.starts_with("vt")
}

fn is_monochrome(term: &str) -> bool {
    term.starts_with("vt1") || term.starts_with("vt2") || term.ends_with("-mono")
}

/// The first of the three that is set and not empty decides, as in POSIX.
fn is_utf8(from: &Surroundings) -> bool {
    [&from.lc_all, &from.lc_ctype, &from.lang]
        .into_iter()
        .filter_map(Option::as_deref)
        .find(|value| !value.is_empty())
        .is_some_and(|value| {
            let codeset = value.rsplit('.').next().unwrap_or_default();
            let codeset = codeset.split('@').next().unwrap_or_default();
            codeset.eq_ignore_ascii_case("utf-8") || codeset.eq_ignore_ascii_case("utf8")
        })
}

/// `COLORFGBG` is "foreground;background", perhaps with a word between, as numbers of the sixteen
/// colours.
fn is_light(colorfgbg: &str) -> Option<bool> {
    let background: u8 = colorfgbg.rsplit(';').next()?.parse().ok()?;
    match background {
        7 | 9..=15 => Some(true),
        0..=6 | 8 => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(term: &str) -> Surroundings {
        Surroundings {
            term: Some(term.to_owned()),
            lang: Some("en_GB.UTF-8".to_owned()),
            ..Surroundings::default()
        }
    }

    #[test]
    fn colour_depth_by_terminal() {
        let truecolor =
            Surroundings { colorterm: Some("truecolor".to_owned()), ..with("xterm-256color") };
        for (surroundings, depth) in [
            (truecolor, ColorDepth::TrueColor),
            (with("xterm-256color"), ColorDepth::Ansi256),
            (with("tmux-256color"), ColorDepth::Ansi256),
            (with("xterm"), ColorDepth::Ansi16),
            (with("linux"), ColorDepth::Ansi16),
            (with("vt100"), ColorDepth::None),
            (with("dumb"), ColorDepth::None),
            (Surroundings::default(), ColorDepth::None),
        ] {
            assert_eq!(Capabilities::read(&surroundings).depth, depth, "{surroundings:?}");
        }
    }

    #[test]
    fn no_color_counts_when_it_is_not_empty() {
        for (value, unwanted) in
            [(None, false), (Some(""), false), (Some("1"), true), (Some("0"), true)]
        {
            let surroundings = Surroundings { no_color: value.map(str::to_owned), ..with("xterm") };
            assert_eq!(Capabilities::read(&surroundings).no_color, unwanted, "{value:?}");
        }
    }

    #[test]
    fn unicode_by_the_first_locale_that_is_set() {
        for (lc_all, lc_ctype, lang, unicode) in [
            ("", "", "en_GB.UTF-8", true),
            ("", "", "de_DE.utf8@euro", true),
            ("", "", "C.UTF-8", true),
            ("C", "en_GB.UTF-8", "en_GB.UTF-8", false),
            ("", "POSIX", "en_GB.UTF-8", false),
            ("", "", "de_DE.ISO-8859-1", false),
            ("", "", "", false),
        ] {
            let surroundings = Surroundings {
                lc_all: Some(lc_all.to_owned()),
                lc_ctype: Some(lc_ctype.to_owned()),
                lang: Some(lang.to_owned()),
                ..with("xterm")
            };
            assert_eq!(Capabilities::read(&surroundings).unicode, unicode, "{surroundings:?}");
        }
        assert!(!Capabilities::read(&with("linux")).unicode);
    }

    #[test]
    fn background_as_the_terminal_says() {
        for (value, light) in [
            ("0;15", Some(true)),
            ("15;0", Some(false)),
            ("0;default;15", Some(true)),
            ("12;8", Some(false)),
            ("default;default", None),
            ("", None),
        ] {
            let surroundings = Surroundings { colorfgbg: Some(value.to_owned()), ..with("xterm") };
            assert_eq!(Capabilities::read(&surroundings).light, light, "{value}");
        }
    }

    #[test]
    fn modest_terminals_get_no_brackets() {
        assert!(Capabilities::read(&with("xterm")).synchronized);
        assert!(!Capabilities::read(&with("linux")).synchronized);
        assert!(!Capabilities::read(&with("dumb")).synchronized);
    }

    #[test]
    fn only_who_can_take_them_gets_words_for_the_desktop() {
        for (term, bell) in [
            ("xterm-256color", Bell::Words),
            ("tmux-256color", Bell::Words),
            ("linux", Bell::Tone),
            ("vt220", Bell::Tone),
            ("dumb", Bell::Silent),
        ] {
            assert_eq!(Capabilities::read(&with(term)).bell, bell, "{term}");
        }
        assert_eq!(Capabilities::read(&Surroundings::default()).bell, Bell::Silent);
    }
}
