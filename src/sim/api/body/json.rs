//! Reading JSON with the complaints of Go's decoder, because clients see them.
//!
//! Bounded in depth; never panics on any bytes. Bytes that are no UTF-8 become U+FFFD, as in Go.
//! Called by the decoding of bodies.

use serde_json::{Map, Number, Value};

/// Levels of nesting. Go allows 10,000; no object needs more than forty, and what is deeper would
/// be dangerous to drop.
const DEEPEST: usize = 200;

/// Reads a document. Fields that stand twice are added to `twice` as paths; the last one counts.
pub(crate) fn read(bytes: &[u8], twice: &mut Vec<String>) -> Result<Value, String> {
    let mut reader = Reader { bytes, at: 0, depth: 0, twice, path: Vec::new() };
    reader.space();
    let value = reader.value("looking for beginning of value")?;
    reader.space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.unexpected("after top-level value")),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    twice: &'a mut Vec<String>,
    path: Vec<String>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, context: &str) -> String {
        match self.peek() {
            None => "unexpected end of JSON input".to_owned(),
            Some(byte) => format!("invalid character {} {context}", quoted(byte)),
        }
    }

    fn value(&mut self, context: &str) -> Result<Value, String> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.text().map(Value::String),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected(context)),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, String>) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.unexpected("exceeded max depth"));
        }
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut members = Map::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.text()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            self.space();
            self.path.push(key.clone());
            let value = self.value("looking for beginning of value")?;
            if members.insert(key, value).is_some() {
                self.twice.push(self.path.join(".").replace(".[", "["));
            }
            self.path.pop();
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(members));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }

    fn array(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            self.space();
            self.path.push(format!("[{}]", items.len()));
            items.push(self.value("looking for beginning of value")?);
            self.path.pop();
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(items));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, String> {
        for byte in word.bytes() {
            if self.peek() != Some(byte) {
                let context = format!("in literal {word} (expecting {})", quoted(byte));
                return Err(self.unexpected(&context));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, String> {
        let from = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.unexpected("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
                return Err(self.unexpected("after decimal point in numeric literal"));
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
                return Err(self.unexpected("in exponent of numeric literal"));
            }
            self.digits();
        }
        let text = self.bytes.get(from..self.at).unwrap_or_default();
        let text = std::str::from_utf8(text).unwrap_or_default();
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Value::from(number));
        }
        if let Ok(number) = text.parse::<u64>() {
            return Ok(Value::from(number));
        }
        let number = text.parse::<f64>().ok().and_then(Number::from_f64);
        number.map(Value::Number).ok_or_else(|| {
            format!("json: cannot unmarshal number {text} into Go value of type float64")
        })
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    /// A string, from its opening quote on.
    fn text(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let from = self.at;
            while self.peek().is_some_and(|b| !matches!(b, b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            let piece = self.bytes.get(from..self.at).unwrap_or_default();
            text.push_str(&String::from_utf8_lossy(piece));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let letter = match self.peek() {
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.at += 1;
        Ok(letter)
    }

    /// One letter of four digits, or a pair of such; half a pair becomes U+FFFD.
    fn unicode(&mut self) -> Result<char, String> {
        let high = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let after = self.at;
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"\\u")) {
            self.at += 2;
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                let letter = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = after;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn four_digits(&mut self) -> Result<u32, String> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected("in \\u hexadecimal character escape"));
            };
            number = number * 16 + digit;
            self.at += 1;
        }
        Ok(number)
    }
}

/// A byte as Go's scanner names it.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => "'\\\\'".to_owned(),
        b'\n' => "'\\n'".to_owned(),
        b'\r' => "'\\r'".to_owned(),
        b'\t' => "'\\t'".to_owned(),
        0x20..=0x7e => format!("'{}'", char::from(byte)),
        0..=0x1f | 0x7f => format!("'\\x{byte:02x}'"),
        // Go takes the byte for a letter of Latin 1.
        _ if byte < 0xa1 => format!("'\\u{:04x}'", u32::from(byte)),
        _ => format!("'{}'", char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn complaints_are_those_of_go() {
        let cases: [(&[u8], &str); 14] = [
            (b"", "unexpected end of JSON input"),
            (b"{not", "invalid character 'n' looking for beginning of object key string"),
            (b"nope", "invalid character 'o' in literal null (expecting 'u')"),
            (b"{\"a\" 1}", "invalid character '1' after object key"),
            (b"{\"a\":1 2}", "invalid character '2' after object key:value pair"),
            (b"[1 2]", "invalid character '2' after array element"),
            (b"1 2", "invalid character '2' after top-level value"),
            (b"[1,]", "invalid character ']' looking for beginning of value"),
            (b"{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            (b"\"\n\"", "invalid character '\\n' in string literal"),
            (b"\"\\x\"", "invalid character 'x' in string escape code"),
            (b"\"\\u12g\"", "invalid character 'g' in \\u hexadecimal character escape"),
            (b"-x", "invalid character 'x' in numeric literal"),
            (b"1.x", "invalid character 'x' after decimal point in numeric literal"),
        ];
        for (text, complaint) in cases {
            assert_eq!(read(text, &mut Vec::new()).unwrap_err(), complaint);
        }
        let deep = read("[".repeat(100_000).as_bytes(), &mut Vec::new()).unwrap_err();
        assert_eq!(deep, "invalid character '[' exceeded max depth");
    }

    #[test]
    fn what_is_right_is_read() {
        let text =
            br#" {"a": [1, -2.5, 1e2, true, null], "b": "x\n\u00e9\ud83d\ude00\ud800", "c": 0.0,
            "d": 18446744073709551615, "e": "/\/"} "#;
        let wanted = json!({
            "a": [1, -2.5, 100.0, true, null],
            "b": "x\né😀\u{fffd}",
            "c": 0.0,
            "d": u64::MAX,
            "e": "//",
        });
        assert_eq!(read(text, &mut Vec::new()).unwrap(), wanted);
        assert_eq!(read(b"\"\xff\"", &mut Vec::new()).unwrap(), json!("\u{fffd}"));
        let mut twice = Vec::new();
        let value = read(br#"{"a":{"b":1,"b":2},"c":[{"d":1,"d":1}]}"#, &mut twice).unwrap();
        assert_eq!(value["a"]["b"], 2);
        assert_eq!(twice, ["a.b", "c[0].d"]);
    }
}
