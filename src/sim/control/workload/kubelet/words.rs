//! What kubelets and container runtimes say.
//!
//! Called by the kubelet.

use serde_json::Value;

use crate::sim::dice::Dice;
use crate::sim::object::Document;
use crate::sim::world::Pull;

/// A pod as kubelets name it.
pub(super) fn pod_name(pod: &Value) -> String {
    format!("{}_{}({})", pod.name(), pod.namespace(), pod.uid())
}

/// An image as a container runtime names it: with its registry and its tag.
pub(in crate::sim::control::workload) fn full_name(image: &str) -> String {
    let (first, rest) = image.split_once('/').unwrap_or((image, ""));
    let is_registry = first.contains('.') || first.contains(':') || first == "localhost";
    let full = match rest {
        "" => format!("docker.io/library/{image}"),
        _ if is_registry => image.to_owned(),
        _ => format!("docker.io/{image}"),
    };
    let last = full.rsplit('/').next().unwrap_or_default();
    if last.contains(':') || last.contains('@') { full } else { format!("{full}:latest") }
}

/// An image by its content, as statuses have it.
pub(super) fn image_id(image: &str, dice: Dice) -> String {
    let full = full_name(image);
    let path_ends = full.rfind('/').unwrap_or(0);
    let (path, name) = full.split_at(path_ends);
    let name = name.split([':', '@']).next().unwrap_or_default();
    format!("{path}{name}@sha256:{}", hexadecimal(&["image", image], dice))
}

/// 64 digits for this purpose.
pub(super) fn hexadecimal(names: &[&str], dice: Dice) -> String {
    (0..4).map(|part| format!("{:016x}", dice.nth(names, part))).collect()
}

/// Why an image cannot be had, in the words of containerd.
pub(super) fn pull_error(image: &str, pull: &Pull) -> String {
    let name = full_name(image);
    let (code, why) = match pull {
        Pull::Denied => (
            "Unknown",
            "pull access denied, repository does not exist or may require authorization: server \
             message: insufficient_scope: authorization failed"
                .to_owned(),
        ),
        Pull::Missing | Pull::After(_) => ("NotFound", format!("{name}: not found")),
    };
    format!(
        "rpc error: code = {code} desc = failed to pull and unpack image {name:?}: failed to \
         resolve reference {name:?}: {why}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_get_their_registry_and_tag() {
        let cases = [
            ("shop", "docker.io/library/shop:latest"),
            ("shop:1", "docker.io/library/shop:1"),
            ("acme/shop:1", "docker.io/acme/shop:1"),
            ("registry.example:5000/shop", "registry.example:5000/shop:latest"),
            ("localhost/shop:1", "localhost/shop:1"),
        ];
        for (image, wanted) in cases {
            assert_eq!(full_name(image), wanted);
        }
        let id = image_id("acme/shop:1", Dice::new(1));
        assert!(id.starts_with("docker.io/acme/shop@sha256:") && id.len() == 91, "{id}");
    }
}
