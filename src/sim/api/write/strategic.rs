//! Strategic merge patch: lists are merged by keys, and directives say what to delete, to replace,
//! to keep and how to order.
//!
//! Called by patches of native kinds, and by apply for all kinds.

use serde_json::{Map, Value};

use crate::sim::api::refusals;
use crate::sim::api::schema::{Field, Merge, Table, Type};
use crate::sim::object::Document;
use crate::sim::store::Refusal;

const ORDER: &str = "$setElementOrder/";
const DELETE: &str = "$deleteFromPrimitiveList/";
const RETAIN: &str = "$retainKeys";
const PATCH: &str = "$patch";

/// Merges a patch into an object of this type.
pub(super) fn merge(
    table: &Table,
    name: &str,
    original: &Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let mut patch = patch.clone();
    match patch.remove(PATCH).as_ref().map(|d| d.as_str().unwrap_or_default().to_owned()) {
        None => {}
        Some(directive) => match directive.as_str() {
            "replace" => return Ok(patch),
            "delete" => return Ok(Map::new()),
            "merge" => {}
            other => {
                patch.insert(PATCH.to_owned(), other.into());
                return Err(unknown_directive(other, &patch));
            }
        },
    }
    let mut next = original.clone();
    retain(&mut next, &mut patch)?;
    let (orders, patch): (Vec<_>, Vec<_>) =
        patch.into_iter().partition(|(key, _)| key.starts_with(ORDER));
    let mut patch: Map<String, Value> = patch.into_iter().collect();
    for (key, order) in orders {
        let name_of = key.trim_start_matches(ORDER).to_owned();
        let field = field_of(table, name, &name_of);
        ordered(table, field, &mut next, &mut patch, &name_of, &order)?;
    }
    for (key, change) in patch {
        if let Some(list) = key.strip_prefix(DELETE) {
            delete_values(&mut next, list, &change);
            continue;
        }
        if change.is_null() {
            next.remove(&key);
            continue;
        }
        let merged = one(table, field_of(table, name, &key), next.get(&key), change)?;
        next.insert(key, merged);
    }
    Ok(next)
}

fn field_of<'t>(table: &'t Table, name: &str, field: &str) -> Option<&'t Field> {
    let own = table.get(name).and_then(|of| of.field(field));
    own.or_else(|| {
        // Metadata are the same in both tables.
        let of = crate::sim::api::schema::natives().get(name)?;
        of.field(field)
    })
}

/// One value over another.
fn one(
    table: &Table,
    field: Option<&Field>,
    original: Option<&Value>,
    change: Value,
) -> Result<Value, Refusal> {
    let replaces = field.is_some_and(|field| field.merge == Merge::Replace);
    match (original, change) {
        (original, Value::Object(patch)) if !replaces => {
            let empty = Map::new();
            let original = original.and_then(Value::as_object).unwrap_or(&empty);
            let name = match field.map(|field| &field.of) {
                Some(Type::Of(name)) => name,
                _ => "",
            };
            merge(table, name, original, &patch).map(Value::Object)
        }
        (original, Value::Array(patch)) => {
            let empty = Vec::new();
            let original = original.and_then(Value::as_array).unwrap_or(&empty);
            list(table, field, original, &patch).map(Value::Array)
        }
        (_, change) => Ok(change),
    }
}

/// One list over another.
fn list(
    table: &Table,
    field: Option<&Field>,
    original: &[Value],
    patch: &[Value],
) -> Result<Vec<Value>, Refusal> {
    let key = match field.map(|field| field.merge) {
        Some(Merge::By(key)) => key,
        Some(Merge::Set) => {
            let mut next = original.to_vec();
            next.extend(patch.iter().filter(|item| !original.contains(item)).cloned());
            let same = |a: &Value, b: &Value| a == b;
            return Ok(arranged(&next, patch, original, &same));
        }
        _ => return Ok(patch.to_vec()),
    };
    let (special, plain): (Vec<&Value>, Vec<&Value>) =
        patch.iter().partition(|item| item.get(PATCH).is_some());
    let plain: Vec<Value> = plain.into_iter().cloned().collect();
    let mut next = original.to_vec();
    for item in special {
        match item.text(&format!("/{PATCH}")) {
            "replace" => return Ok(plain),
            "delete" => {
                let wanted = key_of(item, key)?;
                next.retain(|known| known.get(key) != Some(wanted));
            }
            "merge" => {}
            other => {
                let members = item.as_object().cloned().unwrap_or_default();
                return Err(unknown_directive(other, &members));
            }
        }
    }
    for item in &plain {
        let wanted = key_of(item, key)?;
        let known = next.iter_mut().find(|known| known.get(key) == Some(wanted));
        match known {
            Some(known) => *known = one(table, Some(&member(field)), Some(known), item.clone())?,
            None => next.push(one(table, Some(&member(field)), None, item.clone())?),
        }
    }
    let same = |a: &Value, b: &Value| a.get(key) == b.get(key);
    Ok(arranged(&next, &plain, original, &same))
}

/// A member of a list, as a field of its own.
fn member(field: Option<&Field>) -> Field {
    let of = match field.map(|field| &field.of) {
        Some(Type::List(of)) => of.as_ref().clone(),
        _ => Type::Any,
    };
    Field {
        name: "",
        nothing: crate::sim::api::schema::Nothing::LeftOut,
        required: false,
        of,
        merge: Merge::Usual,
        retain: false,
        number: 0,
        default: None,
    }
}

fn key_of<'v>(item: &'v Value, key: &str) -> Result<&'v Value, Refusal> {
    item.get(key).ok_or_else(|| {
        refusals::unexpected(format!(
            "map: {} does not contain declared merge key: {key}",
            go_map(item)
        ))
    })
}

/// The order of a merged list: that of the patch, with what only the server had put in by the
/// server's order.
fn arranged(
    merged: &[Value],
    order: &[Value],
    server: &[Value],
    same: &dyn Fn(&Value, &Value) -> bool,
) -> Vec<Value> {
    let at = |list: &[Value], item: &Value| list.iter().position(|known| same(known, item));
    let (mut patched, mut others): (Vec<Value>, Vec<Value>) =
        merged.iter().cloned().partition(|item| at(order, item).is_some());
    patched.sort_by_key(|item| at(order, item));
    others.sort_by_key(|item| at(server, item).unwrap_or(usize::MAX));
    let mut all = Vec::with_capacity(merged.len());
    let (mut left, mut right) = (others.into_iter().peekable(), patched.into_iter().peekable());
    loop {
        let before = match (left.peek(), right.peek()) {
            (None, None) => return all,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(l), Some(r)) => {
                matches!((at(server, l), at(server, r)), (Some(l), Some(r)) if l < r)
            }
        };
        all.extend(if before { left.next() } else { right.next() });
    }
}

fn ordered(
    table: &Table,
    field: Option<&Field>,
    next: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    name: &str,
    order: &Value,
) -> Result<(), Refusal> {
    let order = order.as_array().cloned().unwrap_or_default();
    let key = match field.map(|field| field.merge) {
        Some(Merge::By(key)) => Some(key),
        _ => None,
    };
    let same = |a: &Value, b: &Value| match key {
        Some(key) => a.get(key) == b.get(key),
        None => a == b,
    };
    let server = next.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let patched = patch.remove(name).and_then(|list| list.as_array().cloned());
    if server.is_empty() && patched.is_none() {
        return Ok(());
    }
    let mut merged = server.clone();
    if let Some(patched) = &patched {
        let plain = patched.iter().filter(|item| item.get(PATCH).is_none());
        let mut places = plain.map(|item| order.iter().position(|o| same(o, item)));
        let mut last = None;
        let fits = places.all(|place| {
            let fits = place.is_some() && place >= last;
            last = place;
            fits
        });
        if !fits {
            return Err(refusals::unexpected(format!(
                "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
                go_list(patched),
                go_list(&order)
            )));
        }
        merged = list(table, field, &server, patched)?;
    }
    next.insert(name.to_owned(), Value::Array(arranged(&merged, &order, &server, &same)));
    Ok(())
}

fn retain(next: &mut Map<String, Value>, patch: &mut Map<String, Value>) -> Result<(), Refusal> {
    let Some(kept) = patch.remove(RETAIN) else { return Ok(()) };
    let kept: Vec<&str> = kept.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let named = |key: &String| key.starts_with('$') || kept.contains(&key.as_str());
    if !patch.iter().all(|(key, value)| value.is_null() || named(key)) {
        return Err(Refusal::bad_request("invalid patch format of retainKeys"));
    }
    next.retain(|key, _| kept.contains(&key.as_str()));
    Ok(())
}

/// Complains of a list in which two members have the same key.
pub(super) fn doubled(table: &Table, name: &str, value: &Value, path: &str) -> Option<String> {
    for (key, inner) in value.as_object()? {
        let Some(field) = field_of(table, name, key) else { continue };
        let path = format!("{path}.{key}");
        let items = inner.as_array().map(Vec::as_slice).unwrap_or_default();
        if let Merge::By(by) = field.merge {
            let keys: Vec<Option<&Value>> = items.iter().map(|item| item.get(by)).collect();
            let twice =
                keys.iter().enumerate().find(|(at, key)| keys.iter().take(*at).any(|k| k == *key));
            if let Some((_, Some(key))) = twice {
                return Some(format!("{path}: duplicate entries for key [{by}={key}]"));
            }
        }
        let mut of = &field.of;
        while let Type::List(inner) = of {
            of = inner;
        }
        let Type::Of(name) = of else { continue };
        let own = std::iter::once(inner).filter(|inner| inner.is_object());
        if let Some(found) = own.chain(items).find_map(|item| doubled(table, name, item, &path)) {
            return Some(found);
        }
    }
    None
}

fn delete_values(next: &mut Map<String, Value>, list: &str, gone: &Value) {
    let gone = gone.as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(items) = next.get_mut(list).and_then(Value::as_array_mut) {
        items.retain(|item| !gone.contains(item));
    }
}

fn unknown_directive(directive: &str, members: &Map<String, Value>) -> Refusal {
    refusals::unexpected(format!(
        "unknown patch type: {directive} in map: {}",
        go_map(&Value::Object(members.clone()))
    ))
}

/// A value as Go prints it with `%v`.
pub(super) fn go_map(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => go_list(items),
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(key, value)| format!("{key}:{}", go_map(value))).collect();
            format!("map[{}]", members.join(" "))
        }
        other => other.to_string(),
    }
}

fn go_list(items: &[Value]) -> String {
    format!("[{}]", items.iter().map(go_map).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sim::api::schema;

    fn patched(patch: &Value) -> Result<Value, String> {
        let original = json!({
            "metadata": {"labels": {"a": "b"}, "finalizers": ["x/y", "z"]},
            "spec": {
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
                "template": {"spec": {"containers": [
                    {"name": "app", "image": "1", "args": ["x"]},
                    {"name": "side", "image": "2"},
                ]}},
            },
        });
        let (original, patch) = (original.as_object().unwrap(), patch.as_object().unwrap());
        merge(schema::natives(), "Deployment", original, patch)
            .map(Value::Object)
            .map_err(|refusal| refusal.message)
    }

    fn containers(patch: &Value) -> Value {
        let patch = json!({"spec": {"template": {"spec": patch}}});
        patched(&patch).unwrap().pointer("/spec/template/spec/containers").cloned().unwrap()
    }

    #[test]
    fn members_are_matched_by_their_key() {
        let app = json!({"name": "app", "image": "9", "args": ["x"]});
        let side = json!({"name": "side", "image": "2"});
        let new = json!({"name": "new", "image": "3"});
        let changed = containers(&json!({"containers": [{"name": "app", "image": "9"}]}));
        assert_eq!(changed, json!([app, side]));
        let added = containers(&json!({"containers": [new]}));
        assert_eq!(added[0], new);
        let gone = containers(&json!({"containers": [{"name": "app", "$patch": "delete"}]}));
        assert_eq!(gone, json!([side]));
        let replaced = containers(&json!({"containers": [{"$patch": "replace"}, new]}));
        assert_eq!(replaced, json!([new]));
        let order = json!([{"name": "side"}, {"name": "app"}]);
        let turned = containers(&json!({"$setElementOrder/containers": order}));
        assert_eq!(turned[0]["name"], "side");
    }

    #[test]
    fn directives_for_objects_and_sets() {
        let next = patched(&json!({
            "metadata": {
                "labels": {"$patch": "replace", "c": "d"},
                "$deleteFromPrimitiveList/finalizers": ["z"],
                "finalizers": ["new"],
            },
            "spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}},
        }));
        let next = next.unwrap();
        assert_eq!(next["metadata"]["labels"], json!({"c": "d"}));
        assert_eq!(next["spec"]["strategy"], json!({"type": "Recreate"}));
        let finalizers = next["metadata"]["finalizers"].as_array().unwrap();
        assert!(finalizers.contains(&json!("new")) && !finalizers.contains(&json!("z")));
        let emptied = patched(&json!({"metadata": {"labels": {"$patch": "delete"}}})).unwrap();
        assert_eq!(emptied["metadata"]["labels"], json!({}));
    }

    #[test]
    fn complaints_are_those_of_the_server() {
        let listed = |list: Value| json!({"spec": {"template": {"spec": {"containers": list}}}});
        let cases = [
            (
                listed(json!([{"image": "x"}])),
                "map: map[image:x] does not contain declared merge key: name",
            ),
            (
                listed(json!([{"name": "app", "$patch": "foo"}])),
                "unknown patch type: foo in map: map[$patch:foo name:app]",
            ),
            (
                json!({"spec": {"strategy": {"$retainKeys": ["x"], "type": "Recreate"}}}),
                "invalid patch format of retainKeys",
            ),
            (
                json!({"spec": {"template": {"spec": {
                    "containers": [{"name": "z", "image": "q"}],
                    "$setElementOrder/containers": [{"name": "app"}],
                }}}}),
                "The order in patch list:\n[map[image:q name:z]]\n doesn't match \
                 $setElementOrder list:\n[map[name:app]]\n",
            ),
        ];
        for (patch, complaint) in cases {
            assert_eq!(patched(&patch).unwrap_err(), complaint);
        }
    }
}
