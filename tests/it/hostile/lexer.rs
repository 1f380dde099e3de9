//! A strict reading of what goes to a terminal: the few sequences of ours, and text.
//!
//! It shares nothing with the terminal library, knows no sequence that is not in its list, and
//! gives up at the first byte that it does not know. The screens are also read by `vt100`, which
//! obeys what a terminal would.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use vt100::{Callbacks, Parser, Screen};

use super::rules::offence;

/// Which sequences there were, and how often.
pub(super) type Seen = BTreeMap<&'static str, usize>;

/// Private modes of ours: cursor, alternate screen, bracketed paste, synchronized update.
const MODES: [&str; 4] = ["?25", "?1049", "?2004", "?2026"];

/// What is wrong with bytes on their way to a terminal; else what was in them.
pub(super) fn read(bytes: &[u8]) -> Result<Seen, String> {
    let mut seen = Seen::new();
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        rest = if first == 0x1b {
            sequence(tail, &mut seen).map_err(|why| at(bytes, rest, &why))?
        } else {
            let end = rest.iter().position(|b| *b == 0x1b).unwrap_or(rest.len());
            text(&rest[..end], &mut seen).map_err(|why| at(bytes, rest, &why))?;
            &rest[end..]
        };
    }
    Ok(seen)
}

/// The place, with what is around it.
fn at(bytes: &[u8], rest: &[u8], why: &str) -> String {
    let place = bytes.len() - rest.len();
    let around = &bytes[place.saturating_sub(40)..(place + 60).min(bytes.len())];
    format!("{why} at byte {place}: {:?}", String::from_utf8_lossy(around))
}

fn text(bytes: &[u8], seen: &mut Seen) -> Result<(), String> {
    let text = str::from_utf8(bytes).map_err(|e| format!("no UTF-8: {e}"))?;
    *seen.entry("text").or_default() += 1;
    // A run may be longer than a text of the cluster, so each line of cells is judged by itself.
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(1000);
        while !rest.is_char_boundary(end) || starts_with_mark(&rest[end..]) {
            end += 1;
        }
        if let Some(offence) = offence(&rest[..end]) {
            return Err(offence);
        }
        rest = &rest[end..];
    }
    Ok(())
}

fn starts_with_mark(text: &str) -> bool {
    text.chars().next().is_some_and(|c| unicode_width::UnicodeWidthChar::width(c) == Some(0))
}

/// What follows ESC. Gives what comes after the sequence.
fn sequence<'b>(tail: &'b [u8], seen: &mut Seen) -> Result<&'b [u8], String> {
    match tail.split_first() {
        Some((b'[', body)) => {
            let length = body.iter().position(|b| (0x40..=0x7e).contains(b));
            let length = length.ok_or("a control sequence without an end")?;
            let parameters = str::from_utf8(&body[..length]).map_err(|e| e.to_string())?;
            let name = control(parameters, body[length])?;
            *seen.entry(name).or_default() += 1;
            Ok(&body[length + 1..])
        }
        Some((b']', body)) => {
            *seen.entry("OSC 52 (copy)").or_default() += 1;
            copy(body)
        }
        other => Err(format!("ESC and {:?}", other.map(|(b, _)| char::from(*b)))),
    }
}

fn control(parameters: &str, last: u8) -> Result<&'static str, String> {
    let numbers: Vec<Option<u16>> = parameters.split(';').map(|p| p.parse().ok()).collect();
    let all = numbers.iter().all(Option::is_some);
    match last {
        b'H' if parameters.is_empty() || (all && numbers.len() <= 2) => Ok("CSI row ; column H"),
        b'B' | b'C' | b'D' if parameters.is_empty() || (all && numbers.len() == 1) => {
            Ok("CSI n B, C, D")
        }
        b'm' if parameters.is_empty() => Ok("CSI ... m"),
        b'm' => colours(&numbers).map(|()| "CSI ... m"),
        b'J' if matches!(parameters, "2" | "") => Ok("CSI J, CSI 2 J"),
        b'h' if MODES.contains(&parameters) => Ok("CSI ? mode h"),
        b'l' if MODES.contains(&parameters) => Ok("CSI ? mode l"),
        _ => Err(format!("CSI {parameters} {}", char::from(last))),
    }
}

/// Attributes and colours.
fn colours(numbers: &[Option<u16>]) -> Result<(), String> {
    let mut rest = numbers;
    while let Some((first, tail)) = rest.split_first() {
        rest = match (first, tail) {
            (
                Some(38 | 48 | 58),
                [Some(5), Some(0..=255), tail @ ..]
                | [Some(2), Some(0..=255), Some(0..=255), Some(0..=255), tail @ ..],
            )
            | (Some(0..=9 | 21..=29 | 30..=37 | 39..=47 | 49 | 59 | 90..=97 | 100..=107), tail) => {
                tail
            }
            _ => return Err(format!("CSI {numbers:?} m")),
        };
    }
    Ok(())
}

/// OSC 52 with base64 and nothing else.
fn copy(body: &[u8]) -> Result<&[u8], String> {
    let body = body.strip_prefix(b"52;c;").ok_or("an OSC that is no copy")?;
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || b"+/=".contains(b);
    let length = body.iter().take_while(|b| is_base64(b)).count();
    let end = &body[length..];
    end.strip_prefix(b"\x07")
        .or_else(|| end.strip_prefix(b"\x1b\\"))
        .ok_or_else(|| "an OSC 52 with more than base64".to_owned())
}

/// A terminal that complains about everything but painting.
#[derive(Default)]
pub(super) struct Witness {
    /// What it was told to do.
    pub(super) orders: Vec<String>,
}

impl Callbacks for Witness {
    fn audible_bell(&mut self, _: &mut Screen) {
        self.orders.push("bell".into());
    }

    fn visual_bell(&mut self, _: &mut Screen) {
        self.orders.push("visual bell".into());
    }

    fn resize(&mut self, _: &mut Screen, to: (u16, u16)) {
        self.orders.push(format!("resize to {to:?}"));
    }

    fn set_window_icon_name(&mut self, _: &mut Screen, name: &[u8]) {
        self.orders.push(format!("icon {}", String::from_utf8_lossy(name)));
    }

    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.orders.push(format!("title {}", String::from_utf8_lossy(title)));
    }

    fn copy_to_clipboard(&mut self, _: &mut Screen, _: &[u8], data: &[u8]) {
        self.orders.push(format!("copy {}", String::from_utf8_lossy(data)));
    }

    fn paste_from_clipboard(&mut self, _: &mut Screen, _: &[u8]) {
        self.orders.push("paste".into());
    }

    fn unhandled_control(&mut self, _: &mut Screen, byte: u8) {
        self.orders.push(format!("control {byte:#x}"));
    }

    fn unhandled_osc(&mut self, _: &mut Screen, _: &[&[u8]]) {
        self.orders.push("OSC".into());
    }
}

/// What a terminal of this size was told to do besides painting.
pub(super) fn obeyed((columns, rows): (u16, u16), bytes: &[u8]) -> Vec<String> {
    let size = |n| NonZeroU16::new(n).unwrap();
    let mut parser = Parser::new_with_callbacks(size(rows), size(columns), 0, Witness::default());
    parser.process(bytes);
    parser.callbacks().orders.clone()
}

#[test]
fn the_reader_knows_ours_and_nothing_else() {
    for ours in [
        "plain ▇ 漢 e\u{301}",
        "\x1b[1;1Hx\x1b[38;2;1;2;3;1mx\x1b[0m\x1b[?25l\x1b[?2026h\x1b[?2026l",
        "\x1b]52;c;aGVsbG8=\x07",
    ] {
        assert!(read(ours.as_bytes()).is_ok(), "{ours:?}: {:?}", read(ours.as_bytes()));
    }
    for theirs in [
        "\x1b]0;title\x07",
        "\x1b]8;;http://x\x1b\\",
        "\x1b]52;c;?\x07",
        "\x1b]52;c;aGVs\x1b[2J\x07",
        "\x1bPq\x1b\\",
        "\x1b_x\x1b\\",
        "\x1bc",
        "\x1b[6n",
        "\x1b[?1000h",
        "\x1b[38;5;256m",
        "\x1b[200~",
        "\x1b[3J",
        "\x1b",
        "bell\x07",
        "tab\t",
        "line\n",
        "\r",
        "\u{9b}31m",
        "\u{202e}x",
        "a\u{200b}b",
        "\u{301}x",
        "\x0e",
    ] {
        assert!(read(theirs.as_bytes()).is_err(), "{theirs:?}");
    }
    assert!(read(b"\xff").is_err());
    let told = obeyed((80, 24), b"\x1b]0;owned\x07\x07\x1b]52;c;aGk=\x07");
    assert_eq!(told.len(), 4, "{told:?}");
}
