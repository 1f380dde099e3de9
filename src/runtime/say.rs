//! What is said on standard output and standard error.
//!
//! The last fence before a terminal for what has no screen: names of files, arguments and words of
//! libraries come from outside as well. Never decides what is said. Called by every command.
//!
//! Whoever only prints waits for who reads, and everything is written. From [`aside`] on nobody
//! waits: a thread writes, and what finds no room is counted.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::domain::text::{SafeText, is_printable};

/// Texts that may wait for who reads: a guard says a few in a minute.
const WAITING: usize = 1024;

/// How long the end of the program waits for who reads.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Who writes, once nobody may wait. For the whole process, as its standard streams are.
static SCRIBE: OnceLock<Arc<Scribe>> = OnceLock::new();

/// From now on nothing that is said is waited for: a terminal that somebody stopped (Ctrl-S), or a
/// pipe that nobody reads, holds up neither a guard nor an action.
pub(super) fn aside() {
    let scribe = Arc::new(Scribe::default());
    let writer = Arc::clone(&scribe);
    let write = move || writer.write(Stream::write);
    // Without a thread it stays as it was: said, and waited for.
    if thread::Builder::new().name("scribe".to_owned()).spawn(write).is_ok() {
        let _ = SCRIBE.set(scribe);
    }
}

/// Waits for what is still to be written, but not for ever. The last thing that a program does.
pub(super) fn finish() {
    if let Some(scribe) = SCRIBE.get() {
        scribe.finish(LAST_WORDS);
    }
}

/// Prints to standard output; a reader that went away is not a fault.
pub(super) fn print(text: &str) {
    say(Stream::Out, plain_lines(text));
}

/// Prints a document; what a terminal would obey is escaped, as a control byte is.
pub(super) fn print_json(value: &Value) {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut escaped = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c == '\n' || is_printable(c) {
            escaped.push(c);
        } else {
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units).iter();
            escaped.extend(units.map(|unit| format!("\\u{unit:04x}")));
        }
    }
    escaped.push('\n');
    say(Stream::Out, escaped.into());
}

/// Says something to the person.
pub(super) fn complain(text: &str) {
    complain_raw(&format!("waveoff: {text}\n"));
}

/// The same without the program's name.
pub(super) fn complain_raw(text: &str) {
    say(Stream::Err, plain_lines(text));
}

fn say(stream: Stream, text: Cow<'_, str>) {
    match SCRIBE.get() {
        Some(scribe) => scribe.take(stream, text.into_owned()),
        None => stream.write(&text),
    }
}

/// Where something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

impl Stream {
    fn write(self, text: &str) {
        let _ = match self {
            Self::Out => io::stdout().lock().write_all(text.as_bytes()),
            Self::Err => io::stderr().lock().write_all(text.as_bytes()),
        };
    }
}

/// What was said and is not written yet, in its order.
#[derive(Debug, Default)]
struct Queue {
    texts: VecDeque<(Stream, String)>,
    /// Lines that found no room since the last text that did.
    dropped: usize,
    /// The thread has one in its hands.
    writing: bool,
}

impl Queue {
    fn push(&mut self, stream: Stream, text: String) {
        if self.texts.len() >= WAITING {
            self.dropped += text.lines().count();
            return;
        }
        let gap = self.gap();
        self.texts.extend(gap);
        self.texts.push_back((stream, text));
    }

    /// What is to be written next.
    fn pop(&mut self) -> Option<(Stream, String)> {
        let next = self.texts.pop_front().or_else(|| self.gap());
        self.writing = next.is_some();
        next
    }

    /// Says how many lines are missing at this place, once.
    fn gap(&mut self) -> Option<(Stream, String)> {
        let count = mem::take(&mut self.dropped);
        let text = || format!("waveoff: lines left out, as nobody read them: {count}\n");
        (count > 0).then(|| (Stream::Err, text()))
    }

    fn is_written(&self) -> bool {
        self.texts.is_empty() && self.dropped == 0 && !self.writing
    }
}

/// A thread that writes for everybody.
#[derive(Debug, Default)]
struct Scribe {
    queue: Mutex<Queue>,
    /// Rings when something was said.
    said: Condvar,
    /// Rings when all of it is written.
    written: Condvar,
}

impl Scribe {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a text in, and returns at once.
    fn take(&self, stream: Stream, text: String) {
        self.queue().push(stream, text);
        self.said.notify_one();
    }

    /// Writes by `write`, one text after the other, as long as the program lasts.
    fn write(&self, mut write: impl FnMut(Stream, &str)) {
        let mut queue = self.queue();
        loop {
            if let Some((stream, text)) = queue.pop() {
                drop(queue);
                write(stream, &text);
                queue = self.queue();
            } else {
                self.written.notify_all();
                queue = self.said.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Waits until all is written, so long at most.
    fn finish(&self, limit: Duration) {
        let queue = self.queue();
        drop(self.written.wait_timeout_while(queue, limit, |queue| !queue.is_written()));
    }
}

/// The text with what a terminal would obey made visible, line by line.
fn plain_lines(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c == '\n' || c.is_ascii() && is_printable(c)) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for line in text.lines() {
        plain.push_str(&SafeText::new(line));
        plain.push('\n');
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn text(number: usize) -> String {
        format!("{number}\n")
    }

    #[test]
    fn what_finds_no_room_is_counted_at_its_place() {
        let mut queue = Queue::default();
        for number in 0..WAITING {
            queue.push(Stream::Out, text(number));
        }
        queue.push(Stream::Out, "lost\nlost too\n".to_owned());
        queue.push(Stream::Err, "lost\n".to_owned());
        assert_eq!(queue.pop(), Some((Stream::Out, text(0))));
        queue.push(Stream::Err, "after\n".to_owned());
        queue.push(Stream::Err, "no room again\n".to_owned());
        for number in 1..WAITING {
            assert_eq!(queue.pop(), Some((Stream::Out, text(number))));
        }
        let said = |queue: &mut Queue| queue.pop().map(|(_, text)| text).unwrap_or_default();
        assert!(said(&mut queue).ends_with(": 3\n"));
        assert_eq!(said(&mut queue), "after\n");
        assert!(!queue.is_written());
        assert!(said(&mut queue).ends_with(": 1\n"));
        assert!(!queue.is_written(), "it is still being written");
        assert_eq!(queue.pop(), None);
        assert!(queue.is_written());
    }

    #[test]
    fn nobody_waits_for_who_does_not_read_and_the_order_stays() {
        let scribe = Arc::new(Scribe::default());
        let (release, released) = mpsc::channel::<()>();
        let (told, heard) = mpsc::channel();
        let writer = Arc::clone(&scribe);
        thread::spawn(move || {
            writer.write(|stream, text| {
                // Until the test lets go of it.
                let _ = released.recv();
                let _ = told.send((stream, text.to_owned()));
            });
        });
        let said: Vec<(Stream, String)> = (0..40)
            .map(|number| (if number % 3 == 0 { Stream::Err } else { Stream::Out }, text(number)))
            .collect();
        for (stream, text) in &said {
            scribe.take(*stream, text.clone());
        }
        scribe.finish(Duration::from_millis(20));
        assert!(heard.try_recv().is_err(), "nothing was written, and nobody waited for it");
        drop(release);
        scribe.finish(Duration::from_secs(60));
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), said);
    }

    #[test]
    fn lines_stay_and_what_a_terminal_obeys_does_not() {
        assert_eq!(plain_lines("a\n  größe\n"), "a\n  größe\n");
        assert_eq!(
            plain_lines("z\u{301}\u{301}\u{301}\u{301}\u{301}\n").matches('\u{301}').count(),
            4
        );
        assert_eq!(plain_lines("a\nb\u{1b}[31m\u{202e}\n"), "a\nb␛[31m<202E>\n");
    }
}
