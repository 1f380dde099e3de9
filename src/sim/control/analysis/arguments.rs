//! `{{args.x}}` in metrics, and the secrets that arguments come from.
//!
//! Values are put in as text, whatever they mean. Never changes the metrics of the run itself.
//! Called by the controller before it plans and before it measures.

use serde_json::{Map, Value};

use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Store};

/// Stands for a secret where only the shape of a metric matters.
const HIDDEN: &str = "temp-for-secret";

/// The values of arguments by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Arguments {
    values: Vec<(String, Option<String>)>,
    /// What must not be read in messages.
    secrets: Vec<String>,
}

impl Arguments {
    /// As the run has them, without its secrets.
    pub(super) fn open(run: &Value) -> Self {
        let value = |arg: &Value| match arg.pointer("/valueFrom/secretKeyRef") {
            Some(_) => Some(HIDDEN.to_owned()),
            None => given(arg),
        };
        let args = run.items("/spec/args").iter();
        let values = args.map(|arg| (arg.text("/name").to_owned(), value(arg))).collect();
        Self { values, secrets: Vec::new() }
    }

    /// With what the secrets of the run's namespace hold.
    pub(super) fn complete(run: &Value, store: &Store) -> Result<Self, String> {
        let mut all = Self::default();
        for arg in run.items("/spec/args") {
            let name = arg.text("/name").to_owned();
            match arg.pointer("/valueFrom/secretKeyRef") {
                Some(reference) => {
                    let content = secret(store, run.namespace(), reference)?;
                    if !content.is_empty() {
                        all.secrets.push(content.clone());
                    }
                    all.values.push((name, Some(content)));
                }
                None => all.values.push((name, given(arg))),
            }
        }
        Ok(all)
    }

    /// A metric with every placeholder filled in.
    pub(super) fn fill(&self, metric: &Value) -> Result<Value, String> {
        if let Some((name, _)) = self.values.iter().find(|(_, value)| value.is_none()) {
            return Err(format!("argument \"{name}\" was not supplied"));
        }
        let mut missing = None;
        let filled = self.filled(metric, &mut missing)?;
        missing.map_or(Ok(filled), |tag| Err(format!("failed to resolve {{{{{tag}}}}}")))
    }

    /// The text without the secrets.
    pub(super) fn redacted(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "*****"))
    }

    fn filled(&self, part: &Value, missing: &mut Option<String>) -> Result<Value, String> {
        Ok(match part {
            Value::String(text) => Value::String(self.text(text, missing)?),
            Value::Array(items) => Value::Array(
                items.iter().map(|i| self.filled(i, missing)).collect::<Result<_, _>>()?,
            ),
            Value::Object(members) => {
                let mut filled = Map::new();
                for (key, value) in members {
                    filled.insert(self.text(key, missing)?, self.filled(value, missing)?);
                }
                Value::Object(filled)
            }
            other => other.clone(),
        })
    }

    fn text(&self, template: &str, missing: &mut Option<String>) -> Result<String, String> {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((tag, after)) = after.split_once("}}") else {
                return Err(format!(
                    "Cannot find end tag=\"}}}}\" in the template={template:?} starting from \
                     {after:?}"
                ));
            };
            text += before;
            let name = tag.trim().strip_prefix("args.");
            let known = self.values.iter().rev().find(|(known, _)| Some(known.as_str()) == name);
            match known {
                Some((_, value)) => text += value.as_deref().unwrap_or_default(),
                None => *missing = Some(tag.to_owned()),
            }
            rest = after;
        }
        Ok(text + rest)
    }
}

fn given(arg: &Value) -> Option<String> {
    arg.get("value").and_then(Value::as_str).map(str::to_owned)
}

/// What a secret holds under a key.
fn secret(store: &Store, namespace: &str, reference: &Value) -> Result<String, String> {
    let (name, key) = (reference.text("/name"), reference.text("/key"));
    let found = store.find(&Key::new(Kind::Secret, namespace, name));
    let secret = found.map_err(|refusal| refusal.message)?;
    let plain = secret.members("/stringData").and_then(|data| data.get(key)?.as_str());
    let coded = secret.members("/data").and_then(|data| data.get(key)?.as_str());
    plain
        .map(str::to_owned)
        .or_else(|| coded.map(decoded))
        .ok_or_else(|| format!("key '{key}' does not exist in secret '{name}'"))
}

/// Reads base64; what is none is skipped.
fn decoded(text: &str) -> String {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(((bits >> count) & 0xff).to_le_bytes()[0]);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::dice::Dice;
    use crate::sim::time::parse;
    use serde_json::json;

    fn run() -> Value {
        json!({
            "metadata": {"namespace": "shop"},
            "spec": {"args": [
                {"name": "max", "value": "0.05"},
                {"name": "token", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            ]},
        })
    }

    #[test]
    fn placeholders_are_filled_everywhere_and_missing_ones_are_told() {
        let args = Arguments::open(&run());
        let metric =
            json!({"name": "m", "count": 3, "headers": [{"{{args.max}}": "a {{ args.max }}"}]});
        let filled = args.fill(&metric).unwrap();
        assert_eq!(filled, json!({"name": "m", "count": 3, "headers": [{"0.05": "a 0.05"}]}));
        let token = args.fill(&json!("{{args.token}}")).unwrap();
        assert_eq!(token, json!("temp-for-secret"));
        let missing = args.fill(&json!("{{args.x }} {{args.max}}")).unwrap_err();
        assert_eq!(missing, "failed to resolve {{args.x }}");
        assert!(args.fill(&json!("{{args.max")).unwrap_err().starts_with("Cannot find end tag"));
        let open = json!({"spec": {"args": [{"name": "hash"}]}});
        let told = Arguments::open(&open).fill(&metric).unwrap_err();
        assert_eq!(told, "argument \"hash\" was not supplied");
    }

    #[test]
    fn secrets_are_read_when_it_is_measured_and_hidden_in_messages() {
        let now = parse("2026-11-24T10:00:00Z").unwrap();
        let mut store = Store::new(Dice::new(1));
        let told = Arguments::complete(&run(), &store).unwrap_err();
        assert_eq!(told, "secrets \"s\" not found");
        let secret = json!({
            "metadata": {"name": "s", "namespace": "shop"},
            "data": {"k": "aHVzaC1odXNo", "other": ""},
        });
        store.create(Kind::Secret, secret, now).unwrap();
        let args = Arguments::complete(&run(), &store).unwrap();
        assert_eq!(args.fill(&json!("{{args.token}}")).unwrap(), json!("hush-hush"));
        assert_eq!(args.redacted("a hush-hush b"), "a ***** b");
        let mut other = run();
        let reference = other.pointer_mut("/spec/args/1/valueFrom/secretKeyRef/key").unwrap();
        *reference = json!("none");
        let told = Arguments::complete(&other, &store).unwrap_err();
        assert_eq!(told, "key 'none' does not exist in secret 's'");
    }
}
