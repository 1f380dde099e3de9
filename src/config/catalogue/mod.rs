//! `waveoff.yaml`: the service catalogue, from text.
//!
//! What is wrong is complained of with file, line and column, and costs the service it stands in;
//! the others are read all the same. The rule document's two blocks load as they stand, in this
//! file or in files of their own. Never opens a file. Called by `runtime`, which reads them.

mod blocks;
mod environment;
mod fault;
mod profiles;
mod secrets;
mod service;
mod sheet;
mod values;

use std::collections::BTreeSet;
use std::path::Path;

use crate::domain::catalogue::{Catalogue, Service, Waived};
use crate::domain::gate::Profile;
use crate::domain::guard::rule::Terms;
use crate::domain::readiness::Waiver;
use crate::domain::text::SafeText;
use crate::manifest::read::{Limits, documents};
use crate::manifest::tree::Node;

pub use fault::{CatalogueFault, FaultKind};

use profiles::Named;
use service::Standing;
use sheet::{Field, Section, Sheet, place_of};

/// Keys of a file.
const KEYS: [&str; 6] = [
    "services",
    "deployment_strategies",
    "deployment_quality_gates",
    "gate_profiles",
    "guard_profiles",
    "waivers",
];

/// How much is read of one file.
const LIMITS: Limits =
    Limits { bytes: 4 << 20, nodes: 400_000, depth: 50, copies: 1 << 20, faults: 100 };

/// A catalogue and what is wrong with its files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    /// What could be read.
    pub catalogue: Catalogue,
    /// What is wrong, in the order of files and lines.
    pub faults: Vec<CatalogueFault>,
}

impl Loaded {
    /// Whether a secret is written down somewhere: exit code 4, where other faults are 2.
    pub fn holds_secret(&self) -> bool {
        self.faults.iter().any(|fault| fault.kind == FaultKind::Secret)
    }
}

/// What services are read upon.
#[derive(Debug, Default)]
struct Ground {
    catalogue: Catalogue,
    gate_profiles: Named<Profile>,
    guard_profiles: Named<Terms>,
}

/// Reads the text of one file.
pub fn read(path: &Path, text: &str) -> Loaded {
    read_all(&[(path, text)])
}

/// Reads files that belong together. A block or a profile may stand in any of them, but in one.
pub fn read_all(files: &[(&Path, &str)]) -> Loaded {
    let sheets: Vec<(Sheet, Option<Node>)> = files
        .iter()
        .map(|(path, text)| {
            let sheet = Sheet::new(path);
            let node = parse(&sheet, text);
            (sheet, node)
        })
        .collect();
    let mut ground = Ground::default();
    let roots: Vec<Section<'_>> =
        sheets.iter().filter_map(|(sheet, node)| Section::root(sheet, node.as_ref()?)).collect();
    blocks_of(&roots, &mut ground);
    let (services, disabled) = services_of(&roots, &ground);
    let names = services.iter().map(|service| &service.name.value).chain(&disabled);
    let names: Vec<&str> = names.map(SafeText::as_str).collect();
    let waivers = roots.iter().flat_map(|root| root.sections("waivers"));
    ground.catalogue.waivers = waivers.filter_map(|waiver| waived(&waiver, &names)).collect();
    drop(names);
    let mut catalogue = ground.catalogue;
    (catalogue.services, catalogue.disabled) = (services, disabled);
    drop(roots);
    let mut faults: Vec<CatalogueFault> =
        sheets.into_iter().flat_map(|(sheet, _)| sheet.into_faults()).collect();
    faults.sort_by(|one, other| one.place.cmp(&other.place));
    Loaded { catalogue, faults }
}

/// The one document of a text.
fn parse(sheet: &Sheet, text: &str) -> Option<Node> {
    let mut first = None;
    for document in documents(text, &LIMITS) {
        match document {
            Err(fault) => {
                sheet.report(sheet.fault(FaultKind::Syntax, fault.at, &fault.message));
            }
            Ok(node) if first.is_none() => first = Some(node),
            Ok(node) => {
                let message = "a second document begins here: a catalogue is one";
                sheet.report(sheet.fault(FaultKind::Syntax, place_of(node.at), message));
            }
        }
    }
    first
}

/// Everything but services, of all files.
fn blocks_of(roots: &[Section<'_>], ground: &mut Ground) {
    for root in roots {
        root.only(&KEYS);
        for field in root.fields().filter(|field| field.key != "services") {
            secrets::scan(&field);
        }
    }
    let only = |key| once(roots, key);
    if let Some(section) = only("deployment_strategies") {
        blocks::strategies(&section, &mut ground.catalogue.matrix);
    }
    let gates = only("deployment_quality_gates").and_then(|section| blocks::gates(&section));
    if let Some(gates) = gates {
        ground.catalogue.gates = gates;
    }
    if let Some(section) = only("gate_profiles") {
        profiles::named(&section, &mut ground.gate_profiles);
    }
    if let Some(section) = only("guard_profiles") {
        profiles::named(&section, &mut ground.guard_profiles);
    }
}

/// The section of a key that may stand in one of the files; complains of the others.
fn once<'r>(roots: &'r [Section<'_>], key: &str) -> Option<Section<'r>> {
    let mut having = roots.iter().filter(|root| root.field(key).is_some());
    let first = having.next()?;
    for other in having {
        let Some(field) = other.field(key) else { continue };
        let message = format!("`{key}` stands in another file already");
        other.sheet.report(other.sheet.fault(FaultKind::Twice, field.at, message));
    }
    first.section(key)
}

/// A waiver; for a service it has to be one of these, or it would waive nothing.
fn waived(section: &Section<'_>, services: &[&str]) -> Option<Waived> {
    section.only(&["rule", "service", "reason", "until"]);
    let rule = section.need("rule", |field| {
        let text = field.text()?;
        let digits = text.strip_prefix('W').filter(|digits| digits.len() == 2);
        let fits = digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        if fits { Ok(SafeText::new(text)) } else { Err(field.bad("it is a rule such as W43")) }
    });
    let service = section.read("service", |field| {
        let name = field.name()?;
        let is_here = services.contains(&name.as_str());
        if is_here { Ok(name) } else { Err(field.unlike("it is a service of here", services)) }
    });
    let reason = section.need("reason", Field::line);
    let until = section.need("until", Field::instant);
    // One that is meant for a service must not become one for all.
    if section.field("service").is_some() && service.is_none() {
        return None;
    }
    let waiver = Waiver { reason: reason?.value, until: until?.value };
    Some(Waived { rule: rule?, service, waiver })
}

fn services_of(roots: &[Section<'_>], ground: &Ground) -> (Vec<Service>, Vec<SafeText>) {
    let mut good: Vec<Standing<'_>> = Vec::new();
    let mut disabled = Vec::new();
    for root in roots {
        for section in root.sections("services") {
            let name = section.field("name").and_then(|field| field.name().ok());
            root.sheet.turn_to(name.clone());
            let before = root.sheet.count();
            section.fields().for_each(|field| secrets::scan(&field));
            let service = service::service(&section, ground);
            match service.filter(|_| root.sheet.count() == before) {
                Some(service) => good.push(Standing { sheet: root.sheet, service }),
                None => disabled.extend(name),
            }
            root.sheet.turn_to(None);
        }
    }
    let bad = service::conflicts(&good);
    let clashing = good.iter().zip(bad).filter(|(_, bad)| *bad);
    disabled.extend(clashing.map(|(standing, _)| standing.service.name.value.clone()));
    // A second entry of the same name does not stand in for the one with faults.
    let names: BTreeSet<&SafeText> = disabled.iter().collect();
    let is_whole = |service: &Service| !names.contains(&service.name.value);
    let services = good.into_iter().map(|standing| standing.service).filter(is_whole).collect();
    (services, names.into_iter().cloned().collect())
}

#[cfg(test)]
mod tests;
