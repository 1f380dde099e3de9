//! Text that is written and read back is the same text.

use proptest::prelude::*;

use super::value;
use crate::manifest::make::yaml::{self, Doc, List, Map};
use crate::manifest::tree::{Node, Value};

fn read_back(text: &str) -> String {
    let map = Map::new().put("key", text).put("list", List::new().put(text));
    let written = yaml::file("", &[map]);
    let node = value(&written);
    let in_list = node.get("list").expect("list").elements().first().expect("one").text();
    let read = node.get("key").expect("key").text().unwrap_or_else(|| panic!("{written}"));
    assert_eq!(in_list, Some(read));
    read.to_owned()
}

/// What some reader of YAML takes for something that is no text, or for the end of it.
const NASTY: &[&str] = &[
    "",
    " ",
    "true",
    "False",
    "YES",
    "no",
    "on",
    "Off",
    "y",
    "N",
    "null",
    "~",
    "Null",
    "1",
    "-1",
    "+1",
    "0777",
    "0x1f",
    "1e3",
    "1_000",
    ".5",
    ".inf",
    "-.INF",
    ".NaN",
    "12:30:45",
    "2026-11-28",
    "1.4.0",
    "- a",
    "a: b",
    "a:",
    ": a",
    "a #b",
    "#a",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "%a",
    "@a",
    "`a`",
    "{a}",
    "[a]",
    "a, b",
    "'a'",
    "\"a\"",
    "a\\b",
    "a\nb",
    "\ta",
    "a\r",
    "---",
    "...",
    "--- a",
    "?",
    "? a",
    "=",
    "<<",
    "25%",
    "80%",
    "60s",
    "{{args.x}}",
    "é",
    "日本",
    "a\u{2028}b",
    "\u{feff}a",
    "\u{7f}",
    "\u{85}",
    "\u{1F600}",
    "nan",
    "inf",
    "none",
    "a ",
    "/health/live",
    "registry.example:5000/a/b:1.0@sha256:00",
    "https://a.example/x?y=z#w",
];

#[test]
fn what_looks_like_something_else_stays_text() {
    for text in NASTY.iter().copied() {
        assert_eq!(read_back(text), text);
    }
}

proptest! {
    #[test]
    fn any_text_stays_what_it_is(text in "\\PC{0,40}|[ -~\\t\\n\\r]{0,40}|[a-z0-9:#@.+_-]{0,12}") {
        prop_assert_eq!(read_back(&text), text);
    }

    #[test]
    fn any_key_stays_what_it_is(key in "[ -~]{1,20}") {
        let written = yaml::file("", &[Map::new().put(key.clone(), 1_i64)]);
        prop_assert_eq!(value(&written).get(&key).and_then(Node::int), Some(1));
    }
}

#[test]
fn lists_maps_and_lines_keep_their_shape() {
    let inner = Map::new().why("first").put("a", 1_i64).why("second").put("b", List::new());
    let lines = "sum(a)\n/\n\n  sum(b{c=\"d\"})";
    let map = Map::new()
        .put("list", List::new().why("element").put(inner).put(Map::new()).put("x"))
        .put("nested", List::new().put(List::new().put(true)))
        .put("lines", Doc::Lines(lines.to_owned()))
        .put("none", Map::new())
        .put_some("left out", None::<&str>);
    let written = yaml::file("A head.", &[map.clone(), map]);
    let wanted = "# A head.\nlist:\n  # element\n  # first\n  - a: 1\n    # second\n    b: []\n  \
                  - {}\n  - x\nnested:\n  -\n    - true\n";
    assert!(written.starts_with(wanted), "{written}");
    let (first, _) = written.split_once("---\n").expect("two documents");
    let node = value(first);
    assert_eq!(node.get("lines").and_then(Node::text), Some(lines));
    assert_eq!(node.get("none").map(|node| &node.value), Some(&Value::Map(Vec::new())));
    assert_eq!(node.get("list").expect("list").elements().len(), 3);
    assert_eq!(node.get("left out"), None);
    let nested = node.get("nested").expect("nested").elements();
    assert_eq!(nested.first().and_then(|n| n.elements().first()).and_then(Node::bool), Some(true));
}

#[test]
fn comments_are_broken_at_words() {
    let why = "word ".repeat(60);
    let written = yaml::file("", &[Map::new().put("a", Map::new().why(why).put("b", 1_i64))]);
    assert!(written.lines().all(|line| line.chars().count() <= 100), "{written}");
    assert_eq!(written.matches("word").count(), 60);
    let comments = written.lines().filter(|line| line.contains("word"));
    assert!(comments.clone().all(|line| line.starts_with("  # word")));
    assert!(comments.count() < 5);
}
