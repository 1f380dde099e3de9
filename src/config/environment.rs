//! Which environment a context and a namespace belong to, and how careful to be there.
//!
//! Never takes an unknown place for a harmless one: what no rule names counts as production.
//! Called by `runtime`, which hands the answer to the model.

use std::fmt;

use super::ConfigError;
use super::layers::Origin;
use super::nearest;

/// How careful to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Confirmations may be short.
    Lab,
    /// The whole ladder of confirmations.
    Production,
}

impl Level {
    const NAMES: [&'static str; 2] = ["production", "lab"];

    pub(super) fn parse(text: &str, origin: &Origin) -> Result<Self, ConfigError> {
        match text {
            "production" => Ok(Self::Production),
            "lab" => Ok(Self::Lab),
            _ => Err(ConfigError::BadValue {
                origin: origin.clone(),
                key: "level".to_owned(),
                value: text.to_owned(),
                wanted: "it is production or lab".to_owned(),
                nearest: nearest(text, Self::NAMES).map(str::to_owned),
            }),
        }
    }

    /// Its name in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Lab => "lab",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One `[[environment]]` of the file. It applies where some glob of each list matches; a list that
/// is empty leaves that side open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentRule {
    /// Its name, as shown in the header.
    pub name: String,
    /// Globs of context names.
    pub contexts: Vec<String>,
    /// Globs of namespaces.
    pub namespaces: Vec<String>,
    /// How careful to be.
    pub level: Level,
    /// Where it stands.
    pub origin: Origin,
}

/// Where we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// How careful to be.
    pub level: Level,
    /// Whether a rule named it, or nobody did and it counts as production.
    pub declared: bool,
}

impl Environment {
    /// The environment of a namespace in a context: the first rule that applies.
    pub fn of(rules: &[EnvironmentRule], context: &str, namespace: &str) -> Self {
        let open_or = |globs: &[String], name: &str| {
            globs.is_empty() || globs.iter().any(|glob| matches(glob, name))
        };
        let applies = |rule: &&EnvironmentRule| {
            open_or(&rule.contexts, context) && open_or(&rule.namespaces, namespace)
        };
        match rules.iter().find(applies) {
            Some(rule) => Self {
                name: rule.name.clone(),
                level: rule.level,
                declared: true,
            },
            None => Self {
                name: "production".to_owned(),
                level: Level::Production,
                declared: false,
            },
        }
    }
}

/// Whether a glob covers a name: `*` is any run of characters, `?` is one.
fn matches(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Where to go on when the text after the last star does not fit.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(letter) = name.get(read) {
        match glob.get(at) {
            Some('*') => {
                retry = Some((at + 1, read));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == letter => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((after_star, from)) = retry else {
                    return false;
                };
                retry = Some((after_star, from + 1));
                (at, read) = (after_star, from + 1);
            }
        }
    }
    glob.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (glob, name, covered) in [
            ("*", "", true),
            ("*", "anything", true),
            ("prod-*", "prod-eu-1", true),
            ("prod-*", "preprod-eu-1", false),
            ("*-eu-*", "prod-eu-1", true),
            ("*eu*eu*", "eu", false),
            ("*eu*eu*", "a-eu-b-eu", true),
            ("kind-?", "kind-1", true),
            ("kind-?", "kind-12", false),
            ("", "", true),
            ("", "x", false),
            ("shop", "shop", true),
            ("a*b*c", "aXbYbZc", true),
        ] {
            assert_eq!(matches(glob, name), covered, "{glob} {name}");
        }
    }

    fn rule(name: &str, contexts: &[&str], namespaces: &[&str], level: Level) -> EnvironmentRule {
        EnvironmentRule {
            name: name.to_owned(),
            contexts: contexts.iter().map(|&glob| glob.to_owned()).collect(),
            namespaces: namespaces.iter().map(|&glob| glob.to_owned()).collect(),
            level,
            origin: Origin::Default,
        }
    }

    #[test]
    fn the_first_rule_that_applies_and_production_without_one() {
        let rules = [
            rule("lab", &["kind-*"], &[], Level::Lab),
            rule("staging", &["eu-*"], &["*-staging"], Level::Lab),
            rule("production", &["eu-*"], &[], Level::Production),
        ];
        for (context, namespace, name, level, declared) in [
            ("kind-1", "shop", "lab", Level::Lab, true),
            ("eu-1", "shop-staging", "staging", Level::Lab, true),
            ("eu-1", "shop", "production", Level::Production, true),
            ("us-1", "shop-staging", "production", Level::Production, false),
        ] {
            let environment = Environment::of(&rules, context, namespace);
            assert_eq!(
                (environment.name.as_str(), environment.level, environment.declared),
                (name, level, declared),
                "{context} {namespace}"
            );
        }
    }
}
