//! `waveoff new`: the manifests of a service, written where nothing is yet.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use crate::config::args::{Made as Wanted, New};
use crate::config::{Origin, Settings};
use crate::domain::catalogue::environment::Environment as Entry;
use crate::domain::catalogue::matrix::StrategyKind;
use crate::domain::catalogue::stated::Stated;
use crate::domain::catalogue::told::{Question, Seen, plan};
use crate::domain::catalogue::{Catalogue, Service};
use crate::domain::text::SafeText;
use crate::error::Exit;
use crate::manifest::make::{
    Check, Environment, File, Image, Order, Pace, Refusal, Routing, Shape, make as made,
};
use crate::manifest::profile::Profile;
use crate::manifest::workload::Strategy;
use crate::runtime::headless::{Failure, failure};
use crate::runtime::say::{complain, print};

use super::numbers::profile_of;

/// Pods of the environments before production.
const TRIED_WITH: u32 = 2;

/// Makes them, and writes or prints them.
///
/// # Errors
/// When something that was asked for makes no sense, or something stands where a file is to be.
pub(in crate::runtime) fn make(
    asked: &New,
    namespaces: &[String],
    settings: &Settings,
    catalogue: &Catalogue,
) -> Result<Exit, Failure> {
    if catalogue.disabled.iter().any(|disabled| disabled.as_str() == asked.name) {
        let text =
            format!("new {}: the catalogue has it with faults: mend those first", asked.name);
        return Err(failure(Exit::Usage, text));
    }
    let service = catalogue.service(&asked.name);
    let order = order(asked, namespaces, settings, service)
        .map_err(|refusal| failure(Exit::Usage, format!("new {}: {refusal}", asked.name)))?;
    let made = made(&order)
        .map_err(|refusal| failure(Exit::Usage, format!("new {}: {refusal}", asked.name)))?;
    if asked.stdout {
        print(&documents(&made.files));
    } else {
        let base = asked.out.clone().unwrap_or_else(|| PathBuf::from(&asked.name));
        write(&base, &made.files)?;
        for file in &made.files {
            print(&format!("{}\n", base.join(&file.path).display()));
        }
    }
    for note in &made.notes {
        complain(note);
    }
    if let Some(odds) = service.and_then(|service| odds(asked.strategy, catalogue, service)) {
        complain(&odds);
    }
    let is_judged = order.prometheus.is_some() && asked.strategy != Wanted::Rolling;
    if is_judged && service.and_then(Service::main_environment).is_some_and(has_own_series) {
        complain(
            "the catalogue has series or queries of its own; the AnalysisTemplate asks for \
             http_requests_total by rollouts_pod_template_hash: edit it where there is no such label",
        );
    }
    Ok(Exit::Ok)
}

/// Whether the guard asks otherwise than what is made.
fn has_own_series(environment: &Entry) -> bool {
    environment.metrics.series.is_some() || !environment.metrics.queries.is_empty()
}

/// That the catalogue would have it otherwise.
fn odds(asked: Wanted, catalogue: &Catalogue, service: &Service) -> Option<String> {
    let name = service.name.value.as_str();
    let question =
        Question { service: name, environment: None, seen: &Seen::NotAsked, course: None };
    let planned = plan(catalogue, question).ok()?.choice.strategy()?;
    let is_same = match asked {
        Wanted::Rolling => matches!(planned, StrategyKind::Rolling | StrategyKind::Recreate),
        Wanted::BlueGreen => planned == StrategyKind::BlueGreen,
        Wanted::Canary => planned == StrategyKind::Canary,
    };
    (!is_same).then(|| {
        let planned = planned.word();
        format!("the catalogue would have {name} released by {planned}: see `waveoff plan {name}`")
    })
}

/// The command line comes first, then the service's environment that users are on, then the
/// configuration.
fn order(
    asked: &New,
    namespaces: &[String],
    settings: &Settings,
    service: Option<&Service>,
) -> Result<Order, Refusal> {
    let strategy = match asked.strategy {
        Wanted::Rolling => Strategy::Rolling,
        Wanted::BlueGreen => Strategy::BlueGreen,
        Wanted::Canary => Strategy::Canary,
    };
    let main = service.and_then(Service::main_environment);
    let of = |environment: &Entry| environment.workload.value.namespace.to_string();
    let stage = |at: usize, name: &str| {
        let said = namespaces.get(at).cloned();
        let known = service.and_then(|service| service.environment(name)).map(of);
        said.or(known).unwrap_or_else(|| name.to_owned())
    };
    let one = |namespace: String, replicas| Environment { namespace, replicas };
    let shape = if asked.kustomize {
        let tried = TRIED_WITH.min(asked.replicas);
        Shape::Kustomize {
            dev: one(stage(0, "dev"), tried),
            staging: one(stage(1, "staging"), tried),
            production: one(stage(2, "production"), asked.replicas),
        }
    } else {
        let known = namespaces.first().cloned().or_else(|| main.map(of));
        Shape::Plain(one(known.unwrap_or_else(|| "default".to_owned()), asked.replicas))
    };
    let usual = &settings.guard.terms;
    let terms = main.map_or(usual, |main| main.guard.or(usual));
    let profile = profile_of(terms);
    let mut order = Order::new(strategy, &asked.name, Image::parse(&asked.image)?, shape);
    order.pace = Pace::of(&profile, terms);
    order.profile = Profile { server_minor: asked.server_minor, ..profile };
    order.terms = terms.clone();
    order.port = asked.port;
    order.metrics_port = asked.metrics_port;
    order.routing = routing(asked);
    let text = |stated: &Stated<SafeText>| stated.value.to_string();
    let said = &settings.metrics.prometheus;
    let known = || main.and_then(|main| main.metrics.prometheus.as_ref()).map(text);
    order.prometheus = match said.origin {
        Origin::Flag(_) => said.value.clone(),
        _ => known().or_else(|| said.value.clone()),
    };
    let owner = || service.and_then(|service| service.owner.as_ref()).map(text);
    order.owner = asked.owner.clone().or_else(owner);
    let runbook = || service.and_then(|service| service.runbook.as_ref()).map(text);
    order.runbook = asked.runbook.clone().or_else(runbook);
    if let Some(main) = main.filter(|main| !main.gate.set.is_empty()) {
        order.checks = Check::of_gate(&main.gate.value);
    } else if !settings.gate.origins.is_empty() {
        order.checks = Check::of_gate(&settings.gate.profile);
    }
    Ok(order)
}

fn routing(asked: &New) -> Routing {
    let Some(host) = asked.host.clone() else { return Routing::None };
    match &asked.gateway {
        None => Routing::Nginx { class: asked.ingress_class.clone(), host },
        Some(gateway) => match gateway.split_once('/') {
            None => Routing::Gateway { gateway: gateway.clone(), namespace: None, host },
            Some((namespace, gateway)) => Routing::Gateway {
                gateway: gateway.to_owned(),
                namespace: Some(namespace.to_owned()),
                host,
            },
        },
    }
}

/// All files as one stream of documents, each with its name.
fn documents(files: &[File]) -> String {
    let file = |file: &File| {
        let text = file.text.trim_start_matches("---\n");
        format!("---\n# {}\n{}\n", file.path, text.trim_end())
    };
    files.iter().map(file).collect()
}

/// Writes all files, or none: what stands there already is never touched.
fn write(base: &Path, files: &[File]) -> Result<(), Failure> {
    let broken = |path: &Path, error: &dyn std::fmt::Display| {
        failure(Exit::Undetermined, format!("write {}: {error}", path.display()))
    };
    let places: Vec<(PathBuf, &File)> =
        files.iter().map(|file| (base.join(&file.path), file)).collect();
    for (path, file) in &places {
        let inside = Path::new(&file.path).components().all(|c| matches!(c, Component::Normal(_)));
        if !inside {
            return Err(broken(path, &"it would be outside"));
        }
        if fs::symlink_metadata(path).is_ok() {
            let text = format!(
                "{} is there already: nothing was written; give another place by --out",
                path.display()
            );
            return Err(failure(Exit::Refused, text));
        }
    }
    for (path, file) in &places {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(|error| broken(directory, &error))?;
        }
        // Whoever came in between keeps what is theirs.
        let opened = OpenOptions::new().write(true).create_new(true).open(path);
        let mut opened = opened.map_err(|error| broken(path, &error))?;
        let written = opened.write_all(file.text.as_bytes()).and_then(|()| opened.sync_all());
        written.map_err(|error| broken(path, &error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> File {
        File { path: path.to_owned(), text: format!("# {path}\n") }
    }

    #[test]
    fn nothing_that_stands_there_is_touched_and_then_nothing_is_written() {
        let temp = tempfile::tempdir().unwrap();
        let base = temp.path().join("shop");
        let files = [file("a.yaml"), file("overlays/dev/b.yaml")];
        write(&base, &files).unwrap();
        assert_eq!(fs::read_to_string(base.join("overlays/dev/b.yaml")).unwrap(), files[1].text);
        fs::write(base.join("a.yaml"), "mine").unwrap();
        fs::remove_file(base.join("overlays/dev/b.yaml")).unwrap();
        let refused = write(&base, &files).unwrap_err();
        assert_eq!(refused.exit, Exit::Refused);
        assert!(refused.text.contains("a.yaml is there already"), "{}", refused.text);
        assert_eq!(fs::read_to_string(base.join("a.yaml")).unwrap(), "mine");
        assert!(!base.join("overlays/dev/b.yaml").exists());
        assert!(write(&base, &[file("../evil.yaml")]).is_err());
    }
}
