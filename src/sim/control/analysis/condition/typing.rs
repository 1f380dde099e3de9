//! What Go's compiler refuses in a condition, because of the type of what was measured.
//!
//! The evaluator has no types: it would compare a list with a number and find them different,
//! which would be a verdict. This looks at words that stand beside each other, not at the whole
//! grammar: what it overlooks fails when it is evaluated, in other words. Called before a
//! condition is evaluated.

use super::super::reading::Reading;
use super::words::{Sort, Word};

/// Operators that need operands of types that go together.
const TYPED: &[&str] = &[
    ">", ">=", "<", "<=", "==", "!=", "+", "-", "*", "/", "%", "**", "^", "&&", "||", "and", "or",
];

/// Functions that take a list first.
const OF_LISTS: &[&str] = &[
    "all", "any", "one", "none", "map", "filter", "find", "count", "sum", "reduce", "groupBy",
    "sortBy",
];

/// Functions whose predicate must say yes or no.
const OF_VERDICTS: &[&str] = &["all", "any", "one", "none", "filter", "find", "count"];

/// Other functions of the language.
const FUNCTIONS: &[&str] = &[
    "isNaN",
    "isInf",
    "isNil",
    "default",
    "asInt",
    "asFloat",
    "len",
    "max",
    "min",
    "mean",
    "median",
    "abs",
    "ceil",
    "floor",
    "round",
    "int",
    "float",
    "string",
    "type",
    "get",
    "first",
    "last",
    "take",
    "reverse",
    "uniq",
    "concat",
    "flatten",
    "sort",
    "keys",
    "values",
    "join",
    "trim",
    "trimPrefix",
    "trimSuffix",
    "upper",
    "lower",
    "split",
    "splitAfter",
    "replace",
    "repeat",
    "indexOf",
    "lastIndexOf",
    "hasPrefix",
    "hasSuffix",
    "toJSON",
    "fromJSON",
    "toBase64",
    "fromBase64",
    "toPairs",
    "fromPairs",
    "bitand",
    "bitor",
    "bitxor",
    "bitnand",
    "bitnot",
    "bitshl",
    "bitshr",
    "bitushr",
    "findIndex",
    "findLast",
    "findLastIndex",
    "now",
    "date",
    "duration",
    "timezone",
];

/// Names that are no variables.
const KEPT: &[&str] = &["result", "true", "false", "nil", "let", "if", "else", "$env"];

/// The longest range that is counted out, as Go limits it by memory.
const LONGEST_RANGE: f64 = 1e6;

/// Why Go would not compile or run this condition on such a value.
pub(super) fn complaint(words: &[Word<'_>], reading: &Reading) -> Option<String> {
    (0..words.len()).find_map(|at| Place { words, at, reading }.complaint())
}

/// One word among its neighbours.
#[derive(Debug, Clone, Copy)]
struct Place<'w, 'a> {
    words: &'w [Word<'a>],
    at: usize,
    reading: &'w Reading,
}

impl<'a> Place<'_, 'a> {
    /// The word so far away; empty beyond the ends.
    fn text(&self, away: isize) -> &'a str {
        let at = self.at.checked_add_signed(away);
        at.and_then(|at| self.words.get(at)).map_or("", |word| word.text)
    }

    fn complaint(&self) -> Option<String> {
        let word = self.words.get(self.at)?;
        match (word.sort, word.text) {
            (Sort::Identifier, "result") if self.text(-1) != "." => self.result(),
            (Sort::Identifier, name) => self.unknown(name).or_else(|| self.predicate(name)),
            (Sort::Operator, "..") => self.range(),
            (Sort::Operator, ".") => self.field(),
            _ => None,
        }
    }

    /// The result where a value of its type cannot stand.
    fn result(&self) -> Option<String> {
        let (before, after) = (self.text(-1), self.text(1));
        match self.reading {
            Reading::Number(_) => match after {
                "[" => {
                    let index = type_at(self.text(2)).unwrap_or("int");
                    Some(format!("type float64[{index}] is undefined"))
                }
                "." => Some(format!("type float64 has no field {}", self.text(2))),
                _ if before != "(" => None,
                _ if self.text(-2) == "len" => {
                    Some("invalid argument for len (type float64)".into())
                }
                _ if OF_LISTS.contains(&self.text(-2)) => {
                    Some(format!("builtin {} takes only array (got float64)", self.text(-2)))
                }
                _ => None,
            },
            Reading::List(_) => match after {
                "." => {
                    Some("array elements can only be selected using an integer (got string)".into())
                }
                "[" | "?." => None,
                ")" if before == "(" && matches!(self.text(-2), "isNaN" | "isInf") => {
                    let name = self.text(-2);
                    let type_ = "cannot use []float64 as argument (type float64)";
                    Some(format!("{type_} to call {name} "))
                }
                _ => self.mismatch("[]float64"),
            },
            Reading::Nothing => match after {
                "==" | "!=" => None,
                "[" | "." => Some("cannot fetch from <nil>".into()),
                _ => self.mismatch("<nil>"),
            },
        }
    }

    /// The result beside an operator that takes no value of its type.
    fn mismatch(&self, own: &str) -> Option<String> {
        let (before, after) = (self.text(-1), self.text(1));
        let said = |operator: &str, left: &str, right: &str| {
            format!("invalid operation: {operator} (mismatched types {left} and {right})")
        };
        if TYPED.contains(&after) && !(matches!(after, "==" | "!=") && self.text(2) == "nil") {
            return Some(said(after, own, type_at(self.text(2)).unwrap_or("float64")));
        }
        if TYPED.contains(&before) && !(matches!(before, "==" | "!=") && self.text(-2) == "nil") {
            return Some(said(before, type_at(self.text(-2)).unwrap_or("float64"), own));
        }
        None
    }

    /// A field of an element, which is a number.
    fn field(&self) -> Option<String> {
        let of_element = match self.text(-1) {
            "]" => self.text(-3) == "[" && self.text(-4) == "result",
            before => matches!(before, "{" | "(" | "," | "#") || TYPED.contains(&before),
        };
        of_element.then(|| format!("type float64 has no field {}", self.text(1)))
    }

    /// A name that nobody has given.
    fn unknown(&self, name: &str) -> Option<String> {
        let called = self.text(1) == "(";
        let known = if called {
            FUNCTIONS.contains(&name) || OF_LISTS.contains(&name)
        } else {
            KEPT.contains(&name)
                || name.starts_with('#')
                || matches!(self.text(-1), "." | "?." | "let")
                || self.text(1) == ":"
                || self
                    .words
                    .windows(2)
                    .any(|pair| pair.iter().map(|word| word.text).eq(["let", name]))
        };
        (!known && (called || self.text(-1) != ".")).then(|| format!("unknown name {name}"))
    }

    /// A predicate that gives no yes or no: the evaluator would take it for either.
    fn predicate(&self, name: &str) -> Option<String> {
        if self.text(1) != "(" || !OF_VERDICTS.contains(&name) {
            return None;
        }
        let inside = self.words.get(self.at + 1..)?;
        let mut depth = 0_i32;
        let ends = inside.iter().position(|word| {
            depth += i32::from(matches!(word.text, "(" | "[" | "{"));
            depth -= i32::from(matches!(word.text, ")" | "]" | "}"));
            depth == 0
        });
        let inside = inside.get(..ends?)?;
        let takes_hash = inside.iter().any(|word| word.text.starts_with(['#', '.']));
        let decides = inside.iter().any(|word| {
            let operator = word.sort == Sort::Operator
                && !matches!(word.text, "+" | "-" | "*" | "/" | "%" | "**" | "^" | "," | ".");
            operator
                || OF_VERDICTS.contains(&word.text)
                || matches!(word.text, "isNaN" | "isInf" | "isNil" | "true" | "false")
        });
        (takes_hash && !decides)
            .then(|| format!("predicate should return boolean (got {})", "float64"))
    }

    /// A range that is longer than anybody counts.
    fn range(&self) -> Option<String> {
        let end = |text: &str| text.replace('_', "").parse::<f64>().unwrap_or(0.0).abs();
        let length = end(self.text(-1)).max(end(self.text(1)));
        (length > LONGEST_RANGE).then(|| "memory budget exceeded".into())
    }
}

/// The type of the operand that this word begins or ends, in Go's words, when the word tells.
fn type_at(text: &str) -> Option<&'static str> {
    let first = text.chars().next()?;
    Some(match text {
        "true" | "false" => "bool",
        "nil" => "<nil>",
        "len" | "count" => "int",
        "asInt" => "int64",
        _ if matches!(first, '"' | '\'' | '`') => "string",
        _ if text.parse::<i64>().is_ok() => "int",
        _ if first.is_ascii_digit() || first == '.' => "float64",
        _ => return None,
    })
}
