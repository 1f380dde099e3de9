//! From the settings to a session: connects, pins the context, finds out who we are.

use std::path::Path;

use crate::app::journal::SessionStamp;
use crate::app::session::{Environment, EnvironmentRule, Level, Mode, Scope, Session};
use crate::cluster::{self, Connection, Identity};
use crate::config::{Namespaces, Places, Reference, Settings};
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::environment::Environment as CatalogueEnvironment;
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;
use crate::web::Secret;

use super::state::{Guards, Journal};

/// The options of the connection, by the settings.
pub(super) fn options(settings: &Settings) -> cluster::Options {
    cluster::Options {
        kubeconfig: settings.kubeconfig.value.clone(),
        context: settings.context.value.clone(),
        environment: cluster::Environment::of_process(),
    }
}

/// The namespaces to watch in the cockpit. A context that names no namespace of its own means all
/// of them: who is on call wants to see what moves, wherever it is.
pub(super) fn scope(settings: &Settings, identity: &Identity) -> Scope {
    match &settings.namespaces.value {
        Namespaces::All => Scope::All,
        Namespaces::Named(names) => {
            Scope::Namespaces(names.iter().map(|n| SafeText::name(n)).collect())
        }
        Namespaces::OfContext if identity.namespace == "default" && !identity.in_cluster => {
            Scope::All
        }
        Namespaces::OfContext => Scope::Namespaces(vec![identity.namespace.clone()]),
    }
}

/// The session's fixed facts.
pub(super) fn session(
    settings: &Settings,
    connection: &Connection,
    scope: Scope,
    journal: &Journal,
    log: Option<&Path>,
    now: Timestamp,
) -> Session {
    let identity = connection.identity();
    let offset =
        if settings.utc.value { 0 } else { chrono::Local::now().offset().local_minus_utc() / 60 };
    Session {
        mode: if connection.is_drill() { Mode::Drill } else { Mode::Live },
        context: identity.context.clone(),
        cluster: identity.cluster.clone(),
        server: identity.server.clone(),
        user: identity.user.clone(),
        scope,
        read_only: settings.read_only.value,
        insecure: identity.insecure_tls,
        // A drill is flown as if it were production: that is what it is for.
        environments: settings
            .environments
            .iter()
            .filter(|_| !connection.is_drill())
            .map(|e| e.value.clone())
            .collect(),
        utc_offset_minutes: offset,
        started: now,
        log_path: log.map(|p| p.display().to_string()).unwrap_or_default().into(),
        journal_path: journal.place().into(),
    }
}

/// Environments of a catalogue, for what the configuration says nothing of. Where mistakes hurt
/// users in one of several that share a namespace, they do in all.
pub(super) fn environments(catalogue: &Catalogue) -> Vec<EnvironmentRule> {
    let grave = catalogue.environments().filter(|environment| environment.production.value);
    let other = catalogue.environments().filter(|environment| !environment.production.value);
    let rule = |environment: &CatalogueEnvironment| EnvironmentRule {
        environment: Environment {
            name: environment.name.value.clone(),
            level: if environment.production.value { Level::Production } else { Level::Lab },
        },
        contexts: environment.context.iter().map(|c| c.value.to_string()).collect(),
        namespaces: vec![environment.workload.value.namespace.to_string()],
    };
    grave.chain(other).map(rule).collect()
}

/// Who acts, for the journal.
pub(super) fn stamp(session: &Session) -> SessionStamp {
    let id = format!("{:x}-{:x}", session.started.timestamp_millis(), std::process::id());
    SessionStamp {
        id: id.into(),
        user: session.user.clone(),
        context: session.context.clone(),
        server: session.server.clone(),
    }
}

/// The journal's place. What was done in a drill is not on the record of real clusters.
pub(super) fn journal(places: &Places, drill: bool) -> Journal {
    let name = if drill { "drill-journal" } else { "journal" };
    Journal::new(places.state.as_ref().map(|state| state.join(name)))
}

/// Where guards are kept. Those of drills end with their cluster.
pub(super) fn guards(places: &Places, drill: bool) -> Guards {
    Guards::new(places.state.as_ref().filter(|_| !drill).map(|state| state.join("guards")))
}

/// Where a secret of the configuration is; nothing where the text itself stands there.
pub(super) fn secret(reference: &Reference) -> Option<Secret> {
    match reference {
        Reference::File(path) => Some(Secret::File(path.clone())),
        Reference::Variable(name) => Some(Secret::Variable(name.clone())),
        Reference::Text(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::catalogue::read;

    #[test]
    fn environments_of_a_catalogue_are_production_where_one_of_them_is() {
        let one = |name: &str, namespace: &str, more: &str| {
            format!(
                "  - name: {name}\n    type: critical_apis\n    risk: high\n    environments:\n      \
                 - name: live\n        namespace: {namespace}\n        workload: {{kind: Rollout, \
                 name: {name}}}\n{more}"
            )
        };
        let text = format!(
            "services:\n{}{}{}",
            one("a", "shop", "        production: false\n"),
            one("b", "shop", ""),
            one("c", "lab", "        context: kind-*\n        production: false\n"),
        );
        let loaded = read(Path::new("waveoff.yaml"), &text);
        assert!(loaded.faults.is_empty(), "{:?}", loaded.faults);
        let rules = environments(&loaded.catalogue);
        let of = |namespace: &str| {
            let found = rules.iter().find(|rule| rule.namespaces == [namespace.to_owned()]);
            found.map(|rule| (rule.environment.level, rule.contexts.clone()))
        };
        assert_eq!(of("shop"), Some((Level::Production, Vec::new())), "the first that fits counts");
        assert_eq!(of("lab"), Some((Level::Lab, vec!["kind-*".to_owned()])));
    }
}
