//! Any text to text that is safe to print: what a terminal would obey, hide or pile up is shown.
//!
//! Whether a character takes no cell is asked of the table that the terminal library asks, so the
//! two never differ. Called by `SafeText` alone.

use unicode_width::UnicodeWidthChar;

use super::MAX_BYTES;

/// Most marks kept on one character: more would only paint over neighbouring cells. Honest text
/// stays below, pointed Hebrew and stacked Tibetan included.
const MAX_MARKS: usize = 4;

/// The note of a text that was cut: `… (17 more bytes)`.
const NOTE: (&str, &str) = ("… (", " more bytes)");

/// Most digits of a number in a note; a longer one is not ours.
const NOTE_DIGITS: usize = 12;

/// The text, printable on one line. Tabs and line ends become one space: they lay out, they do
/// not attack.
pub(super) fn sanitize(raw: &str) -> String {
    // A text that was cut before keeps its note, so that the count stays true.
    let (body, before) = if raw.len() > MAX_BYTES { without_note(raw) } else { (raw, 0) };
    let mut line = Line::with_room_for(body);
    let missing = match line.write(body) {
        Ok(()) => before,
        Err(Cut(at)) => before.saturating_add(body.len() - at),
    };
    if missing > 0 {
        line.out.push_str(&note(missing));
    }
    line.out
}

/// What stands at the end of a text from which so many bytes are missing.
pub(super) fn note(missing: usize) -> String {
    let (start, end) = NOTE;
    format!("{start}{missing}{end}")
}

/// The text before a note, and how much the note says is missing.
fn without_note(raw: &str) -> (&str, usize) {
    let (start, end) = NOTE;
    let found = raw.strip_suffix(end).and_then(|head| {
        let (body, digits) = head.rsplit_once(start)?;
        let plain = digits.len() <= NOTE_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        Some((body, digits.parse().ok().filter(|_| plain)?))
    });
    found.unwrap_or((raw, 0))
}

/// There is no room for what begins at this byte.
struct Cut(usize);

/// What a mark would sit on.
#[derive(Clone, Copy)]
enum Base {
    /// Nothing: the beginning, a blank, or something written in place of a character.
    Nothing,
    /// A character.
    Plain,
    /// A leading consonant of Hangul, which the next one would be joined with into one cell.
    Leading,
}

/// A line in the making.
struct Line {
    out: String,
    base: Base,
    /// Marks on the base so far, those left out included.
    marks: usize,
    /// Where the first mark stood that was left out.
    left_out_at: usize,
}

impl Line {
    fn with_room_for(text: &str) -> Self {
        let out = String::with_capacity(text.len().min(MAX_BYTES) + 32);
        Self { out, base: Base::Nothing, marks: 0, left_out_at: 0 }
    }

    fn write(&mut self, text: &str) -> Result<(), Cut> {
        for (at, c) in text.char_indices() {
            match c {
                ' '..='~' => self.plain(at, c)?,
                '\t' | '\n' => self.plain(at, ' ')?,
                // CR before LF is a line end; alone it would overwrite the line.
                '\r' if text.get(at..).is_some_and(|rest| rest.starts_with("\r\n")) => {}
                '\u{0}'..='\u{1f}' => self.instead(at, picture(u32::from(c)))?,
                '\u{7f}' => self.instead(at, '␡')?,
                c if is_hidden(c) => self.code(at, c)?,
                c => match c.width() {
                    Some(0) => self.mark(at, c)?,
                    Some(_) => self.plain(at, c)?,
                    None => self.code(at, c)?,
                },
            }
        }
        self.end_pile()
    }

    /// A character that takes cells.
    fn plain(&mut self, at: usize, c: char) -> Result<(), Cut> {
        self.end_pile()?;
        let base = match c {
            '\u{1100}'..='\u{115e}' | '\u{a960}'..='\u{a97c}' => Base::Leading,
            c if c.is_whitespace() => Base::Nothing,
            _ => Base::Plain,
        };
        if matches!((self.base, base), (Base::Leading, Base::Leading)) {
            return self.code(at, c);
        }
        self.push(at, c)?;
        self.base = base;
        Ok(())
    }

    /// A character that takes none: it stays on its base, and is shown as a code where there is
    /// none, since it would sit on whatever the screen has to its left.
    fn mark(&mut self, at: usize, c: char) -> Result<(), Cut> {
        if matches!(self.base, Base::Nothing) {
            return self.code(at, c);
        }
        self.marks += 1;
        if self.marks <= MAX_MARKS {
            return self.push(at, c);
        }
        if self.marks == MAX_MARKS + 1 {
            self.left_out_at = at;
        }
        Ok(())
    }

    /// Says how many marks were left out of a pile.
    fn end_pile(&mut self) -> Result<(), Cut> {
        let more = self.marks.saturating_sub(MAX_MARKS);
        self.marks = 0;
        if more == 0 {
            return Ok(());
        }
        self.base = Base::Nothing;
        let plural = if more == 1 { "" } else { "s" };
        self.push_all(self.left_out_at, &format!("<+{more} mark{plural}>"))
    }

    /// A character in place of another.
    fn instead(&mut self, at: usize, c: char) -> Result<(), Cut> {
        self.end_pile()?;
        self.base = Base::Nothing;
        self.push(at, c)
    }

    /// The number of a character in its place.
    fn code(&mut self, at: usize, c: char) -> Result<(), Cut> {
        self.end_pile()?;
        self.base = Base::Nothing;
        self.push_all(at, &code(c))
    }

    fn push(&mut self, at: usize, c: char) -> Result<(), Cut> {
        self.push_all(at, c.encode_utf8(&mut [0; 4]))
    }

    fn push_all(&mut self, at: usize, text: &str) -> Result<(), Cut> {
        if self.out.len() + text.len() > MAX_BYTES {
            return Err(Cut(at));
        }
        self.out.push_str(text);
        Ok(())
    }
}

/// How a character is written that is not shown as itself.
pub(super) fn code(c: char) -> String {
    format!("<{:04X}>", u32::from(c))
}

/// The picture of a control byte.
fn picture(code: u32) -> char {
    char::from_u32(0x2400 + code).unwrap_or('?')
}

/// Characters that a terminal obeys or hides, whatever their width is said to be: controls,
/// format characters (those of number signs too, which join what follows), line and paragraph
/// separators, everything that Unicode allows to be ignored, fillers and blanks that pass for
/// nothing, private use, noncharacters, and the planes in which there is no character yet.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(u32::from(c),
        0x00..=0x1f
        | 0x7f..=0x9f
        | 0xad
        | 0x034f
        | 0x0600..=0x0605
        | 0x061c
        | 0x06dd
        | 0x070f
        | 0x0890..=0x0891
        | 0x08e2
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
        | 0x0001_10bd
        | 0x0001_10cd
        | 0x0001_3430..=0x0001_3442
        | 0x0001_bca0..=0x0001_bca3
        | 0x0001_d159
        | 0x0001_d173..=0x0001_d17a
        | 0x0004_0000..=0x0010_ffff)
        // The last two of every plane.
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests;
