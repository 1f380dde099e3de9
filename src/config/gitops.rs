//! `[gitops.NAME]`: the repository that a GitOps tool keeps workloads equal to.
//!
//! Credentials are git's own: none stands here. Called by `file`; what is done there is `gitops`'.

use super::ConfigError;
use super::document::Entry;
use super::layers::Setting;
use crate::domain::gitops::{Address, Inside, Push, Repository, Source};
use crate::domain::id::WorkloadId;
use crate::domain::text::{is_printable, matches_pattern};

const KEYS: [&str; 7] = ["checkout", "url", "branch", "path", "push", "prefix", "workloads"];

/// Prefix of the branches that are pushed for a pull request.
const PREFIX: &str = "waveoff/";

/// The repository of some workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRule {
    /// Its name in the file.
    pub name: String,
    /// A clone on this machine, or an address.
    pub source: Source,
    /// The branch that is followed; nothing takes the remote's own.
    pub branch: Option<String>,
    /// Where in it the files of a workload are; `{name}` and `{namespace}` are its own.
    pub path: String,
    /// How a commit gets there.
    pub push: Push,
    /// Workloads: `NAMESPACE/NAME`, where `*` stands for any text. None means all.
    pub workloads: Vec<String>,
}

impl RepositoryRule {
    /// Whether it is the repository of this workload.
    pub fn is_of(&self, id: &WorkloadId) -> bool {
        let fits = |pattern: &String| {
            let (namespace, name) = pattern.split_once('/').unwrap_or(("*", pattern));
            matches_pattern(namespace, &id.namespace) && matches_pattern(name, &id.name)
        };
        self.workloads.is_empty() || self.workloads.iter().any(fits)
    }

    /// The same with the path of this workload.
    ///
    /// # Errors
    /// Why there can be no such path.
    pub fn of(&self, id: &WorkloadId) -> Result<Repository, String> {
        let path = self.path.replace("{name}", &id.name).replace("{namespace}", &id.namespace);
        let wrong = |error: &dyn std::fmt::Display| format!("gitops.{}.path: {error}", self.name);
        Ok(Repository {
            source: self.source.clone(),
            branch: self.branch.clone(),
            path: Inside::parse(&path).map_err(|error| wrong(&error))?,
            push: self.push.clone(),
        })
    }
}

/// Reads `[gitops.NAME]` for all names.
pub(super) fn repositories(
    gitops: &Entry<'_>,
) -> Result<Vec<Setting<RepositoryRule>>, ConfigError> {
    gitops.section()?.entries().map(|entry| repository(&entry)).collect()
}

fn repository(named: &Entry<'_>) -> Result<Setting<RepositoryRule>, ConfigError> {
    let section = named.section()?.under("gitops");
    let (mut source, mut branch, mut path) = (None, None, None);
    let (mut direct, mut prefix, mut workloads) = (false, PREFIX.to_owned(), Vec::new());
    for entry in section.entries() {
        match entry.key {
            "checkout" => once(&mut source, &entry, Source::Checkout(entry.text()?.into()))?,
            "url" => once(&mut source, &entry, Source::Url(address(&entry)?))?,
            "branch" => branch = Some(word(&entry)?),
            "path" => path = Some(inside(&entry)?),
            "push" => {
                let choices = [("branch", false), ("direct", true)];
                direct = entry.choice(&choices, "it is branch or direct")?;
            }
            "prefix" => prefix = word(&entry)?,
            "workloads" => workloads = entry.texts()?,
            _ => return Err(section.unknown(&entry, KEYS)),
        }
    }
    let source = source.ok_or_else(|| section.missing("checkout"))?;
    let path = path.ok_or_else(|| section.missing("path"))?;
    let push = if direct { Push::Direct } else { Push::Branch(prefix) };
    let name = named.key.to_owned();
    let rule = RepositoryRule { name, source, branch, path, push, workloads };
    Ok(Setting { value: rule, origin: named.origin() })
}

/// `checkout` or `url`, never both.
fn once(source: &mut Option<Source>, entry: &Entry<'_>, given: Source) -> Result<(), ConfigError> {
    if source.replace(given).is_some() {
        return Err(entry.bad(entry.key.to_owned(), "give either checkout or url"));
    }
    Ok(())
}

fn address(entry: &Entry<'_>) -> Result<Address, ConfigError> {
    let wanted = "it is the address of a repository without a password, such as \
                  https://HOST/PATH.git";
    // What is wrong is said without the address: there may be a password in it.
    Address::parse(&entry.text()?).map_err(|_| entry.bad("this".to_owned(), wanted))
}

/// A name of a branch, or the beginning of one, as git takes it.
fn word(entry: &Entry<'_>) -> Result<String, ConfigError> {
    let text = entry.text()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let good = !text.is_empty()
        && text.len() <= 100
        && text.chars().all(plain)
        && !text.starts_with(['-', '/', '.'])
        && !text.contains("..")
        && !text.contains("//");
    if good { Ok(text) } else { Err(entry.bad(text, "it is a name of a branch, such as main")) }
}

fn inside(entry: &Entry<'_>) -> Result<String, ConfigError> {
    let text = entry.text()?;
    let sample = text.replace("{name}", "x").replace("{namespace}", "x");
    match Inside::parse(&sample) {
        Ok(_) if text.chars().all(is_printable) => Ok(text),
        _ => {
            let wanted = "it is a path in the repository, such as environments/production/{name}";
            Err(entry.bad(text, wanted))
        }
    }
}

/// Where a clone is, for `config`.
pub(super) fn words(rule: &RepositoryRule) -> String {
    let source = match &rule.source {
        Source::Checkout(path) => path.display().to_string(),
        Source::Url(address) => address.shown().to_string(),
    };
    let push = match &rule.push {
        Push::Direct => "direct".to_owned(),
        Push::Branch(prefix) => format!("branch {prefix}..."),
    };
    format!("{source} {} ({push})", rule.path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::FileConfig;
    use crate::domain::id::WorkloadKind;

    fn read(text: &str) -> Result<Vec<RepositoryRule>, String> {
        let parsed = FileConfig::parse(Path::new("c.toml"), text);
        let rules = parsed.map(|config| config.repositories);
        rules
            .map(|rules| rules.into_iter().map(|rule| rule.value).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_repository_is_read_and_is_of_its_workloads() {
        let text = r#"
            [gitops.shop]
            checkout = "/src/manifests"
            branch = "main"
            path = "environments/production/{namespace}/{name}"
            push = "direct"
            workloads = ["shop/*", "web"]

            [gitops.rest]
            url = "https://git.example.com/k8s.git"
            path = "apps/{name}"
        "#;
        let rules = read(text).unwrap();
        let rule = |name: &str| rules.iter().find(|rule| rule.name == name).unwrap();
        let id =
            |namespace: &str, name: &str| WorkloadId::new(namespace, WorkloadKind::Rollout, name);
        let shop = rule("shop");
        assert!(shop.is_of(&id("shop", "api")) && shop.is_of(&id("x", "web")));
        assert!(!shop.is_of(&id("x", "api")));
        let repository = shop.of(&id("shop", "api")).unwrap();
        assert_eq!(repository.path.as_str(), "environments/production/shop/api");
        assert_eq!(repository.push, Push::Direct);
        assert!(shop.of(&id("shop", "../../etc")).is_err());
        assert!(rule("rest").is_of(&id("any", "thing")));
        assert_eq!(rule("rest").push, Push::Branch("waveoff/".to_owned()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        for (lines, word) in [
            ("path = \"a\"", "checkout"),
            ("checkout = \"/a\"", "path"),
            ("checkout = \"/a\"\nurl = \"https://g/x\"\npath = \"a\"", "either checkout or url"),
            ("checkout = \"/a\"\npath = \"../b\"", "path in the repository"),
            ("checkout = \"/a\"\npath = \"/b\"", "path in the repository"),
            ("checkout = \"/a\"\npath = \"b\"\nbranch = \"--force\"", "name of a branch"),
            ("checkout = \"/a\"\npath = \"b\"\npush = \"force\"", "branch or direct"),
            ("checkout = \"/a\"\npth = \"b\"", "did you mean `path`?"),
        ] {
            let complaint = read(&format!("[gitops.x]\n{lines}\n")).unwrap_err();
            assert!(complaint.contains(word) && complaint.contains("c.toml"), "{complaint}");
        }
    }
}
