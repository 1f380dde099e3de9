//! Whether a text without quotes stays a text for every reader of YAML.
//!
//! Tags are what is wrongly read most: `1.10` is a number, `12345e67` as well, `2026-11-28` a
//! date. Readers of YAML 1.1 see more of them than those of 1.2; here all of them count. Called by
//! `edit`.

/// Words that some reader takes for a truth value or for nothing (YAML 1.1, `bool` and `null`).
const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan"];

/// Whether it is read as text by readers of YAML 1.1 and 1.2 alike. For words that image
/// references are made of; everything else is not.
pub(super) fn is_text(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"._-/:@".contains(&b);
    let Some(first) = text.bytes().next() else { return false };
    if !text.bytes().all(known) || text.ends_with(':') {
        return false;
    }
    if first.is_ascii_alphabetic() {
        return !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    }
    // A digit, or a sign of something odd.
    first.is_ascii_digit() && !is_date(text) && !is_numberlike(text)
}

/// `2026-11-28`, whatever follows.
fn is_date(text: &str) -> bool {
    let mut words = text.splitn(3, '-');
    let digits = |word: Option<&str>| word.is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()));
    let begins = |word: Option<&str>| {
        word.and_then(|w| w.bytes().next()).is_some_and(|b| b.is_ascii_digit())
    };
    digits(words.next()) && digits(words.next()) && begins(words.next())
}

/// Whether some reader may make a number of what begins with a digit: decimal, exponent, `0x1f`,
/// `0o17`, `0b11`, `1_000`, `190:20:30`. Two dots without a colon are a version.
fn is_numberlike(text: &str) -> bool {
    let other = |b: u8| b.is_ascii_alphabetic() && !matches!(b, b'e' | b'E');
    let based = ["0x", "0X", "0o", "0O", "0b", "0B"].iter().any(|base| text.starts_with(base));
    let versions = text.bytes().filter(|b| *b == b'.').count() >= 2 && !text.contains(':');
    based || !(text.bytes().any(other) || text.contains(['/', '@']) || versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_may_take_for_something_else_is_no_text() {
        for text in [
            "1",
            "1.10",
            "010",
            "1e3",
            "12345e67",
            "0x1f",
            "0b11",
            "1_000",
            "12:30",
            "190:20:30",
            "2026-11-28",
            "2026-11-28T10",
            "true",
            "Yes",
            "null",
            "NaN",
            "n",
            "",
            "-1",
            ".5",
            "_1",
            "a:",
            "a b",
            "1-2",
            "a#b",
        ] {
            assert!(!is_text(text), "{text}");
        }
        for text in [
            "v1",
            "1.2.3",
            "1.2.3-rc.1",
            "shop/checkout:1.10",
            "redis:7",
            "1234abcd",
            "latest",
            "sha256:12",
            "r42",
            "20261128-a1b2",
            "5000/a:1",
        ] {
            assert!(is_text(text), "{text}");
        }
    }
}
