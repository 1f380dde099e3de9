//! Sources as the rules see them: text, code without comments and texts, and which part is test.
//!
//! An honest small lexer: comments (nested), texts (raw and byte ones too), characters. No parser.

use std::fs;
use std::path::Path;

/// One file.
pub(super) struct Source {
    /// Path from the root of the repository.
    pub(super) path: String,
    /// As it is.
    pub(super) text: String,
    /// The same length, with comments and texts blanked.
    pub(super) code: String,
}

/// Many files.
pub(super) struct Tree {
    pub(super) files: Vec<Source>,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into(), code: blanked(text) }
    }

    /// The room of the crate: `domain` of `src/domain/plan.rs`, `main` of `src/main.rs`.
    pub(super) fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
    }

    /// Whether the whole file is only compiled for tests.
    pub(super) fn is_test(&self) -> bool {
        let test_part = |part: &str| matches!(part, "tests" | "tests.rs" | "sample");
        self.path.split('/').any(test_part)
    }

    /// The code without modules that are only compiled for tests.
    pub(super) fn shipped(&self) -> String {
        if self.is_test() {
            return String::new();
        }
        let mut code = self.code.clone();
        while let Some(at) = code.find("#[cfg(test)]") {
            let begin = at + "#[cfg(test)]".len();
            // An item ends with `;` or a block; a field, a variant and an arm of a match with `,`.
            let mut depth = 0;
            let end = code[begin..].char_indices().find_map(|(offset, c)| {
                match c {
                    '(' | '[' => depth += 1,
                    ')' | ']' => depth -= 1,
                    ';' | ',' if depth == 0 => return Some(begin + offset + 1),
                    '{' if depth == 0 => return closing(&code, begin + offset),
                    _ => {}
                }
                None
            });
            let end = end.unwrap_or(code.len());
            code.replace_range(at..end, &blank(&code[at..end]));
        }
        code
    }
}

impl Tree {
    /// The crate.
    pub(super) fn of_crate() -> Self {
        Self::of_folders(&["src"])
    }

    /// The crate and its integration tests.
    pub(super) fn whole() -> Self {
        Self::of_folders(&["src", "tests/it"])
    }

    /// Samples: paths and texts.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| Source::new(path, text)).collect() }
    }

    fn of_folders(folders: &[&str]) -> Self {
        let mut files = Vec::new();
        for folder in folders {
            collect(&root().join(folder), &mut files);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(files.len() > 50, "these are not the sources");
        Self { files }
    }
}

/// The root of the repository.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn collect(folder: &Path, files: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            files.push(Source::new(&name, &fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The same number of bytes and the same lines, all blank.
fn blank(text: &str) -> String {
    let one = |b: u8| if b == b'\n' { '\n' } else { ' ' };
    text.bytes().map(one).collect()
}

/// The end of the block whose brace opens at `open`.
pub(super) fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Blanks comments, texts and characters.
fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, keep) = token(rest, out.chars().next_back());
        let (taken, tail) = rest.split_at(length.max(first.len_utf8()));
        if keep {
            out.push_str(taken);
        } else {
            out.push_str(&blank(taken));
        }
        rest = tail;
    }
    out
}

/// How long the next piece is, and whether it is code.
fn token(rest: &str, before: Option<char>) -> (usize, bool) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (comment(rest), false);
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if !in_word && let Some(length) = raw_text(rest) {
        return (length, false);
    }
    if rest.starts_with('"') {
        return (quoted(rest), false);
    }
    if rest.starts_with('\'') && !in_word {
        return (character(rest).unwrap_or(1), false);
    }
    if rest.starts_with("b'") && !in_word {
        return (1 + character(&rest[1..]).unwrap_or(1), false);
    }
    (rest.chars().next().map_or(0, char::len_utf8), true)
}

fn comment(rest: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn raw_text(rest: &str) -> Option<usize> {
    let start = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = start.len() - start.trim_start_matches('#').len();
    let body = start[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end)? + end.len();
    Some(rest.len() - body.len() + length)
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character; `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        // An escaped quote is not the end.
        chars.next();
        return chars.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1);
    }
    let (at, second) = chars.next()?;
    (second == '\'').then_some(at + 1)
}
