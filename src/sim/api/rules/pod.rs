//! Pods and pod templates.
//!
//! Called for pods and for whatever has a template of them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::names;
use crate::sim::api::schema::Quantity;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Cause, Object};

/// Checks the spec of a pod, at this path of an object.
pub(super) fn check(object: &Value, path: &str) -> Vec<Cause> {
    let spec = object.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null);
    let mut causes = Vec::new();
    let all = spec.items("/containers");
    if all.is_empty() {
        causes.push(Cause::required(&format!("{path}.containers"), ""));
    }
    let mut known = BTreeSet::new();
    for (list, containers) in
        [("containers", all), ("initContainers", spec.items("/initContainers"))]
    {
        let mut ports = BTreeSet::new();
        for (at, container) in containers.iter().enumerate() {
            let path = format!("{path}.{list}[{at}]");
            container_name(container, &path, &mut known, &mut causes);
            check_container(container, &path, &mut ports, &mut causes);
        }
    }
    let policy = spec.text("/restartPolicy");
    let policies = ["Always", "OnFailure", "Never"];
    if !policies.contains(&policy) && !all.is_empty() {
        let field = format!("{path}.restartPolicy");
        causes.push(Cause::unsupported(&field, &format!("{policy:?}"), &policies));
    }
    if spec.int("/terminationGracePeriodSeconds") < 0 {
        let field = format!("{path}.terminationGracePeriodSeconds");
        let value = spec.int("/terminationGracePeriodSeconds").to_string();
        causes.push(Cause::invalid(&field, &value, "must be greater than or equal to 0"));
    }
    causes
}

fn container_name<'c>(
    container: &'c Value,
    path: &str,
    known: &mut BTreeSet<&'c str>,
    causes: &mut Vec<Cause>,
) {
    let (name, field) = (container.text("/name"), format!("{path}.name"));
    if name.is_empty() {
        causes.push(Cause::required(&field, ""));
        return;
    }
    let whys = names::label(name);
    causes.extend(whys.iter().map(|why| Cause::invalid(&field, &format!("{name:?}"), why)));
    if !known.insert(name) {
        causes.push(Cause::duplicate(&field, &format!("{name:?}")));
    }
}

fn check_container<'c>(
    container: &'c Value,
    path: &str,
    ports: &mut BTreeSet<&'c str>,
    causes: &mut Vec<Cause>,
) {
    let image = container.text("/image");
    if image.is_empty() {
        causes.push(Cause::required(&format!("{path}.image"), ""));
    } else if image.trim() != image {
        let why = "must not have leading or trailing whitespace";
        causes.push(Cause::invalid(&format!("{path}.image"), &format!("{image:?}"), why));
    }
    for (at, port) in container.items("/ports").iter().enumerate() {
        let (number, name) = (port.int("/containerPort"), port.text("/name"));
        if !name.is_empty() && !ports.insert(name) {
            causes
                .push(Cause::duplicate(&format!("{path}.ports[{at}].name"), &format!("{name:?}")));
        }
        let field = format!("{path}.ports[{at}].containerPort");
        if number == 0 {
            causes.push(Cause::required(&field, ""));
        } else if !(1..=65_535).contains(&number) {
            let why = "must be between 1 and 65535, inclusive";
            causes.push(Cause::invalid(&field, &number.to_string(), why));
        }
    }
    let policy = container.text("/imagePullPolicy");
    let policies = ["Always", "IfNotPresent", "Never"];
    if !policies.contains(&policy) {
        let field = format!("{path}.imagePullPolicy");
        causes.push(Cause::unsupported(&field, &format!("{policy:?}"), &policies));
    }
    resources(container, path, causes);
}

fn resources(container: &Value, path: &str, causes: &mut Vec<Cause>) {
    let amount = |value: &Value| value.as_str().and_then(Quantity::parse);
    for (name, asked) in container.members("/resources/requests").into_iter().flatten() {
        let limit = container.members("/resources/limits").and_then(|limits| limits.get(name));
        let (Some(asked_for), Some(limited)) = (amount(asked), limit.and_then(amount)) else {
            continue;
        };
        if asked_for.nanos() > limited.nanos() {
            let why = format!("must be less than or equal to {name} limit of {limited}");
            let field = format!("{path}.resources.requests");
            causes.push(Cause::invalid(&field, &asked.to_string(), &why));
        }
    }
}

/// Of a pod that is there, little can be changed.
pub(super) fn same_spec(object: &Value, current: &Object) -> Vec<Cause> {
    let fixed = |pod: &Value| {
        let mut spec = pod.get("spec").cloned().unwrap_or_default();
        for field in ["tolerations", "activeDeadlineSeconds", "terminationGracePeriodSeconds"] {
            spec.take_out(&format!("/{field}"));
        }
        for list in ["containers", "initContainers"] {
            for at in 0..spec.items(&format!("/{list}")).len() {
                spec.take_out(&format!("/{list}/{at}/image"));
            }
        }
        // What the scheduler and defaults add was not said by anybody.
        spec.take_out("/schedulingGates");
        spec
    };
    let mut before = current.as_ref().clone();
    crate::sim::store::complete(crate::sim::store::Kind::Pod, &mut before);
    if fixed(object) == fixed(&before) {
        return Vec::new();
    }
    vec![Cause::forbidden(
        "spec",
        "pod updates may not change fields other than \
         `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
         `spec.tolerations` (only additions to existing tolerations),\
         `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously \
         negative)",
    )]
}
