//! `waveoff journal`: reads the whole journal, checks its chain, and tells of it.
//!
//! Never writes, and never believes a line: what does not follow from the line before, or from the
//! month before, is named with its place. What was cut off by a crash is not the same as what was
//! changed afterwards.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::journal::{Journal, hash, months};
use crate::app::logbook::Logbook;
use crate::app::report;
use crate::config::args::{Output, Record};
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};
use crate::error::Exit;
use crate::runtime::say::{complain, print, print_json};

/// What is said of a line that does not name the one before it in its month.
const BREAK: &str = "does not follow from the line before: one of the two was changed, or \
                     something between them was taken out";

/// The same of the first line of a month.
const GAP: &str = "does not follow from the end of the month before: one of the two was changed, \
                   or something between them was taken out, be it a whole month";

/// The whole journal.
#[derive(Debug, Default, PartialEq)]
pub(in crate::runtime) struct Kept {
    /// Its lines, oldest first, without those that were cut off.
    lines: Vec<Value>,
    /// What was changed, taken out or put in, with its place.
    broken: Vec<String>,
    /// What was cut off by a crash.
    torn: Vec<String>,
    /// The hash of the newest line: whoever notes it down can tell later that nothing was taken
    /// off the end.
    head: Option<String>,
    /// Whether a month named the end of the one before it.
    chained: bool,
}

impl Kept {
    /// Takes in a month.
    fn month(&mut self, name: &str, text: &str) {
        for (at, line) in text.lines().enumerate() {
            let place = format!("{name} line {}", at + 1);
            match serde_json::from_str::<Value>(line) {
                Ok(value) => {
                    let prev = value.get("prev").and_then(Value::as_str).unwrap_or_default();
                    if at == 0 && !self.begins(prev) {
                        self.broken.push(format!("{place} {GAP}"));
                    } else if at > 0 && !self.is_end(prev) {
                        self.broken.push(format!("{place} {BREAK}"));
                    }
                    self.lines.push(value);
                }
                Err(_) => self.torn.push(format!("{place} was cut off while it was written")),
            }
            self.head = Some(hash(line.as_bytes()));
        }
    }

    /// Whether this is the hash of what was read last.
    fn is_end(&self, prev: &str) -> bool {
        self.head.as_ref().map_or_else(|| hash(b"") == prev, |head| head == prev)
    }

    /// Whether a month may begin with a line that names this one.
    ///
    /// Earlier versions began each month anew. Such months are taken as they are until one names
    /// the end of the month before: from there on all have to, and where the first of all names
    /// anything, there was one before it. So only a month of an earlier version can be taken out
    /// unseen, and only where the next one is of an earlier version too.
    fn begins(&mut self, prev: &str) -> bool {
        let follows = self.is_end(prev);
        let anew = !self.chained && hash(b"") == prev;
        self.chained |= follows && self.head.is_some();
        follows || anew
    }
}

/// Reads all months of a directory.
fn read(directory: &Path) -> io::Result<Kept> {
    let mut kept = Kept::default();
    for name in months(directory)? {
        let bytes = std::fs::read(directory.join(&name))?;
        kept.month(&name, &String::from_utf8_lossy(&bytes));
    }
    Ok(kept)
}

/// The journal for the screen, or why it cannot be read.
pub(in crate::runtime) fn logbook(journal: &Journal) -> Result<Logbook, SafeText> {
    let place = SafeText::from(journal.place());
    let nowhere = "there is no place for it: neither XDG_STATE_HOME nor HOME is set";
    let directory = journal.directory().ok_or(nowhere)?;
    let kept = match read(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Kept::default(),
        Err(error) => return Err(format!("{place}: {error}").into()),
        Ok(kept) => kept,
    };
    let texts = |texts: Vec<String>| texts.into_iter().map(SafeText::from).collect();
    Ok(Logbook {
        broken: texts(kept.broken),
        torn: texts(kept.torn),
        head: kept.head.map(SafeText::from),
        place,
        ..Logbook::of(&kept.lines)
    })
}

/// Tells of the journal, and whether it is whole.
pub(in crate::runtime) fn tell(journal: &Journal, asked: &Record, now: Timestamp) -> Exit {
    let kept = match journal.directory() {
        None => Ok(Kept::default()),
        Some(directory) => match read(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kept::default()),
            read => read,
        },
    };
    let kept = match kept {
        Ok(kept) => kept,
        Err(error) => {
            complain(&format!("the journal in {} cannot be read: {error}", journal.place()));
            return Exit::Undetermined;
        }
    };
    let since = asked.since.and_then(|since| Span::from_std(since).ok()).map(|span| now - span);
    let wanted = report::Asked { name: asked.name.clone(), since };
    match asked.print.output {
        Output::Text => {
            print(&report::journal_text(&kept.lines, &wanted));
            let head = kept.head.as_deref().unwrap_or("none");
            let place = journal.place();
            complain(&format!("{} lines in {place}, newest hash {head}", kept.lines.len()));
        }
        Output::Json => print_json(&json!({
            "schema": 1,
            "actions": report::journal_json(&kept.lines, &wanted),
            "lines": kept.lines.len(),
            "head": kept.head,
            "whole": kept.broken.is_empty(),
            "broken": kept.broken,
            "torn": kept.torn,
            "place": journal.place(),
        })),
    }
    for text in kept.torn.iter().chain(&kept.broken) {
        complain(text);
    }
    if kept.broken.is_empty() { Exit::Ok } else { Exit::Finding }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;
    use crate::runtime::state::chained;

    /// So many lines, as the program writes them.
    fn written(count: usize) -> Vec<String> {
        let mut text = String::new();
        for n in 0..count {
            let line = chained(text.as_bytes(), json!({ "n": n, "report": "intent" }));
            text.push_str(&line);
        }
        text.lines().map(str::to_owned).collect()
    }

    fn broken(lines: &[String]) -> Vec<String> {
        let mut kept = Kept::default();
        kept.month("m", &lines.join("\n"));
        kept.broken
    }

    #[test]
    fn what_is_as_it_was_written_is_whole() {
        let mut kept = Kept::default();
        kept.month("2026-11.jsonl", &written(20).join("\n"));
        assert_eq!((kept.lines.len(), kept.broken.len(), kept.torn.len()), (20, 0, 0));
        assert_eq!(kept.head, Some(hash(written(20).last().unwrap().as_bytes())));
        kept.month("2026-12.jsonl", "");
        assert!(kept.head.is_some(), "an empty month takes nothing away");
    }

    #[test]
    fn each_change_is_found_where_it_is() {
        let whole = written(20);
        for at in 0..20 {
            let mut changed = whole.clone();
            changed[at] = changed[at].replace("intent", "answer");
            let place = format!("m line {} ", at + 2);
            let found = broken(&changed);
            // What is at the end can only be told by who noted the newest hash.
            assert_eq!(found.len(), usize::from(at < 19), "{found:?}");
            assert!(found.iter().all(|text| text.starts_with(&place)), "{found:?}");

            let mut missing = whole.clone();
            missing.remove(at);
            assert_eq!(broken(&missing).len(), usize::from(at < 19), "without line {at}");
            if at < 19 {
                let mut swapped = whole.clone();
                swapped.swap(at, at + 1);
                assert!(!broken(&swapped).is_empty(), "{at} swapped");
            }
            let mut added = whole.clone();
            added.insert(at, json!({ "report": "intent", "prev": "0" }).to_string());
            assert!(!broken(&added).is_empty(), "added at {at}");
        }
    }

    #[test]
    fn what_a_crash_cut_off_is_no_change() {
        let whole = written(3).join("\n") + "\n";
        for end in 0..whole.len() {
            let mut text = whole[..end].to_owned();
            let line = chained(text.as_bytes(), json!({ "n": "after" }));
            text.push_str(&line);
            let mut kept = Kept::default();
            kept.month("m", &text);
            assert_eq!(kept.broken, Vec::<String>::new(), "cut at {end}");
            assert!(kept.torn.len() <= 1);
            assert_eq!(kept.lines.last().unwrap()["n"], "after");
        }
    }

    #[test]
    fn a_month_that_was_taken_out_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::new(Some(dir.path().to_owned()));
        for day in ["09-01", "09-30", "10-01", "10-31", "11-01", "11-24"] {
            let at = parse_rfc3339(&format!("2026-{day}T10:00:00Z")).unwrap();
            journal.append(at, json!({ "report": "intent" })).unwrap();
        }
        let whole = read(dir.path()).unwrap();
        assert_eq!((whole.lines.len(), whole.broken.len()), (6, 0), "{:?}", whole.broken);
        for (month, next) in [("2026-09", "2026-10"), ("2026-10", "2026-11")] {
            let path = dir.path().join(format!("{month}.jsonl"));
            let text = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            let broken = read(dir.path()).unwrap().broken;
            std::fs::write(&path, text).unwrap();
            assert_eq!(broken.len(), 1, "{broken:?}");
            assert!(broken[0].starts_with(&format!("{next}.jsonl line 1 ")), "{broken:?}");
        }
        // The newest month can only be told by who noted the newest hash.
        std::fs::remove_file(dir.path().join("2026-11.jsonl")).unwrap();
        let left = read(dir.path()).unwrap();
        assert_eq!(left.broken, Vec::<String>::new());
        assert_ne!(left.head, whole.head);
    }

    #[test]
    fn months_of_earlier_versions_began_anew_and_none_does_after_one_that_did_not() {
        let mut kept = Kept::default();
        for name in ["2026-08.jsonl", "2026-09.jsonl"] {
            kept.month(name, &written(3).join("\n"));
        }
        assert_eq!(kept.broken, Vec::<String>::new());
        kept.month("2026-10.jsonl", &json!({ "prev": kept.head }).to_string());
        assert_eq!(kept.broken, Vec::<String>::new());
        kept.month("2026-11.jsonl", &written(3).join("\n"));
        assert_eq!(kept.broken.len(), 1, "{:?}", kept.broken);
        assert!(kept.broken[0].starts_with("2026-11.jsonl line 1 "), "{:?}", kept.broken);
    }

    #[test]
    fn the_screen_is_told_what_is_there_and_what_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("journal");
        let of = |place: &Path| logbook(&Journal::new(Some(place.to_owned())));
        let empty = of(&place).unwrap();
        assert_eq!((empty.lines, empty.head), (0, None), "nothing was done yet");
        std::fs::create_dir(&place).unwrap();
        let mut lines = written(3);
        lines[1] = lines[1].replace("intent", "answer");
        let text = lines.join("\n") + "\n{\"cut";
        std::fs::write(place.join("2026-11.jsonl"), text).unwrap();
        let broken = of(&place).unwrap();
        assert_eq!((broken.lines, broken.broken.len(), broken.torn.len()), (3, 1, 1));
        assert!(broken.broken[0].starts_with("2026-11.jsonl line 3 "), "{:?}", broken.broken);
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(of(&file).unwrap_err().starts_with(&*file.display().to_string()));
        assert!(logbook(&Journal::new(None)).unwrap_err().contains("XDG_STATE_HOME"));
    }
}
