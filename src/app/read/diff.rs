//! What differs between two pod templates, with values that look like secrets covered.
//!
//! Called by `view::detail`.

use crate::app::model::Model;
use crate::app::msg::TemplateLines;

/// One line that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// Path in the template.
    pub path: String,
    /// Value in the older revision; `None` where it was added.
    pub old: Option<String>,
    /// Value in the newer revision; `None` where it was removed.
    pub new: Option<String>,
}

/// The comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// No two revisions were chosen.
    NoSides,
    /// The templates are being fetched.
    Waiting,
    /// They cannot be had; why.
    Failed(String),
    /// Lines that differ, images first; how many are the same.
    Done(Vec<DiffLine>, usize),
}

/// What stands in place of a covered value.
const COVERED: &str = "********";

/// Words in a path that make its value a secret.
const SECRET_WORDS: [&str; 10] = [
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "apikey",
    "api_key",
    "private",
    "access_key",
    "dsn",
];

/// Parts of a path that only name a secret, without showing it.
const HARMLESS: [&str; 4] =
    ["secretkeyref", "secretname", "imagepullsecrets", "serviceaccounttoken"];

/// The comparison that was asked for.
pub fn of(model: &Model) -> Comparison {
    if model.diff.sides.is_none() {
        return Comparison::NoSides;
    }
    match &model.diff.templates {
        None => Comparison::Waiting,
        Some(Err(text)) => Comparison::Failed(text.to_string()),
        Some(Ok((old, new))) => {
            let (mut lines, same) = compare(old, new);
            lines.sort_by_key(|line| !is_image(&line.path));
            Comparison::Done(lines, same)
        }
    }
}

fn is_image(path: &str) -> bool {
    path.rsplit(['.', '/']).next() == Some("image")
}

fn compare(old: &TemplateLines, new: &TemplateLines) -> (Vec<DiffLine>, usize) {
    let paths: std::collections::BTreeSet<&str> =
        old.iter().chain(new).map(|(path, _)| path.as_str()).collect();
    let value = |lines: &TemplateLines, path: &str| {
        let found = lines.iter().find(|(p, _)| p == path);
        found.map(|(_, value)| value.to_string())
    };
    let mut same = 0;
    let mut lines = Vec::new();
    for path in paths {
        let (before, after) = (value(old, path), value(new, path));
        if before == after {
            same += 1;
            continue;
        }
        lines.push(DiffLine {
            path: path.to_owned(),
            old: before.map(|v| cover(old, path, v)),
            new: after.map(|v| cover(new, path, v)),
        });
    }
    (lines, same)
}

fn cover(lines: &TemplateLines, path: &str, value: String) -> String {
    let lower = path.to_lowercase();
    if value.is_empty() || HARMLESS.iter().any(|word| lower.contains(word)) {
        return value;
    }
    let is_secret = names_a_secret(&lower) || tells_a_secret(&value) || follows_a_flag(lines, path);
    if is_secret { COVERED.to_owned() } else { value }
}

fn names_a_secret(lower: &str) -> bool {
    SECRET_WORDS.iter().any(|word| lower.contains(word))
}

/// A secret within a value: `--password=...`, `"token": ...`, `Bearer ...`, `://user:...@`.
fn tells_a_secret(value: &str) -> bool {
    let value = value.to_lowercase();
    let assigned = |word: &str| {
        value.match_indices(word).any(|(at, word)| {
            let rest = value.get(at + word.len()..).unwrap_or_default();
            rest.trim_start_matches(['"', '\'', ' ']).starts_with(['=', ':'])
        })
    };
    let in_address = value.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', ' ']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    });
    let shown = ["bearer ", "basic "].iter().any(|scheme| value.contains(scheme));
    shown || in_address || SECRET_WORDS.iter().any(|word| assigned(word))
}

/// The argument after `--password`.
fn follows_a_flag(lines: &TemplateLines, path: &str) -> bool {
    let before = || {
        let (list, number) = path.strip_suffix(']')?.rsplit_once('[')?;
        let number: usize = number.parse().ok()?;
        let wanted = format!("{list}[{}]", number.checked_sub(1)?);
        lines.iter().find(|(p, _)| *p == *wanted).map(|(_, flag)| flag.to_lowercase())
    };
    before()
        .is_some_and(|flag| flag.starts_with('-') && !flag.contains('=') && names_a_secret(&flag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pairs: &[(&str, &str)]) -> TemplateLines {
        let pair = |(path, value): &(&str, &str)| ((*path).into(), (*value).into());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_secret_within_a_value_is_covered() {
        let none = TemplateLines::default();
        for value in [
            "--db-password=hunter2",
            "postgres://ann:hunter2@db/ledger",
            "Bearer hunter2",
            r#"{"Token": "hunter2"}"#,
            "export API_KEY=hunter2; run",
        ] {
            assert_eq!(cover(&none, "containers[app].args[0]", value.into()), COVERED, "{value}");
        }
        for value in ["--token-file=/run/t", "https://host/a@b", "passwords", "http://host:80/"] {
            assert_eq!(cover(&none, "containers[app].args[0]", value.into()), value);
        }
        let args = lines(&[("c[app].args[0]", "--Token"), ("c[app].args[1]", "hunter2")]);
        assert_eq!(cover(&args, "c[app].args[1]", "hunter2".into()), COVERED);
        assert_eq!(cover(&args, "c[app].args[2]", "x".into()), "x");
    }

    #[test]
    fn only_differences_are_kept_and_secrets_are_covered() {
        let old = lines(&[
            ("containers[app].image", "app:1"),
            ("containers[app].env[DB_PASSWORD].value", "hunter2"),
            ("containers[app].env[LEVEL].value", "info"),
            ("gone", "x"),
        ]);
        let new = lines(&[
            ("containers[app].image", "app:2"),
            ("containers[app].env[DB_PASSWORD].value", "hunter3"),
            ("containers[app].env[LEVEL].value", "info"),
            ("containers[app].env[K].valueFrom.secretKeyRef.name", "db"),
        ]);
        let (found, same) = compare(&old, &new);
        assert_eq!(same, 1);
        let shown: Vec<_> = found.iter().map(|l| (l.old.as_deref(), l.new.as_deref())).collect();
        assert_eq!(
            shown,
            [
                (Some(COVERED), Some(COVERED)),
                (None, Some("db")),
                (Some("app:1"), Some("app:2")),
                (Some("x"), None),
            ]
        );
    }
}
