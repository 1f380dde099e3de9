//! One look at the server that a session would measure by, for `waveoff doctor`.
//!
//! Finds it by the same search as the cockpit and asks it twice. Called by `doctor`.

use std::sync::Arc;

use crate::app::metrics::Candidate;
use crate::app::report::doctor::Measures;
use crate::cluster::Connection;
use crate::domain::measure::address::Address;
use crate::domain::text::SafeText;
use crate::domain::time::Span;

use super::SignIn;
use super::servers::{Servers, ahead};
use crate::runtime::clock::Clock;

/// Finds the server, and says what it says of itself.
///
/// # Errors
/// Why there is none.
pub(in crate::runtime) async fn examine(
    connection: Arc<Connection>,
    sign_in: SignIn,
    named: Option<Candidate>,
    clock: &Clock,
) -> Result<Measures, SafeText> {
    let in_cluster = connection.identity().in_cluster;
    let servers = Servers::new(connection, sign_in);
    let Candidate { address, said_by, .. } =
        servers.find(named.into_iter().collect(), clock).await?;
    let Some(known) = servers.known(&address) else {
        return Err(format!("{} was lost again", address.url).into());
    };
    // Once more, now that there is a connection: the search has paid for TLS and names.
    let hello = known.server.hello().await.map_err(|error| SafeText::from(error.to_string()))?;
    let took = Span::from_std(hello.took).unwrap_or_default();
    let ahead = ahead(&hello, clock);
    let targets = targets(&servers, &address).await;
    let through = address.service.is_some() && !in_cluster;
    Ok(Measures { url: address.url, said_by, through, took, ahead, targets })
}

/// Targets that are up, and all of them.
async fn targets(servers: &Servers, address: &Address) -> Result<(u64, u64), SafeText> {
    let (up, all) = (servers.ask_once(address, "sum(up)"), servers.ask_once(address, "count(up)"));
    Ok((whole(&up.await?), whole(&all.await?)))
}

/// The one number of an answer; none is zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates: a count of targets that is no number is none"
)]
fn whole(elements: &[(Vec<(SafeText, SafeText)>, f64)]) -> u64 {
    elements.first().map_or(0, |(_, value)| *value as u64)
}
