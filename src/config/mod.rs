//! What the person asked for: arguments, environment, file, and who set each value.
//!
//! Never reads anything but its own files and never guesses: an unknown key, theme or word is
//! refused with its place and the nearest right one. Called by `main` and `runtime` at the start.

mod alerts;
pub mod args;
pub mod catalogue;
mod document;
mod explain;
mod file;
mod gitops;
mod keys;
mod layers;
mod place;
mod profile;
mod prometheus;
mod theme;

use std::io;
use std::path::{Path, PathBuf};

pub use alerts::{ReceiverKind, ReceiverRule};
pub use explain::{Row, explain, to_json, to_text};
pub use file::FileConfig;
pub use gitops::RepositoryRule;
pub use keys::overrides;
pub use layers::{Glyphs, LOG_LEVEL, Namespaces, Origin, Setting, Settings};
pub use place::{Place, Places, Variables};
pub use profile::GateSettings;
pub use prometheus::{MetricSettings, PrometheusRule, Reference, SignInRule};
pub use theme::{BUILT_IN_THEMES, ThemeChoice, Themes, choose_theme};

/// What can be wrong with a configuration. All of it is exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was asked for cannot be read.
    #[error("read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// The parser's words.
        message: String,
    },
    /// A key that means nothing.
    #[error("{place}: unknown key `{key}` in {section}{}", hint(nearest.as_deref()))]
    UnknownKey {
        /// Where.
        place: Place,
        /// What stands there.
        key: String,
        /// In which part of the file.
        section: String,
        /// The known key it looks like most.
        nearest: Option<String>,
    },
    /// A value of the wrong type.
    #[error("{place}: `{key}` must be {wanted}, not {found}")]
    WrongType {
        /// Where.
        place: Place,
        /// Of which key.
        key: String,
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A value that means nothing.
    #[error("{origin}: `{key}` cannot be {value:?}: {wanted}{}", hint(nearest.as_deref()))]
    BadValue {
        /// Who set it.
        origin: Origin,
        /// Of which key.
        key: String,
        /// What it is.
        value: String,
        /// What it should be.
        wanted: &'static str,
        /// The right one it looks like most.
        nearest: Option<String>,
    },
    /// A key that is needed and absent.
    #[error("{}: `{key}` is missing in {section}", path.display())]
    Missing {
        /// In which file.
        path: PathBuf,
        /// Which key.
        key: String,
        /// In which part of the file.
        section: String,
    },
    /// A theme that nobody knows.
    #[error("{origin}: no theme {name:?}: there are {}{}", known.join(", "), hint(nearest.as_deref()))]
    UnknownTheme {
        /// Who asked for it.
        origin: Origin,
        /// Its name.
        name: String,
        /// The themes there are.
        known: Vec<String>,
        /// The one it looks like most.
        nearest: Option<String>,
    },
    /// Two arguments that exclude each other.
    #[error("{first} and {second} exclude each other: give one of them")]
    Conflict {
        /// One.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"))
}

/// The known word that this one looks like most, when it looks like one at all.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_word_or_none() {
        let known = ["theme", "glyphs", "namespaces", "context", "utc"];
        for (word, found) in [
            ("them", Some("theme")),
            ("Theme", Some("theme")),
            ("namespace", Some("namespaces")),
            ("contxet", Some("context")),
            ("ut", Some("utc")),
            ("password", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), found, "{word}");
        }
    }
}
