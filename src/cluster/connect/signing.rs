//! Who one is, on every request; a credential plugin runs once for all who wait for it.
//!
//! kube runs it inside of the request that needs it first, and what it says is lost when that
//! request gives up: one that is slower than a request's patience is begun again and again. Here
//! whoever waits only joins. Never judges what a server says to it. Used by `transport`, `call` and
//! the heartbeat.

use std::future::{Ready, pending, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use kube::client::Body;
use kube::client::middleware::AuthLayer;
use tokio::time::timeout;
use tower::{BoxError, Layer, ServiceExt, service_fn};

use super::CLIENT_LIMIT;
use crate::cluster::credential::{Unsigned, explain, too_slow};
use crate::cluster::kubeconfig::chain;
use crate::domain::text::SafeText;

/// The header, nothing where requests go without one, or why there is none.
type Answer = Result<Option<HeaderValue>, Unsigned>;

type Asking = BoxFuture<'static, Answer>;

/// Signs requests. Its clones share what is known and what is under way.
#[derive(Clone)]
pub(in crate::cluster) struct Signer(Arc<Desk>);

struct Desk {
    ask: Box<dyn Fn() -> Asking + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last question, under way or answered.
    asking: Option<Shared<Asking>>,
    /// The last good answer before it.
    header: Option<HeaderValue>,
}

/// Mark of a request that was signed, or goes as it is.
#[derive(Clone, Copy)]
struct Signed;

/// Requests go as they are.
impl Default for Signer {
    fn default() -> Self {
        Self::asked_by(|| ready(Ok(None)).boxed())
    }
}

impl Signer {
    /// With these credentials, if there are any.
    pub(super) fn new(credentials: Option<&AuthLayer>) -> Self {
        let Some(credentials) = credentials else { return Self::default() };
        // The layer signs requests and has no other door: it gets one that goes nowhere.
        let nowhere = credentials.layer(service_fn(header_of));
        Self::asked_by(move || {
            let nowhere = nowhere.clone();
            async move {
                let signed = nowhere.oneshot(Request::new(Body::empty())).await;
                signed.map(Response::into_body).map_err(|error| unsigned(&error))
            }
            .boxed()
        })
    }

    fn asked_by(ask: impl Fn() -> Asking + Send + Sync + 'static) -> Self {
        Self(Arc::new(Desk { ask: Box::new(ask), state: Mutex::default() }))
    }

    /// One whose plugin takes so long.
    #[cfg(test)]
    pub(in crate::cluster) fn slow(takes: std::time::Duration) -> Self {
        Self::asked_by(move || {
            async move {
                tokio::time::sleep(takes).await;
                Ok(None)
            }
            .boxed()
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the question that is under way, or begins one. It goes on when nobody waits any more:
    /// the next one who asks has its answer.
    fn asking(&self) -> Shared<Asking> {
        let mut state = self.state();
        let answer = match &state.asking {
            Some(asking) => match asking.peek() {
                None => return asking.clone(),
                Some(answer) => answer.clone(),
            },
            None => Ok(None),
        };
        if let Ok(Some(header)) = answer {
            state.header = Some(header);
        }
        let asked = (self.0.ask)();
        let asking = async move {
            let answer = timeout(CLIENT_LIMIT, asked).await;
            answer.unwrap_or_else(|_| Err(Unsigned(too_slow(CLIENT_LIMIT.as_secs()))))
        };
        let asking = asking.boxed().shared();
        state.asking = Some(asking.clone());
        asking
    }

    /// Signs a request that is not signed yet. A plugin that has to run for it is waited for.
    ///
    /// # Errors
    /// Why it cannot be signed.
    pub(in crate::cluster) async fn sign<B>(
        &self,
        request: &mut Request<B>,
    ) -> Result<(), Unsigned> {
        if request.extensions().get::<Signed>().is_none() {
            let header = self.asking().await?;
            put(request, header);
        }
        Ok(())
    }

    /// The same without waiting: while a plugin runs, or after it failed, with the last header that
    /// was good.
    pub(in crate::cluster) fn sign_at_once<B>(&self, request: &mut Request<B>) {
        // What failed is begun again by who cannot go on without it.
        let answer = if self.has_failed() { None } else { self.asking().now_or_never() };
        let header = match answer {
            Some(Ok(header)) => header,
            Some(Err(_)) | None => self.state().header.clone(),
        };
        put(request, header);
    }

    fn has_failed(&self) -> bool {
        let state = self.state();
        matches!(state.asking.as_ref().and_then(Shared::peek), Some(Err(_)))
    }

    /// Whether new credentials are on their way, so that a refusal of the old ones says nothing.
    pub(in crate::cluster) fn is_asking(&self) -> bool {
        self.state().asking.as_ref().is_some_and(|asking| asking.peek().is_none())
    }

    /// Goes on with what is under way, in the place of those who gave up. Never ends.
    pub(in crate::cluster) async fn go_on(&self) {
        let under_way = self.state().asking.clone();
        if let Some(asking) = under_way {
            // Whoever asks next is told.
            let _ = asking.await;
        }
        pending::<()>().await;
    }
}

/// Signs a request with this header.
fn put<B>(request: &mut Request<B>, header: Option<HeaderValue>) {
    if let Some(header) = header {
        request.headers_mut().insert(AUTHORIZATION, header);
    }
    request.extensions_mut().insert(Signed);
}

/// What a request was signed with, as an answer to it.
fn header_of(request: Request<Body>) -> Ready<Result<Response<Option<HeaderValue>>, BoxError>> {
    let mut headers = request.into_parts().0.headers;
    ready(Ok(Response::new(headers.remove(AUTHORIZATION))))
}

fn unsigned(error: &BoxError) -> Unsigned {
    let error: &(dyn std::error::Error + 'static) = &**error;
    Unsigned(explain(error).unwrap_or_else(|| SafeText::new(&chain(error))))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    /// Longer than any question has patience.
    const SLOW: Duration = Duration::from_secs(8);

    /// A signer with a plugin that takes so long and gives this answer; and how often it ran.
    fn plugin(takes: Duration, says: fn(usize) -> Answer) -> (Signer, Arc<AtomicUsize>) {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let signer = Signer::asked_by(move || {
            let run = count.fetch_add(1, Ordering::SeqCst);
            async move {
                sleep(takes).await;
                says(run)
            }
            .boxed()
        });
        (signer, runs)
    }

    #[expect(clippy::unnecessary_wraps, reason = "what a plugin may say")]
    fn token(run: usize) -> Answer {
        Ok(HeaderValue::try_from(format!("Bearer {run}")).ok())
    }

    fn told(request: &Request<()>) -> Option<&str> {
        request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_takes_nothing_from_those_who_wait() {
        let (signer, runs) = plugin(SLOW, token);
        let (mut first, mut second, mut third) =
            (Request::new(()), Request::new(()), Request::new(()));
        let impatient = timeout(Duration::from_secs(4), signer.sign(&mut first)).await;
        assert!(impatient.is_err());
        let began = tokio::time::Instant::now();
        let (one, other) = tokio::join!(signer.sign(&mut second), signer.sign(&mut third));
        assert_eq!((one, other), (Ok(()), Ok(())));
        assert_eq!((told(&second), told(&third)), (Some("Bearer 0"), Some("Bearer 0")));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert!(began.elapsed() < Duration::from_secs(5), "it went on: {:?}", began.elapsed());
        // What is signed is left alone.
        signer.sign(&mut second).await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_must_not_wait_goes_with_what_is_at_hand() {
        let (signer, runs) = plugin(SLOW, token);
        let (mut first, mut beat) = (Request::new(()), Request::new(()));
        signer.sign_at_once(&mut first);
        assert_eq!(told(&first), None);
        assert!(signer.is_asking());
        assert!(timeout(SLOW * 2, signer.go_on()).await.is_err(), "it never ends");
        assert!(!signer.is_asking());
        signer.sign_at_once(&mut beat);
        assert_eq!((told(&beat), signer.is_asking()), (Some("Bearer 0"), true));
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_plugin_that_failed_is_not_run_at_every_beat() {
        let (signer, runs) = plugin(SLOW, |_| Err(Unsigned("no".into())));
        let refused = signer.sign(&mut Request::new(())).await;
        assert_eq!(refused, Err(Unsigned("no".into())));
        for _ in 0..3 {
            signer.sign_at_once(&mut Request::new(()));
        }
        assert_eq!((runs.load(Ordering::SeqCst), signer.is_asking()), (1, false));
        assert!(signer.sign(&mut Request::new(())).await.is_err());
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_is_given_up_and_begun_again() {
        let (signer, runs) = plugin(SLOW * 100, token);
        for run in 1..3 {
            let words = signer.sign(&mut Request::new(())).await.unwrap_err().to_string();
            assert!(words.contains("longer than 32 s"), "{words}");
            assert_eq!(runs.load(Ordering::SeqCst), run);
        }
    }

    #[tokio::test]
    async fn a_request_without_credentials_goes_as_it_is() {
        let mut request = Request::new(());
        Signer::default().sign(&mut request).await.unwrap();
        assert_eq!(told(&request), None);
    }
}
