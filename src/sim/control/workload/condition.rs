//! The list of conditions in a status, in the order in which Kubernetes keeps it: what is set anew
//! goes to the end.
//!
//! Never decides what holds. Called by the controllers of this folder.

use serde_json::{Value, json};

use crate::sim::object::{Document, DocumentMut};

/// The condition of this type in a status.
pub(super) fn find<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    status.items("/conditions").iter().find(|condition| condition.text("/type") == kind)
}

/// Takes out the condition of this type; a list without members is none.
pub(super) fn remove(status: &mut Value, kind: &str) {
    let Some(list) = status.get_mut("conditions").and_then(Value::as_array_mut) else { return };
    list.retain(|condition| condition.text("/type") != kind);
    if list.is_empty() {
        status.take_out("/conditions");
    }
}

/// Puts a condition at the end, in place of one of its type.
pub(super) fn push(status: &mut Value, condition: Value) {
    let kind = condition.text("/type").to_owned();
    remove(status, &kind);
    match status.get_mut("conditions").and_then(Value::as_array_mut) {
        Some(list) => list.push(condition),
        None => status.set("/conditions", json!([condition])),
    }
}

/// Sets a number as Go's `omitempty` has it: absent when it is zero.
pub(super) fn count(status: &mut Value, pointer: &str, number: i64) {
    if number == 0 {
        status.take_out(pointer);
    } else {
        status.set(pointer, number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_last_and_an_empty_list_is_none() {
        let mut status = json!({});
        push(&mut status, json!({"type": "A", "status": "True"}));
        push(&mut status, json!({"type": "B", "status": "True"}));
        push(&mut status, json!({"type": "A", "status": "False"}));
        let order: Vec<&str> =
            status.items("/conditions").iter().map(|c| c.text("/type")).collect();
        assert_eq!(order, ["B", "A"]);
        assert_eq!(find(&status, "A").unwrap().text("/status"), "False");
        remove(&mut status, "A");
        remove(&mut status, "B");
        assert_eq!(status, json!({}));
    }
}
