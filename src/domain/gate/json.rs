//! JSON (RFC 8259), read strictly: what is doubtful is refused, a key that comes twice above all,
//! since readers differ in which one counts.
//!
//! Read by hand because this room knows no crate that does it, and because the usual ones take such
//! keys. Never guesses: what is not whole is not read. Called by `judge`.

use std::fmt;

/// How deep values may lie in each other.
const DEEPEST: usize = 64;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    Text(String),
    List(Vec<Self>),
    /// In the order of the text.
    Table(Vec<(String, Self)>),
}

impl Json {
    /// A value of a table.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Table(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value at a JSON pointer (RFC 6901).
    pub(super) fn pointer(&self, path: &str) -> Option<&Self> {
        let mut found = self;
        for part in path.split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            found = match found {
                Self::Table(_) => found.get(&name)?,
                Self::List(items) => {
                    let at: usize = name.parse().ok()?;
                    items.get(at).filter(|_| at.to_string() == name)?
                }
                _ => return None,
            };
        }
        Some(found)
    }

    /// The text that it is.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(yes) => write!(f, "{yes}"),
            Self::Number(number) => f.write_str(number),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(","))
            }
            Self::Table(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
                write!(f, "{{{}}}", entries.join(","))
            }
        }
    }
}

/// Reads all of a body.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(body: &[u8]) -> Result<Json, String> {
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.space();
    match reader.rest.chars().next() {
        None => Ok(value),
        Some(c) => Err(format!("{c:?} stands after its end")),
    }
}

/// What is still to be read.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// Takes a character if it is the next one behind the spaces.
    fn takes(&mut self, wanted: char) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn needs(&mut self, wanted: char) -> Result<(), String> {
        if self.takes(wanted) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn next(&mut self) -> Result<char, String> {
        let mut chars = self.rest.chars();
        let next = chars.next().ok_or_else(|| "it ends too early".to_owned())?;
        self.rest = chars.as_str();
        Ok(next)
    }

    fn unexpected(&self) -> String {
        match self.rest.chars().next() {
            Some(c) => format!("{c:?} stands where it must not"),
            None => "it ends too early".to_owned(),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth > DEEPEST {
            return Err(format!("it is deeper than {DEEPEST} levels"));
        }
        if self.takes('{') {
            return self.table(depth);
        }
        if self.takes('[') {
            return self.list(depth);
        }
        if self.takes('"') {
            return Ok(Json::Text(self.text()?));
        }
        let words =
            [("true", Json::Bool(true)), ("false", Json::Bool(false)), ("null", Json::Null)];
        for (word, value) in words {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        self.number()
    }

    fn list(&mut self, depth: usize) -> Result<Json, String> {
        let mut items = Vec::new();
        if self.takes(']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.takes(']') {
                return Ok(Json::List(items));
            }
            self.needs(',')?;
        }
    }

    fn table(&mut self, depth: usize) -> Result<Json, String> {
        let mut entries: Vec<(String, Json)> = Vec::new();
        if self.takes('}') {
            return Ok(Json::Table(entries));
        }
        loop {
            self.needs('"')?;
            let key = self.text()?;
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(format!("the key {key:?} comes twice"));
            }
            self.needs(':')?;
            entries.push((key, self.value(depth + 1)?));
            if self.takes('}') {
                return Ok(Json::Table(entries));
            }
            self.needs(',')?;
        }
    }

    /// The rest of a text, behind its first quote.
    fn text(&mut self) -> Result<String, String> {
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' => return Ok(text),
                '\\' => text.push(self.escape()?),
                c if u32::from(c) < 0x20 => return Err("a control character in a text".to_owned()),
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        Ok(match self.next()? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unit(),
            c => return Err(format!("\\{c} is no escape")),
        })
    }

    /// A character by its number, of which two make one beyond the first 65,536.
    fn unit(&mut self) -> Result<char, String> {
        let first = self.hex()?;
        let number = if (0xd800..0xdc00).contains(&first) {
            let second = match (self.next()?, self.next()?) {
                ('\\', 'u') => self.hex()?,
                _ => 0,
            };
            if !(0xdc00..0xe000).contains(&second) {
                return Err("half a character in a text".to_owned());
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(number).ok_or_else(|| "half a character in a text".to_owned())
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.next()?;
            let value = digit.to_digit(16).ok_or_else(|| format!("{digit:?} is no digit"))?;
            number = number * 16 + value;
        }
        Ok(number)
    }

    fn number(&mut self) -> Result<Json, String> {
        let part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let end = self.rest.find(|c: char| !part(c)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        if !is_number(number) {
            return Err(self.unexpected());
        }
        self.rest = rest;
        Ok(Json::Number(number.to_owned()))
    }
}

/// Whether it is a number of JSON: `-1`, `0.5`, `1e9`; not `01`, `.5`, `+1`, `1.`.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let bare = |part: &str| digits(part.strip_prefix(['+', '-']).unwrap_or(part));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(bare)
}
