//! A condition in the words that the evaluator reads as Go does.
//!
//! `a[i]` becomes `at(a, i)`, which fails beyond the end where the evaluator's own index gives
//! nil, and `.field` at the beginning of an operand becomes `#.field`. Never knows types. Called
//! before a condition is evaluated.

use std::iter::Peekable;
use std::slice::Iter;

use super::words::{Sort, Word};

/// The same condition in other words.
pub(super) fn rewritten(words: &[Word<'_>]) -> String {
    let mut words = words.iter().peekable();
    let mut text = String::new();
    while words.peek().is_some() {
        text += &stretch(&mut words);
        // A bracket that nothing opened: the parser will say so.
        if let Some(stray) = words.next() {
            text += stray.text;
        }
    }
    text
}

type Words<'w, 'a> = Peekable<Iter<'w, Word<'a>>>;

/// Rewrites up to the bracket that closes this stretch, which stays.
fn stretch(words: &mut Words<'_, '_>) -> String {
    let mut text = String::new();
    // Where the operand begins that the last word ended, if it ended one.
    let mut operand: Option<usize> = None;
    while let Some(word) = words.next_if(|word| !matches!(word.text, ")" | "]" | "}")) {
        operand = match (word.text, operand) {
            ("[", Some(begins)) => {
                let inner = stretch(words);
                close(words);
                let whole = text.split_off(begins);
                if is_slice(&inner) {
                    text += &format!("{whole}[{inner}]");
                } else {
                    text += &format!("at({whole},{inner})");
                }
                Some(begins)
            }
            ("(" | "[" | "{", operand) => {
                let begins = operand.unwrap_or(text.len());
                text += word.text;
                text += &stretch(words);
                text += close(words);
                Some(begins)
            }
            ("." | "?.", Some(begins)) => {
                text += word.text;
                if let Some(next) = words.next_if(|next| next.text != "[") {
                    text += next.text;
                } else if words.next().is_some() {
                    text += &format!("[{}{}", stretch(words), close(words));
                }
                Some(begins)
            }
            (".", None) => {
                let begins = text.len();
                text += "#.";
                text += words.next_if(|next| next.sort == Sort::Identifier).map_or("", |n| n.text);
                Some(begins)
            }
            _ if word.sort == Sort::Operator => {
                text += &format!(" {} ", word.text);
                None
            }
            _ => {
                text.push(' ');
                let begins = text.len();
                text += word.text;
                (!matches!(word.text, "let" | "if" | "else")).then_some(begins)
            }
        };
    }
    text
}

/// Takes the closing bracket.
fn close<'a>(words: &mut Words<'_, 'a>) -> &'a str {
    words.next().map_or("", |word| word.text)
}

/// Whether what stands in brackets is `from:to`. The colon of a choice within an index looks the
/// same, and is then left to the evaluator's own index.
fn is_slice(inner: &str) -> bool {
    inner.contains(" : ")
}

#[cfg(test)]
mod tests {
    use super::super::words::read;
    use super::*;

    #[test]
    fn indexes_and_fields_are_rewritten_and_nothing_else() {
        let cases = [
            ("result[0] >= 0.95", "at( result, 0) >=  0.95"),
            ("result[0][1]", "at(at( result, 0), 1)"),
            ("filter(result, {# > 1})[0]", "at( filter( result ,  {  # >  1}), 0)"),
            ("all(result, {asFloat(.value) > 1})", " all( result ,  {  asFloat(#.value) >  1})"),
            ("[1, 2][len(result)-1]", "at([ 1 ,  2], len( result) -  1)"),
            ("result[0:1]", " result[ 0 :  1]"),
            ("result?.[0]", " result?.[ 0]"),
            ("x in [1]", " x in [ 1]"),
            ("$env[\"result\"].a", "at( $env, \"result\").a"),
            ("a ) b", " a) b"),
            ("a[", "at( a,)"),
        ];
        for (condition, wanted) in cases {
            let (text, wanted) = (rewritten(&read(condition)), wanted.replace(' ', ""));
            assert_eq!(text.replace(' ', ""), wanted, "{condition}: {text}");
        }
        assert_eq!(rewritten(&read("not a and b")).split_whitespace().count(), 4);
    }
}
