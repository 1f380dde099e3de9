//! Where things are: the environment variables, the directories, a line in a file.
//!
//! Reads the process's environment once, into plain data; everything after that is given it.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A place in a file, counted from one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub path: Arc<Path>,
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

/// Environment variables, as data. Those that are empty count as not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Those of this process that matter here.
    pub fn of_process() -> Self {
        let matters =
            |name: &str| name.starts_with("WAVEOFF_") || name.starts_with("XDG_") || name == "HOME";
        env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.into_string().ok().filter(|name| matters(name))?;
                Some((name, value.to_string_lossy().into_owned()))
            })
            .collect()
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let owned = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(owned.collect())
    }
}

/// The directories of this program, after the XDG base directory specification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// For the configuration file and themes; nothing without a home.
    pub config: Option<PathBuf>,
    /// For the log and the journal; nothing without a home.
    pub state: Option<PathBuf>,
}

impl Places {
    /// Those that these variables name.
    pub fn of(variables: &Variables) -> Self {
        let home = variables.get("HOME").map(Path::new);
        let base = |name: &str, below_home: &str| {
            let named = variables.get(name).map(Path::new);
            // The specification has relative paths ignored.
            let named = named.filter(|path| path.is_absolute()).map(Path::to_owned);
            let directory = named.or_else(|| home.map(|home| home.join(below_home)));
            directory.map(|base| base.join("waveoff"))
        };
        Self {
            config: base("XDG_CONFIG_HOME", ".config"),
            state: base("XDG_STATE_HOME", ".local/state"),
        }
    }

    /// `config.toml`.
    pub fn config_file(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|base| base.join("config.toml"))
    }

    /// Where a person's own themes are.
    pub fn themes(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|base| base.join("themes"))
    }

    /// Where the log is.
    pub fn log(&self) -> Option<PathBuf> {
        self.state.as_ref().map(|base| base.join("log"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_by_xdg_or_home() {
        let places = Places::of(&[("HOME", "/home/ann")].into_iter().collect());
        assert_eq!(
            places.config_file().unwrap(),
            Path::new("/home/ann/.config/waveoff/config.toml")
        );
        assert_eq!(places.log().unwrap(), Path::new("/home/ann/.local/state/waveoff/log"));

        let variables = [
            ("HOME", "/home/ann"),
            ("XDG_CONFIG_HOME", "/etc/ann"),
            ("XDG_STATE_HOME", "relative"),
        ];
        let places = Places::of(&variables.into_iter().collect());
        assert_eq!(places.themes().unwrap(), Path::new("/etc/ann/waveoff/themes"));
        assert_eq!(places.log().unwrap(), Path::new("/home/ann/.local/state/waveoff/log"));

        assert_eq!(Places::of(&Variables::default()), Places::default());
    }

    #[test]
    fn empty_variables_are_not_set() {
        let variables: Variables = [("WAVEOFF_THEME", "")].into_iter().collect();
        assert_eq!(variables.get("WAVEOFF_THEME"), None);
    }
}
