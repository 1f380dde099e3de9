//! Label selectors: `a=b, c in (d, e), !f`.
//!
//! Read with the rules and the complaints of the API server. Called by lists, watches and
//! deletions of collections.

use serde_json::{Map, Value};

use crate::sim::api::rules::names;
use crate::sim::object::Document;

/// What must hold of an object's labels. Nothing for all objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Labels(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    how: How,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    In,
    NotIn,
    Exists,
    Absent,
    Greater,
    Less,
}

impl Labels {
    /// Reads a selector.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text), at: 0 };
        let mut all = Vec::new();
        loop {
            match parser.peek() {
                Token::End => return Ok(Self(all)),
                Token::Word(_) | Token::Not => {
                    let one = parser.requirement();
                    all.push(one.map_err(|e| format!("unable to parse requirement: {e}"))?);
                }
                other => {
                    return Err(format!(
                        "found '{other}', expected: !, identifier, or 'end of string'"
                    ));
                }
            }
            match parser.next() {
                Token::End => return Ok(Self(all)),
                Token::Comma => {
                    if !matches!(parser.peek(), Token::Word(_) | Token::Not) {
                        let found = parser.peek();
                        return Err(format!("found '{found}', expected: identifier after ','"));
                    }
                }
                other => {
                    return Err(format!("found '{other}', expected: ',' or 'end of string'"));
                }
            }
        }
    }

    /// Whether an object's labels satisfy it.
    pub(crate) fn fits(&self, object: &Value) -> bool {
        let labels = object.members("/metadata/labels");
        self.0.iter().all(|requirement| requirement.fits(labels))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Requirement {
    fn fits(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = labels.and_then(|labels| labels.get(&self.key)).and_then(Value::as_str);
        let number = |text: &str| text.parse::<i64>().ok();
        let bound = || self.values.first().and_then(|text| number(text));
        match self.how {
            How::In => value.is_some_and(|v| self.values.iter().any(|x| x == v)),
            How::NotIn => value.is_none_or(|v| self.values.iter().all(|x| x != v)),
            How::Exists => value.is_some(),
            How::Absent => value.is_none(),
            How::Greater => value.and_then(number).zip(bound()).is_some_and(|(v, b)| v > b),
            How::Less => value.and_then(number).zip(bound()).is_some_and(|(v, b)| v < b),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Not,
    Equal,
    Same,
    Differ,
    Greater,
    Less,
    Open,
    Close,
    Comma,
    End,
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Word(text) => text,
            Self::Not => "!",
            Self::Equal => "=",
            Self::Same => "==",
            Self::Differ => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::Open => "(",
            Self::Close => ")",
            Self::Comma => ",",
            Self::End => "",
        })
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut made = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let doubled = letters.peek() == Some(&'=');
        made.push(match letter {
            ' ' | '\t' | '\r' | '\n' => continue,
            '=' if doubled => Token::Same,
            '!' if doubled => Token::Differ,
            '=' => Token::Equal,
            '!' => Token::Not,
            '>' => Token::Greater,
            '<' => Token::Less,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            other => {
                let mut word = String::from(other);
                while let Some(next) = letters.next_if(|c| !" \t\r\n=!><(),".contains(*c)) {
                    word.push(next);
                }
                made.push(Token::Word(word));
                continue;
            }
        });
        if matches!(made.last(), Some(Token::Same | Token::Differ)) {
            letters.next();
        }
    }
    made
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Token {
        self.tokens.get(self.at).cloned().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut token = self.next();
        let absent = token == Token::Not;
        if absent {
            token = self.next();
        }
        let Token::Word(key) = token else {
            return Err(format!("found '{token}', expected: identifier"));
        };
        if let Some(complaint) = names::qualified(&key).into_iter().next() {
            return Err(format!("<nil>: Invalid value: {key:?}: {complaint}"));
        }
        let ended = matches!(self.peek(), Token::End | Token::Comma);
        if absent || ended {
            let how = if absent { How::Absent } else { How::Exists };
            return Ok(Requirement { key, how, values: Vec::new() });
        }
        let (how, listed) = match self.next() {
            Token::Word(word) if word == "in" => (How::In, true),
            Token::Word(word) if word == "notin" => (How::NotIn, true),
            Token::Equal | Token::Same => (How::In, false),
            Token::Differ => (How::NotIn, false),
            Token::Greater => (How::Greater, false),
            Token::Less => (How::Less, false),
            other => {
                return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt"));
            }
        };
        let mut values = if listed { self.values()? } else { vec![self.exact()?] };
        values.sort();
        values.dedup();
        check(&key, how, &values)?;
        Ok(Requirement { key, how, values })
    }

    fn exact(&mut self) -> Result<String, String> {
        if matches!(self.peek(), Token::End | Token::Comma) {
            return Ok(String::new());
        }
        match self.next() {
            Token::Word(word) => Ok(word),
            other => Err(format!("found '{other}', expected: identifier")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let open = self.next();
        if open != Token::Open {
            return Err(format!("found '{open}' expected: '('"));
        }
        match self.peek() {
            Token::Close => {
                self.next();
                return Ok(Vec::new());
            }
            Token::Word(_) | Token::Comma => {}
            other => return Err(format!("found '{other}', expected: ',', ')' or identifier")),
        }
        let mut values = Vec::new();
        let mut after_word = false;
        loop {
            match (self.next(), after_word) {
                (Token::Word(word), false) => {
                    values.push(word);
                    after_word = true;
                    if !matches!(self.peek(), Token::Comma | Token::Close) {
                        let found = self.peek();
                        return Err(format!("found '{found}', expected: ',' or ')'"));
                    }
                }
                (Token::Comma, true) => after_word = false,
                (Token::Comma, false) => values.push(String::new()),
                (Token::Close, after_word) => {
                    if !after_word {
                        values.push(String::new());
                    }
                    return Ok(values);
                }
                (other, _) => return Err(format!("found '{other}', expected: ',', or identifier")),
            }
        }
    }
}

fn check(key: &str, how: How, values: &[String]) -> Result<(), String> {
    if values.is_empty() {
        return Err("values: Invalid value: []: for 'in', 'notin' operators, values set can't be \
                    empty"
            .to_owned());
    }
    for (at, value) in values.iter().enumerate() {
        let bound = matches!(how, How::Greater | How::Less);
        if bound && value.parse::<i64>().is_err() {
            return Err(format!(
                "values[{at}]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must \
                 be an integer"
            ));
        }
        if let Some(complaint) = names::label_value(value).into_iter().next() {
            return Err(format!("values[{at}][{key}]: Invalid value: {value:?}: {complaint}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_choose_by_labels() {
        let object = json!({"metadata": {"labels": {"app": "shop", "tier": "2", "x": ""}}});
        let cases = [
            ("", true),
            ("app=shop", true),
            ("app==shop,tier=2", true),
            ("app!=shop", false),
            ("other!=shop", true),
            ("app in (a, shop)", true),
            ("app notin (a,shop)", false),
            ("other notin (a)", true),
            ("app", true),
            ("!app", false),
            ("!other", true),
            ("tier>1", true),
            ("tier < 2", false),
            ("x=", true),
            ("x in ()", false),
            ("app in (shop),!other", true),
        ];
        for (text, fits) in cases {
            let found = Labels::parse(text).map(|labels| labels.fits(&object));
            if text == "x in ()" {
                assert!(found.is_err());
            } else {
                assert_eq!(found, Ok(fits), "{text}");
            }
        }
    }

    #[test]
    fn complaints_are_those_of_the_server() {
        let cases = [
            ("a===b", "unable to parse requirement: found '=', expected: identifier"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            ("!!a", "unable to parse requirement: found '!', expected: identifier"),
            ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
            ("a=b,", "found '', expected: identifier after ','"),
            ("=b", "found '=', expected: !, identifier, or 'end of string'"),
            (
                "a b",
                "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
            ),
        ];
        for (text, complaint) in cases {
            assert_eq!(Labels::parse(text).unwrap_err(), complaint, "{text}");
        }
    }
}
