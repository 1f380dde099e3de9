//! The world over HTTP on loopback: the Kubernetes API by TLS with tokens, Prometheus in plain.
//!
//! The only part of this room that waits, listens or knows wall time. Starts nothing by itself: one
//! future drives every connection and the world, and whoever holds it decides where it runs. Called
//! by `runtime`.

mod certificate;
mod clock;
mod connection;
mod drive;
mod guard;
mod shared;
mod stage;
mod stream;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::api::{Desk, Person};
use super::control;
use super::drill::{Deed, Drill, DrillError, OPERATOR, PILOT, Play, Report, bare};
use super::traffic::Scripted;
use super::world::World;
use certificate::Identity;
pub use clock::Clock;
use shared::Shared;
use stage::Stage;

/// Why a simulation cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No port of this machine can be had.
    #[error("cannot listen on loopback: {0}")]
    Listen(#[from] io::Error),
    /// No key or certificate can be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(String),
    /// The world cannot be furnished.
    #[error("cannot furnish the world: {0}")]
    World(String),
    /// The drill's world cannot be built.
    #[error(transparent)]
    Drill(#[from] DrillError),
}

/// The pilot, who may do everything; a colleague, who may too; somebody who may only look.
fn persons() -> Result<Vec<Person>, ServeError> {
    Ok(vec![
        Person::with_all_rights(PILOT, &certificate::token()?),
        Person::with_all_rights(OPERATOR, &certificate::token()?),
        Person::with_eyes_only("viewer", &certificate::token()?),
    ])
}

/// How long the server's port is waited for.
const SETTLING: std::time::Duration = std::time::Duration::from_secs(5);

/// Pods that each node of a cluster takes that nobody has used yet.
const PODS_OF_A_NODE: u32 = 1_000;

/// What Prometheus answers for a series that is set by hand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// A number, or not a number.
    Number(f64),
    /// No series.
    Empty,
    /// The query fails.
    Error,
    /// The query takes longer than Prometheus waits.
    Slow,
    /// What the traffic says.
    Unset,
}

/// A simulated cluster that can be spoken to. Clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct Simulation {
    shared: Arc<Shared>,
    identity: Arc<Identity>,
    listeners: Arc<Mutex<Option<(TcpListener, TcpListener)>>>,
    api: SocketAddr,
    prometheus: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Simulation {
    /// A cluster that nobody has used yet, with nodes and every controller, on ports of its own. It
    /// answers once it runs.
    pub fn new(seed: u64, clock: Clock) -> Result<Self, ServeError> {
        let mut world = World::new(seed, clock.now(), control::all());
        bare(&mut world, PODS_OF_A_NODE).map_err(ServeError::World)?;
        Self::of(Stage::Alone(Box::new(world)), Desk::new(persons()?), clock)
    }

    /// The world of a drill, at the pilot's first second.
    ///
    /// # Errors
    ///
    /// As [`Simulation::new`]; and when the world cannot be built as the drill says.
    pub fn fly(drill: &Drill, seed: u64, clock: Clock) -> Result<Self, ServeError> {
        let play = Play::begin(drill, seed, clock.now())?;
        Self::of(Stage::Play(Box::new(play)), Desk::new(persons()?), clock)
    }

    /// A world that is there already, with its own persons.
    fn of(stage: Stage, mut desk: Desk, clock: Clock) -> Result<Self, ServeError> {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let (api, prometheus) = (listen()?, listen()?);
        let identity = Identity::new()?;
        let (api_address, prometheus_address) = (api.local_addr()?, prometheus.local_addr()?);
        desk.address = api_address.to_string();
        Ok(Self {
            shared: Arc::new(Shared::new(stage, desk, clock)),
            identity: Arc::new(identity),
            listeners: Arc::new(Mutex::new(Some((api, prometheus)))),
            api: api_address,
            prometheus: prometheus_address,
            stop: watch::Sender::new(false),
        })
    }

    /// Where the Kubernetes API is.
    pub fn api_address(&self) -> SocketAddr {
        self.api
    }

    /// Where Prometheus is, in plain HTTP.
    pub fn prometheus_address(&self) -> SocketAddr {
        self.prometheus
    }

    /// The certificate of the authority that signed the server's, as PEM.
    pub fn authority(&self) -> &str {
        &self.identity.authority
    }

    /// The same in DER.
    pub fn authority_der(&self) -> Vec<u8> {
        self.identity.authority_der.clone()
    }

    /// The names of everybody who is known.
    pub fn persons(&self) -> Vec<String> {
        self.shared.look(|_, desk| desk.persons.iter().map(|p| p.name.clone()).collect())
    }

    /// The token of somebody who is known.
    pub fn token(&self, person: &str) -> Option<String> {
        self.shared
            .look(|_, desk| desk.persons.iter().find(|p| p.name == person).map(|p| p.token.clone()))
    }

    /// A kubeconfig for somebody who is known.
    pub fn kubeconfig(&self, person: &str, namespace: &str) -> Option<String> {
        let token = self.token(person)?;
        Some(self.identity.kubeconfig(self.api, person, &token, namespace))
    }

    /// Does something to the world and its API, as drills and tests do, and tells everybody.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut World, &mut Desk) -> R) -> R {
        self.shared.change(change)
    }

    /// How the drill stands.
    pub fn report(&self) -> Option<Report> {
        self.shared.judge(Play::report)
    }

    /// Whether the drill is over; a world without one always is.
    pub fn is_over(&self) -> bool {
        self.shared.judge(Play::is_over).unwrap_or(true)
    }

    /// Lets the drill's own pilot act: its deeds come by [`Simulation::take_deeds`].
    pub fn hire_pilot(&self) {
        self.shared.direct(Play::hire_pilot);
    }

    /// What the pilot of the drill does now, each deed once.
    pub fn take_deeds(&self) -> Vec<Deed> {
        self.shared.direct(Play::take_deeds).unwrap_or_default()
    }

    /// Notes in the transcript that somebody could not do something.
    pub fn note(&self, who: &str, text: &str) {
        self.shared.direct(|play| play.note(who, text));
    }

    /// Sets by hand what Prometheus answers for a series from now on.
    pub fn set_metric(&self, name: &str, labels: &[(&str, &str)], given: Metric) {
        let given = match given {
            Metric::Number(number) => Scripted::Number(number),
            Metric::Empty => Scripted::Empty,
            Metric::Error => Scripted::Error,
            Metric::Slow => Scripted::Slow,
            Metric::Unset => Scripted::Unset,
        };
        self.with(|world, _| {
            let now = world.now();
            world.ground_mut().traffic.set_series(name, labels, now, given);
        });
    }

    /// Tells that the clock was moved. Without it that is noticed within 50 ms.
    pub fn nudge(&self) {
        self.shared.change(|_, _| ());
    }

    /// Waits until the server listens, or does not, as the drill has it by now; for a while, should
    /// somebody else have taken its port meanwhile.
    pub async fn settled(&self) {
        let away = self.shared.trouble().away;
        let mut listening = self.shared.listening.subscribe();
        let as_told = listening.wait_for(|listening| *listening != away);
        // Who asks next is told that nobody answers.
        let _ = tokio::time::timeout(SETTLING, as_told).await;
    }

    /// Answers everybody until it is stopped. Can run once.
    ///
    /// # Errors
    ///
    /// When it ran before, or its listeners cannot be used.
    pub async fn run(&self) -> Result<(), ServeError> {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((api, prometheus)) = listeners else {
            return Err(io::Error::other("it runs already, or ran").into());
        };
        let stopped = self.stop.subscribe();
        drive::run(&self.shared, &self.identity, api, prometheus, stopped).await?;
        Ok(())
    }

    /// Ends [`Simulation::run`], and with it every connection.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

#[cfg(test)]
pub(crate) mod tests;
