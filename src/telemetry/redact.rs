//! Takes credentials out of a line of text.
//!
//! The second fence: nothing of ours logs a credential, but libraries below may. Never makes a
//! line longer than the marks it puts in. Called by the log writer for every line.

use std::borrow::Cow;

/// What stands where a credential stood.
const MARK: &str = "[redacted]";

/// Words after which a credential follows, up to a blank, a quote or a separator.
const WORDS: [&str; 10] = [
    "bearer ",
    "basic ",
    "token=",
    "token: ",
    "token\":\"",
    "token\": \"",
    "password=",
    "password: ",
    "secret=",
    "api_key=",
];

/// Shortest run that is taken for a JSON web token.
const SHORTEST_TOKEN: usize = 32;

/// The line without bearer tokens, passwords, user names in addresses and JSON web tokens.
pub(super) fn redact(line: &str) -> Cow<'_, str> {
    let spans = merged(found(line));
    if spans.is_empty() {
        return Cow::Borrowed(line);
    }
    let mut clean = String::with_capacity(line.len());
    let mut kept = 0;
    for (start, end) in spans {
        clean.push_str(line.get(kept..start).unwrap_or_default());
        clean.push_str(MARK);
        kept = end;
    }
    clean.push_str(line.get(kept..).unwrap_or_default());
    Cow::Owned(clean)
}

/// Where credentials are.
fn found(line: &str) -> Vec<(usize, usize)> {
    let lower = line.to_ascii_lowercase();
    let mut spans = Vec::new();
    for word in WORDS {
        for (at, _) in lower.match_indices(word) {
            let start = at + word.len();
            spans.push((start, start + run(line, start, ends_value)));
        }
    }
    // user:password@ of an address.
    for (at, _) in line.match_indices("://") {
        let start = at + "://".len();
        let authority = run(line, start, |c| c == '/' || c == '?' || ends_value(c));
        let authority = line.get(start..start + authority).unwrap_or_default();
        if let Some(user) = authority.rfind('@') {
            spans.push((start, start + user));
        }
    }
    // A JSON web token starts with the encoding of `{"`.
    for (at, _) in line.match_indices("eyJ") {
        let length = run(line, at, |c| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        if length >= SHORTEST_TOKEN {
            spans.push((at, at + length));
        }
    }
    spans.retain(|(start, end)| start < end);
    spans
}

/// How many bytes from `start` on come before the end.
fn run(line: &str, start: usize, is_end: impl Fn(char) -> bool) -> usize {
    let rest = line.get(start..).unwrap_or_default();
    rest.find(is_end).unwrap_or(rest.len())
}

fn ends_value(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '&' | ',' | ';' | ')' | ']' | '}' | '\\')
}

/// In order and without overlaps.
fn merged(mut spans: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    spans.sort_unstable();
    let mut apart: Vec<(usize, usize)> = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        match apart.last_mut() {
            Some((_, last)) if start <= *last => *last = end.max(*last),
            _ => apart.push((start, end)),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl";

    #[test]
    fn credentials_go_and_the_rest_stays() {
        for (line, clean) in [
            ("plain words", "plain words".to_owned()),
            ("authorization: Bearer abc.def next", format!("authorization: Bearer {MARK} next")),
            ("get https://ann:pw@host/x?y", format!("get https://{MARK}@host/x?y")),
            ("get https://host/x@y", "get https://host/x@y".to_owned()),
            ("url=?token=s3cret&x=1", format!("url=?token={MARK}&x=1")),
            (r#"{"token":"s3cret","kind":"x"}"#, format!(r#"{{"token":"{MARK}","kind":"x"}}"#)),
            ("password: hunter2", format!("password: {MARK}")),
            ("a bearer ", "a bearer ".to_owned()),
        ] {
            assert_eq!(redact(line), clean);
        }
        assert_eq!(redact(&format!("sent {JWT}, ok")), format!("sent {MARK}, ok"));
    }

    proptest! {
        #[test]
        fn a_token_never_survives(before in ".{0,20}", after in "[ ,;\"].{0,20}") {
            let line = format!("{before} Bearer {JWT}{after}");
            prop_assert!(!redact(&line).contains(JWT));
        }
    }
}
