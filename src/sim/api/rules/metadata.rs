//! Names, labels and annotations.
//!
//! Called for every object that a client writes.

use serde_json::Value;

use super::names;
use crate::sim::object::Document;
use crate::sim::store::{Cause, Kind};

/// Bytes of all annotations.
const MOST_ANNOTATIONS: usize = 256 * 1024;

/// Checks an object's metadata; its name only when it is new.
pub(super) fn check(kind: Kind, object: &Value, new: bool) -> Vec<Cause> {
    let mut causes = if new { name(kind, object) } else { Vec::new() };
    for (key, value) in object.members("/metadata/labels").into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        let invalid = |quoted: &str, why: &String| {
            Cause::invalid("metadata.labels", &format!("{quoted:?}"), why)
        };
        causes.extend(names::qualified(key).iter().map(|why| invalid(key, why)));
        causes.extend(names::label_value(value).iter().map(|why| invalid(value, why)));
    }
    let mut size = 0;
    for (key, value) in object.members("/metadata/annotations").into_iter().flatten() {
        size += key.len() + value.as_str().map_or(0, str::len);
        causes.extend(
            names::qualified(&key.to_lowercase())
                .iter()
                .map(|why| Cause::invalid("metadata.annotations", &format!("{key:?}"), why)),
        );
    }
    if size > MOST_ANNOTATIONS {
        causes.push(Cause::too_long("metadata.annotations", MOST_ANNOTATIONS));
    }
    for (at, owner) in object.items("/metadata/ownerReferences").iter().enumerate() {
        for (field, what) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner.text(&format!("/{field}")).is_empty() {
                let field = format!("metadata.ownerReferences[{at}].{field}");
                causes.push(Cause::invalid(&field, "\"\"", what));
            }
        }
    }
    causes
}

fn name(kind: Kind, object: &Value) -> Vec<Cause> {
    let (name, base) = (object.name(), object.text("/metadata/generateName"));
    let complain = match kind {
        Kind::Namespace => names::label,
        Kind::Service => names::service,
        _ => names::subdomain,
    };
    if !name.is_empty() {
        let whys = complain(name);
        return whys
            .iter()
            .map(|why| Cause::invalid("metadata.name", &format!("{name:?}"), why))
            .collect();
    }
    if base.is_empty() {
        let why = "name or generateName is required";
        return vec![Cause::required("metadata.name", why)];
    }
    // The suffix is not there yet; a base may end as no name may.
    let whys = complain(base.trim_end_matches('-'));
    whys.iter()
        .map(|why| Cause::invalid("metadata.generateName", &format!("{base:?}"), why))
        .collect()
}
