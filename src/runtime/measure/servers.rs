//! The servers that are asked: the way to each, its clock, and the search for one.
//!
//! A server inside the cluster is asked through the API server, so that whoever can look at the
//! cluster can look at its metrics. Sign-in goes only to the server that was named with it: an
//! address that an object of the cluster names is never shown a token.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::app::metrics::{Candidate, NOBODY};
use crate::app::msg::Elements;
use crate::cluster::measure::{NotThrough, through};
use crate::cluster::{self, Connection};
use crate::domain::measure::address::{Address, ServicePort};
use crate::domain::text::SafeText;
use crate::domain::time::Span;
use crate::prom::{Access, Carried, Carrier, Hello, NotCarried, Server};

use crate::runtime::clock::Clock;

/// How to sign in, and where.
#[derive(Debug, Clone, Default)]
pub(in crate::runtime) struct SignIn {
    /// The server that the session was given.
    pub(in crate::runtime) named: Option<Address>,
    /// The secrets of servers, by reference.
    pub(in crate::runtime) access: BTreeMap<Address, Access>,
}

/// A server and how far its clock is ahead of ours.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The way to it.
    pub(super) server: Server,
    /// Its clock minus ours.
    pub(super) ahead: Span,
}

/// The servers.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Servers {
    connection: Arc<Connection>,
    sign_in: Arc<SignIn>,
    known: Arc<Mutex<BTreeMap<Address, Known>>>,
    bell: Bell,
}

impl Servers {
    pub(in crate::runtime) fn new(connection: Arc<Connection>, sign_in: SignIn) -> Self {
        let bell = Bell::default();
        Self { connection, sign_in: Arc::new(sign_in), known: Arc::default(), bell }
    }

    pub(in crate::runtime) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// A server, when it was found.
    pub(super) fn known(&self, address: &Address) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(address).cloned()
    }

    pub(super) fn retry_now(&self) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().for_each(|known| known.server.retry_now());
        self.bell.ring();
    }

    /// Hears when a person asks for everything again.
    pub(super) fn ear(&self) -> Ear {
        self.bell.ear()
    }

    /// The way to a server.
    pub(in crate::runtime) fn way(&self, address: &Address) -> Result<Server, SafeText> {
        let in_cluster = self.connection.identity().in_cluster;
        match &address.service {
            Some(service) if !in_cluster => {
                let connection = Arc::clone(&self.connection);
                let path = address.path.to_string();
                let carrier = Arc::new(Proxy { connection, service: service.clone(), path });
                Ok(Server::carried(carrier, &address.url))
            }
            _ if self.connection.is_drill() => {
                Err(format!("{}: a drill asks its own cluster and nobody else", address.url).into())
            }
            _ => {
                let access = self.sign_in.access.get(address).cloned().unwrap_or_default();
                Server::direct(&address.url, &access).map_err(|error| error.to_string().into())
            }
        }
    }

    /// The way to the server that a person named; nothing where nobody did.
    pub(in crate::runtime) fn named(&self) -> Option<Result<Server, SafeText>> {
        self.sign_in.named.as_ref().map(|address| self.way(address))
    }

    /// The first of these that answers; else, unless a person named one, one that the cluster has.
    pub(super) async fn find(
        &self,
        candidates: Vec<Candidate>,
        clock: &Clock,
    ) -> Result<Candidate, SafeText> {
        let mut why: Option<SafeText> = None;
        let ordered = candidates.iter().any(|candidate| candidate.is_order);
        for candidate in candidates {
            match self.greet(&candidate.address, clock).await {
                Ok(()) => return Ok(candidate),
                Err(text) => {
                    let text = format!("{text} (named by {})", candidate.said_by);
                    why.get_or_insert(text.into());
                }
            }
        }
        if let Some(why) = why.take_if(|_| ordered) {
            return Err(why);
        }
        let services = match cluster::measure::prometheus_services(&self.connection).await {
            Ok(services) => services,
            Err(error) => return Err(why.unwrap_or_else(|| error.to_string().into())),
        };
        for service in services {
            let said_by = format!("service {}/{}", service.namespace, service.name).into();
            let address = Address::of_service(service);
            match self.greet(&address, clock).await {
                Ok(()) => return Ok(Candidate { address, said_by, is_order: false }),
                Err(text) => {
                    why.get_or_insert(text);
                }
            }
        }
        Err(why.unwrap_or_else(|| NOBODY.into()))
    }

    /// Asks a server for its time, and remembers it.
    async fn greet(&self, address: &Address, clock: &Clock) -> Result<(), SafeText> {
        if self.known(address).is_some() {
            return Ok(());
        }
        let server = self.way(address)?;
        let hello = server.hello().await.map_err(|error| SafeText::from(error.to_string()))?;
        let ahead = ahead(&hello, clock);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(address.clone(), Known { server, ahead });
        Ok(())
    }

    /// Asks a server these once; all that they give together.
    pub(super) async fn explore(
        &self,
        address: &Address,
        queries: &[String],
    ) -> Result<Elements, SafeText> {
        let mut all = Elements::new();
        for query in queries {
            all.extend(self.ask_once(address, query).await?);
        }
        Ok(all)
    }

    /// Asks a server this once.
    pub(super) async fn ask_once(
        &self,
        address: &Address,
        query: &str,
    ) -> Result<Elements, SafeText> {
        let Some(known) = self.known(address) else {
            return Err(format!("{} was not found yet", address.url).into());
        };
        let elements = known.server.explore(query).await;
        let elements = elements.map_err(|error| SafeText::from(error.to_string()))?;
        Ok(elements.into_iter().map(|element| (element.labels, element.value)).collect())
    }
}

/// Rings when a person asks for everything again. Who is busy meanwhile hears it afterwards.
#[derive(Debug, Clone, Default)]
struct Bell(watch::Sender<()>);

impl Bell {
    fn ring(&self) {
        self.0.send_replace(());
    }

    fn ear(&self) -> Ear {
        Ear(self.0.subscribe())
    }
}

/// Hears the bell.
pub(super) struct Ear(watch::Receiver<()>);

impl Ear {
    /// What rang until now is answered by what is done next.
    pub(super) fn listen(&mut self) {
        self.0.mark_unchanged();
    }

    /// Until so much time has passed, or the bell has rung since [`Self::listen`]; whether it has.
    pub(super) async fn rest(&mut self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => false,
            Ok(()) = self.0.changed() => true,
        }
    }
}

/// How far a server's clock is ahead of ours, when it has just said hello.
pub(super) fn ahead(hello: &Hello, clock: &Clock) -> Span {
    hello.now + Span::from_std(hello.took / 2).unwrap_or_default() - clock.now()
}

/// The API server's Service proxy.
#[derive(Debug)]
struct Proxy {
    connection: Arc<Connection>,
    service: ServicePort,
    path: String,
}

impl Carrier for Proxy {
    fn get(
        &self,
        path_and_query: String,
        most: usize,
        within: Duration,
    ) -> BoxFuture<'_, Result<Carried, NotCarried>> {
        async move {
            let path = format!("{}{path_and_query}", self.path);
            match through(&self.connection, &self.service, &path, most, within).await {
                Ok(answer) => Ok(Carried {
                    status: answer.status,
                    body: answer.body,
                    location: answer.location,
                    retry_after: answer.retry_after,
                }),
                Err(NotThrough::Unreachable(cause)) => Err(NotCarried::Unreachable(cause)),
                Err(NotThrough::Silent) => Err(NotCarried::Silent),
                Err(NotThrough::TooLarge) => Err(NotCarried::TooLarge),
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bell_is_heard_by_who_rests_and_by_who_was_busy_and_once() {
        let (bell, wait) = (Bell::default(), Duration::from_secs(120));
        let (mut busy, mut resting) = (bell.ear(), bell.ear());
        busy.listen();
        let began = Instant::now();
        let ((), heard) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_secs(3)).await;
                bell.ring();
            },
            resting.rest(wait)
        );
        assert!(heard && began.elapsed() < Duration::from_secs(4), "who rests");
        assert!(busy.rest(wait).await && began.elapsed() < Duration::from_secs(4), "who was busy");
        assert!(!busy.rest(wait).await && began.elapsed() >= wait, "once");
        bell.ring();
        busy.listen();
        assert!(!busy.rest(wait).await, "what rang before is answered already");
    }
}
