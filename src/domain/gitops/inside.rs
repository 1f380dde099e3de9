//! A path that stays inside of a repository.
//!
//! Never looks at a disk: links are found where the repository is read. Called by `gitops` and by
//! whoever reads a configuration.

use std::fmt;

use crate::domain::text::SafeText;

/// Deepest path.
const DEEPEST: usize = 32;

/// A path of plain words below the root of a repository; empty for the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inside(String);

/// Why a path is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path {path:?} of the repository: {cause}")]
pub struct InsideError {
    /// The path.
    pub path: SafeText,
    /// What is wrong with it.
    pub cause: &'static str,
}

impl Inside {
    /// Takes `environments/production/shop`; `.` and nothing are the root.
    pub fn parse(text: &str) -> Result<Self, InsideError> {
        let wrong = |cause| InsideError { path: SafeText::new(text), cause };
        if text.starts_with('/') {
            return Err(wrong("it is absolute; say where it is from the root of the repository"));
        }
        if text.chars().any(char::is_control) || text.contains('\\') {
            return Err(wrong("it holds a control character or a backslash"));
        }
        let words: Vec<&str> =
            text.split('/').filter(|word| !word.is_empty() && *word != ".").collect();
        if words.contains(&"..") {
            return Err(wrong("'..' leads out of it"));
        }
        if words.iter().any(|word| word.eq_ignore_ascii_case(".git")) {
            return Err(wrong("'.git' is git's own"));
        }
        if words.len() > DEEPEST {
            return Err(wrong("it is more than 32 folders deep"));
        }
        Ok(Self(words.join("/")))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// It and the folders above it, from the root down; nothing for the root.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        let slashes = self.0.match_indices('/').map(|(at, _)| at);
        let ends = slashes.chain((!self.is_root()).then_some(self.0.len()));
        ends.filter_map(|end| self.0.get(..end))
    }
}

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.is_root() { "." } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside() {
        let said = |text| Inside::parse(text).map(|path| path.as_str().to_owned());
        assert_eq!(said("./a//b/").unwrap(), "a/b");
        assert_eq!(said(".").unwrap(), "");
        for (text, word) in [
            ("/etc", "absolute"),
            ("a/../../b", "'..'"),
            ("a/.GIT/config", "git's own"),
            ("a\nb", "control"),
            ("a\\b", "backslash"),
        ] {
            assert!(said(text).unwrap_err().to_string().contains(word), "{text}");
        }
        assert!(said(&"a/".repeat(33)).is_err());
    }

    #[test]
    fn its_folders_are_told_from_the_root_down() {
        let path = Inside::parse("a/b/c").unwrap();
        assert_eq!(path.prefixes().collect::<Vec<_>>(), ["a", "a/b", "a/b/c"]);
        assert_eq!(Inside::default().prefixes().count(), 0);
        assert_eq!(Inside::default().to_string(), ".");
    }
}
