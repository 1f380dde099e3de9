//! The catalogue of services: finds `waveoff.yaml` and has it read.
//!
//! Without one there is one that knows no services. Called by `start`, `check` and `plan`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::config::catalogue::{Loaded, read};
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::Waived as Word;
use crate::domain::text::SafeText;
use crate::error::Exit;
use crate::manifest::waive::Waived;
use crate::runtime::headless::{Failure, failure};
use crate::runtime::say::complain;

/// Its name where nobody gives another.
const USUAL: &str = "waveoff.yaml";

/// Largest file that is read, in bytes.
const MOST: u64 = 16 << 20;

/// The catalogue with what is wrong in it.
///
/// # Errors
/// When a file that was named cannot be read.
pub(in crate::runtime) fn load(named: Option<&Path>) -> Result<Loaded, Failure> {
    let path = named.map_or_else(|| PathBuf::from(USUAL), Path::to_path_buf);
    let nothing = || Loaded { catalogue: Catalogue::default(), faults: Vec::new() };
    let broken = |why: &str| failure(Exit::Usage, format!("read {}: {why}", path.display()));
    match fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
            return Ok(nothing());
        }
        Err(error) => return Err(broken(&error.to_string())),
        Ok(meta) if !meta.is_file() => return Err(broken("it is no file")),
        Ok(meta) if meta.len() > MOST => return Err(broken("it is larger than 16 MiB")),
        Ok(_) => {}
    }
    let bytes = fs::read(&path).map_err(|error| broken(&error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| broken("it is not UTF-8"))?;
    Ok(read(&path, &text))
}

/// The same for commands: what is wrong is said, and what the rest is good for goes on.
///
/// # Errors
/// When a file that was named cannot be read, and when there is a secret in it.
pub(in crate::runtime) fn load_and_say(named: Option<&Path>) -> Result<Loaded, Failure> {
    let loaded = load(named)?;
    for fault in &loaded.faults {
        complain(&fault.to_string());
    }
    if loaded.holds_secret() {
        let text = "the catalogue has a secret in it: nothing is done with it";
        return Err(failure(Exit::Refused, text));
    }
    Ok(loaded)
}

/// How a command ends that went by a catalogue: what it found good may be only half of the truth
/// where that has faults.
pub(in crate::runtime) fn marred(loaded: &Loaded, exit: Exit) -> Exit {
    let is_good = matches!(exit, Exit::Ok | Exit::Undetermined);
    if is_good && !loaded.faults.is_empty() { Exit::Usage } else { exit }
}

/// The waivers of a catalogue as those of manifests: of a service means of its workloads.
pub(super) fn waivers(catalogue: &Catalogue) -> Vec<Waived> {
    let of = |word: &Word, kind: &str, namespace: SafeText, name: SafeText| Waived {
        rule: word.rule.value.clone(),
        kind: kind.into(),
        namespace,
        name,
        reason: word.waiver.reason.clone(),
        until: word.waiver.until,
    };
    let one = |word: &Word| match &word.service {
        None => vec![of(word, "*", "*".into(), "*".into())],
        Some(service) => {
            let service = catalogue.service(&service.value);
            let environments = service.into_iter().flat_map(|service| &service.environments);
            let ids = environments.map(|environment| environment.workload.value.clone());
            ids.map(|id| of(word, "*", id.namespace, id.name)).collect()
        }
    };
    catalogue.waivers.iter().flat_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_that_was_named_has_to_be_there_and_one_that_was_not_need_not() {
        let temp = tempfile::tempdir().unwrap();
        let absent = temp.path().join("services.yaml");
        let refused = load(Some(&absent)).unwrap_err();
        assert!(refused.exit == Exit::Usage && refused.text.contains("services.yaml"));
        assert_eq!(load(Some(temp.path())).unwrap_err().exit, Exit::Usage);
        std::fs::write(&absent, "services: [\n").unwrap();
        let loaded = load(Some(&absent)).unwrap();
        assert_eq!(loaded.faults.len(), 1);
        assert!(loaded.faults[0].to_string().contains("services.yaml:"), "{}", loaded.faults[0]);
    }
}
