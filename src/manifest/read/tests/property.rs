//! Whatever the text: it is read or refused, and JSON is read as JSON is.

use proptest::prelude::*;

use super::*;

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e9..1e9).prop_map(|number: f64| serde_json::json!(number)),
        any::<String>().prop_map(Into::into),
        "[ -~]{0,12}".prop_map(Into::into),
        "(y|no|~|null|0x1|1e3|---|- a|a: b|#|<<|&a|\\*a|!x|%|@|`|\\{\\{)".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Whole floats are whole numbers, as the API server has them.
fn whole(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "below 1e9")]
            Some(float) if number.is_f64() && float.fract() == 0.0 => (float as i64).into(),
            _ => number.into(),
        },
        serde_json::Value::Array(list) => list.into_iter().map(whole).collect(),
        serde_json::Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, whole(value))).collect()
        }
        other => other,
    }
}

const MANIFEST: &str = "\
apiVersion: v1
kind: List
items:
- &a
  kind: Pod
  metadata: {name: \"x\", labels: {a: 'b'}}
  spec: |-
    text
- <<: *a
  more: [*a]
---
? k
: !!str v
# c
...
%YAML 1.2
---
- [1, {a: b}]
";

proptest! {
    #[test]
    fn json_is_read_as_json_is(value in json(), pretty in any::<bool>()) {
        let write = if pretty { serde_json::to_string_pretty } else { serde_json::to_string };
        let text = write(&value).unwrap();
        let found = all(&text);
        if value.is_null() {
            prop_assert_eq!(found.len(), 0);
        } else {
            prop_assert_eq!(found.len(), 1, "{}", text);
            let node = found[0].as_ref();
            prop_assert!(node.is_ok(), "{}: {:?}", text, node);
            prop_assert_eq!(plain(node.unwrap()), whole(value), "{}", text);
        }
    }

    #[test]
    fn no_text_is_too_much(text in any::<String>()) {
        let _ = objects_of(&text);
    }

    #[test]
    fn no_bytes_are_too_much(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = bytes(&"f".into(), &raw, &Limits::default());
    }

    #[test]
    fn no_marks_are_too_much(text in "[-:?,\\[\\]{}&*!|>'\"%@`#<~ab \\t\\r\\n.]{0,120}") {
        let read = objects_of(&text);
        prop_assert!(read.faults.len() + read.objects.len() <= text.len() + 1);
    }

    /// Cut, doubled, overwritten: a manifest that was mutilated is read or refused.
    #[test]
    fn no_mutation_is_too_much(
        cuts in prop::collection::vec((0..MANIFEST.len(), "[ -~\\n\\t]{0,3}", 0usize..9), 1..6)
    ) {
        let mut text = MANIFEST.to_owned();
        for (at, with, width) in cuts {
            let at = at.min(text.len());
            let end = (at + width).min(text.len());
            text.replace_range(at..end, &with);
        }
        let lines = u32::try_from(text.lines().count()).unwrap() + 1;
        for found in all(&text) {
            let place = found.map_or_else(|fault| fault.at, |node| node.at.unwrap());
            prop_assert!((1..=lines).contains(&place.line), "{:?}", place);
        }
    }
}
