//! Bodies in protobuf, which typed clients of Kubernetes prefer: read as what they are in JSON.
//!
//! Never written: whoever sends protobuf also takes JSON. Any bytes are read or refused; what the
//! table does not number is passed over. Called by whatever reads a body of a native kind.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::{Struct, Type, natives};
use crate::sim::api::body::json;
use crate::sim::object::DocumentMut;
use crate::sim::time::Moment;

/// What stands before the envelope.
const MAGIC: &[u8] = b"k8s\0";

/// Levels of messages.
const DEEPEST: usize = 60;

/// Reads an object in its envelope. `expected` is its type when the envelope does not say it.
pub(crate) fn from_protobuf(bytes: &[u8], expected: &str) -> Option<Value> {
    let mut envelope = Reader(bytes.strip_prefix(MAGIC)?);
    let (mut version, mut kind, mut raw) = (String::new(), String::new(), Vec::new());
    while let Some((number, part)) = envelope.part()? {
        match (number, part) {
            (1, Part::Bytes(bytes)) => {
                let mut of = Reader(bytes);
                while let Some((number, part)) = of.part()? {
                    match (number, part) {
                        (1, Part::Bytes(text)) => version = text_of(text),
                        (2, Part::Bytes(text)) => kind = text_of(text),
                        _ => {}
                    }
                }
            }
            (2, Part::Bytes(bytes)) => raw = bytes.to_vec(),
            _ => {}
        }
    }
    let name = if natives().contains_key(kind.as_str()) { kind.as_str() } else { expected };
    let mut object = message(natives().get(name)?, &raw, 0).map(Value::Object)?;
    for (field, text) in [("/apiVersion", &version), ("/kind", &kind)] {
        if !text.is_empty() {
            object.set(field, text.as_str());
        }
    }
    Some(object)
}

/// What a field holds.
enum Part<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// The next field; nothing at the end. The outer nothing is for bytes that are no message.
    #[expect(clippy::option_option, reason = "an end is no failure")]
    fn part(&mut self) -> Option<Option<(u64, Part<'b>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = self.number()?;
        let part = match key & 7 {
            0 => Part::Number(self.number()?),
            1 => Part::Number(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Part::Bytes(self.take(length)?)
            }
            5 => Part::Number(u64::from(u32::from_le_bytes(self.take(4)?.try_into().ok()?))),
            _ => return None,
        };
        Some(Some((key >> 3, part)))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for place in 0..10 {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

fn message(of: &Struct, bytes: &[u8], depth: usize) -> Option<Map<String, Value>> {
    if depth > DEEPEST {
        return None;
    }
    let mut made = Map::new();
    let mut reader = Reader(bytes);
    while let Some((number, part)) = reader.part()? {
        let embedded = of.embedded.iter().find(|(known, _)| *known == number);
        if let (Some((_, name)), Part::Bytes(bytes)) = (embedded, &part) {
            made.extend(message(natives().get(name)?, bytes, depth + 1)?);
            continue;
        }
        let Some(field) = of.fields.iter().find(|field| field.number == number && number > 0)
        else {
            continue;
        };
        match &field.of {
            Type::List(of) => {
                let list = made.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(items) = list {
                    items.push(one(of, &part, depth)?);
                }
            }
            Type::Map(of) => {
                let (key, value) = entry(of, &part, depth)?;
                let map = made.entry(field.name).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(members) = map {
                    members.insert(key, value);
                }
            }
            of => {
                made.insert(field.name.to_owned(), one(of, &part, depth)?);
            }
        }
    }
    Some(made)
}

/// A member of a map: its key and its value.
fn entry(of: &Type, part: &Part<'_>, depth: usize) -> Option<(String, Value)> {
    let Part::Bytes(bytes) = part else { return None };
    let (mut key, mut value) = (String::new(), Value::Null);
    let mut reader = Reader(bytes);
    while let Some((number, part)) = reader.part()? {
        match (number, part) {
            (1, Part::Bytes(text)) => key = text_of(text),
            (2, part) => value = one(of, &part, depth)?,
            _ => {}
        }
    }
    Some((key, value))
}

fn one(of: &Type, part: &Part<'_>, depth: usize) -> Option<Value> {
    Some(match (of, part) {
        (Type::Text | Type::Choice(_), Part::Bytes(text)) => text_of(text).into(),
        (Type::Bytes, Part::Bytes(bytes)) => BASE64_STANDARD.encode(bytes).into(),
        (Type::Flag, Part::Number(number)) => (*number != 0).into(),
        // A negative number fills all bits.
        (Type::Whole(_), Part::Number(number)) => number.cast_signed().into(),
        (Type::Number, Part::Number(bits)) => f64::from_bits(*bits).into(),
        (Type::Of(name), Part::Bytes(bytes)) => {
            Value::Object(message(natives().get(name)?, bytes, depth + 1)?)
        }
        (Type::Time, Part::Bytes(bytes)) => instant(bytes)?,
        (Type::Quantity, Part::Bytes(bytes)) => match numbered(bytes)?.1.as_slice() {
            [(1, text), ..] => text.as_str().into(),
            _ => "0".into(),
        },
        (Type::WholeOrText, Part::Bytes(bytes)) => {
            let (numbers, texts) = numbered(bytes)?;
            let number = |wanted| numbers.iter().find(|(n, _)| *n == wanted).map_or(0, |(_, v)| *v);
            match number(1) {
                0 => number(2).cast_signed().into(),
                _ => texts.iter().find(|(n, _)| *n == 3).map(|(_, t)| t.as_str()).into(),
            }
        }
        // Something raw is JSON in its first field.
        (Type::Any | Type::Object, Part::Bytes(bytes)) => match numbered(bytes)?.1.as_slice() {
            [(1, text), ..] => json::read(text.as_bytes(), &mut Vec::new()).ok()?,
            _ => Value::Null,
        },
        _ => return None,
    })
}

/// The numbers and the texts of a small message.
#[expect(clippy::type_complexity, reason = "two lists of numbered things")]
fn numbered(bytes: &[u8]) -> Option<(Vec<(u64, u64)>, Vec<(u64, String)>)> {
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    let mut reader = Reader(bytes);
    while let Some((number, part)) = reader.part()? {
        match part {
            Part::Number(value) => numbers.push((number, value)),
            Part::Bytes(text) => texts.push((number, text_of(text))),
        }
    }
    Some((numbers, texts))
}

/// An instant; nothing for the time zero.
fn instant(bytes: &[u8]) -> Option<Value> {
    let (numbers, _) = numbered(bytes)?;
    let number = |wanted| numbers.iter().find(|(n, _)| *n == wanted).map_or(0, |(_, v)| *v);
    let (seconds, nanos) = (number(1).cast_signed(), u32::try_from(number(2)).ok()?);
    if seconds == 0 && nanos == 0 {
        return Some(Value::Null);
    }
    let at = Moment::from_timestamp(seconds, nanos)?;
    let form = if nanos == 0 { chrono::SecondsFormat::Secs } else { chrono::SecondsFormat::Micros };
    Some(at.to_rfc3339_opts(form, true).into())
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A field of bytes.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut made = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        made.extend_from_slice(bytes);
        made
    }

    fn enveloped(version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let of = [field(1, version.as_bytes()), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &of), field(2, raw)].concat()
    }

    #[test]
    fn a_message_is_read_as_what_it_is_in_json() {
        let label = field(11, &[field(1, b"a"), field(2, b"b")].concat());
        let metadata = [field(1, b"web"), label].concat();
        let port = [field(1, b"http"), vec![3 << 3, 80], field(4, &[2 << 3, 0x90, 0x3f])].concat();
        let spec = [field(1, &port), field(4, b"ClusterIP")].concat();
        let raw = [field(1, &metadata), field(2, &spec)].concat();
        let read = from_protobuf(&enveloped("v1", "Service", &raw), "Service").unwrap();
        let wanted = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "labels": {"a": "b"}},
            "spec": {
                "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
                "type": "ClusterIP",
            },
        });
        assert_eq!(read, wanted);
    }

    #[test]
    fn embedded_types_are_flat_and_times_are_written() {
        let volume = [field(1, b"v"), field(2, &field(2, b""))].concat();
        let spec = field(1, &volume);
        let born = field(8, &[1 << 3, 0x80, 0xa3, 0x05]);
        let raw = [field(1, &born), field(2, &spec)].concat();
        let read = from_protobuf(&enveloped("v1", "Pod", &raw), "Pod").unwrap();
        assert_eq!(read["spec"]["volumes"], json!([{"name": "v", "emptyDir": {}}]));
        assert_eq!(read["metadata"]["creationTimestamp"], "1970-01-02T00:00:00Z");
    }

    #[test]
    fn bytes_that_are_no_message_are_refused() {
        for bytes in [&b"nope"[..], b"k8s\0\xff\xff", b"k8s\0\x12\x7f", b"k8s\0\x0f"] {
            assert_eq!(from_protobuf(bytes, "Pod"), None);
        }
    }
}
