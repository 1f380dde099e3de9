//! The grammar of conditions, as far as it is understood, by descent.
//!
//! Called by the parent.

use super::{Good, Holds, Limit};

pub(super) fn read(condition: &str) -> Option<Holds> {
    let mut reader = Reader { words: words(condition)?, at: 0 };
    let holds = reader.any()?;
    (reader.at == reader.words.len()).then_some(holds)
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Name(String),
    Number(f64),
    Sign(&'static str),
}

/// Signs of the language that are understood, the longer ones first.
const SIGNS: [&str; 18] = [
    "<=", ">=", "==", "!=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", "{", "}", ",", "#", "-",
];

fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = |is: fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
        let (word, length) = if first.is_ascii_digit() || first == '.' {
            let length = number_length(rest);
            (Word::Number(rest.get(..length)?.replace('_', "").parse().ok()?), length)
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = length(|c| c.is_ascii_alphanumeric() || c == '_');
            (named(rest.get(..length)?), length)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
            (Word::Sign(sign), sign.len())
        };
        words.push(word);
        rest = rest.get(length..)?.trim_start();
    }
    Some(words)
}

/// How long the number at the beginning is, with its exponent.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let sign_of_exponent = |index: usize| {
        let before = index.checked_sub(1).and_then(|index| bytes.get(index));
        before.is_some_and(|byte| byte.eq_ignore_ascii_case(&b'e'))
    };
    let belongs = |(index, byte): (usize, &u8)| match byte {
        b'0'..=b'9' | b'.' | b'_' | b'e' | b'E' => true,
        b'+' | b'-' => sign_of_exponent(index),
        _ => false,
    };
    bytes.iter().enumerate().take_while(|&at| belongs(at)).count()
}

fn named(name: &str) -> Word {
    match name {
        "and" => Word::Sign("&&"),
        "or" => Word::Sign("||"),
        "not" => Word::Sign("!"),
        name => Word::Name(name.to_owned()),
    }
}

/// The result, wherever it is named.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Outcome {
    /// What an empty one counts as, where that is said.
    empty_as: Option<f64>,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Operand {
    Outcome(Outcome),
    /// How many values there are.
    Length,
    Number(f64),
}

/// A reader of the grammar, by descent.
struct Reader {
    words: Vec<Word>,
    at: usize,
}

impl Reader {
    fn takes(&mut self, sign: &str) -> bool {
        let is = matches!(self.words.get(self.at), Some(Word::Sign(is)) if *is == sign);
        self.at += usize::from(is);
        is
    }

    fn needs(&mut self, sign: &str) -> Option<()> {
        self.takes(sign).then_some(())
    }

    fn name(&mut self) -> Option<String> {
        let Some(Word::Name(name)) = self.words.get(self.at) else { return None };
        let name = name.clone();
        self.at += 1;
        Some(name)
    }

    fn any(&mut self) -> Option<Holds> {
        let mut holds = self.all()?;
        while self.takes("||") {
            holds = holds.or(self.all()?)?;
        }
        Some(holds)
    }

    fn all(&mut self) -> Option<Holds> {
        let mut holds = self.one()?;
        while self.takes("&&") {
            holds = holds.and(self.one()?)?;
        }
        Some(holds)
    }

    fn one(&mut self) -> Option<Holds> {
        let before = self.at;
        if self.takes("!") {
            return self.denied();
        }
        if self.takes("(")
            && let Some(holds) = self.any()
            && self.takes(")")
            && !self.compares()
        {
            return Some(holds);
        }
        self.at = before;
        self.asked().or_else(|| {
            self.at = before;
            self.comparison()
        })
    }

    /// Whether a comparison follows: then the parenthesis was one of an operand.
    fn compares(&self) -> bool {
        let signs = ["<=", ">=", "==", "!=", "<", ">"];
        matches!(self.words.get(self.at), Some(Word::Sign(is)) if signs.contains(is))
    }

    /// `isNaN(result[0])` and its kin, and `all(result, # < 5)`.
    fn asked(&mut self) -> Option<Holds> {
        let name = self.name()?;
        self.needs("(")?;
        let of_value = Holds::for_lines(Vec::new());
        let holds = match name.as_str() {
            "isNaN" => {
                self.value()?;
                Holds { undefined: true, ..of_value }
            }
            "isNil" => {
                self.value()?;
                Holds { empty: true, ..of_value }
            }
            "all" => {
                self.value()?;
                self.needs(",")?;
                let braced = self.takes("{");
                let holds = self.any()?;
                if braced {
                    self.needs("}")?;
                }
                // There is nothing in an empty result that could be wrong.
                Holds { empty: true, ..holds }
            }
            _ => return None,
        };
        self.needs(")")?;
        Some(holds)
    }

    /// What stands behind `!`: only guards have a use there.
    fn denied(&mut self) -> Option<Holds> {
        let inner = self.one()?;
        let is_guard = inner.lines.is_empty() && (inner.empty || inner.undefined);
        is_guard.then_some(Holds { empty: !inner.empty, undefined: !inner.undefined, ..inner })
    }

    fn comparison(&mut self) -> Option<Holds> {
        let left = self.operand()?;
        let Some(Word::Sign(sign)) = self.words.get(self.at) else { return None };
        let sign = *sign;
        self.at += 1;
        let right = self.operand()?;
        let good = match sign {
            "<=" => Some(Good::AtMost),
            "<" => Some(Good::Below),
            ">=" => Some(Good::AtLeast),
            ">" => Some(Good::Above),
            "==" | "!=" => None,
            _ => return None,
        };
        match (left, right) {
            (Operand::Outcome(value), Operand::Number(at)) => line(at, good?, value),
            (Operand::Number(at), Operand::Outcome(value)) => line(at, good?.mirrored(), value),
            (Operand::Length, Operand::Number(count)) => length(sign, count),
            _ => None,
        }
    }

    fn operand(&mut self) -> Option<Operand> {
        if self.takes("-") {
            let Operand::Number(number) = self.operand()? else { return None };
            return Some(Operand::Number(-number));
        }
        if let Some(Word::Number(number)) = self.words.get(self.at) {
            self.at += 1;
            return Some(Operand::Number(*number));
        }
        if matches!(self.words.get(self.at), Some(Word::Name(name)) if name == "len") {
            self.at += 1;
            self.needs("(")?;
            self.value()?;
            self.needs(")")?;
            return Some(Operand::Length);
        }
        self.value().map(Operand::Outcome)
    }

    /// The result: `result`, `result[0]`, `#`, `asFloat(result[0])`, `default(result, 0)`.
    fn value(&mut self) -> Option<Outcome> {
        if self.takes("#") {
            return Some(Outcome::default());
        }
        if self.takes("(") {
            let value = self.value()?;
            self.needs(")")?;
            return Some(value);
        }
        match self.name()?.as_str() {
            "result" => {
                if self.takes("[") {
                    let Some(Word::Number(0.0)) = self.words.get(self.at) else { return None };
                    self.at += 1;
                    self.needs("]")?;
                }
                Some(Outcome::default())
            }
            "asFloat" | "asInt" | "float" | "int" => {
                self.needs("(")?;
                let value = self.value()?;
                self.needs(")")?;
                Some(value)
            }
            "default" => {
                self.needs("(")?;
                self.value()?;
                self.needs(",")?;
                let Operand::Number(instead) = self.operand()? else { return None };
                self.needs(")")?;
                Some(Outcome { empty_as: Some(instead) })
            }
            _ => None,
        }
    }
}

/// A comparison with a number, and what it makes of an empty result that counts as another one.
fn line(at: f64, good: Good, value: Outcome) -> Option<Holds> {
    let limit = Limit { at, good };
    let empty = value.empty_as.is_some_and(|instead| limit.holds(instead));
    at.is_finite().then(|| Holds { empty, ..Holds::for_lines(vec![limit]) })
}

/// A comparison of the number of values: a guard for empty results, or against them.
fn length(sign: &str, count: f64) -> Option<Holds> {
    let empty = match (sign, count) {
        ("==" | "<=", 0.0) | ("<", 1.0) => true,
        (">" | "!=", 0.0) | (">=", 1.0) => false,
        _ => return None,
    };
    // Against empty results it says nothing of those that are not a number.
    Some(Holds { empty, undefined: !empty, ..Holds::for_lines(Vec::new()) })
}
