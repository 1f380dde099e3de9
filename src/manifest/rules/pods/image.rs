//! W02 and W44: what an image is named by, and whether the version that pods carry is that of their
//! image.
//!
//! Never asks a registry. Called by `judge`.

use crate::domain::gitops::reference::parts;
use crate::domain::readiness::Severity;
use crate::manifest::bundle::Object;
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::Spot;
use crate::manifest::workload::Role;

use super::{all, unrendered};

/// Labels that say the version (R070, and the recommended labels of Kubernetes).
const VERSION_LABELS: &[&str] = &["version", "app.kubernetes.io/version"];

/// `sha256:` and 64 hexadecimal digits; other methods by their form alone.
fn is_digest(digest: &str) -> bool {
    let Some((method, hex)) = digest.split_once(':') else { return false };
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let length = if method == "sha256" { hex.len() == 64 } else { hex.len() >= 32 };
    !method.is_empty() && length && hex.bytes().all(lower_hex)
}

pub(super) fn pinned(case: &mut Case<'_>) {
    let Some((object, containers)) = all(case) else { return };
    for container in containers {
        let spot = container.spot.key("image");
        let Some(image) = spot.text().filter(|image| !image.is_empty()) else {
            let why = "the API server takes no container without an image";
            let said = Said::of(spot.said(), "an image", why, "image: NAME:TAG@sha256:DIGEST");
            case.broken_as(Severity::Error, object, &spot, said);
            continue;
        };
        if unrendered::is_template(image) {
            continue;
        }
        unpinned(case, object, &spot, image);
    }
}

fn unpinned(case: &mut Case<'_>, object: &Object, spot: &Spot<'_>, image: &str) {
    let fix = "name:tag@sha256:... as the registry shows it for the image that was tested";
    let found = parts(image);
    let (severity, wanted, why) = match (found.digest, found.tag) {
        (Some(digest), _) if is_digest(digest) => return,
        (Some(_), _) => (
            Severity::Error,
            "sha256: and 64 hexadecimal digits",
            "what stands after the @ is no digest, and no node can pull it",
        ),
        (None, None | Some("latest")) => (
            Severity::Error,
            "a tag and a digest",
            "latest is another image tomorrow: going back to it brings back nothing",
        ),
        (None, Some(_)) => (
            Severity::Warning,
            "the digest beside the tag",
            "a tag can be pushed again: what was tested and what runs may differ",
        ),
    };
    case.broken_as(severity, object, spot, Said::of(image, wanted, why, fix));
}

pub(super) fn version_label(case: &mut Case<'_>) {
    let Some((object, containers)) = all(case) else { return };
    let main = containers.iter().filter(|container| container.role == Role::Main);
    let images: Vec<&str> = main.filter_map(|c| c.spot.key("image").text()).collect();
    if images.iter().any(|image| unrendered::is_template(image)) {
        return;
    }
    let tags: Vec<&str> = images.iter().filter_map(|image| parts(image).tag).collect();
    let Some(first) = tags.first() else { return };
    let own = case.workload.object;
    let places = [
        (own, own.root().keys(&["metadata", "labels"])),
        (object, object.root().keys(&["spec", "template", "metadata", "labels"])),
    ];
    for (object, labels) in places {
        for name in VERSION_LABELS {
            let label = labels.key(name);
            let Some(version) = label.text() else { continue };
            if unrendered::is_template(version) || tags.iter().any(|tag| same(version, tag)) {
                continue;
            }
            let measured = format!("{version}, image tag {}", tags.join(", "));
            let why = "whoever looks at the pods in an incident reads the wrong version";
            let fix = format!("{name}: {first}, set by what sets the image; or leave it out");
            let said = Said::of(measured, *first, why, fix);
            case.broken(object, &label, said);
        }
    }
}

/// `1.2.0` and `v1.2.0` are the same version.
fn same(one: &str, other: &str) -> bool {
    let bare = |text: &str| text.strip_prefix('v').unwrap_or(text).to_owned();
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_by_their_form() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        assert!(is_digest(&digest));
        assert!(is_digest(&format!("sha512:{}", "0".repeat(128))));
        for wrong in ["sha256:ab", "0a0a", "", ":", &digest.to_uppercase()] {
            assert!(!is_digest(wrong), "{wrong}");
        }
    }
}
