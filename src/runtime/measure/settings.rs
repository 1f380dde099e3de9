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

/// How to sign in: to the server that was named, and to those of the catalogue.
pub(in crate::runtime) fn sign_in(
    settings: &Settings,
    catalogue: &Catalogue,
    is_drill: bool,
) -> SignIn {
    if is_drill {
        return SignIn::default();
    }
    let of_catalogue = catalogue.environments().filter_map(|environment| {
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
    let mut access: BTreeMap<Address, Access> = of_catalogue.collect();
    let named = address(settings);
    if let Some(named) = &named {
        access.insert(named.clone(), self::access(&settings.metrics.sign_in));
    }
    SignIn { named, access }
}

/// Tokens of the catalogue that this program does not read.
pub(in crate::runtime) fn unread(catalogue: &Catalogue) -> Vec<String> {
    let token =
        catalogue.environments().filter_map(|environment| environment.metrics.token.as_ref());
    let unread = token.filter(|token| matches!(token.value, SecretRef::Secret { .. }));
    let said = unread.map(|token| {
        let (origin, words) = (&token.origin, token.value.words());
        format!("{origin}: no Secret is read ({words}): give the token as env:NAME or file:PATH")
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
