//! Gates: asks the new version, and reports what it said.
//!
//! One run at a time. Decides nothing: an answer is judged by `domain::gate`, what the judgements
//! open is `app`'s. Called by `perform`.

mod route;
mod run;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use crate::app::gate::{News, Order};
use crate::app::msg::Msg;
use crate::cluster::Connection;
use crate::domain::gate::Stage;
use crate::terminal::fall;

/// Asks for gates.
#[derive(Debug)]
pub(super) struct Gatekeeper {
    connection: Arc<Connection>,
    out: mpsc::Sender<Msg>,
    running: Option<Running>,
}

/// The run that is under way.
#[derive(Debug)]
struct Running {
    number: u64,
    task: AbortHandle,
    /// Whether users are on the version.
    switched: watch::Sender<bool>,
}

impl Gatekeeper {
    /// Reports go to `out`.
    pub(super) fn new(connection: Arc<Connection>, out: mpsc::Sender<Msg>) -> Self {
        Self { connection, out, running: None }
    }

    /// Begins a run, and ends the one before.
    pub(super) fn begin(&mut self, tasks: &mut JoinSet<()>, order: Order) {
        self.end();
        let (connection, out) = (Arc::clone(&self.connection), self.out.clone());
        let (number, (switched, seen)) = (order.number, watch::channel(order.switched));
        let task = tasks.spawn(fall::amid("gate", preflight(connection, out, order, seen)));
        self.running = Some(Running { number, task, switched });
    }

    /// Users are on the version that this run looks at.
    pub(super) fn switched(&self, number: u64) {
        if let Some(running) = self.running.as_ref().filter(|running| running.number == number) {
            // A run that is over listens no more.
            let _ = running.switched.send(true);
        }
    }

    /// Asks no more.
    pub(super) fn end(&mut self) {
        if let Some(running) = self.running.take() {
            running.task.abort();
        }
    }
}

async fn preflight(
    connection: Arc<Connection>,
    out: mpsc::Sender<Msg>,
    order: Order,
    switched: watch::Receiver<bool>,
) {
    let teller = run::Teller { number: order.number, out };
    match route::open(connection, &order.route, &order.profile).await {
        Ok(way) => {
            teller.tell(News::Route(way.words())).await;
            match order.stage {
                Stage::Before => run::run(&way, &order.profile, &teller).await,
                Stage::After => run::look_on(&way, &order.profile, &teller, switched).await,
            }
        }
        Err(why) => run::lose(order.stage, &order.profile, &teller, &why).await,
    }
    teller.tell(News::Over).await;
}
