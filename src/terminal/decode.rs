//! Bytes of a terminal to keys and pastes.
//!
//! Never guesses: a sequence that is unknown, torn or has Alt in it yields nothing, above all no
//! letters of its own tail. Pure: time enters as [`Decoder::expire`]. Called by `input`.
//!
//! Written after ECMA-48, the xterm control sequences and the kitty keyboard protocol.

use std::mem;
use std::time::Duration;

use crate::app::key::Key;

/// How long a lone escape byte may be the beginning of something.
const ESCAPE_PATIENCE: Duration = Duration::from_millis(50);

/// How long the rest of a sequence, a character or a paste may take before it is given up.
const REST_PATIENCE: Duration = Duration::from_secs(1);

/// Longest sequence that is kept in mind; the rest of a longer one is still swallowed.
const MAX_SEQUENCE: usize = 64;

/// Longest paste, in bytes. What is beyond is swallowed.
const MAX_PASTE: usize = 64 * 1024;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const PASTE_END: &[u8] = b"\x1b[201~";

/// What the bytes meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A key; `repeat` when the terminal says that it is held down.
    Key { key: Key, repeat: bool },
    /// Pasted text.
    Paste(String),
}

/// Where in a sequence the last byte left us.
#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// After ESC and intermediate bytes: waits for one last byte.
    EscapeIntermediate,
    /// After ESC [, with the parameter and intermediate bytes so far.
    Control(Vec<u8>),
    /// After ESC [ [ of the Linux console, whose function keys have one more letter.
    ConsoleFunction,
    /// After ESC O.
    SingleShift,
    /// Within OSC, DCS, APC, PM or SOS: swallowed up to its end.
    Text { escaped: bool },
    /// Within a character of several bytes.
    Character(Vec<u8>),
    /// Within a bracketed paste. `matched` bytes of its end have been seen.
    Paste { text: Vec<u8>, matched: usize },
}

/// The decoder of one terminal.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    /// An escape byte waited in vain just now.
    escaped: bool,
    /// Bytes meant nothing since somebody asked.
    lost: bool,
}

impl Decoder {
    /// What these bytes, read at once, complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Token> {
        let mut tokens = Vec::new();
        // The rest of a sequence after all, torn by a slow line: nobody types two keys at once.
        if mem::take(&mut self.escaped) && matches!(bytes, [b'[' | b'O', _, ..]) {
            self.state = State::Escape;
        }
        for &byte in bytes {
            self.step(byte, &mut tokens);
        }
        tokens
    }

    /// Whether bytes meant nothing since the last time this was asked: they came from no key.
    pub(super) fn take_lost(&mut self) -> bool {
        mem::take(&mut self.lost)
    }

    /// Whether a sequence, a character or a paste has begun and not ended.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, State::Ground)
    }

    /// How long to wait for more before [`Decoder::expire`]; nothing when nothing is open.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Ground => None,
            State::Escape => Some(ESCAPE_PATIENCE),
            _ => Some(REST_PATIENCE),
        }
    }

    /// No more bytes came in time: a lone escape was the key, a paste has ended, all else is torn.
    pub(super) fn expire(&mut self) -> Vec<Token> {
        match mem::take(&mut self.state) {
            State::Escape => {
                self.escaped = true;
                vec![pressed(Key::Esc)]
            }
            State::Paste { text, .. } => vec![pasted(&text)],
            State::Ground => Vec::new(),
            _ => {
                self.lost = true;
                Vec::new()
            }
        }
    }

    fn step(&mut self, byte: u8, tokens: &mut Vec<Token>) {
        let (before, was_open) = (tokens.len(), self.is_open());
        let torn = matches!(self.state, State::Character(_)) && !(0x80..=0xbf).contains(&byte);
        let released = matches!(&self.state, State::Control(so_far)
            if Parameters::read(so_far).is_some_and(|numbers| numbers.is_release()));
        self.advance(byte, tokens);
        let begins = matches!(self.state, State::Escape);
        let vain = (!self.is_open() || (was_open && begins)) && tokens.len() == before;
        self.lost |= torn || (vain && !released);
    }

    fn advance(&mut self, byte: u8, tokens: &mut Vec<Token>) {
        self.state = match mem::take(&mut self.state) {
            State::Ground => ground(byte, tokens),
            State::Escape => escape(byte, tokens),
            State::EscapeIntermediate => match byte {
                0x20..=0x2f => State::EscapeIntermediate,
                ESC => State::Escape,
                _ => State::Ground,
            },
            State::Control(so_far) => control(so_far, byte, tokens),
            State::ConsoleFunction => State::Ground,
            State::SingleShift => {
                tokens.extend(single_shift(byte).map(pressed));
                State::Ground
            }
            State::Text { escaped } => text(escaped, byte),
            State::Character(so_far) => character(so_far, byte, tokens),
            State::Paste { text, matched } => paste(text, matched, byte, tokens),
        };
    }
}

fn ground(byte: u8, tokens: &mut Vec<Token>) -> State {
    match byte {
        ESC => return State::Escape,
        0xc2..=0xf4 => return State::Character(vec![byte]),
        _ => tokens.extend(plain(byte).map(pressed)),
    }
    State::Ground
}

/// A single byte outside any sequence.
fn plain(byte: u8) -> Option<Key> {
    match byte {
        // Terminals send 0x7f or 0x08 for Backspace, by their own taste.
        0x08 | 0x7f => Some(Key::Backspace),
        0x09 => Some(Key::Tab),
        0x0d => Some(Key::Enter),
        0x01..=0x1a => Some(Key::Ctrl(char::from(byte - 1 + b'a'))),
        0x20..=0x7e => Some(Key::Char(char::from(byte))),
        _ => None,
    }
}

fn escape(byte: u8, tokens: &mut Vec<Token>) -> State {
    match byte {
        b'[' => State::Control(Vec::new()),
        b'O' => State::SingleShift,
        b']' | b'P' | b'X' | b'^' | b'_' => State::Text { escaped: false },
        0x20..=0x2f => State::EscapeIntermediate,
        ESC => {
            tokens.push(pressed(Key::Esc));
            State::Escape
        }
        // Alt and a key, which no chord of ours needs. Of a character of several bytes this is
        // the first; the others mean nothing on the ground.
        _ => State::Ground,
    }
}

fn control(mut so_far: Vec<u8>, byte: u8, tokens: &mut Vec<Token>) -> State {
    match byte {
        ESC => State::Escape,
        b'[' if so_far.is_empty() => State::ConsoleFunction,
        0x20..=0x3f => {
            if so_far.len() < MAX_SEQUENCE {
                so_far.push(byte);
            }
            State::Control(so_far)
        }
        b'~' if so_far == b"200" => State::Paste { text: Vec::new(), matched: 0 },
        0x40..=0x7e => {
            tokens.extend(control_sequence(&so_far, byte));
            State::Ground
        }
        // A control byte or a byte beyond ASCII does not belong here: the sequence is torn.
        _ => State::Ground,
    }
}

fn text(escaped: bool, byte: u8) -> State {
    match byte {
        BEL => State::Ground,
        b'\\' if escaped => State::Ground,
        _ => State::Text { escaped: byte == ESC },
    }
}

fn character(mut so_far: Vec<u8>, byte: u8, tokens: &mut Vec<Token>) -> State {
    if !(0x80..=0xbf).contains(&byte) {
        return ground(byte, tokens);
    }
    so_far.push(byte);
    match str::from_utf8(&so_far) {
        Ok(whole) => {
            // C1 controls are characters in UTF-8 and keys nowhere.
            let typed = whole.chars().filter(|c| !c.is_control());
            tokens.extend(typed.map(|c| pressed(Key::Char(c))));
            State::Ground
        }
        Err(error) if error.error_len().is_none() => State::Character(so_far),
        Err(_) => State::Ground,
    }
}

fn paste(mut text: Vec<u8>, matched: usize, byte: u8, tokens: &mut Vec<Token>) -> State {
    let matched =
        if PASTE_END.get(matched) == Some(&byte) { matched + 1 } else { usize::from(byte == ESC) };
    // The end marker is kept while it may still be text, and taken off when it is complete.
    if text.len() < MAX_PASTE + PASTE_END.len() {
        text.push(byte);
    }
    if matched < PASTE_END.len() {
        return State::Paste { text, matched };
    }
    let body = text.strip_suffix(PASTE_END).unwrap_or(&text);
    tokens.push(pasted(body));
    State::Ground
}

/// ESC O and a letter: cursor keys and Enter of the keypad in application mode.
fn single_shift(letter: u8) -> Option<Key> {
    match letter {
        b'M' => Some(Key::Enter),
        _ => cursor_key(letter),
    }
}

fn cursor_key(letter: u8) -> Option<Key> {
    match letter {
        b'A' => Some(Key::Up),
        b'B' => Some(Key::Down),
        b'C' => Some(Key::Right),
        b'D' => Some(Key::Left),
        b'F' => Some(Key::End),
        b'H' => Some(Key::Home),
        b'Z' => Some(Key::BackTab),
        _ => None,
    }
}

/// ESC [ parameters letter.
fn control_sequence(parameters: &[u8], letter: u8) -> Option<Token> {
    let numbers = Parameters::read(parameters)?;
    if numbers.is_release() {
        return None;
    }
    let key = match letter {
        b'~' => match numbers.first {
            1 | 7 => Key::Home,
            4 | 8 => Key::End,
            3 => Key::Delete,
            5 => Key::PageUp,
            6 => Key::PageDown,
            // modifyOtherKeys of xterm: 27;modifiers;code.
            27 => numbers.character(numbers.third)?,
            _ => return None,
        },
        b'u' => numbers.character(numbers.first)?,
        _ => cursor_key(letter)?,
    };
    let repeat = numbers.is_repeat();
    Some(Token::Key { key, repeat })
}

/// The numbers of a control sequence: `first;second:event;third`.
#[derive(Debug, Default)]
struct Parameters {
    first: u32,
    /// One more than the bits of Shift (1), Alt (2), Control (4) and the rarer ones.
    modifiers: u32,
    event: u32,
    third: u32,
}

impl Parameters {
    /// Nothing when there are other than numbers, as in the answers of a terminal.
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let mut fields = text.split(';').map(|field| {
            let mut parts = field.split(':').map(|part| match part {
                "" => Some(1),
                _ => part.parse().ok(),
            });
            let number = parts.next().flatten()?;
            Some((number, parts.next().flatten().unwrap_or(1)))
        });
        let mut next = || fields.next().unwrap_or(Some((1, 1)));
        let (first, _) = next()?;
        let (modifiers, event) = next()?;
        let (third, _) = next()?;
        Some(Self { first, modifiers, event, third })
    }

    fn is_release(&self) -> bool {
        self.event == 3
    }

    fn is_repeat(&self) -> bool {
        self.event == 2
    }

    /// The key of a code point under these modifiers; nothing with Alt, Super and their like.
    fn character(&self, code: u32) -> Option<Key> {
        const SHIFT: u32 = 1;
        const CONTROL: u32 = 4;
        /// Caps lock and number lock are states, not chords.
        const LOCKS: u32 = 64 | 128;
        let held = self.modifiers.saturating_sub(1) & !LOCKS;
        let shift = held & SHIFT != 0;
        let typed = char::from_u32(code)?;
        match (typed, held & !SHIFT) {
            ('\r', _) => Some(Key::Enter),
            ('\x1b', _) => Some(Key::Esc),
            ('\x7f' | '\x08', _) => Some(Key::Backspace),
            ('\t', _) if shift => Some(Key::BackTab),
            ('\t', _) => Some(Key::Tab),
            // Where kitty puts keys that no character stands for.
            ('\u{e000}'..='\u{f8ff}', _) => None,
            (c, 0) if c.is_control() => None,
            (c, 0) if shift && c.is_ascii_lowercase() => Some(Key::Char(c.to_ascii_uppercase())),
            (c, 0) => Some(Key::Char(c)),
            (c, CONTROL) if c.is_ascii_alphabetic() => Some(Key::Ctrl(c.to_ascii_lowercase())),
            _ => None,
        }
    }
}

fn pressed(key: Key) -> Token {
    Token::Key { key, repeat: false }
}

/// Line ends of a paste arrive as carriage returns.
fn pasted(bytes: &[u8]) -> Token {
    let bytes = bytes.get(..MAX_PASTE).unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    Token::Paste(text.replace("\r\n", "\n").replace('\r', "\n"))
}

#[cfg(test)]
mod tests;
