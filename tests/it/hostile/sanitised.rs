//! Millions of hostile texts, and every character there is, made safe.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use waveoff::domain::text::{MAX_BYTES, SafeText};

use super::dice::Dice;
use super::rules::{BLANK, FORBIDDEN_CLASS, MOST_MARKS, READABLE_CLASS, offence};
use crate::report::report;

/// Texts of a run within `cargo test`.
const SOME: u64 = 500_000;

/// Texts of the whole run.
const MANY: u64 = 10_000_000;

#[test]
fn half_a_million_hostile_texts() {
    make_safe(SOME);
}

#[test]
#[ignore = "ten million texts take minutes: run it with --ignored"]
fn ten_million_hostile_texts() {
    make_safe(MANY);
}

/// Makes so many texts safe, on both cores, and prints what they were.
fn make_safe(count: u64) {
    const BATCH: u64 = 10_000;
    let (next, bytes, attacks) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let batch = next.fetch_add(1, Ordering::Relaxed);
                    if batch * BATCH >= count {
                        return;
                    }
                    let (read, hit) = make_batch_safe(batch, BATCH);
                    bytes.fetch_add(read, Ordering::Relaxed);
                    attacks.fetch_add(hit, Ordering::Relaxed);
                }
            });
        }
    });
    let (bytes, attacks) = (bytes.into_inner(), attacks.into_inner());
    report(&format!(
        "sanitised: {count} texts, {bytes} bytes, {attacks} of them with something to hide, \
         0 offences, {:.1} s",
        started.elapsed().as_secs_f64()
    ));
    assert!(attacks > count / 2, "the texts are too tame: {attacks}");
}

fn make_batch_safe(batch: u64, size: u64) -> (u64, u64) {
    let mut dice = Dice::new(batch);
    let (mut bytes, mut attacks) = (0, 0);
    for number in 0..size {
        let raw = dice.text();
        bytes += raw.len() as u64;
        let safe = if number % 8 == 0 { SafeText::name(&raw) } else { SafeText::new(&raw) };
        attacks += u64::from(safe != raw.as_str());
        if let Some(offence) = offence(&safe) {
            panic!("batch {batch}, text {number}: {offence}\n{raw:?}\n{safe:?}");
        }
        if number % 16 == 0 {
            assert_eq!(SafeText::new(&safe), safe, "batch {batch}, text {number}: {raw:?}");
        }
    }
    (bytes, attacks)
}

/// What is forbidden is shown by its number or its picture, alone, before and after others.
#[test]
fn every_character_alone_and_between_others() {
    let mut counts = [0; 3];
    for c in '\u{0}'..=char::MAX {
        let raw = format!("{c}a{c}");
        let safe = SafeText::new(&raw);
        assert_eq!(offence(&safe), None, "U+{:04X}", u32::from(c));
        if FORBIDDEN_CLASS.has(c) {
            counts[0] += 1;
            let code = format!("<{:04X}>", u32::from(c));
            let picture = |safe: &str| safe.chars().any(|p| ('\u{2400}'..='\u{2421}').contains(&p));
            let blank = matches!(c, '\t' | '\n') && *safe == *" a ";
            assert!(safe.contains(&code) || picture(&safe) || blank, "U+{:04X}", u32::from(c));
        } else if READABLE_CLASS.has(c) && !BLANK.contains(&c) {
            counts[1] += 1;
            let whole = safe == raw.as_str() || is_part_of_a_cell(c);
            assert!(whole, "U+{:04X} is shown as {safe}", u32::from(c));
        } else {
            counts[2] += 1;
            assert!(!safe.is_empty() && safe.contains('a'), "U+{:04X}", u32::from(c));
        }
    }
    let [forbidden, readable, others] = counts;
    report(&format!(
        "every character: {forbidden} forbidden and shown by number, {readable} readable as they \
         are, {others} marks, blanks and unassigned ones"
    ));
    assert!(forbidden > 100_000 && readable > 120_000, "{counts:?}");
}

/// Readable letters that take no cell of their own: only behind another.
fn is_part_of_a_cell(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

#[test]
fn a_mark_on_a_letter_stays_and_a_pile_does_not() {
    for mark in ['\u{301}', '\u{5b0}', '\u{64e}', '\u{93f}', '\u{e31}', '\u{f71}', '\u{20dd}'] {
        let accented = format!("x{mark}");
        assert_eq!(SafeText::new(&accented), accented.as_str());
        let pile = format!("x{}y", mark.to_string().repeat(10_000));
        let safe = SafeText::new(&pile);
        if unicode_width::UnicodeWidthChar::width(mark) == Some(0) {
            assert_eq!(safe.chars().filter(|c| *c == mark).count(), MOST_MARKS);
            assert!(safe.ends_with("<+9996 marks>y"), "{safe}");
        }
        assert!(safe.len() <= MAX_BYTES + 64);
    }
}
