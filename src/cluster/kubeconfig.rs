//! Which kubeconfig files count, and what they say together.
//!
//! The order of kubectl: `--kubeconfig`, `$KUBECONFIG` (several files, merged), `~/.kube/config`.
//! Never writes one. Used by `connect` only.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use kube::config::{Kubeconfig, NamedContext};

use super::error::ClusterError;
use crate::domain::text::SafeText;

/// Longest list of context names in a message.
const MOST_NAMES: usize = 20;

/// The files to read, and how to name all places that were looked at.
pub(crate) struct Places {
    /// Files that exist, in order of precedence.
    pub(crate) files: Vec<PathBuf>,
    /// Everything that was tried, for the message.
    pub(crate) tried: String,
}

/// Finds the files. A file given with `--kubeconfig` must exist; of `$KUBECONFIG` those that do
/// not are passed over, as kubectl does.
pub(crate) fn places(
    given: Option<&Path>,
    variable: Option<&OsString>,
    home: Option<&Path>,
) -> Places {
    if let Some(file) = given {
        return Places { files: vec![file.to_owned()], tried: file.display().to_string() };
    }
    if let Some(list) = variable.filter(|list| !list.is_empty()) {
        let named: Vec<PathBuf> =
            std::env::split_paths(list).filter(|p| !p.as_os_str().is_empty()).collect();
        let names: Vec<String> = named.iter().map(|p| p.display().to_string()).collect();
        return Places {
            files: named.into_iter().filter(|p| p.exists()).collect(),
            tried: format!("$KUBECONFIG ({})", names.join(", ")),
        };
    }
    let Some(home) = home else {
        return Places {
            files: Vec::new(),
            tried: "$KUBECONFIG (not set), ~/.kube/config (no home directory)".into(),
        };
    };
    let file = home.join(".kube").join("config");
    Places {
        tried: format!("$KUBECONFIG (not set), {}", file.display()),
        files: Some(file).filter(|f| f.exists()).into_iter().collect(),
    }
}

/// Reads and merges the files; the first one that sets a value wins.
pub(crate) fn read(files: &[PathBuf]) -> Result<Kubeconfig, ClusterError> {
    let mut merged: Option<Kubeconfig> = None;
    for file in files {
        let next = Kubeconfig::read_from(file).map_err(|e| config_error(file, &chain(&e)))?;
        merged = Some(match merged {
            None => next,
            Some(before) => before.merge(next).map_err(|e| config_error(file, &chain(&e)))?,
        });
    }
    Ok(merged.unwrap_or_default())
}

fn config_error(file: &Path, cause: &str) -> ClusterError {
    // The YAML reader adds a picture of the lines around the fault; they may hold a token.
    let first = cause.lines().next().unwrap_or(cause);
    ClusterError::Config {
        file: SafeText::new(&file.display().to_string()),
        cause: SafeText::new(first),
    }
}

/// An error and what caused it, on one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        // Many errors already repeat their cause.
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    without_userinfo(&text)
}

/// The same text, its addresses without user and password.
fn without_userinfo(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | ',');
        let (authority, rest) = part.split_at(part.find(ends).unwrap_or(part.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        clean.push_str("://");
        clean.push_str(host);
        clean.push_str(rest);
    }
    clean
}

/// The context that is meant: by name, else the current one.
pub(crate) fn choose(
    config: &Kubeconfig,
    wanted: Option<&str>,
) -> Result<NamedContext, ClusterError> {
    let current = config.current_context.as_deref().filter(|c| !c.is_empty());
    let names: Vec<&str> = config.contexts.iter().map(|c| c.name.as_str()).collect();
    let Some(name) = wanted.or(current) else {
        return Err(ClusterError::Context {
            problem: "the kubeconfig has no current context".into(),
            hint: format!("choose one with --context: {}", listed(&names, "")).into(),
        });
    };
    let found = config.contexts.iter().find(|c| c.name == name && c.context.is_some());
    found.cloned().ok_or_else(|| ClusterError::Context {
        problem: format!("context {} does not exist", SafeText::name(name)).into(),
        hint: format!("known: {}", listed(&names, name)).into(),
    })
}

/// Names, those nearest to `wanted` first.
pub(crate) fn listed(names: &[&str], wanted: &str) -> String {
    if names.is_empty() {
        return "none".into();
    }
    let mut ranked: Vec<&str> = names.to_vec();
    ranked.sort_by_key(|name| strsim::damerau_levenshtein(name, wanted));
    let more = ranked.len().saturating_sub(MOST_NAMES);
    ranked.truncate(MOST_NAMES);
    let shown: Vec<SafeText> = ranked.into_iter().map(SafeText::name).collect();
    let mut text = shown.join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_no_password_of_an_address() {
        let cases = [
            ("no address here: a@b", "no address here: a@b"),
            ("proxy ftp://ann:pw@nowhere/x: no", "proxy ftp://nowhere/x: no"),
            (
                "http://u:p@a,https://v:q@[::1]:8 and http://h/@",
                "http://a,https://[::1]:8 and http://h/@",
            ),
        ];
        for (raw, told) in cases {
            assert_eq!(without_userinfo(raw), told);
        }
    }

    #[test]
    fn nearest_names_come_first() {
        let names = ["staging", "production-eu", "production-us", "dev"];
        assert!(listed(&names, "prodution-eu").starts_with("production-eu, production-us"));
        assert_eq!(listed(&[], "x"), "none");
    }

    #[test]
    fn every_place_tried_is_named() {
        let home = Path::new("/nonexistent");
        let none = places(None, None, Some(home));
        assert!(none.files.is_empty());
        assert!(none.tried.contains("/nonexistent/.kube/config"), "{}", none.tried);
        let several = places(None, Some(&"/a/x:/b/y".into()), Some(home));
        assert!(several.tried.contains("/a/x, /b/y"), "{}", several.tried);
        let given = places(Some(Path::new("/c")), Some(&"/a".into()), Some(home));
        assert_eq!(given.files, [PathBuf::from("/c")]);
    }
}
