//! Names that look like others.

use unicode_security::skeleton;
use waveoff::domain::text::SafeText;

use crate::report::report;

/// Names that somebody would like to pass for.
const NAMES: [&str; 14] = [
    "prod-eu",
    "production",
    "staging",
    "checkout",
    "payments",
    "kube-system",
    "admin",
    "root",
    "eks-eu-1",
    "alice@example.com",
    "registry.example/shop/checkout:1.5.0",
    "argo-rollouts",
    "release-2026.04",
    "PROD",
];

/// Letters that look like these and are others: Cyrillic, Greek, Armenian, Cherokee, full width,
/// mathematical, small capitals, dotless. Written down by hand, so that they do not come from the
/// table that they test.
const LOOK: &[(char, &str)] = &[
    ('a', "аɑαａ𝐚𝑎𝓪𝕒𝖺⍺"),
    ('b', "Ьｂ𝐛𝒃𝔟"),
    ('c', "сϲｃ𝐜ⅽᴄ"),
    ('d', "ԁｄ𝐝ⅾ"),
    ('e', "еｅ𝐞ҽℯ"),
    ('g', "ɡｇ𝐠ց"),
    ('h', "һｈ𝐡հ"),
    ('i', "ііıｉ𝐢ⅰι"),
    ('j', "јｊ𝐣ϳ"),
    ('k', "ｋ𝐤𝒌"),
    ('l', "ⅼｌ𝐥ӏ"),
    ('m', "ｍ𝐦ⅿ"),
    ('n', "ｎ𝐧ո"),
    ('o', "оοｏ𝐨օᴏ"),
    ('p', "рρｐ𝐩ϱ"),
    ('q', "ｑ𝐪ԛ"),
    ('r', "ｒ𝐫г"),
    ('s', "ѕｓ𝐬ꜱ"),
    ('t', "ｔ𝐭"),
    ('u', "υｕ𝐮ս"),
    ('v', "ѵνｖ𝐯ⅴ"),
    ('x', "хｘ𝐱ⅹ"),
    ('y', "уｙ𝐲γ"),
    ('z', "ｚ𝐳ᴢ"),
    ('P', "РΡＰ𝐏"),
    ('R', "Ｒ𝐑Ꭱ"),
    ('O', "ОΟＯ𝐎"),
    ('D', "Ｄ𝐃Ꭰ"),
    ('-', "‐‑‒–−"),
    ('.', "․"),
    ('/', "∕⁄"),
    (':', "∶："),
    ('1', "１𝟏"),
    ('0', "０𝟎"),
    ('2', "２𝟐"),
];

/// What can be slipped in between, on top or around, and is not seen.
const UNSEEN: [&str; 12] = [
    "\u{200b}",
    "\u{200d}",
    "\u{2060}",
    "\u{feff}",
    "\u{ad}",
    "\u{202e}",
    "\u{2066}",
    "\u{fe0f}",
    "\u{e0061}",
    "\u{3164}",
    "\u{a0}",
    "\u{2800}",
];

/// Names of people who write otherwise, which nobody takes for a Latin one.
const HONEST: [&str; 22] = [
    "größe-漢字",
    "café",
    "cafe",
    "naïve-façade",
    "smørrebrød",
    "æble",
    "œuvre",
    "łódź",
    "señor@example.com",
    "漢字",
    "本番環境",
    "ステージング-1",
    "prod-本番",
    "prodステージ",
    "운영",
    "운영-eu",
    "продакшн",
    "рост-prod-1",
    "παραγωγή",
    "การผลิต",
    "उत्पादन",
    "shop/漢字漢字漢字:版本一",
];

fn is_marked(name: &str, honest: &str) -> bool {
    let shown = SafeText::name(name);
    shown != honest && shown.contains('<') && shown.contains('>')
}

#[test]
fn every_name_that_passes_for_another_is_marked() {
    let mut pairs = 0;
    let mut check = |false_name: &str, honest: &str| {
        pairs += 1;
        let shown = SafeText::name(false_name);
        assert!(is_marked(false_name, honest), "{false_name:?} passes for {honest}: {shown}");
    };
    for honest in NAMES {
        assert_eq!(SafeText::name(honest), honest, "an honest name is left alone");
        for (at, letter) in honest.char_indices() {
            let (head, tail) = (&honest[..at], &honest[at + 1..]);
            let others = LOOK.iter().find(|(l, _)| *l == letter).map_or("", |(_, o)| o);
            for other in others.chars() {
                check(&format!("{head}{other}{tail}"), honest);
            }
            for unseen in UNSEEN {
                check(&format!("{head}{unseen}{letter}{tail}"), honest);
            }
        }
        // Every letter for which there is one, so that no Latin letter gives the game away.
        for turn in 0..4 {
            let all: String = honest
                .chars()
                .map(|c| {
                    let others = LOOK.iter().find(|(l, _)| *l == c).map_or("", |(_, o)| o);
                    others.chars().cycle().nth(turn).unwrap_or(c)
                })
                .collect();
            check(&all, honest);
        }
    }
    // Two ways to write the same letters; a whole word of another script; two scripts in a word.
    for (false_name, honest) in [
        ("cafe\u{301}", "café"),
        ("gro\u{308}ße", "größe"),
        ("gr\u{f6}\u{3b2}e", "größe"),
        ("\u{1112}\u{1161}\u{11ab}", "한"),
        ("сор", "cop"),
        ("рау", "pay"),
        ("ѕсоре", "scope"),
        ("ΝΟΤ", "NOT"),
        ("prodю", "prod"),
        ("πрод", "прод"),
        ("prod\u{3000}eu", "prod eu"),
        ("pr〇d", "pr0d"),
        ("pr〇d本", "pr0d本"),
    ] {
        check(false_name, honest);
    }
    report(&format!("look-alikes: {pairs} pairs, all of them marked"));
    assert!(pairs > 1000, "{pairs}");
}

#[test]
fn every_character_that_unicode_confuses_with_ascii_is_marked() {
    let mut found = 0;
    for c in ('\u{80}'..=char::MAX).filter(|c| c.is_alphanumeric()) {
        let name = format!("pr{c}d");
        let looks: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
        if looks.is_ascii() && looks.len() == 1 {
            found += 1;
            assert!(is_marked(&name, &name), "U+{:04X} looks like {looks}", u32::from(c));
        }
    }
    report(&format!("look-alikes: {found} characters that look like one of ASCII, all marked"));
    assert!(found > 1000, "{found}");
}

#[test]
fn every_blank_that_is_none_is_marked() {
    for c in ('\u{80}'..=char::MAX).filter(|c| c.is_whitespace() || *c == '\u{2800}') {
        let name = format!("prod{c}eu");
        assert!(is_marked(&name, "prod eu"), "U+{:04X}", u32::from(c));
    }
}

#[test]
fn honest_names_are_not_littered() {
    for name in HONEST {
        assert_eq!(SafeText::name(name), name);
    }
}

#[test]
fn prose_in_any_language_is_left_alone() {
    for text in ["сор из избы", "ΝΟΤ", "ｐｒｏｄ", "prod упал", "cafe\u{301}", "yazılım"]
    {
        assert_eq!(SafeText::new(text), text);
    }
}
