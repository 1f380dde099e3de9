//! The keys of a guard profile: limits and times that a guard is armed with.
//!
//! Never reads a file. Called by whoever reads profiles or shows them.

use super::{Bounds, GRID, Slot, Values, WEEK};
use crate::domain::guard::rule::Terms;
use crate::domain::text::SafeText;

/// Samples over a limit.
const SAMPLES: Bounds =
    Bounds { least: 1, most: 100, wanted: "it is a number of samples from 1 to 100" };

/// Terms while they are read: the query and its least value are keys of their own, and one of them
/// may be written over what a profile has.
#[derive(Debug)]
pub(in crate::config) struct Draft {
    terms: Terms,
    query: Option<SafeText>,
    least: Option<f64>,
}

impl From<Terms> for Draft {
    fn from(mut terms: Terms) -> Self {
        let (query, least) = terms.business.take().unzip();
        Self { terms, query, least }
    }
}

impl Values for Terms {
    type Draft = Draft;

    fn slots(Draft { terms, query, least }: &mut Draft) -> Vec<(&'static str, Slot<'_>)> {
        vec![
            ("errors", Slot::Share(&mut terms.errors)),
            ("errors_for", Slot::Span(&mut terms.errors_for, WEEK)),
            ("p99", Slot::Span(&mut terms.latency, WEEK)),
            ("p99_for", Slot::Span(&mut terms.latency_for, WEEK)),
            ("healthy", Slot::Share(&mut terms.healthy)),
            ("healthy_for", Slot::Span(&mut terms.healthy_for, WEEK)),
            ("business", Slot::Query(query)),
            ("business_least", Slot::Least(least)),
            ("business_for", Slot::Span(&mut terms.business_for, WEEK)),
            ("fast", Slot::Truth(&mut terms.fast)),
            ("consecutive", Slot::Count(&mut terms.consecutive, SAMPLES)),
            ("every", Slot::Span(&mut terms.every, GRID)),
            ("pods_every", Slot::Span(&mut terms.pods_every, GRID)),
            ("least_requests", Slot::Requests(&mut terms.least_requests)),
            ("grace", Slot::Span(&mut terms.grace, WEEK)),
            ("expires", Slot::Span(&mut terms.expires, WEEK)),
        ]
    }

    fn done(Draft { terms, query, least }: Draft) -> Result<Self, &'static str> {
        let business = match (query, least) {
            (None, None) => None,
            (Some(query), Some(least)) => Some((query, least)),
            (Some(_), None) => return Err("business_least"),
            (None, Some(_)) => return Err("business"),
        };
        Ok(Self { business, ..terms })
    }
}
