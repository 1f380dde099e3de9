//! The Kubernetes API of the world, without the wire: requests in, answers out.
//!
//! Pure: the same requests at the same instants get the same answers. Every refusal is Kubernetes'
//! own, in its words. Called by `serve` and by drills.

mod access;
mod audit;
mod body;
mod desk;
mod discovery;
mod fault;
mod place;
mod pod;
mod read;
mod refusals;
mod reply;
mod request;
mod rules;
mod schema;
mod table;
mod write;

use crate::sim::store::{Kind, Refusal};
use crate::sim::world::World;

pub(crate) use access::{Person, Rule};
pub(crate) use desk::Desk;
#[cfg(test)]
pub(crate) use fault::Faults;
pub(crate) use fault::{Cut, Failing, Trouble};
pub(crate) use pod::{Tail, prometheus};
pub(crate) use read::{Follow, Heard, wants_yaml};
pub(crate) use reply::{Content, Reply};
pub(crate) use request::Request;

use place::{Place, Target};

/// Bytes of a body from which on a request is refused.
pub(crate) const MOST_BYTES: usize = write::MOST_BYTES;

/// What a request gets.
#[derive(Debug)]
pub(crate) enum Answer {
    Reply(Reply),
    /// To be asked for more whenever something changed.
    Watch(Box<Follow>),
    /// The same, for a log.
    Log(Box<Tail>),
}

impl Answer {
    /// HTTP status.
    pub(crate) fn code(&self) -> u16 {
        match self {
            Self::Reply(reply) => reply.code,
            Self::Watch(_) | Self::Log(_) => 200,
        }
    }
}

/// Answers a request.
pub(crate) fn handle(world: &mut World, desk: &mut Desk, request: &Request) -> Answer {
    let place = place::of(request);
    let mut who = String::new();
    let answer = answer(world, desk, request, &place, &mut who);
    let answer = answer.unwrap_or_else(|refusal| Answer::Reply(Reply::refusal(&refusal)));
    if let Place::Objects(target) = &place {
        desk.audit.note(request, target, &who, answer.code(), world.now());
    }
    answer
}

fn answer(
    world: &mut World,
    desk: &mut Desk,
    request: &Request,
    place: &Place,
    who: &mut String,
) -> Result<Answer, Refusal> {
    let person = access::who(&desk.persons, request)?;
    access::name_of(person.as_ref()).clone_into(who);
    desk.faults.check(who, place, world.dice())?;
    if let Place::Objects(target) = place
        && !target.is_served()
        && !discovery::is_native(&target.group)
    {
        return Ok(Answer::Reply(Reply::nothing_here()));
    }
    access::authorize(person.as_ref(), place, request)?;
    if request.body.len() > MOST_BYTES {
        return Err(refusals::too_large(&format!("limit is {MOST_BYTES}")));
    }
    match (place, person) {
        (Place::Path(_), _) => discovery::answer(desk, request).map(Answer::Reply),
        (Place::Objects(target), Some(person)) if target.resource.starts_with("selfsubject") => {
            review(world, request, target, &person).map(Answer::Reply)
        }
        (Place::Objects(target), _) => objects(world, desk, request, target),
    }
}

/// What one may do oneself is asked by creating something that is not kept.
fn review(
    world: &World,
    request: &Request,
    target: &Target,
    person: &Person,
) -> Result<Reply, Refusal> {
    let kind = match target.resource.as_str() {
        "selfsubjectaccessreviews" => "SelfSubjectAccessReview",
        "selfsubjectrulesreviews" => "SelfSubjectRulesReview",
        "selfsubjectreviews" => "SelfSubjectReview",
        _ => return Err(refusals::no_such_path()),
    };
    if target.verb != "create" || !target.name.is_empty() {
        return Err(refusals::no_such_method());
    }
    let body = body::value(request, kind, &mut Vec::new())?;
    let answer = access::review(person, &target.resource, &body, world.now())?;
    Ok(Reply::new(201, answer))
}

fn objects(
    world: &mut World,
    desk: &Desk,
    request: &Request,
    target: &Target,
) -> Result<Answer, Refusal> {
    let Some(kind) = target.kind() else { return Err(refusals::no_such_path()) };
    let facts = kind.facts();
    let everywhere = facts.namespaced && target.namespace.is_empty();
    let misplaced = !facts.namespaced && kind != Kind::Namespace && !target.namespace.is_empty();
    if misplaced || (everywhere && !target.name.is_empty()) {
        return discovery::nowhere(facts.group).map(Answer::Reply);
    }
    if everywhere && target.verb == "create" {
        return if facts.custom {
            Ok(Answer::Reply(Reply::nothing_here()))
        } else {
            Err(refusals::no_such_method())
        };
    }
    if request.method == "HEAD" {
        return Err(refusals::no_such_method());
    }
    if !facts.custom && !matches!(target.subresource.as_str(), "log" | "proxy") {
        read::spoken(request)?;
    }
    match (kind, target.subresource.as_str()) {
        (_, "") => whole(world, desk, request, target, kind),
        (_, "status") if facts.status => status(world, request, target, kind),
        (_, "scale") if facts.scale => {
            write::scale(world, request, target, kind).map(Answer::Reply)
        }
        (Kind::Pod, "log") if target.verb == "get" => {
            pod::log(world, desk, request, target).map(|tail| Answer::Log(Box::new(tail)))
        }
        (Kind::Pod, "eviction") if target.verb == "create" => {
            pod::evict(world, request, target).map(Answer::Reply)
        }
        (Kind::Pod, "exec" | "attach" | "portforward") => {
            pod::unreachable(world, target).map(Answer::Reply)
        }
        (Kind::Service, "proxy") => pod::proxy(world, request, target).map(Answer::Reply),
        _ if facts.custom => Err(Refusal::not_found(&target.key(kind))),
        _ => Err(refusals::no_such_path()),
    }
}

/// A request for an object or a collection itself.
fn whole(
    world: &mut World,
    desk: &Desk,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Answer, Refusal> {
    let custom = kind.facts().custom;
    let reply = match (target.verb, target.name.is_empty()) {
        ("watch", _) => {
            let follow = read::watch(world, desk, request, target, kind)?;
            return Ok(Answer::Watch(Box::new(follow)));
        }
        ("list", _) => read::list(world, request, target, kind),
        ("get", false) => read::get(world, request, target, kind),
        ("create", named) if named || custom => write::create(world, request, target, kind),
        ("update", false) => write::update(world, request, target, kind),
        ("patch", false) => write::patch(world, request, target, kind),
        ("delete", false) => write::delete(world, request, target, kind),
        ("deletecollection", _) if kind != Kind::Namespace => {
            write::delete_collection(world, request, target, kind)
        }
        ("update" | "patch", true) if custom => Err(Refusal::bad_request("name must be provided")),
        (verb, _) if custom => Err(refusals::not_supported(verb, &target.group, &target.resource)),
        _ => Err(refusals::no_such_method()),
    };
    reply.map(Answer::Reply)
}

fn status(
    world: &mut World,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Answer, Refusal> {
    let reply = match target.verb {
        "get" => read::get(world, request, target, kind),
        "update" => write::update(world, request, target, kind),
        "patch" => write::patch(world, request, target, kind),
        verb if kind.facts().custom => {
            Err(refusals::not_supported(verb, &target.group, &target.resource))
        }
        _ => Err(refusals::no_such_method()),
    };
    reply.map(Answer::Reply)
}

#[cfg(test)]
mod tests;
