//! Text that came from outside, made safe to print.
//!
//! The one choke point: every string of the cluster, of a kubeconfig or of a plugin becomes a
//! [`SafeText`] where it is decoded. Control bytes are shown as visible pictures, never dropped,
//! since dropping them would hide an attack. Called by every adapter; `view` accepts nothing else.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Longest text kept, in bytes. Longer text ends in a note that counts what is missing.
pub const MAX_BYTES: usize = 4096;

/// Most combining marks kept on one character: more would only paint over neighbouring cells.
const MAX_COMBINING: usize = 4;

/// Printable text: no C0, C1 or DEL, no bidirectional controls, nothing of zero width but a few
/// combining marks, at most [`MAX_BYTES`] and a note.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafeText(Arc<str>);

impl SafeText {
    /// Takes any text; what a terminal would obey or hide is made visible.
    pub fn new(raw: &str) -> Self {
        if raw.is_empty() {
            return Self::default();
        }
        if raw.len() <= MAX_BYTES && raw.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Self(Arc::from(raw));
        }
        Self(Arc::from(sanitize(raw)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for SafeText {
    fn default() -> Self {
        // Of all empty texts there is one allocation.
        Self(Arc::default())
    }
}

impl fmt::Debug for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Deref for SafeText {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SafeText {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SafeText {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for SafeText {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl PartialEq<str> for SafeText {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for SafeText {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

/// Makes text printable on one line. Tabs and line ends become one space: they lay out, they do
/// not attack.
fn sanitize(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len().min(MAX_BYTES) + 32);
    let mut combining = 0usize;
    for (at, c) in raw.char_indices() {
        if out.len() >= MAX_BYTES {
            let rest = raw.len() - at;
            out.push_str(&format!("… ({rest} more bytes)"));
            break;
        }
        match c {
            '\t' | '\n' => out.push(' '),
            // CR before LF is a line end; alone it would overwrite the line.
            '\r' if raw[at..].starts_with("\r\n") => {}
            c if (c as u32) < 0x20 => push_picture(&mut out, 0x2400 + c as u32),
            '\u{7f}' => push_picture(&mut out, 0x2421),
            c if is_hidden(c) => out.push_str(&format!("<{:04X}>", c as u32)),
            c if is_combining(c) => {
                combining += 1;
                if combining <= MAX_COMBINING {
                    out.push(c);
                }
                continue;
            }
            c => out.push(c),
        }
        combining = 0;
    }
    out
}

fn push_picture(out: &mut String, code: u32) {
    out.push(char::from_u32(code).unwrap_or('?'));
}

/// Characters that a terminal obeys or hides: C1, bidirectional controls, zero width, tags,
/// variation selectors, fillers, private use and noncharacters.
fn is_hidden(c: char) -> bool {
    matches!(c as u32,
        0x80..=0x9f
        | 0xad
        | 0x034f
        | 0x061c
        | 0x115f..=0x1160
        | 0x17b4..=0x17b5
        | 0x180b..=0x180f
        | 0x200b..=0x200f
        | 0x2028..=0x202e
        | 0x2060..=0x206f
        | 0x3164
        | 0xe000..=0xf8ff
        | 0xfdd0..=0xfdef
        | 0xfe00..=0xfe0f
        | 0xfeff
        | 0xffa0
        | 0xfff0..=0xfffb
        | 0xfffe..=0xffff
        | 0x1bca0..=0x1bca3
        | 0x1d173..=0x1d17a
        | 0x000e_0000..=0x0010_ffff)
}

fn is_combining(c: char) -> bool {
    matches!(c as u32,
        0x0300..=0x036f | 0x0483..=0x0489 | 0x0591..=0x05bd | 0x0610..=0x061a
        | 0x064b..=0x065f | 0x0e31 | 0x0e34..=0x0e3a | 0x0e47..=0x0e4e
        | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0x302a..=0x302f
        | 0x3099..=0x309a | 0xfe20..=0xfe2f)
}

/// Whether `text` matches a pattern in which `*` stands for any run of characters.
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else {
        return text.is_empty();
    };
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn controls_become_visible() {
        let cases = [
            ("plain name", "plain name"),
            ("\u{1b}[31mred", "␛[31mred"),
            ("bell\u{7}", "bell␇"),
            ("a\r\nb", "a b"),
            ("over\rwrite", "over␍write"),
            ("c1 \u{9b}31m", "c1 <009B>31m"),
            ("rtl \u{202e}gpj.exe", "rtl <202E>gpj.exe"),
            ("zero\u{200b}width", "zero<200B>width"),
            ("del\u{7f}", "del␡"),
            ("größe 漢字", "größe 漢字"),
        ];
        for (raw, shown) in cases {
            assert_eq!(SafeText::new(raw).as_str(), shown, "{raw:?}");
        }
    }

    #[test]
    fn patterns() {
        let cases = [
            ("prod-*", "prod-eu", true),
            ("prod-*", "preprod-eu", false),
            ("*", "", true),
            ("*lab*", "a-lab-1", true),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
        ];
        for (pattern, text, hit) in cases {
            assert_eq!(matches_pattern(pattern, text), hit, "{pattern} {text}");
        }
    }

    #[test]
    fn huge_text_is_cut_and_says_so() {
        let text = SafeText::new(&"x".repeat(1_000_000));
        assert!(text.len() < MAX_BYTES + 64);
        assert!(text.ends_with("(995904 more bytes)"), "{}", &text[MAX_BYTES - 10..]);
    }

    #[test]
    fn combining_marks_cannot_pile_up() {
        let zalgo: String =
            std::iter::once('a').chain(std::iter::repeat_n('\u{301}', 1000)).collect();
        assert_eq!(SafeText::new(&zalgo).chars().count(), 1 + MAX_COMBINING);
    }

    proptest! {
        #[test]
        fn nothing_a_terminal_obeys_survives(raw in any::<String>()) {
            let safe = SafeText::new(&raw);
            for c in safe.chars() {
                prop_assert!(!c.is_control(), "{c:?}");
                prop_assert!(!is_hidden(c), "{c:?}");
            }
            prop_assert!(safe.len() <= MAX_BYTES + 64);
        }

        #[test]
        fn it_is_idempotent(raw in "[ -~\u{0}-\u{1f}\u{80}-\u{a0}]{0,200}") {
            let once = SafeText::new(&raw);
            prop_assert_eq!(SafeText::new(&once), once);
        }
    }
}
