//! Reading a query: the parser's tree, and its complaints in Prometheus' own words.
//!
//! The crate that parses is more lenient than the Prometheus that this room plays (2.42) and gives
//! no positions: what came later is refused here, and the position is left out. Called by the plan
//! and by the HTTP API.

use promql_parser::label::{MatchOp, Matchers};
use promql_parser::parser::token::{T_LIMIT_RATIO, T_LIMITK};
use promql_parser::parser::{self, Expr, VectorSelector};

use super::Failure;
use crate::sim::traffic::{Matcher, NAME};

/// The longest query that is read, in bytes. The parser's time grows with the square of it.
const LONGEST: usize = 8_192;

/// How deep a query may be nested: evaluation takes a piece of the stack for each level.
const DEEPEST: usize = 100;

/// Reads a query.
pub(super) fn parse(query: &str) -> Result<Expr, Failure> {
    if query.len() > LONGEST {
        return Err(complaint("query is too long"));
    }
    let query = without_raw_texts(query);
    let expression = parser::parse(&query).map_err(|error| complaint(&in_its_words(&error)))?;
    check(&expression, 0)?;
    Ok(expression)
}

/// Reads what `match[]` has: a bare selector.
pub(super) fn parse_selector(text: &str) -> Result<Vec<Matcher>, Failure> {
    match parse(text)? {
        Expr::VectorSelector(selector) if selector.offset.is_none() && selector.at.is_none() => {
            Ok(matchers(&selector))
        }
        _ => Err(complaint("unexpected input, expected a selector")),
    }
}

fn complaint(text: &str) -> Failure {
    Failure::bad_data(format!("parse error: {text}"))
}

/// The query with its raw texts, those in backticks, written in double quotes: the parser reads
/// escapes in them, where there are none.
fn without_raw_texts(query: &str) -> String {
    let mut written = String::with_capacity(query.len());
    let mut letters = query.chars();
    // What ends the text or comment that is being read.
    let mut ends: Option<char> = None;
    while let Some(letter) = letters.next() {
        match (ends, letter) {
            (Some('`') | None, '`') => written.push('"'),
            (Some('`'), '\n') => written.push_str("\\n"),
            (Some('`'), '"' | '\\') => written.extend(['\\', letter]),
            (Some('"' | '\''), '\\') => {
                written.push(letter);
                written.extend(letters.next());
                continue;
            }
            _ => written.push(letter),
        }
        ends = match (ends, letter) {
            (None, '"' | '\'' | '`') => Some(letter),
            (None, '#') => Some('\n'),
            (Some(end), _) if end == letter => None,
            _ => ends,
        };
    }
    written
}

/// The parser's complaint as Prometheus words it: names in double quotes, types by their long
/// names.
fn in_its_words(error: &str) -> String {
    if error == "invalid promql query" {
        return "unexpected input".to_owned();
    }
    let mut text = error.replace('\'', "\"");
    for context in ["expected type ", ", got ", "on expressions of type scalar or "] {
        for (short, long) in [("vector", "instant vector"), ("matrix", "range vector")] {
            text = text.replace(&format!("{context}{short}"), &format!("{context}{long}"));
        }
    }
    text
}

/// Refuses what this Prometheus does not know yet, and what is nested too deep.
fn check(expression: &Expr, depth: usize) -> Result<(), Failure> {
    if depth > DEEPEST {
        return Err(complaint("query is nested too deep"));
    }
    let within = |inner: &Expr| check(inner, depth + 1);
    match expression {
        Expr::Aggregate(aggregate) => {
            if matches!(aggregate.op.id(), T_LIMITK | T_LIMIT_RATIO) {
                let name = aggregate.op.to_string();
                return Err(complaint(&format!("unknown function with name {name:?}")));
            }
            if let Some(parameter) = &aggregate.param {
                within(parameter)?;
            }
            within(&aggregate.expr)
        }
        Expr::Unary(unary) => within(&unary.expr),
        Expr::Binary(binary) => {
            let filled = binary.modifier.as_ref().map(|modifier| &modifier.fill_values);
            if filled.is_some_and(|fill| fill.lhs.is_some() || fill.rhs.is_some()) {
                return Err(complaint("unexpected identifier \"fill\""));
            }
            within(&binary.lhs)?;
            within(&binary.rhs)
        }
        Expr::Paren(paren) => within(&paren.expr),
        Expr::Subquery(subquery) => within(&subquery.expr),
        Expr::Call(call) => call.args.args.iter().try_for_each(|argument| within(argument)),
        Expr::VectorSelector(selector) => check_matchers(&selector.matchers),
        Expr::MatrixSelector(selector) => check_matchers(&selector.vs.matchers),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Ok(()),
        Expr::Extension(_) => Err(complaint("unexpected input")),
    }
}

fn check_matchers(matchers: &Matchers) -> Result<(), Failure> {
    if matchers.or_matchers.is_empty() {
        return Ok(());
    }
    let text = "unexpected identifier \"or\" in label matching, expected \",\" or \"}\"";
    Err(complaint(text))
}

/// What a selector asks for, the metric's name last as Prometheus has it.
pub(super) fn matchers(selector: &VectorSelector) -> Vec<Matcher> {
    let labels = selector.matchers.matchers.iter().map(|matcher| {
        if matches!(matcher.op, MatchOp::Equal) {
            return Matcher::exact(&matcher.name, &matcher.value);
        }
        let (name, matcher) = (matcher.name.clone(), matcher.clone());
        Matcher::other(&name, Box::new(move |value| matcher.is_match(value)))
    });
    let name = selector.name.iter().map(|name| Matcher::exact(NAME, name));
    labels.chain(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_in_its_words() {
        let cases = [
            ("sum(", "unclosed left parenthesis"),
            (
                "rate(foo)",
                "expected type range vector in call to function \"rate\", got instant vector",
            ),
            ("nope(foo)", "unknown function with name \"nope\""),
            ("limitk(2, foo)", "unknown function with name \"limitk\""),
            ("a + fill(0) b", "unexpected identifier \"fill\""),
            ("foo bar", "unexpected input"),
            ("1 == 1", "comparisons between scalars must use BOOL modifier"),
            ("{a=\"\"}", "vector selector must contain at least one non-empty matcher"),
            (
                "a{b=\"c\" or d=\"e\"}",
                "unexpected identifier \"or\" in label matching, expected \",\" or \"}\"",
            ),
        ];
        for (query, text) in cases {
            let failure = parse(query).unwrap_err();
            assert_eq!(failure, Failure::bad_data(format!("parse error: {text}")), "{query}");
        }
    }

    #[test]
    fn raw_texts_have_no_escapes() {
        let cases = [
            (r"a{b=~`5\d\d`}", r#"a{b=~"5\\d\\d"}"#),
            ("`a\"b\nc`", r#""a\"b\nc""#),
            (r#"a{b="`",c='\'`'} # `"#, r#"a{b="`",c='\'`'} # `"#),
            ("# \"\n`a`", "# \"\n\"a\""),
        ];
        for (query, written) in cases {
            assert_eq!(without_raw_texts(query), written);
        }
    }

    #[test]
    fn what_would_take_the_stack_is_refused() {
        let nested = format!("{}1{}", "(".repeat(200), ")".repeat(200));
        assert!(parse(&nested).unwrap_err().text.ends_with("nested too deep"));
        let wide = format!("a{}", "+a".repeat(5_000));
        assert!(parse(&wide).unwrap_err().text.ends_with("too long"));
        let fair = format!("a{}", " or a".repeat(90));
        assert!(parse(&fair).is_ok());
    }
}
