//! Plays a drill: lets happen what the file says, keeps the clocks of the goals and the transcript.
//!
//! Looks at the world only when something changed or is due. Called by [`super::Play`].

use std::sync::Arc;

use super::deed::{self, Verb};
use super::goal::{Goal, State};
use super::scenery::operator;
use super::scenery::requests::{self, Standing};
use super::script::{Action, ApiEvent, Condition, Event, Facts, File, Right, Schedule, Service};
use super::sight;
use super::transcript::{Line, Who, difference};
use super::{OPERATOR, PILOT};
use crate::sim::store::Change;
use crate::sim::time::{Moment, Span};
use crate::sim::world::World;

/// What happens to the API server, which is not part of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    Api(ApiEvent),
    /// A right is taken from the pilot.
    Deny(Right),
    /// It is given back.
    Allow(Right),
}

/// What the pilot does next in a headless play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// A verb as on the command line.
    pub verb: String,
    /// Name of the workload.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The tag to go back to, when it is not the program's own choice.
    pub to: Option<String>,
}

/// Rounds in which one thing may lead to another at one instant.
const MOST_ROUNDS: u32 = 50;

/// A drill in play.
#[derive(Debug)]
pub(super) struct Director {
    file: Arc<File>,
    services: Vec<Service>,
    start: Moment,
    events: Vec<(Event, Schedule)>,
    pilot: Vec<(Action, Schedule)>,
    hints: Vec<(String, Schedule)>,
    goals: Vec<Goal>,
    /// What is wrong with the requests by script.
    standing: Standing,
    facts: Facts,
    lines: Vec<Line>,
    orders: Vec<Order>,
    deeds: Vec<Deed>,
    /// Version of the world and instant that were looked at last.
    seen: u64,
    looked: Moment,
    over: Option<Moment>,
}

impl Director {
    pub(super) fn new(file: Arc<File>, start: Moment) -> Self {
        let events = file.events.iter().map(|event| {
            let schedule = Schedule::new(event.at, event.when.as_ref(), event.after, start);
            (event.clone(), schedule)
        });
        let hints = file.hints.iter().map(|hint| {
            let since = hint
                .since
                .as_ref()
                .map(|event| Condition { event: Some(event.clone()), ..Condition::default() });
            (hint.text.clone(), Schedule::new(None, since.as_ref(), Some(hint.after), start))
        });
        Self {
            services: file.services.clone(),
            start,
            events: events.collect(),
            pilot: Vec::new(),
            hints: hints.collect(),
            goals: file.goals.iter().cloned().map(Goal::new).collect(),
            standing: Standing::default(),
            facts: Facts::default(),
            lines: Vec::new(),
            orders: Vec::new(),
            deeds: Vec::new(),
            seen: 0,
            looked: Moment::MIN_UTC,
            over: None,
            file,
        }
    }

    /// Lets a pilot of a script act.
    pub(super) fn hire(&mut self, pilot: Vec<Action>) {
        let start = self.start;
        let acts = pilot.into_iter().map(|action| {
            let schedule = Schedule::new(action.at, action.when.as_ref(), action.after, start);
            (action, schedule)
        });
        self.pilot.extend(acts);
    }

    /// When it must look again, even if nothing changes.
    pub(super) fn due(&self) -> Option<Moment> {
        let schedules = self.events.iter().map(|(_, s)| s).chain(self.pilot.iter().map(|(_, s)| s));
        let schedules = schedules.chain(self.hints.iter().map(|(_, s)| s));
        let end = self.over.is_none().then(|| self.end());
        // A limit that has passed is no reason to look again: its goal can still be reached.
        let limits = self.goals.iter().filter_map(Goal::due).filter(|due| *due > self.looked);
        schedules.filter_map(Schedule::due).chain(limits).chain(end).min()
    }

    /// When the drill ends, at the latest.
    pub(super) fn end(&self) -> Moment {
        self.start + self.file.length.0
    }

    /// Whether there is anything to look at: something is due, or changed.
    pub(super) fn is_due(&self, world: &World) -> bool {
        world.store().version() != self.seen || self.due().is_some_and(|due| due <= world.now())
    }

    /// Lets happen what is due, and takes in what changed.
    pub(super) fn look(&mut self, world: &mut World) {
        for _ in 0..MOST_ROUNDS {
            self.take_in(world);
            let now = world.now();
            for (_, schedule) in &mut self.events {
                schedule.look(&self.facts, now);
            }
            let due: Vec<Event> = self
                .events
                .iter_mut()
                .filter_map(|(event, schedule)| schedule.take(now).then(|| event.clone()))
                .collect();
            if due.is_empty() {
                break;
            }
            for event in due {
                self.happen(world, &event);
            }
        }
        self.judge(world.now());
        self.advise(world.now());
        self.steer(world.now());
        self.finish(world.now());
        self.looked = world.now();
    }

    /// Sees what changed since it looked last.
    fn take_in(&mut self, world: &World) {
        let now = world.now();
        self.seen = world.store().version();
        for service in &self.services {
            let sight = sight::of(world, service);
            let before = self.facts.services.get(&service.name);
            if before == Some(&sight) {
                continue;
            }
            if now >= self.start
                && let Some(before) = before
                && let Some(text) = difference(before, &sight)
            {
                let who = Who::Service(service.name.clone());
                self.lines.push(Line { at: now - self.start, who, text });
            }
            self.facts.services.insert(service.name.clone(), sight);
        }
    }

    fn happen(&mut self, world: &mut World, event: &Event) {
        let mut told = Vec::new();
        self.releases(world, event, &mut told);
        self.conditions_of_the_ground(world, event, &mut told);
        self.order(event, &mut told);
        for text in told {
            self.say(world.now(), Who::Story, text);
        }
        if let Some(text) = &event.tell {
            self.say(world.now(), Who::Page, text.clone());
        }
        if let Some(name) = &event.name {
            self.facts.events.insert(name.clone());
        }
    }

    fn releases(&mut self, world: &mut World, event: &Event, told: &mut Vec<String>) {
        if let Some(release) = &event.release
            && let Some(service) = self.service(&release.service).cloned()
        {
            let done = operator::release(world, &service, &release.tag);
            told.push(outcome(format!("{} {} is released", service.name, release.tag), &done));
        }
        if let Some(scale) = &event.scale
            && let Some(service) = self.service(&scale.service).cloned()
        {
            let done = operator::scale(world, &service, scale.replicas);
            told.push(outcome(format!("{} is scaled to {}", service.name, scale.replicas), &done));
        }
        if let Some(deed) = &event.operator
            && let Some(service) = self.service(&deed.service).cloned()
            && let Some(verb) = Verb::named(&deed.verb)
        {
            let done = operator::act(world, &service, verb, deed.to.as_deref());
            let text = outcome(format!("{} {}", verb.word(), service.name), &done);
            self.say(world.now(), Who::Person(OPERATOR.into()), text);
        }
    }

    fn conditions_of_the_ground(
        &mut self,
        world: &mut World,
        event: &Event,
        told: &mut Vec<String>,
    ) {
        if let Some(requests) = &event.requests
            && let Some(service) = self.service(&requests.service).cloned()
        {
            told.push(self.standing.change(world, &service, requests));
        }
        if let Some(lie) = &event.router
            && let Some(service) = self.service(&lie.service).cloned()
        {
            told.push(self.standing.lie(world, &service, lie));
        }
        if let Some(node) = &event.node {
            told.push(self.standing.node(world, node));
        }
        if let Some(prometheus) = event.prometheus {
            told.push(requests::prometheus(world, prometheus));
        }
        if let Some(text) = &event.scheduling {
            world.ground_mut().faults.scheduling.clone_from(text);
            told.push(match text.as_str() {
                "" => "pods can be scheduled again".to_owned(),
                text => format!("no pod can be scheduled: {text}"),
            });
        }
    }

    fn order(&mut self, event: &Event, told: &mut Vec<String>) {
        if let Some(api) = event.api {
            told.push(format!("the API server: {}", words(api)));
            self.orders.push(Order::Api(api));
        }
        if let Some(right) = event.deny.as_deref().and_then(Right::of) {
            told.push(format!("the pilot may no longer {right}"));
            self.orders.push(Order::Deny(right));
        }
        if let Some(right) = event.allow.as_deref().and_then(Right::of) {
            told.push(format!("the pilot may {right} again"));
            self.orders.push(Order::Allow(right));
        }
    }

    /// A person changed an object through the API.
    pub(super) fn heard(&mut self, person: &str, change: &Change) {
        let Some(before) = &change.before else { return };
        let of = |service: &&Service| operator::key(service) == change.key;
        let Some(service) = self.services.iter().find(of) else { return };
        let Some(verb) = deed::between(before, &change.object) else { return };
        let name = service.name.clone();
        let text = format!("{} {name}", verb.word());
        self.say(change.at, Who::Person(person.to_owned()), text);
        if person == PILOT {
            self.facts.deeds.insert((name, verb));
        }
    }

    fn judge(&mut self, now: Moment) {
        if self.over.is_some() || now < self.start {
            return;
        }
        let mut told = Vec::new();
        for goal in &mut self.goals {
            if !goal.look(&self.facts, now) {
                continue;
            }
            let title = &goal.told.title;
            match &goal.state {
                State::Reached { took } => {
                    let late = goal.told.within.is_some_and(|within| *took > within.0);
                    let late = if late { ", too late" } else { "" };
                    told.push(format!("reached after {}{late}: {title}", seconds(*took)));
                }
                State::Lost { .. } => told.push(format!("lost: {title}")),
                State::Waiting | State::Running { .. } | State::Kept => {}
            }
        }
        for text in told {
            self.say(now, Who::Referee, text);
        }
    }

    fn advise(&mut self, now: Moment) {
        let mut told = Vec::new();
        for (text, schedule) in &mut self.hints {
            schedule.look(&self.facts, now);
            if schedule.take(now) && self.over.is_none() {
                told.push(format!("hint: {text}"));
            }
        }
        for text in told {
            self.say(now, Who::Page, text);
        }
    }

    fn steer(&mut self, now: Moment) {
        for (action, schedule) in &mut self.pilot {
            schedule.look(&self.facts, now);
            if !schedule.take(now) {
                continue;
            }
            let service = self.services.iter().find(|s| s.name == action.service);
            self.deeds.push(Deed {
                verb: action.verb.clone(),
                service: action.service.clone(),
                namespace: service.map(|s| s.namespace.clone()).unwrap_or_default(),
                to: action.to.clone(),
            });
        }
    }

    /// Ends the drill when its time is up, or when nothing is left to be won.
    fn finish(&mut self, now: Moment) {
        if self.over.is_some() {
            return;
        }
        let open = self.goals.iter().any(|goal| !goal.is_decided());
        let scripted = self.events.iter().any(|(_, schedule)| !schedule.is_done());
        let done = !open && !scripted && !self.goals.is_empty();
        if now >= self.end() || done {
            self.goals.iter_mut().for_each(|goal| goal.close(now));
            self.over = Some(now);
            let (points, pass) = (self.points(), self.file.pass);
            let verdict = if points >= pass { "passed" } else { "not passed" };
            self.say(now, Who::Referee, format!("over: {points} of 100 points, {verdict}"));
        }
    }

    /// Notes a line.
    pub(super) fn say(&mut self, at: Moment, who: Who, text: String) {
        if at >= self.start {
            self.lines.push(Line { at: at - self.start, who, text });
        }
    }

    fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Points so far.
    pub(super) fn points(&self) -> u32 {
        self.goals.iter().map(Goal::points).sum()
    }

    pub(super) fn over(&self) -> Option<Moment> {
        self.over
    }

    pub(super) fn start(&self) -> Moment {
        self.start
    }

    pub(super) fn goals(&self) -> &[Goal] {
        &self.goals
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What must be done to the API server, once.
    pub(super) fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }

    /// What the pilot does now, once.
    pub(super) fn take_deeds(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.deeds)
    }
}

fn outcome(text: String, done: &Result<(), String>) -> String {
    match done {
        Ok(()) => text,
        Err(problem) => format!("{text}: failed: {problem}"),
    }
}

fn seconds(span: Span) -> String {
    let tenths = span.num_milliseconds() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

fn words(api: ApiEvent) -> &'static str {
    match api {
        ApiEvent::Away => "refuses connections",
        ApiEvent::Frozen => "takes connections and never answers",
        ApiEvent::Slow => "is slow",
        ApiEvent::Busy => "is too busy",
        ApiEvent::Failing => "cannot reach its storage",
        ApiEvent::Starting => "is only just starting",
        ApiEvent::Expired => "no longer knows the pilot's token",
        ApiEvent::Back => "is back",
        ApiEvent::CutWatches => "cuts all watches",
        ApiEvent::ForgetHistory => "forgets its history",
    }
}
