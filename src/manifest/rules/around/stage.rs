//! Which environment a workload is meant for, by its namespace or by the folder of its file, and
//! what is the same service in another one.
//!
//! A word that is no environment's says nothing, and nothing is guessed from it. Called by
//! `around`.

use crate::manifest::bundle::Object;
use crate::manifest::workload::Workload;

const PRODUCTION: &[&str] = &["prod", "production", "prd"];
const BEFORE: &[&str] = &[
    "dev",
    "development",
    "test",
    "testing",
    "qa",
    "uat",
    "stage",
    "staging",
    "stg",
    "preprod",
    "preproduction",
];

/// Labels that name the service (the recommended labels of Kubernetes, and the short one).
const SERVICE_LABELS: &[&str] = &["app.kubernetes.io/name", "app"];

/// One service, in whatever environment: what is left of the place without the environment, and
/// its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Family {
    place: String,
    service: String,
}

/// Whether a workload is for production, and which service it is. None where its place names no
/// environment, or more than one. The first `shared` folders are those of all files: the home of
/// whoever is called dev names no environment.
pub(super) fn stage(workload: &Workload<'_>, shared: usize) -> Option<(bool, Family)> {
    let object = workload.object;
    let (is_production, place) = by_namespace(object).or_else(|| by_folder(object, shared))?;
    let labels = workload.pod_labels();
    let label = |name: &&str| labels.iter().find(|entry| entry.key == **name)?.node.text();
    let service = SERVICE_LABELS.iter().find_map(label).unwrap_or(&object.name).to_owned();
    Some((is_production, Family { place, service }))
}

fn by_namespace(object: &Object) -> Option<(bool, String)> {
    environment(object.namespace.split(['-', '_', '.']).map(str::to_owned).collect())
}

/// How many folders the files of all these begin with.
pub(super) fn shared<'w>(objects: impl Iterator<Item = &'w Object>) -> usize {
    let folders = |object: &'w Object| {
        let mut parts: Vec<&str> = parts(object).collect();
        parts.pop();
        parts
    };
    let common = |mut known: Vec<&'w str>, next: Vec<&'w str>| {
        let same = known.iter().zip(&next).take_while(|(known, next)| known == next).count();
        known.truncate(same);
        known
    };
    objects.map(folders).reduce(common).map_or(0, |known| known.len())
}

fn parts(object: &Object) -> impl Iterator<Item = &str> {
    object.source.as_str().split(['/', '\\'])
}

fn by_folder(object: &Object, shared: usize) -> Option<(bool, String)> {
    let mut parts: Vec<String> = parts(object).skip(shared).map(str::to_owned).collect();
    let file = parts.pop()?;
    // A file may have the name of its environment; any other name is the kind's or the service's.
    let stem = file.split('.').next().unwrap_or_default();
    if PRODUCTION.contains(&stem) || BEFORE.contains(&stem) {
        parts.push(stem.to_owned());
    }
    environment(parts)
}

/// Whether the one environment among these words is production, and the words without it.
fn environment(mut words: Vec<String>) -> Option<(bool, String)> {
    let mut found = None;
    let mut before = String::new();
    for word in &mut words {
        let production = PRODUCTION.contains(&word.as_str());
        if production || BEFORE.contains(&word.as_str()) {
            let negated = matches!(before.as_str(), "pre" | "non" | "not");
            if found.replace(production && !negated).is_some() {
                return None;
            }
            before = std::mem::replace(word, "*".to_owned());
        } else {
            before.clone_from(word);
        }
    }
    words.retain(|word| !matches!(word.as_str(), "pre" | "non" | "not"));
    found.map(|production| (production, words.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_by_their_words() {
        let words = |text: &str| text.split('-').map(str::to_owned).collect::<Vec<_>>();
        let cases = [
            ("production", Some((true, "*"))),
            ("shop-prod", Some((true, "shop/*"))),
            ("shop-staging", Some((false, "shop/*"))),
            ("shop-pre-prod", Some((false, "shop/*"))),
            ("shop", None),
            ("product", None),
            ("dev-prod", None),
        ];
        for (text, wanted) in cases {
            let wanted = wanted.map(|(production, rest)| (production, rest.to_owned()));
            assert_eq!(environment(words(text)), wanted, "{text}");
        }
    }
}
