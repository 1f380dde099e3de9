//! A text as a row of documents.
//!
//! A document that is broken costs nothing but itself: reading goes on at the next line that begins
//! with `---`. That line is never part of a value, as nothing that contains others may stand at the
//! first column (`YAML` 1.2, 9.1.2). Called by `read`.

use granit_parser::{Event, Options, Parser, StrInput, StructureStyle};

use crate::domain::readiness::Place;
use crate::manifest::tree::Node;

use super::build::{Budget, Builder};
use super::{Fault, Limits, place_after, small, template};

/// Reads one document after the other.
pub(super) struct Stream<'t> {
    text: &'t str,
    /// Byte at which the parser began.
    from: usize,
    /// Lines before that.
    lines: u32,
    /// Byte at which the document that is read began.
    start: usize,
    /// Lines before that.
    first: u32,
    parser: Option<Parser<'t, StrInput<'t>>>,
    limits: Limits,
    budget: Budget,
    faults: usize,
    /// A fault of the whole text.
    whole: Option<Fault>,
}

impl<'t> Stream<'t> {
    pub(super) fn new(text: &'t str, limits: &Limits) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let whole = unreadable(text, limits);
        let parser = whole.is_none().then(|| parser(text, limits));
        Self {
            text,
            from: 0,
            lines: 0,
            start: 0,
            first: 0,
            parser,
            limits: *limits,
            budget: Budget::new(limits),
            faults: 0,
            whole,
        }
    }

    fn place(&self, mark: granit_parser::Marker) -> Place {
        Place { line: small(mark.line()).saturating_add(self.lines), column: small(mark.col() + 1) }
    }

    /// Goes on after a document that the parser cannot go on from. Says where that one ends.
    fn skip(&mut self) -> usize {
        let next = next_marker(self.text, self.start);
        self.parser = next.map(|next| {
            let between = self.text.get(self.from..next).unwrap_or_default();
            self.lines = self.lines.saturating_add(small(line_breaks(between)));
            (self.from, self.start, self.first) = (next, next, self.lines);
            parser(self.text.get(next..).unwrap_or_default(), &self.limits)
        });
        next.unwrap_or(self.text.len())
    }

    /// What is said of a broken document that is this part of the text and begins after so many
    /// lines.
    fn broken(&mut self, document: (usize, usize, u32), fault: Fault) -> Fault {
        let (start, end, first) = document;
        self.faults += 1;
        if self.budget.spent {
            self.parser = None;
            return fault;
        }
        let text = self.text.get(start..end).unwrap_or_default();
        let fault = template::said(text, first, fault);
        if self.faults < self.limits.faults {
            return fault;
        }
        self.parser = None;
        let message = format!("{}. So many faults: the rest is not read", fault.message);
        Fault::new(fault.at, message)
    }
}

impl Iterator for Stream<'_> {
    type Item = Result<Node, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(fault) = self.whole.take() {
            return Some(Err(fault));
        }
        let mut builder = Builder::default();
        let mut fault: Option<Fault> = None;
        loop {
            let event = self.parser.as_mut()?.next_event();
            let (start, first) = (self.start, self.first);
            let (event, span) = match event? {
                Ok(pair) => pair,
                Err(error) => {
                    let said = || Fault::new(self.place(*error.marker()), error.info());
                    let fault = fault.unwrap_or_else(said);
                    let end = self.skip();
                    return Some(Err(self.broken((start, end, first), fault)));
                }
            };
            let end = self.from + span.end.byte_offset().unwrap_or(0);
            match event {
                Event::StreamEnd => self.parser = None,
                Event::DocumentStart(..) => {
                    self.start = self.from + span.start.byte_offset().unwrap_or(0);
                    self.first = self.place(span.start).line.saturating_sub(1);
                }
                Event::DocumentEnd => {
                    (self.start, self.first) = (end, self.place(span.end).line.saturating_sub(1));
                    if let Some(fault) = fault.take() {
                        return Some(Err(self.broken((start, end, first), fault)));
                    }
                    if let Some(root) = builder.finish() {
                        return Some(Ok(root));
                    }
                }
                event if fault.is_none() => {
                    let at = self.place(span.start);
                    let begins = self.from + span.start.byte_offset().unwrap_or(0);
                    fault = if is_block(&event) && is_indented_by_tab(self.text, begins) {
                        Some(Fault::new(at, "a tab indents this line: YAML takes spaces alone"))
                    } else {
                        builder.take(event, at, &mut self.budget).err()
                    };
                    if self.budget.spent {
                        return fault.map(|fault| Err(self.broken((start, end, first), fault)));
                    }
                }
                _ => {}
            }
        }
    }
}

fn parser<'t>(text: &'t str, limits: &Limits) -> Parser<'t, StrInput<'t>> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    // The builder counts both together, and says it better.
    options.flow_nesting_limit = limits.depth + 8;
    options.block_nesting_limit = limits.depth + 8;
    // As libyaml and go-yaml have it.
    options.block_scalar_eof_without_line_feed = true;
    Parser::new_from_str_with_options(text, options)
}

fn is_block(event: &Event<'_>) -> bool {
    let (Event::MappingStart(style, ..) | Event::SequenceStart(style, ..)) = event else {
        return false;
    };
    *style == StructureStyle::Block
}

/// Whether there is nothing but blanks, and a tab among them, between a byte and the beginning of
/// its line. The parser lets that pass for the outermost map; kubectl does not.
fn is_indented_by_tab(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let rest = before.trim_end_matches([' ', '\t']);
    let blanks = before.get(rest.len()..).unwrap_or_default();
    blanks.contains('\t') && (rest.is_empty() || rest.ends_with(['\n', '\r']))
}

/// What makes a text one that is not even begun with.
fn unreadable(text: &str, limits: &Limits) -> Option<Fault> {
    if text.len() > limits.bytes {
        let (size, most) = (text.len() >> 20, limits.bytes >> 20);
        let message = format!("the file has {size} MiB, and {most} MiB are read at most: split it");
        return Some(Fault::new(Place { line: 1, column: 1 }, message));
    }
    let forbidden = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    let (at, byte) = text.bytes().enumerate().find(|(_, byte)| forbidden(*byte))?;
    let place = place_after(text.get(..at).unwrap_or_default());
    let message = format!("the byte {byte:#04x} is in no text: is this file something else?");
    Some(Fault::new(place, message))
}

/// Where the next line begins, after `start`, that ends a document.
fn next_marker(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let ends = |at: &usize| {
        let after = rest.get(at + 3..).and_then(|after| after.bytes().next());
        let begins_line = rest.get(..*at).is_some_and(|before| before.ends_with(['\n', '\r']));
        begins_line && after.is_none_or(|byte| byte.is_ascii_whitespace())
    };
    rest.match_indices("---").map(|(at, _)| at).find(ends).map(|at| start + at)
}

/// Line breaks as the parser counts them: `\r\n`, `\n`, `\r`.
fn line_breaks(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_break = |(at, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    bytes.iter().enumerate().filter(|pair| is_break(*pair)).count()
}
