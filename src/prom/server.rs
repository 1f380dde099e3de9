//! A Prometheus server: what can be asked of it.
//!
//! Never repeats a request and never asks more than four at once. While it is down nothing is sent
//! but one probe after each pause. Called by `runtime`, which holds one for each address.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::access::Access;
use super::answer::{self, Grid};
use super::call::Call;
use super::carrier::{Carrier, NotCarried};
use super::direct::Direct;
use super::error::PromError;
use super::hold::Hold;
use super::pace::{AT_ONCE, DECODED_HERE, LONGEST_QUERY, MOST_BYTES, Pace};
use super::reply::Reply;
use super::wire::Envelope;
use crate::domain::measure::query::{Answer, Asked};
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;

/// A server; clones are the same one.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    way: Way,
    places: Semaphore,
    hold: Hold,
    pace: Pace,
}

#[derive(Debug)]
enum Way {
    Direct(Box<Direct>),
    Carried { carrier: Arc<dyn Carrier>, server: SafeText },
}

/// What a server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// Its clock, when it answered; to a millisecond.
    pub now: Timestamp,
    /// How long the answer took.
    pub took: Duration,
}

/// One element of an instant query.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Labels by name.
    pub labels: Vec<(SafeText, SafeText)>,
    /// Its value, which may be no number.
    pub value: f64,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.0.way).finish()
    }
}

impl Server {
    /// A server that is asked by a connection of our own. Reads certificates from disk, and nothing
    /// else: whether anybody is there is for [`Self::hello`] to say.
    ///
    /// Proxies of the environment are used, unless the address is this machine's.
    ///
    /// # Errors
    /// The address, the sign-in or the certificates cannot be used.
    pub fn direct(url: &str, access: &Access) -> Result<Self, PromError> {
        Self::paced(url, access, Pace::default())
    }

    pub(super) fn paced(url: &str, access: &Access, pace: Pace) -> Result<Self, PromError> {
        let direct = Direct::new(url, access, &pace)?;
        Ok(Self::over(Way::Direct(Box::new(direct)), pace))
    }

    /// A server that somebody else carries requests to; `name` is what errors call it.
    pub fn carried(carrier: Arc<dyn Carrier>, name: &str) -> Self {
        Self::carried_at(carrier, name, Pace::default())
    }

    pub(super) fn carried_at(carrier: Arc<dyn Carrier>, name: &str, pace: Pace) -> Self {
        Self::over(Way::Carried { carrier, server: name.into() }, pace)
    }

    fn over(way: Way, pace: Pace) -> Self {
        let (places, hold) = (Semaphore::new(AT_ONCE), Hold::new(&pace));
        Self(Arc::new(Inner { way, places, hold, pace }))
    }

    /// What it is called in errors: its address.
    pub fn name(&self) -> &SafeText {
        match &self.0.way {
            Way::Direct(direct) => direct.server(),
            Way::Carried { server, .. } => server,
        }
    }

    /// The server's own clock, and that it answers `PromQL`.
    ///
    /// # Errors
    /// Why not.
    pub async fn hello(&self) -> Result<Hello, PromError> {
        let (now, took) = self.put(Call::Now("time()"), answer::clock).await?;
        Ok(Hello { now, took })
    }

    /// Asks over time, or for one instant. Every instant that was asked is in the answer, without a
    /// value where the server has none.
    ///
    /// # Errors
    /// Why there is no answer; [`PromError::is_down`] tells whose fault it is.
    pub async fn ask(&self, asked: &Asked) -> Result<Answer, PromError> {
        let grid = Grid::of(asked)?;
        if grid.count == 0 {
            return Ok(Answer { samples: Vec::new(), warnings: Vec::new() });
        }
        let expr = &*asked.question.expr;
        let Grid { from, step, .. } = grid;
        let call = if grid.instant {
            Call::At(expr, from)
        } else {
            Call::Range { expr, from, to: asked.to.timestamp(), step }
        };
        let shape = asked.question.shape;
        let read = move |envelope| answer::answer(envelope, grid, shape);
        Ok(self.put(call, read).await?.0)
    }

    /// The elements of an instant query, now by the server's clock: for finding out which series
    /// there are. A thousand at most.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn explore(&self, expr: &str) -> Result<Vec<Element>, PromError> {
        Ok(self.put(Call::Now(expr), answer::elements).await?.0)
    }

    /// Lets the next request through at once, if the server was found to be down.
    pub fn retry_now(&self) {
        self.0.hold.retry_now(Instant::now());
    }

    /// One request and its answer, and how long that took.
    async fn put<T: Send + 'static>(
        &self,
        call: Call<'_>,
        read: impl FnOnce(Envelope) -> Result<T, PromError> + Send + 'static,
    ) -> Result<(T, Duration), PromError> {
        let Inner { places, hold, .. } = &*self.0;
        let length = call.expr().len();
        if length > LONGEST_QUERY {
            return Err(PromError::TooLong { length, most: LONGEST_QUERY, unit: "bytes" });
        }
        // Before a place is taken, so that nobody queues for a server that is down; and after, for
        // those who had queued before it went down. Places are never closed.
        hold.look(Instant::now())?;
        let _place = places.acquire().await.ok();
        let started = Instant::now();
        let pass = hold.enter(started)?;
        let outcome = self.exchange(call, read).await;
        let took = started.elapsed();
        match &outcome {
            Err(error) if error.is_down() => pass.failed(error, Instant::now()),
            // It never left, and says nothing about the server.
            Err(PromError::Secret { .. } | PromError::Address { .. }) => drop(pass),
            Ok(_) | Err(_) => pass.answered(),
        }
        if let Err(error) = &outcome {
            tracing::debug!(%error, ?took, "a question to Prometheus has no answer");
        }
        Ok((outcome?, took))
    }

    async fn exchange<T: Send + 'static>(
        &self,
        call: Call<'_>,
        read: impl FnOnce(Envelope) -> Result<T, PromError> + Send + 'static,
    ) -> Result<T, PromError> {
        let pace = &self.0.pace;
        let reply = match &self.0.way {
            Way::Direct(direct) => direct.get(call, pace).await?,
            Way::Carried { carrier, server } => carry(&**carrier, server, call, pace).await?,
        };
        let large = reply.body.len() > DECODED_HERE;
        let decode = move || read(reply.envelope()?);
        if !large {
            return decode();
        }
        // A task that is only computing would hold up everything else on its thread.
        let decoded = tokio::task::spawn_blocking(decode).await;
        decoded.unwrap_or_else(|error| {
            Err(PromError::Garbled { cause: format!("decoding it failed: {error}").into() })
        })
    }
}

/// A request by somebody else's way; what comes back is trusted no more than our own.
async fn carry(
    carrier: &dyn Carrier,
    server: &SafeText,
    call: Call<'_>,
    pace: &Pace,
) -> Result<Reply, PromError> {
    let path = call.path_and_query(pace)?;
    let carried = carrier.get(path, MOST_BYTES, pace.answer);
    let silent = || PromError::Silent { server: server.clone(), within: pace.answer };
    let Ok(carried) = tokio::time::timeout(pace.answer, carried).await else {
        return Err(silent());
    };
    match carried {
        Ok(carried) if carried.body.len() > MOST_BYTES => {
            Err(PromError::TooLarge { most: MOST_BYTES })
        }
        Ok(carried) => Ok(Reply::of_carried(carried, server.clone())),
        Err(NotCarried::Unreachable(cause)) => {
            Err(PromError::Unreachable { server: server.clone(), cause })
        }
        Err(NotCarried::Silent) => Err(silent()),
        Err(NotCarried::TooLarge) => Err(PromError::TooLarge { most: MOST_BYTES }),
    }
}
