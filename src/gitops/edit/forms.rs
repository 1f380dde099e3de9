//! The forms in which a file says which image a container has: a workload's pod template, the
//! `images` of a kustomization, the values of a Helm chart.
//!
//! Never changes anything, never guesses: what it does not know is not found. Called by `edit`.

use granit_parser::ScalarStyle;

use super::tree::{Kind, Node, documents};
use super::{Part, Refusal, Scalar};
use crate::domain::gitops::{Reference, reference};

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gitops) enum Form {
    /// `spec.template.spec.containers[].image` of any kind of workload.
    Container,
    /// `images[]` of a kustomization (kustomize, `types.Image`), or `spec.images[]` of Flux's.
    Kustomize,
    /// `repository` beside `tag`, as charts have it by convention, in values or a `HelmRelease`.
    Helm,
}

impl Form {
    /// What it is, for sentences.
    pub(in crate::gitops) fn said(self) -> &'static str {
        match self {
            Self::Container => "this container",
            Self::Kustomize => "this entry of images",
            Self::Helm => "this repository and tag",
        }
    }
}

/// A place that says which image a container has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::gitops) struct Site {
    /// In which form.
    pub(in crate::gitops) form: Form,
    /// `kind` and `metadata.name` of the workload; empty in other forms.
    pub(in crate::gitops) owner: (String, String),
    /// The image without tag and digest; all of it in a container.
    pub(super) repository: String,
    /// The image.
    pub(in crate::gitops) image: String,
    /// From 1.
    pub(in crate::gitops) line: usize,
    /// From 1.
    pub(in crate::gitops) column: usize,
    /// The values that hold it, or why they cannot be changed.
    pub(super) scalars: Result<Vec<Scalar>, Refusal>,
}

impl Site {
    /// Whether it names this image. A kustomization with tag and digest was read as its digest
    /// alone by older versions of kustomize.
    pub(in crate::gitops) fn is(&self, image: &Reference) -> bool {
        let by_digest = || {
            let digest = reference::parts(&self.image).digest;
            self.form == Form::Kustomize
                && image.tag().is_none()
                && image.repository() == self.repository
                && digest.is_some()
                && digest == image.digest()
        };
        self.image == image.as_str() || by_digest()
    }

    /// Why it cannot be changed.
    pub(in crate::gitops) fn refusal(&self) -> Option<&Refusal> {
        self.scalars.as_ref().err()
    }
}

/// All places of a file that say which image the container has: by the container's name where
/// there is one, else by the image's repository.
pub(in crate::gitops) fn sites(
    file: &str,
    text: &str,
    container: &str,
    repository: &str,
) -> Result<Vec<Site>, Refusal> {
    let mut found = Vec::new();
    for root in documents(text)? {
        let kind = root.get("kind").and_then(Node::text).unwrap_or_default();
        if kind == "Kustomization" || (kind.is_empty() && is_kustomization(file)) {
            kustomize(&root, text, repository, &mut found);
        } else if kind.is_empty() || kind == "HelmRelease" {
            helm(&root, root.anchored, text, repository, &mut found);
        } else if kind.ends_with("List") {
            let items = root.get("items").map(Node::elements).unwrap_or_default();
            for item in items {
                workload(item, text, container, &mut found);
            }
        } else {
            workload(&root, text, container, &mut found);
        }
    }
    Ok(found)
}

fn is_kustomization(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// A way down the tree, and whether an anchor was passed: what stands below one may stand
/// elsewhere as well.
fn walk<'n>(root: &'n Node, keys: &[&str]) -> Option<(&'n Node, bool)> {
    let mut at = (root, root.anchored);
    for key in keys {
        let next = at.0.get(key)?;
        at = (next, at.1 || next.anchored);
    }
    Some(at)
}

fn workload(root: &Node, text: &str, container: &str, found: &mut Vec<Site>) {
    let word = |keys: &[&str]| {
        walk(root, keys).and_then(|(node, _)| node.text()).unwrap_or_default().to_owned()
    };
    let owner = (word(&["kind"]), word(&["metadata", "name"]));
    let Some((pod, shared)) = walk(root, &["spec", "template", "spec"]) else { return };
    for key in ["containers", "initContainers"] {
        let Some((list, below)) = walk(pod, &[key]) else { continue };
        for entry in list.elements() {
            if entry.get("name").and_then(Node::text) != Some(container) {
                continue;
            }
            let shared = shared || below || entry.anchored;
            let Some(value) = entry.get("image") else {
                // A merge key may bring it in from where others have it, too.
                if let Some(merged) = entry.get("<<") {
                    found.push(merged_in(merged, &owner));
                }
                continue;
            };
            let whole = scalar(entry, "image", Part::Whole, text, shared);
            let image = value.text().unwrap_or_default().to_owned();
            found.push(Site {
                form: Form::Container,
                owner: owner.clone(),
                repository: image.clone(),
                image,
                line: value.line,
                column: value.column,
                scalars: whole.map(|whole| vec![whole]),
            });
        }
    }
}

fn merged_in(merged: &Node, owner: &(String, String)) -> Site {
    Site {
        form: Form::Container,
        owner: owner.clone(),
        repository: String::new(),
        image: String::new(),
        line: merged.line,
        column: merged.column,
        scalars: Err(shared_by_anchor(merged)),
    }
}

fn kustomize(root: &Node, text: &str, repository: &str, found: &mut Vec<Site>) {
    for keys in [&["images"][..], &["spec", "images"]] {
        let Some((list, shared)) = walk(root, keys) else { continue };
        for entry in list.elements() {
            let of = |key| entry.get(key).and_then(Node::text).filter(|text| !text.is_empty());
            let Some(name) = of("newName").or_else(|| of("name")) else { continue };
            if name == repository {
                let shared = shared || entry.anchored;
                let keys = [("newTag", Part::Tag), ("digest", Part::Digest)];
                found.extend(parts(entry, Form::Kustomize, keys, text, repository, shared));
            }
        }
    }
}

fn helm(node: &Node, shared: bool, text: &str, repository: &str, found: &mut Vec<Site>) {
    let of = |key| node.get(key).and_then(Node::text).filter(|text| !text.is_empty());
    if let Some(name) = of("repository") {
        let registry = of("registry").map(|host| format!("{}/", host.trim_end_matches('/')));
        if format!("{}{name}", registry.unwrap_or_default()) == repository {
            let keys = [("tag", Part::Tag), ("digest", Part::Digest)];
            found.extend(parts(node, Form::Helm, keys, text, repository, shared));
        }
    }
    let below = node.entries().iter().map(|(_, value)| value).chain(node.elements());
    for child in below {
        helm(child, shared || child.anchored, text, repository, found);
    }
}

/// A place where tag and digest stand apart; nothing where neither is written.
fn parts(
    entry: &Node,
    form: Form,
    keys: [(&str, Part); 2],
    text: &str,
    repository: &str,
    shared: bool,
) -> Option<Site> {
    let mut image = repository.to_owned();
    let mut scalars = Ok(Vec::new());
    let mut first: Option<&Node> = None;
    for (key, part) in keys {
        let Some(value) = entry.get(key) else { continue };
        let written = value.text();
        if written.is_some_and(str::is_empty) {
            continue;
        }
        let sign = if part == Part::Tag { ':' } else { '@' };
        image.push_str(&format!("{sign}{}", written.unwrap_or_default()));
        first = first.or(Some(value));
        match (scalar(entry, key, part, text, shared), &mut scalars) {
            (Ok(scalar), Ok(all)) => all.push(scalar),
            (Err(refusal), Ok(_)) => scalars = Err(refusal),
            (_, Err(_)) => {}
        }
    }
    let first = first?;
    Some(Site {
        form,
        owner: (String::new(), String::new()),
        repository: repository.to_owned(),
        image,
        line: first.line,
        column: first.column,
        scalars,
    })
}

/// The value of a key of `entry`, if it can be changed alone.
fn scalar(
    entry: &Node,
    key: &str,
    part: Part,
    text: &str,
    shared: bool,
) -> Result<Scalar, Refusal> {
    let refuse = |node: &Node, cause: &str| Refusal {
        line: node.line,
        column: node.column,
        cause: format!("{key} {cause}"),
    };
    let mut values = entry.all(key);
    let Some(value) = values.next() else { return Err(refuse(entry, "is not there")) };
    if let Some(second) = values.next() {
        return Err(refuse(second, "is written twice; only one of them counts: take one out"));
    }
    if shared || value.anchored || matches!(value.kind, Kind::Alias) {
        return Err(shared_by_anchor(value));
    }
    let Kind::Scalar { style, range, event, .. } = &value.kind else {
        return Err(refuse(value, "is no text"));
    };
    let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
    if is_block || text.get(range.clone()).is_none_or(|raw| raw.contains(['\n', '\r'])) {
        return Err(refuse(
            value,
            "stands on several lines; write it on one, or change it by hand",
        ));
    }
    Ok(Scalar { part, range: range.clone(), style: *style, event: *event })
}

fn shared_by_anchor(node: &Node) -> Refusal {
    Refusal {
        line: node.line,
        column: node.column,
        cause: "the image stands under an anchor (&) or comes from one (*), so that a change may \
                change other places as well; change it by hand"
            .into(),
    }
}
