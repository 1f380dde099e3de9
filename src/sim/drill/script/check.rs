//! Whether a drill file makes sense as a whole: names that exist, verbs that are known, points that
//! add up.
//!
//! Never plays it. Called when a drill is read.

use std::collections::BTreeSet;

use super::condition::percent;
use super::event::{Condition, Event, Leak};
use super::file::{File, Strategy};
use super::right::Right;
use crate::sim::drill::deed::Verb;
use crate::sim::drill::scenery::{NODES, USUAL_TEMPLATES, of_service};

/// The form this program reads.
const SCHEMA: u32 = 1;

/// What is wrong, first things first.
pub(in crate::sim::drill) fn check(file: &File) -> Result<(), String> {
    if file.schema != SCHEMA {
        return Err(format!("schema is {}, this program reads {SCHEMA}", file.schema));
    }
    let known = Known::of(file)?;
    for service in &file.services {
        of_service(service, &service.version)
            .map_err(|problem| format!("service {}: {problem}", service.name))?;
        if service.strategy != Strategy::Canary && !service.steps.is_empty() {
            return Err(format!("service {}: only a canary has steps", service.name));
        }
        if service.replicas == 0 {
            return Err(format!("service {}: replicas must be at least 1", service.name));
        }
    }
    if let Some(opens) = &file.opens
        && !file.services.iter().any(|service| service.is_called(opens))
    {
        return Err(format!("opens: no service {opens:?}; write namespace/name"));
    }
    templates(file)?;
    for version in &file.versions {
        known.service(&version.service)?;
        for share in [&version.errors, &version.business] {
            is_share(share.as_deref())?;
        }
    }
    for event in &file.events {
        known.event(event)?;
    }
    goals(file, &known)?;
    for hint in &file.hints {
        known.happening(hint.since.as_deref())?;
    }
    for action in &file.pilot {
        known.service(&action.service)?;
        is_verb(&action.verb)?;
        if let Some(condition) = &action.when {
            known.condition(condition)?;
        }
    }
    Ok(())
}

/// Every analysis that a service names must be there.
fn templates(file: &File) -> Result<(), String> {
    let own = file.templates.iter().map(|template| template.name.as_str());
    let known: BTreeSet<&str> = own.chain(USUAL_TEMPLATES).collect();
    for service in &file.services {
        let steps = service.steps.iter().filter_map(|step| step.strip_prefix("analysis "));
        let steps = steps.flat_map(|names| names.split(',')).map(str::trim);
        let beside = service.background.iter().chain(&service.after_switch).map(String::as_str);
        if let Some(unknown) = steps.chain(beside).find(|name| !known.contains(name)) {
            return Err(format!("service {}: no template {unknown:?}", service.name));
        }
    }
    Ok(())
}

fn goals(file: &File, known: &Known<'_>) -> Result<(), String> {
    for goal in &file.goals {
        known.happening(goal.since.as_deref())?;
        let title = &goal.title;
        match (&goal.reach, &goal.never) {
            (Some(condition), None) | (None, Some(condition)) => known.condition(condition)?,
            (Some(_), Some(_)) => return Err(format!("goal {title:?}: reach or never, not both")),
            (None, None) => return Err(format!("goal {title:?}: neither reach nor never")),
        }
    }
    let points: u32 = file.goals.iter().map(|goal| goal.points).sum();
    if !file.goals.is_empty() && points != 100 {
        return Err(format!("the points of all goals are {points}, not 100"));
    }
    Ok(())
}

fn is_verb(word: &str) -> Result<(), String> {
    Verb::named(word).map(drop).ok_or_else(|| format!("{word:?} is no verb"))
}

fn is_share(text: Option<&str>) -> Result<(), String> {
    match text {
        Some(text) if percent(text).is_none() => Err(format!("{text:?} is no share: write 2.5%")),
        _ => Ok(()),
    }
}

/// The names that a file may use.
struct Known<'f> {
    services: BTreeSet<&'f str>,
    events: BTreeSet<&'f str>,
}

impl<'f> Known<'f> {
    fn of(file: &'f File) -> Result<Self, String> {
        let mut services = BTreeSet::new();
        for service in &file.services {
            if !services.insert(service.name.as_str()) {
                return Err(format!("service {} is there twice", service.name));
            }
        }
        let mut events = BTreeSet::new();
        for name in file.events.iter().filter_map(|event| event.name.as_deref()) {
            if !events.insert(name) {
                return Err(format!("event {name} is there twice"));
            }
        }
        Ok(Self { services, events })
    }

    fn service(&self, name: &str) -> Result<(), String> {
        let known = self.services.contains(name);
        known.then_some(()).ok_or_else(|| format!("no service {name:?}"))
    }

    fn happening(&self, name: Option<&str>) -> Result<(), String> {
        match name {
            Some(name) if !self.events.contains(name) => Err(format!("no event {name:?}")),
            _ => Ok(()),
        }
    }

    fn condition(&self, condition: &Condition) -> Result<(), String> {
        if let Some(service) = &condition.service {
            self.service(service)?;
        } else if condition.event.is_none() {
            return Err("a condition names neither a service nor an event".to_owned());
        }
        self.happening(condition.event.as_deref())?;
        if let Some(word) = &condition.pilot {
            is_verb(word)?;
        }
        for share in [&condition.at_most, &condition.at_least] {
            is_share(share.as_deref())?;
        }
        let limits = condition.at_most.is_some() || condition.at_least.is_some();
        if condition.share_of.is_some() != limits {
            return Err("share-of goes with at-most or at-least".to_owned());
        }
        Ok(())
    }

    fn event(&self, event: &Event) -> Result<(), String> {
        if let Some(condition) = &event.when {
            self.condition(condition)?;
        }
        let named = [
            event.release.as_ref().map(|r| &r.service),
            event.requests.as_ref().map(|r| &r.service),
            event.router.as_ref().map(|r| &r.service),
            event.operator.as_ref().map(|r| &r.service),
            event.scale.as_ref().map(|r| &r.service),
        ];
        for service in named.into_iter().flatten() {
            self.service(service)?;
        }
        if let Some(requests) = &event.requests {
            for share in [&requests.errors, &requests.business] {
                is_share(share.as_deref())?;
            }
            let grows = |leak: &Leak| leak.slower >= 0.0 && leak.memory >= 0.0;
            if requests.leak.as_ref().is_some_and(|leak| !grows(leak)) {
                return Err("a leak only adds: write slower = 2.0, memory = 30.0".to_owned());
            }
        }
        if let Some(lie) = &event.router {
            is_share(lie.really.as_deref())?;
        }
        if let Some(deed) = &event.operator {
            is_verb(&deed.verb)?;
        }
        if let Some(node) = &event.node
            && !NODES.iter().any(|(name, _)| *name == node.name)
        {
            return Err(format!("no node {:?}", node.name));
        }
        for right in [&event.deny, &event.allow].into_iter().flatten() {
            if Right::of(right).is_none() {
                return Err(format!(
                    "{right:?} is no right: write `patch rollouts/status`, with a namespace after \
                     it or without"
                ));
            }
        }
        Ok(())
    }
}
