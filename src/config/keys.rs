//! The keys that a person changed: names checked against the key table, keys against its rules.
//!
//! Never allows what the table's own law forbids: upper case acts, lower case looks.

use super::layers::{Origin, Setting, Settings};
use super::{ConfigError, nearest};
use crate::app::key::Key;
use crate::app::keymap::{Group, Overrides, TABLE};

/// The overrides of the settings.
pub fn overrides(settings: &Settings) -> Result<Overrides, ConfigError> {
    let mut overrides = Vec::new();
    for (name, key) in &settings.keys {
        overrides.push(one(name, key)?);
    }
    let overrides = Overrides(overrides);
    no_conflict(&overrides, settings)?;
    Ok(overrides)
}

fn one(name: &str, text: &Setting<String>) -> Result<(&'static str, Key), ConfigError> {
    let Some(binding) = TABLE.iter().find(|b| b.name == name) else {
        let names = TABLE.iter().map(|b| b.name);
        let near = nearest(name, names).map(str::to_owned);
        return Err(refuse(&text.origin, "keys", name, "it is no name of the key table", near));
    };
    let Ok(key) = text.value.parse::<Key>() else {
        let wanted = "write a character, ctrl- and a letter, or a word such as page-up";
        return Err(refuse(&text.origin, name, &text.value, wanted, None));
    };
    let is_upper = matches!(key, Key::Char(c) if c.is_ascii_uppercase());
    if (binding.group == Group::Change) != is_upper {
        let wanted = "upper case acts and lower case looks";
        return Err(refuse(&text.origin, name, &text.value, wanted, None));
    }
    Ok((binding.name, key))
}

/// A key that two bindings of one place would share.
fn no_conflict(overrides: &Overrides, settings: &Settings) -> Result<(), ConfigError> {
    for (name, key) in &overrides.0 {
        let taken = TABLE.iter().find(|b| b.name != *name && overrides.keys(b).contains(key));
        let Some(taken) = taken else { continue };
        let origin = settings.keys.get(*name).map_or(Origin::Default, |set| set.origin.clone());
        let value = format!("{key}, the key of {}", taken.name);
        return Err(refuse(&origin, name, &value, "two names need two keys", None));
    }
    Ok(())
}

fn refuse(
    origin: &Origin,
    key: &str,
    value: &str,
    wanted: &'static str,
    nearest: Option<String>,
) -> ConfigError {
    ConfigError::BadValue {
        origin: origin.clone(),
        key: key.to_owned(),
        value: value.to_owned(),
        wanted,
        nearest,
    }
}
