//! Text that came from outside, made safe to print.
//!
//! The one choke point: every string of the cluster, of a kubeconfig or of a plugin becomes a
//! [`SafeText`] where it is decoded. Control bytes are shown as visible pictures, never dropped,
//! since dropping them would hide an attack. Called by every adapter; `view` accepts nothing else.

mod clean;
mod lookalike;

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Longest text kept, in bytes. Longer text ends in a note that counts what is missing.
pub const MAX_BYTES: usize = 4096;

/// Printable text: no C0, C1 or DEL, no bidirectional controls, nothing of zero width but a few
/// marks on a character of their own, at most [`MAX_BYTES`] and a note.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
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
        Self(Arc::from(clean::sanitize(raw)))
    }

    /// Takes a name: text that a person tells from another by its look. What passes for a Latin
    /// letter and is none is shown as its number, `<0430>`.
    pub fn name(raw: &str) -> Self {
        if raw.is_ascii() { Self::new(raw) } else { Self::new(&lookalike::marked(raw)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
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

/// Whether a terminal shows this character and obeys nothing in it.
pub fn is_printable(c: char) -> bool {
    !clean::is_hidden(c)
}

/// What stands at the end of a text from which so many bytes were cut. Whoever cuts before
/// [`SafeText`] does writes it, so that the count at the end is of all that is missing.
pub fn cut_note(missing: usize) -> String {
    clean::note(missing)
}

/// A number with its noun: `1 gate`, `2 gates`.
pub fn several<N>(count: N, one: &str, many: &str) -> String
where
    N: Copy + fmt::Display + PartialEq + From<u8>,
{
    let noun = if count == N::from(1) { one } else { many };
    format!("{count} {noun}")
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
mod tests;
