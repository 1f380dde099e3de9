//! From the configuration to what is measured and how servers are signed in to.
//!
//! A drill takes nothing of it: its templates name its own server.

use crate::app::metrics::{Candidate, Settings as Measuring};
use crate::config::{Reference, Settings, SignInRule};
use crate::domain::measure::address::Address;
use crate::prom::Access;
use crate::runtime::connect::secret;

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

/// How to sign in.
pub(in crate::runtime) fn sign_in(settings: &Settings, is_drill: bool) -> SignIn {
    if is_drill {
        return SignIn::default();
    }
    SignIn { address: address(settings), access: access(&settings.metrics.sign_in) }
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
