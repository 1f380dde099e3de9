//! Secrets that are written down in a catalogue: refused, wherever they stand.
//!
//! A catalogue lies in a repository. By the names of keys, and by what tokens look like. Never
//! repeats what it found. Called by the reader for everything that it reads.

use crate::domain::text::SafeText;
use crate::manifest::tree::Value;

use super::fault::FaultKind;
use super::sheet::{Field, place_of};
use super::values::reference;

/// Keys of secrets; also as the end of a key: `api_token`.
const KEYS: [&str; 9] = [
    "token",
    "password",
    "passwd",
    "secret",
    "api_key",
    "apikey",
    "private_key",
    "credentials",
    "authorization",
];

/// How tokens of well-known makers begin.
const TOKENS: [&str; 11] = [
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "AKIA",
    "-----BEGIN",
    "https://hooks.slack.com/services/",
];

/// Complains of every secret in a field.
pub(super) fn scan(field: &Field<'_>) {
    let sheet = field.sheet;
    let mut open = vec![(field.key, field.node)];
    while let Some((key, node)) = open.pop() {
        open.extend(node.elements().iter().map(|element| (key, element)));
        open.extend(node.entries().iter().map(|entry| (entry.key.as_str(), &entry.node)));
        let named = is_secret_key(key);
        let found = match &node.value {
            Value::Text(text) => (named && reference(text).is_none()) || is_secret(text),
            // A password may be all digits.
            Value::Int(_) | Value::Float(_) => named,
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => false,
        };
        if found {
            let key = SafeText::new(key);
            let message = format!(
                "`{key}` holds a secret itself: write env:NAME, file:PATH or secret:NAME/KEY, and \
                 change the secret, as it was written down"
            );
            sheet.report(sheet.fault(FaultKind::Secret, place_of(node.at), message));
        }
    }
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    KEYS.iter().any(|name| {
        key.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('_'))
    })
}

fn is_secret(text: &str) -> bool {
    is_token(text) || has_password(text)
}

fn is_token(text: &str) -> bool {
    TOKENS.iter().any(|begin| text.trim_start().starts_with(begin))
}

/// Letters of what stands before a host from which on it is no person's name.
const LONG: usize = 20;

/// `https://user:password@host`, and a token in place of the user.
fn has_password(text: &str) -> bool {
    let rest = text.split_once("://").map(|(_, rest)| rest);
    let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    let user = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':') || is_token(user) || user.len() >= LONG)
}

/// A value as a complaint shows it: no token, and of an address neither what stands before its
/// host nor what comes after its path.
pub(super) fn shown(value: &str) -> String {
    if is_token(value) {
        return "...".to_owned();
    }
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://...@{host}"),
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_secrets_and_keys_that_only_look_like_them() {
        for key in ["token", "api_token", "API-KEY", "client_secret", "db_password"] {
            assert!(is_secret_key(key), "{key}");
        }
        for key in ["tokens_at_once", "secretary", "mypassword", "key", ""] {
            assert!(!is_secret_key(key), "{key}");
        }
    }

    #[test]
    fn texts_that_are_secrets() {
        for text in [
            "ghp_abc",
            "https://a:b@host/x",
            "https://glpat-abc@host/x",
            "https://0123456789abcdef0123@host/x",
            "AKIA1234",
            "ssh://me:pw@host",
        ] {
            assert!(is_secret(text), "{text}");
        }
        for text in ["https://a@host", "git@host:org/repo", "https://host/a:b@c", "tokens"] {
            assert!(!is_secret(text), "{text}");
        }
    }

    #[test]
    fn what_is_shown_of_a_value() {
        for (value, wanted) in [
            ("plain", "plain"),
            ("a?b", "a?b"),
            ("ghp_abc", "..."),
            ("https://host/x?token=abc", "https://host/x"),
            ("https://me:pw@host/x", "https://...@host/x"),
            ("ftp://p@w@host", "ftp://...@host"),
        ] {
            assert_eq!(shown(value), wanted);
        }
    }
}
