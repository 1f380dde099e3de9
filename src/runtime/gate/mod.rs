//! Gates: asks the new version, and reports what it said.
//!
//! One run at a time. Decides nothing: an answer is judged by `domain::gate`, what the judgements
//! open is `app`'s. Called by `perform`.

mod route;
mod run;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::app::gate::{News, Order};
use crate::app::msg::Msg;
use crate::cluster::Connection;
use crate::terminal::fall;

/// Asks for gates.
#[derive(Debug)]
pub(super) struct Gatekeeper {
    connection: Arc<Connection>,
    out: mpsc::Sender<Msg>,
    running: Option<AbortHandle>,
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
        self.running = Some(tasks.spawn(fall::amid("gate", preflight(connection, out, order))));
    }

    /// Asks no more.
    pub(super) fn end(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
        }
    }
}

async fn preflight(connection: Arc<Connection>, out: mpsc::Sender<Msg>, order: Order) {
    let teller = run::Teller { number: order.number, out };
    match route::open(connection, &order.route, &order.profile).await {
        Ok(way) => {
            teller.tell(News::Route(way.words())).await;
            run::run(&way, &order.profile, &teller).await;
        }
        Err(why) => run::lose(&order.profile, &teller, &why).await,
    }
    teller.tell(News::Over).await;
}
