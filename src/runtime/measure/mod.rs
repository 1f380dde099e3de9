//! Measuring: one task for each question, that asks again and again, and the search for servers.
//!
//! A question has one request under way at most, since its task waits for the answer before it asks
//! again. Called by `perform`.

mod examine;
mod poll;
mod servers;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::app::metrics::asks::Ask;
use crate::app::metrics::{Candidate, Search};
use crate::app::msg::{Explored, Msg};
use crate::cluster::{self, Connection};
use crate::domain::analysis::template::TemplateName;
use crate::domain::id::WorkloadId;
use crate::domain::measure::address::Address;
use crate::domain::text::SafeText;
use crate::prom::Server;
use crate::terminal::fall;

use super::clock::Clock;
use poll::poll;

pub(super) use examine::examine;
pub(super) use servers::{Servers, SignIn};
pub(super) use settings::{measuring, sign_in, unsent};

/// Templates that are read for one workload at most.
pub(super) const MOST_TEMPLATES: usize = 40;

/// Measures.
#[derive(Debug)]
pub(super) struct Meter {
    servers: Servers,
    clock: Clock,
    out: mpsc::Sender<Msg>,
    polls: BTreeMap<u64, AbortHandle>,
}

impl Meter {
    /// Answers go to `out`.
    pub(super) fn new(
        connection: Arc<Connection>,
        sign_in: SignIn,
        clock: Clock,
        out: mpsc::Sender<Msg>,
    ) -> Self {
        Self { servers: Servers::new(connection, sign_in), clock, out, polls: BTreeMap::new() }
    }

    /// Asks these from now on, and nothing else. What is asked already goes on.
    pub(super) fn measure(&mut self, tasks: &mut JoinSet<()>, asks: Vec<Ask>) {
        self.polls.retain(|id, poll| {
            let stays = asks.iter().any(|ask| ask.id == *id) && !poll.is_finished();
            if !stays {
                poll.abort();
            }
            stays
        });
        for ask in asks {
            if self.polls.contains_key(&ask.id) {
                continue;
            }
            let id = ask.id;
            let task = poll(self.servers.clone(), self.clock.clone(), self.out.clone(), ask);
            self.polls.insert(id, tasks.spawn(fall::amid("measure", task)));
        }
    }

    /// The way to a server that was found.
    pub(super) fn server(&self, address: &Address) -> Option<Server> {
        self.servers.known(address).map(|known| known.server)
    }

    /// Tries silent servers again now.
    pub(super) fn refresh(&self) {
        self.servers.retry_now();
    }

    /// Reads templates.
    pub(super) fn read_templates(
        &self,
        tasks: &mut JoinSet<()>,
        id: WorkloadId,
        names: Vec<TemplateName>,
    ) {
        let (connection, out) = (Arc::clone(self.servers.connection()), self.out.clone());
        tasks.spawn(async move {
            let mut read = Vec::with_capacity(names.len());
            for name in names.into_iter().take(MOST_TEMPLATES) {
                let template =
                    cluster::measure::read_analysis_template(&connection, &id.namespace, &name)
                        .await;
                let template = template.map(Box::new).map_err(|e| SafeText::from(e.to_string()));
                read.push((name, template));
            }
            let _ = out.send(Msg::AnalysisTemplates(id, read)).await;
        });
    }

    /// Finds a server.
    pub(super) fn find(
        &self,
        tasks: &mut JoinSet<()>,
        number: u64,
        id: WorkloadId,
        candidates: Vec<Candidate>,
    ) {
        let (servers, out) = (self.servers.clone(), self.out.clone());
        let clock = self.clock.clone();
        tasks.spawn(fall::amid("search", async move {
            let found = servers.find(candidates, &clock).await;
            let _ = out.send(Msg::Prometheus(id, number, found)).await;
        }));
    }

    /// Asks a server once.
    pub(super) fn explore(
        &self,
        tasks: &mut JoinSet<()>,
        id: WorkloadId,
        address: Address,
        what: Search,
        queries: Vec<String>,
    ) {
        let (servers, out) = (self.servers.clone(), self.out.clone());
        tasks.spawn(async move {
            let elements = servers.explore(&address, &queries).await;
            let _ = out.send(Msg::Explored(id, Explored { what, elements })).await;
        });
    }
}
