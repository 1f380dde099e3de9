//! From the configuration to what is measured and how servers are signed in to.
//!
//! A drill takes nothing of it: its templates name its own server.

use std::collections::BTreeMap;

use crate::app::metrics::{Candidate, Settings as Measuring};
use crate::config::{Reference, Settings, SignInRule};
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::environment::SecretRef;
use crate::domain::measure::address::Address;
use crate::prom::Access;
use crate::runtime::connect::secret;
use crate::web::Secret;

use super::SignIn;

/// What is measured in this session.
pub(in crate::runtime) fn measuring(settings: &Settings, is_drill: bool) -> Measuring {
    if is_drill {
        return Measuring { on: settings.metrics.on.value, ..Measuring::default() };
    }
    let named = address(settings).map(|address| Candidate {
        address,
        said_by: settings.metrics.prometheus.origin.to_string().into(),
        is_order: true,
    });
    let queries = settings.metrics.queries.iter().map(|query| query.value.clone()).collect();
    Measuring { on: settings.metrics.on.value, named, queries }
}

/// How to sign in: to the server that was named, and to those of a catalogue that was named too.
pub(in crate::runtime) fn sign_in(
    settings: &Settings,
    catalogue: Option<&Catalogue>,
    is_drill: bool,
) -> SignIn {
    if is_drill {
        return SignIn::default();
    }
    let mut access = catalogue.map(tokens).unwrap_or_default();
    let named = address(settings);
    if let Some(named) = &named {
        access.insert(named.clone(), self::access(&settings.metrics.sign_in));
    }
    SignIn { named, access }
}

/// The tokens of a catalogue, each for the server beside it.
fn tokens(catalogue: &Catalogue) -> BTreeMap<Address, Access> {
    let tokens = catalogue.environments().filter_map(|environment| {
        let metrics = &environment.metrics;
        let namespace = Some(environment.workload.value.namespace.as_str());
        let address = Address::parse(&metrics.prometheus.as_ref()?.value, namespace).ok()?;
        let bearer = match &metrics.token.as_ref()?.value {
            SecretRef::Variable(name) => Secret::Variable(name.to_string()),
            SecretRef::File(path) => Secret::File(path.as_str().into()),
            // Said when the catalogue was taken: no Secret is read.
            SecretRef::Secret { .. } => return None,
        };
        Some((address, Access { bearer: Some(bearer), ..Access::default() }))
    });
    tokens.collect()
}

/// Why tokens of the catalogue are not sent. A file that lies where somebody happens to be may name
/// any server and any secret of this machine: it is believed in that only when a person named it.
pub(in crate::runtime) fn unsent(catalogue: &Catalogue, is_named: bool) -> Vec<String> {
    let tokens =
        catalogue.environments().filter_map(|environment| environment.metrics.token.as_ref());
    let said = tokens.filter_map(|token| {
        let why = match token.value {
            SecretRef::Secret { .. } => "no Secret is read: give it as env:NAME or file:PATH",
            _ if !is_named => "only a catalogue that --catalogue names may send a token",
            _ => return None,
        };
        Some(format!("{}: {} is not sent: {why}", token.origin, token.value.words()))
    });
    said.collect()
}

/// It was looked at when the settings were loaded.
fn address(settings: &Settings) -> Option<Address> {
    Address::parse(settings.metrics.prometheus.value.as_ref()?, None).ok()
}

fn access(rule: &SignInRule) -> Access {
    let mut access = Access {
        bearer: rule.bearer.as_ref().and_then(secret),
        ca_file: rule.ca_file.clone(),
        ..Access::default()
    };
    if let (Some(user), Some(password)) = (&rule.user, &rule.password) {
        access.basic = secret(password).map(|password| (user.clone(), password));
    }
    for (name, value) in &rule.headers {
        match value {
            Reference::Text(text) => access.plain.push((name.clone(), text.clone())),
            reference => access.headers.extend(secret(reference).map(|s| (name.clone(), s))),
        }
    }
    access
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::catalogue::read;

    #[test]
    fn a_token_is_sent_to_its_own_server_and_only_for_a_catalogue_that_was_named() {
        let environment = |name: &str, token: &str| {
            format!(
                "      - name: {name}\n        namespace: {name}\n        \
                 workload: {{kind: Rollout, name: pay}}\n        \
                 metrics: {{prometheus: \"https://{name}.example.com\", token: \"{token}\"}}\n"
            )
        };
        let text = format!(
            "services:\n  - name: pay\n    type: critical_apis\n    risk: high\n    \
             environments:\n{}{}",
            environment("one", "env:TOKEN"),
            environment("two", "secret:prom/token"),
        );
        let loaded = read(Path::new("waveoff.yaml"), &text);
        assert!(loaded.faults.is_empty(), "{:?}", loaded.faults);
        let tokens = tokens(&loaded.catalogue);
        let urls: Vec<&str> = tokens.keys().map(|address| address.url.as_str()).collect();
        assert_eq!(urls, ["https://one.example.com"]);
        let named = unsent(&loaded.catalogue, true);
        assert_eq!(named.len(), 1);
        assert!(named[0].contains("secret:prom/token is not sent"), "{named:?}");
        let found = unsent(&loaded.catalogue, false);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("env:TOKEN is not sent: only a catalogue"), "{found:?}");
    }
}
