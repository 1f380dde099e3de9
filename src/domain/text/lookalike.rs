//! Names that pass for others: letters that look like Latin ones and are none, made visible.
//!
//! Judged word by word, so that a name in another script stays readable: only what could be taken
//! for something else is shown as its number. Never for prose, which may be in any language. What
//! looks like what is Unicode's own table (UTS 39). Called by `SafeText::name` alone.

use unicode_script::{Script, UnicodeScript};
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::skeleton;
use unicode_width::UnicodeWidthChar;

use super::{MAX_BYTES, clean};

/// The name with every character that passes for another as its number.
pub(super) fn marked(name: &str) -> String {
    // What is beyond is cut anyway.
    let end = (0..=MAX_BYTES.min(name.len())).rev().find(|at| name.is_char_boundary(*at));
    let head = name.get(..end.unwrap_or_default()).unwrap_or(name);
    let mut out = String::with_capacity(name.len() + 16);
    for word in head.split_inclusive(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()) {
        if word.is_ascii() {
            out.push_str(word);
        } else {
            mark(word, &mut out);
        }
    }
    out.push_str(name.get(head.len()..).unwrap_or_default());
    out
}

fn mark(word: &str, out: &mut String) {
    let manner = Manner::of(word);
    for c in word.chars() {
        if !c.is_ascii() && (is_always_marked(c) || manner.marks(c)) {
            out.push_str(&clean::code(c));
        } else {
            out.push(c);
        }
    }
}

/// How a word is written, as far as that decides what in it is marked.
struct Manner {
    /// It has Latin letters.
    latin: bool,
    /// Its scripts are not written together by anybody.
    mixed: bool,
    /// Every letter of it looks like a Latin one.
    passes: bool,
}

impl Manner {
    fn of(word: &str) -> Self {
        let letters = || word.chars().filter(|c| is_of_a_script(*c));
        let foreign = |c: &char| c.script() != Script::Latin;
        // Chinese, Japanese and Korean are written with Latin letters in between.
        let (mut others, mut count) = (AugmentedScriptSet::default(), 0);
        for c in letters().filter(foreign) {
            others.intersect_with(c.into());
            count += 1;
        }
        let latin = letters().any(|c| !foreign(&c));
        let east_asian = others.hanb || others.jpan || others.kore;
        Self {
            latin,
            mixed: others.is_empty() || (latin && count > 0 && !east_asian),
            passes: letters().all(looks_latin),
        }
    }

    fn marks(&self, c: char) -> bool {
        match c.script() {
            Script::Latin | Script::Common | Script::Inherited => false,
            _ => self.mixed || ((self.latin || self.passes) && looks_latin(c)),
        }
    }
}

fn is_of_a_script(c: char) -> bool {
    !matches!(c.script(), Script::Common | Script::Inherited | Script::Unknown)
}

/// What has no business in a name, whatever stands around it: loose marks and parts of syllables,
/// for which there are whole characters, and Latin letters, digits, punctuation and blanks in
/// another dress.
fn is_always_marked(c: char) -> bool {
    let loose = c.script() == Script::Inherited && c.width() == Some(0);
    let part =
        matches!(c, '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97c}' | '\u{d7b0}'..='\u{d7fb}');
    let dressed = matches!(c.script(), Script::Latin | Script::Common) && looks_latin(c);
    loose || part || dressed
}

/// Whether it looks like something of ASCII. Letters that are two in one are letters of their own.
fn looks_latin(c: char) -> bool {
    if matches!(c, 'æ' | 'Æ' | 'œ' | 'Œ') {
        return false;
    }
    let mut bytes = [0; 4];
    let mut looks = skeleton(c.encode_utf8(&mut bytes));
    looks.all(|c| c.is_ascii())
}
