//! Cells into bytes, as few as possible: over a slow link each of them is waited for.
//!
//! Knows where the cursor is and with which pen the terminal writes, across frames, and only says
//! what changes: a short move instead of an address, one attribute instead of all. Says nothing
//! when nothing changed. Uses what every terminal since the VT100 knows (ECMA-48: CUP, CUF, CUB,
//! CUD, ED, SGR), never a repetition, never an erasure with colour. Never asks the terminal
//! anything, and sends no control character but ESC: what else is seen on the way to a terminal is
//! not ours. Driven by the terminal library, through `painter`.

use std::fmt::Write as _;
use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Modifiers, and the parameters of SGR that begin and end them.
const MODIFIERS: [(Modifier, u8, u8); 8] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// How the terminal writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Pen {
    /// As SGR 0 leaves it.
    const PLAIN: Self = Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
    }
}

/// Writes cells to a terminal.
#[derive(Debug)]
pub(super) struct Encoder<W: Write> {
    out: W,
    size: Size,
    /// Where the cursor is; unknown after the last column and after what may be of any width.
    cursor: Option<Position>,
    /// How the terminal writes; unknown before anything was said.
    pen: Option<Pen>,
    /// Whether the cursor is shown.
    shown: Option<bool>,
    /// The bytes of one call, reused.
    text: String,
}

impl<W: Write> Encoder<W> {
    /// For a terminal of which nothing is known but its size.
    pub(super) fn new(out: W, size: Size) -> Self {
        Self { out, size, cursor: None, pen: None, shown: None, text: String::new() }
    }

    /// The terminal has another size now.
    pub(super) fn resize(&mut self, size: Size) {
        self.size = size;
    }

    /// Anything may have been written meanwhile.
    pub(super) fn forget(&mut self) {
        (self.cursor, self.pen, self.shown) = (None, None, None);
    }

    fn go(&mut self, to: Position) {
        let Some(at) = self.cursor else {
            return self.address(to);
        };
        match (to.y.cmp(&at.y), to.x.cmp(&at.x)) {
            (std::cmp::Ordering::Equal, std::cmp::Ordering::Equal) => {}
            (std::cmp::Ordering::Equal, std::cmp::Ordering::Greater) => self.by(to.x - at.x, 'C'),
            (std::cmp::Ordering::Equal, std::cmp::Ordering::Less) => self.by(at.x - to.x, 'D'),
            (std::cmp::Ordering::Greater, std::cmp::Ordering::Equal) => self.by(to.y - at.y, 'B'),
            _ => self.address(to),
        }
        self.cursor = Some(to);
    }

    fn by(&mut self, count: u16, way: char) {
        // Writing into a string does not fail.
        let _ = match count {
            1 => write!(self.text, "\x1b[{way}"),
            _ => write!(self.text, "\x1b[{count}{way}"),
        };
    }

    fn address(&mut self, to: Position) {
        let _ = match (to.x, to.y) {
            (0, 0) => write!(self.text, "\x1b[H"),
            (0, y) => write!(self.text, "\x1b[{}H", y + 1),
            (x, y) => write!(self.text, "\x1b[{};{}H", y + 1, x + 1),
        };
        self.cursor = Some(to);
    }

    fn take_up(&mut self, pen: Pen) {
        if self.pen == Some(pen) {
            return;
        }
        let anew = change(Pen::PLAIN, pen);
        let anew = if anew.is_empty() { "0".to_owned() } else { format!("0;{anew}") };
        let changed = self.pen.map(|before| change(before, pen));
        let shorter = changed.filter(|changed| changed.len() <= anew.len()).unwrap_or(anew);
        let shorter = if shorter == "0" { "" } else { &shorter };
        let _ = write!(self.text, "\x1b[{shorter}m");
        self.pen = Some(pen);
    }

    fn put(&mut self, at: Position, cell: &Cell) {
        self.go(at);
        self.take_up(Pen::of(cell));
        let symbol = cell.symbol();
        self.text.push_str(symbol);
        // What is one character to us may be two to the terminal.
        let is_sure = symbol.is_ascii() || symbol.chars().nth(1).is_none();
        let width = u16::try_from(symbol.width()).unwrap_or(u16::MAX);
        let next = at.x.saturating_add(width);
        self.cursor = (is_sure && next < self.size.width).then_some(Position { x: next, y: at.y });
    }

    fn show(&mut self, shown: bool) {
        if self.shown != Some(shown) {
            self.text.push_str(if shown { "\x1b[?25h" } else { "\x1b[?25l" });
            self.shown = Some(shown);
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let sent = self.out.write_all(self.text.as_bytes());
        self.text.clear();
        sent
    }
}

/// Parameters of SGR from one pen to another; empty when they are the same.
fn change(before: Pen, after: Pen) -> String {
    let mut codes = String::new();
    let mut say = |code: u8| {
        let gap = if codes.is_empty() { "" } else { ";" };
        let _ = write!(codes, "{gap}{code}");
    };
    let mut on = before.modifier;
    for (modifier, _, end) in MODIFIERS {
        if on.contains(modifier) && !after.modifier.contains(modifier) {
            say(end);
            // One end may be that of two.
            let ended = MODIFIERS.iter().filter(|(.., other)| *other == end);
            ended.for_each(|(modifier, ..)| on.remove(*modifier));
        }
    }
    for (modifier, begin, _) in MODIFIERS {
        if after.modifier.contains(modifier) && !on.contains(modifier) {
            say(begin);
        }
    }
    if after.fg != before.fg {
        colour(after.fg, 30, &mut say);
    }
    if after.bg != before.bg {
        colour(after.bg, 40, &mut say);
    }
    codes
}

/// Parameters of a colour; `base` is 30 for letters and 40 for what is behind them.
fn colour(colour: Color, base: u8, say: &mut impl FnMut(u8)) {
    let mut all = |codes: &[u8]| codes.iter().for_each(|code| say(*code));
    match colour {
        Color::Reset => all(&[base + 9]),
        Color::Black => all(&[base]),
        Color::Red => all(&[base + 1]),
        Color::Green => all(&[base + 2]),
        Color::Yellow => all(&[base + 3]),
        Color::Blue => all(&[base + 4]),
        Color::Magenta => all(&[base + 5]),
        Color::Cyan => all(&[base + 6]),
        Color::Gray => all(&[base + 7]),
        Color::DarkGray => all(&[base + 60]),
        Color::LightRed => all(&[base + 61]),
        Color::LightGreen => all(&[base + 62]),
        Color::LightYellow => all(&[base + 63]),
        Color::LightBlue => all(&[base + 64]),
        Color::LightMagenta => all(&[base + 65]),
        Color::LightCyan => all(&[base + 66]),
        Color::White => all(&[base + 67]),
        Color::Indexed(number) => all(&[base + 8, 5, number]),
        Color::Rgb(red, green, blue) => all(&[base + 8, 2, red, green, blue]),
    }
}

impl<W: Write> Backend for Encoder<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (x, y, cell) in content {
            self.put(Position { x, y }, cell);
        }
        self.send()
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.show(false);
        self.send()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.show(true);
        self.send()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // The terminal is never asked: its answer would be among the keys.
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.go(position.into());
        self.send()
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        // What is cleared takes the colour of the pen.
        self.take_up(Pen::PLAIN);
        self.text.push_str(match region {
            ClearType::All => "\x1b[2J",
            ClearType::AfterCursor => "\x1b[J",
            ClearType::BeforeCursor => "\x1b[1J",
            ClearType::CurrentLine => "\x1b[2K",
            ClearType::UntilNewLine => "\x1b[K",
        });
        self.send()
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
