//! The words of a condition.
//!
//! Never judges them: what is no word of the language is handed on for the parser to refuse.
//! Called before a condition is rewritten and evaluated.

/// What a word is, as Go's lexer sorts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Identifier,
    Number,
    String,
    Operator,
    Bracket,
}

impl Sort {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identifier => "Identifier",
            Self::Number => "Number",
            Self::String => "String",
            Self::Operator => "Operator",
            Self::Bracket => "Bracket",
        }
    }
}

/// One word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) sort: Sort,
    pub(super) text: &'a str,
    /// Where it begins, in bytes.
    pub(super) at: usize,
}

/// Longer ones first.
const OPERATORS: &[&str] =
    &["?.", "??", "..", "**", "==", "!=", ">=", "<=", "&&", "||", "/*", "//"];

/// Operators that are written as names.
const NAMED: &[&str] = &["and", "or", "not", "in", "contains", "startsWith", "endsWith", "matches"];

/// Splits a condition into its words; comments are left out.
pub(super) fn read(condition: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = condition;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return words };
        let (sort, length) = match first {
            '"' | '\'' | '`' => (Sort::String, quoted(rest, first)),
            '(' | ')' | '[' | ']' | '{' | '}' => (Sort::Bracket, 1),
            _ if starts_number(rest) => (Sort::Number, number(rest)),
            _ if named(first) || first == '#' => {
                let length = 1 + run(rest.get(1..).unwrap_or_default(), named);
                let known = rest.get(..length).is_some_and(|word| NAMED.contains(&word));
                (if known { Sort::Operator } else { Sort::Identifier }, length)
            }
            _ => (Sort::Operator, operator(rest, first)),
        };
        let (text, tail) = rest.split_at(length.min(rest.len()));
        match text {
            "//" => rest = tail.split_once('\n').map_or("", |(_, after)| after),
            "/*" => rest = tail.split_once("*/").map_or("", |(_, after)| after),
            text => {
                words.push(Word { sort, text, at: condition.len() - rest.len() });
                rest = tail;
            }
        }
    }
}

fn named(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$')
}

/// The bytes at the beginning that are such letters.
fn run(text: &str, such: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !such(letter)).unwrap_or(text.len())
}

fn starts_number(text: &str) -> bool {
    let digits = text.strip_prefix('.').unwrap_or(text);
    digits.starts_with(|letter: char| letter.is_ascii_digit())
}

/// The length of a number; a range such as `1..3` ends it.
fn number(text: &str) -> usize {
    let mut length = 0;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let goes_on = match letter {
            '.' => letters.peek() != Some(&'.'),
            'e' | 'E' if matches!(letters.peek(), Some('+' | '-')) => {
                letters.next();
                length += 1;
                true
            }
            letter => letter.is_ascii_alphanumeric() || letter == '_',
        };
        if !goes_on {
            break;
        }
        length += 1;
    }
    length
}

/// The length of a text with its quotes; up to the end when it has none.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if letter == quote && !escaped {
            return at + 1;
        }
        escaped = letter == '\\' && !escaped && quote != '`';
    }
    text.len()
}

fn operator(text: &str, first: char) -> usize {
    let long = OPERATORS.iter().find(|operator| text.starts_with(**operator));
    long.map_or(first.len_utf8(), |operator| operator.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_gos_lexer_cuts_them() {
        let cases: &[(&str, &[&str])] = &[
            ("result[0]>=.5", &["result", "[", "0", "]", ">=", ".5"]),
            ("1..3", &["1", "..", "3"]),
            ("9.5e-1-2", &["9.5e-1", "-", "2"]),
            (r#""a\"b" == 'c'"#, &[r#""a\"b""#, "==", "'c'"]),
            ("not a // rest", &["not", "a"]),
            ("a /* b */ c", &["a", "c"]),
            ("{.x ?? #acc}", &["{", ".", "x", "??", "#acc", "}"]),
            ("a?.b é \"open", &["a", "?.", "b", "é", "\"open"]),
            ("0x1F $env", &["0x1F", "$env"]),
        ];
        for (condition, wanted) in cases {
            let texts: Vec<&str> = read(condition).iter().map(|word| word.text).collect();
            assert_eq!(texts, *wanted, "{condition}");
        }
        let sorts: Vec<Sort> = read("not a[1]").iter().map(|word| word.sort).collect();
        let bracket = Sort::Bracket;
        assert_eq!(sorts, [Sort::Operator, Sort::Identifier, bracket, Sort::Number, bracket]);
        assert_eq!(read("a  && b")[1].at, 3);
    }
}
