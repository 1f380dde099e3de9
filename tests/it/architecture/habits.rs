//! Sizes, headers, names, leftovers.
//!
//! A file of tests may be as long as its tables; everything that is shipped may not.

use std::collections::BTreeMap;

use super::source::{Source, Tree, closing};

/// Lines of a file without its tests.
const FILE: usize = 500;
/// Lines of a function.
const FUNCTION: usize = 60;
/// Files of a folder.
const FOLDER: usize = 14;
/// Columns of a line, texts aside.
const LINE: usize = 100;
/// Lines of a file's header.
const HEADER: usize = 12;

/// What may be larger, up to this size, and why.
const WAIVERS: &[(&str, usize, &str)] = &[
    ("src/domain", 34, "the trade's nouns, a file each; folders would only hide them"),
    ("src/app", 28, "the program's nouns, a file each; folders would only hide them"),
];

fn waived(path: &str) -> Option<usize> {
    WAIVERS.iter().find(|(waived, _, _)| *waived == path).map(|(_, size, _)| *size)
}

pub(super) fn long_files(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|f| !f.is_test()) {
        // What is only compiled for tests is blank, and stands at the end.
        let lines = file.shipped().trim_end().lines().count();
        if lines > waived(&file.path).unwrap_or(FILE) {
            complaints.push(format!("{}: {lines} lines, {FILE} at most", file.path));
        }
    }
    complaints
}

pub(super) fn long_functions(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|f| f.path.starts_with("src/")) {
        for (name, lines) in functions(&file.shipped()) {
            if lines > FUNCTION {
                let path = &file.path;
                complaints.push(format!("{path}: fn {name} has {lines} lines, {FUNCTION} at most"));
            }
        }
    }
    complaints
}

/// Names and lines of all functions with a body.
fn functions(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let free = |c: char| !(c.is_alphanumeric() || c == '_');
        if !code[..at].chars().next_back().is_none_or(free) {
            continue;
        }
        let head = &code[at + 3..];
        let name: String = head.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        // A pointer to a function has no name, a method of a trait no body.
        let Some(open) = body(head).filter(|_| !name.is_empty()) else { continue };
        let end = closing(code, at + 3 + open).unwrap_or(code.len());
        found.push((name, code[at..end].lines().count()));
    }
    found
}

/// Where the body of a function begins, if it has one.
fn body(head: &str) -> Option<usize> {
    let mut depth = 0i32;
    for (at, byte) in head.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Lines that are too long even without their texts, which cannot be broken.
pub(super) fn long_lines(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in &tree.files {
        for (number, (text, code)) in file.text.lines().zip(file.code.lines()).enumerate() {
            let columns = text.chars().count();
            // A comment is blank in the code, and can be broken.
            let comment = text.trim_start().starts_with("//");
            let without_texts = code.split_whitespace().map(str::len).sum::<usize>();
            if columns > LINE && (comment || !text.contains('"') || without_texts > LINE) {
                let line = number + 1;
                complaints.push(format!("{}:{line}: {columns} columns, {LINE} at most", file.path));
            }
        }
    }
    complaints
}

pub(super) fn full_folders(tree: &Tree) -> Vec<String> {
    folders(tree)
        .into_iter()
        .filter(|(folder, count)| *count > waived(folder).unwrap_or(FOLDER))
        .map(|(folder, count)| format!("{folder}: {count} files, {FOLDER} at most"))
        .collect()
}

/// Files of each folder; modules of tests are not counted.
fn folders(tree: &Tree) -> BTreeMap<&str, usize> {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for file in tree.files.iter().filter(|f| f.path.starts_with("src/") && !f.is_test()) {
        if let Some((folder, _)) = file.path.rsplit_once('/') {
            *folders.entry(folder).or_default() += 1;
        }
    }
    folders
}

/// Exceptions that nothing needs any more.
pub(super) fn idle_waivers(tree: &Tree) -> Vec<String> {
    let folders = folders(tree);
    let idle = |path: &str| folders.get(path).is_none_or(|count| *count <= FOLDER);
    let idle = WAIVERS.iter().filter(|(path, _, _)| idle(path));
    idle.map(|(path, _, _)| format!("{path}: needs no exception")).collect()
}

pub(super) fn headers(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in &tree.files {
        let header = file.text.lines().take_while(|line| line.starts_with("//!")).count();
        // The front page of the crate is a file of its own.
        let front = file.text.starts_with("#![doc = include_str!");
        if header == 0 && !front {
            complaints.push(format!("{}: does not begin with //!", file.path));
        }
        if header > HEADER {
            complaints.push(format!("{}: a header of {header} lines, {HEADER} at most", file.path));
        }
    }
    complaints
}

pub(super) fn names(tree: &Tree) -> Vec<String> {
    let banned = ["util", "utils", "helper", "helpers", "manager", "managers", "misc", "common"];
    let bad = |file: &&Source| {
        let parts = file.path.trim_end_matches(".rs").split(['/', '_']);
        parts.into_iter().any(|part| banned.contains(&part))
    };
    tree.files.iter().filter(bad).map(|f| format!("{}: a name that says nothing", f.path)).collect()
}

/// Notes to oneself without an issue, and code that was only switched off.
pub(super) fn leftovers(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in &tree.files {
        for (number, line) in file.text.lines().enumerate() {
            let at = format!("{}:{}", file.path, number + 1);
            // Put together here, so that this file does not complain of itself.
            for word in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")] {
                if line.split(|c: char| !c.is_alphanumeric()).any(|w| w == word)
                    && !line.contains(&format!("{word}(#"))
                {
                    complaints.push(format!("{at}: {word} without an issue"));
                }
            }
            let comment = line.trim_start();
            if comment.starts_with("// ") && comment.ends_with(';') && comment.contains('(') {
                complaints.push(format!("{at}: code in a comment"));
            }
        }
    }
    complaints
}

/// Lints that are silenced without a word.
pub(super) fn silenced_lints(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in &tree.files {
        for attribute in ["[allow(", "[expect("] {
            for (at, _) in file.code.match_indices(attribute) {
                let end = file.code[at..].find(']').map_or(file.code.len(), |end| at + end);
                if !file.code[at..end].contains("reason") {
                    complaints.push(format!("{}: {attribute} without a reason", file.path));
                }
                let shipped = file.path.starts_with("src/") && !file.is_test();
                if shipped && attribute == "[allow(" {
                    complaints.push(format!("{}: allow where expect would do", file.path));
                }
            }
        }
    }
    complaints
}
