//! The machine itself: what follows on what, and what is said about it.
//!
//! Holds the position and the reasons to doubt it; reads no HTTP. Driven by `Watch::run`.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::follow::{self, Batch, Stream};
use super::list::{Pages, Progress};
use super::{News, Proof, Report, Watch};
use crate::cluster::call::{self, Failure, Refusal};
use crate::cluster::pace::{BackOff, share_of};
use crate::cluster::resource;
use crate::domain::id::ResourceKind;
use crate::domain::observation::{Observation, SourceState};
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};

/// A stream that ends sooner than this without a word did not work.
const SHORT_LIFE: Duration = Duration::from_secs(1);

/// A stream that stood for so long worked, even without a word: what ends it is a new trouble.
const LONG_LIFE: Duration = Duration::from_secs(5);

/// How a stage ended.
enum End {
    /// The list is complete.
    Listed,
    /// The namespace does not exist.
    NoNamespace,
    /// The stream ended; it had worked, or not.
    Cut { worked: bool },
    /// The position is no use any more.
    Lost,
    /// The server is back after silence: resume at once.
    Revived,
    /// It failed.
    Failed(Failure),
}

/// What waiting for something brought.
enum Attended<T> {
    /// The thing itself.
    Done(T),
    /// The server is back after silence; what was waited for is dropped.
    Revived,
}

/// What was said last of how it stands, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// It is live.
    Live,
    /// It is listed again.
    Resyncing,
    /// Anything else.
    Other,
}

pub(super) struct Machine {
    watch: Watch,
    back_off: BackOff,
    /// Resource version to follow from.
    position: Option<String>,
    /// Whether a whole list was ever delivered, be it to the watch before this one.
    listed: bool,
    /// Last proof that what was said is true.
    heard: Proof,
    /// Whether the heartbeat was dead when last looked at.
    was_dead: bool,
    said: Said,
    /// When the connection was last lost.
    cut: Option<Instant>,
    /// Lost positions in a row.
    lost: u32,
}

impl Machine {
    pub(super) fn new(watch: Watch) -> Self {
        let before = watch.heard.last();
        Self {
            back_off: BackOff::new(&watch.pace),
            position: None,
            listed: before.is_some(),
            heard: before.unwrap_or_else(|| proof(&watch)),
            was_dead: false,
            said: Said::Other,
            cut: None,
            lost: 0,
            watch,
        }
    }

    pub(super) async fn run(mut self) {
        let sink = self.watch.sink.clone();
        // Biased, here and below: which of two that are ready comes first is no matter of chance.
        tokio::select! {
            biased;
            () = sink.closed() => {}
            () = self.drive() => {}
        }
    }

    async fn drive(&mut self) {
        if self.listed {
            self.resync().await;
        } else {
            self.state(SourceState::Loading(self.heard.at)).await;
        }
        loop {
            let end = match self.position.clone() {
                None => self.list().await,
                Some(position) => self.follow(&position).await,
            };
            self.settle(end).await;
        }
    }

    async fn list(&mut self) -> End {
        let conn = self.watch.conn.clone();
        let selector = self.watch.selector.clone();
        let mut pages = Pages::new(&self.watch.source, selector.as_deref(), &self.watch.pace);
        // What was old stays old until the list is here.
        if self.said == Said::Live {
            self.resync().await;
        }
        // What came in parts is shown as it comes, so that the screen fills and a list is never in
        // memory twice; what is gone goes when the last part is here.
        let mut uids = Vec::new();
        let mut parts = 0u32;
        // All pages are of the moment of the first.
        let mut begun = proof(&self.watch);
        let last = loop {
            let progress = match self.attend(pages.page(&conn), false).await {
                Attended::Revived => return End::Revived,
                Attended::Done(Err(failure)) => return End::Failed(failure),
                Attended::Done(Ok(progress)) => progress,
            };
            let mut part = pages.take();
            self.odd(std::mem::take(&mut part.odd)).await;
            if progress == Progress::Anew {
                uids.clear();
                begun = proof(&self.watch);
                continue;
            }
            if progress == Progress::More || parts > 0 {
                uids.extend(part.records.iter().map(|record| record.uid().clone()));
            }
            if progress == Progress::Last {
                break part;
            }
            parts += 1;
            let seen = part.records.into_iter().map(Observation::Seen).collect();
            self.say(News::Observations(seen)).await;
        };
        let source = self.watch.source.clone();
        let empty = last.records.is_empty() && uids.is_empty();
        let news = if parts == 0 {
            vec![Observation::Listed(source, last.records)]
        } else {
            let seen = last.records.into_iter().map(Observation::Seen);
            seen.chain([Observation::Complete(source, uids)]).collect()
        };
        self.say(News::Observations(news)).await;
        if empty && self.namespace_is_missing().await {
            return End::NoNamespace;
        }
        self.position = Some(last.resource_version);
        self.listed = true;
        self.hear(begun);
        self.state(SourceState::Live(begun.at)).await;
        End::Listed
    }

    /// A namespace that does not exist lists as empty. Not being allowed to ask says nothing.
    async fn namespace_is_missing(&self) -> bool {
        let Some(namespace) = &self.watch.source.namespace else {
            return false;
        };
        let path = format!("/api/v1/namespaces/{}", resource::escape(namespace));
        let found = call::fetch(&self.watch.conn, &path).await;
        matches!(found, Err(Failure::Refused(refusal)) if refusal.code == 404)
    }

    async fn follow(&mut self, position: &str) -> End {
        let conn = self.watch.conn.clone();
        let source = self.watch.source.clone();
        let pace = self.watch.pace;
        let path = follow::path(&source, self.watch.selector.as_deref(), position, &pace);
        let opened = self.attend(Stream::open(&conn, &source, &path, &pace), false).await;
        let mut stream = match opened {
            Attended::Revived => return End::Revived,
            Attended::Done(Err(failure)) => return End::Failed(failure),
            Attended::Done(Ok(stream)) => stream,
        };
        let begun = Instant::now();
        let mut worked = false;
        self.confirm().await;
        loop {
            let heard = timeout(pace.silence, self.attend(stream.next(), true)).await;
            let batch = match heard {
                // Not even a bookmark: something on the way swallows this one stream.
                Err(_) => return End::Cut { worked: true },
                Ok(Attended::Revived) => return End::Revived,
                Ok(Attended::Done(Ok(Some(batch)))) => batch,
                Ok(Attended::Done(Ok(None) | Err(_))) => {
                    let worked = worked || begun.elapsed() >= SHORT_LIFE;
                    return End::Cut { worked };
                }
            };
            worked = true;
            let stood = begun.elapsed() >= LONG_LIFE;
            if let Some(end) = self.take(batch, stood).await {
                return end;
            }
        }
    }

    /// Takes in a piece of the stream, which may have stood for long.
    async fn take(&mut self, batch: Batch, stood: bool) -> Option<End> {
        if let (Some(before), Some(after)) = (&self.position, &batch.position)
            && follow::is_backwards(before, after)
        {
            return Some(End::Lost);
        }
        if !batch.unread && (stood || batch.position.is_some()) {
            self.back_off.reset();
            self.lost = 0;
        }
        self.odd(batch.odd).await;
        if !batch.observations.is_empty() {
            self.say(News::Observations(batch.observations)).await;
        }
        if batch.unread {
            return Some(End::Lost);
        }
        if batch.position.is_some() {
            self.position = batch.position;
        }
        if let Some(refusal) = batch.error {
            return Some(End::Failed(Failure::Refused(refusal)));
        }
        self.hear(proof(&self.watch));
        if self.said != Said::Live {
            self.confirm().await;
        }
        None
    }

    /// The source is alive now.
    async fn confirm(&mut self) {
        self.hear(proof(&self.watch));
        self.state(SourceState::Live(self.heard.at)).await;
    }

    /// What was said was true then.
    fn hear(&mut self, proof: Proof) {
        self.heard = proof;
        self.watch.heard.keep(proof);
    }

    async fn settle(&mut self, end: End) {
        match end {
            // Only a stream shows whether it helped.
            End::Listed => {}
            End::NoNamespace => {
                let namespace = self.watch.source.namespace.clone().unwrap_or_default();
                let text = format!("namespace {namespace} does not exist");
                self.state(SourceState::Missing(text.into())).await;
                self.pause(self.watch.pace.recheck).await;
            }
            End::Cut { worked: true } | End::Revived => {
                self.cut = Some(Instant::now());
                self.back_off.reset();
                sleep(share_of(self.watch.pace.spread)).await;
            }
            End::Cut { worked: false } => {
                self.cut = Some(Instant::now());
                let wait = self.back_off.next();
                self.stale("the server ended the watch at once".into(), wait).await;
            }
            End::Lost => self.relist().await,
            End::Failed(Failure::Refused(refusal)) => self.refused(refusal).await,
            End::Failed(failure) => {
                self.cut = Some(Instant::now());
                let wait = self.back_off.next();
                self.stale(failure.text(), wait).await;
            }
        }
    }

    /// The position is lost: list again, at once the first time.
    async fn relist(&mut self) {
        self.position = None;
        self.lost += 1;
        if self.lost > 1 {
            self.resync().await;
            let wait = self.back_off.next();
            self.pause(wait).await;
        }
    }

    async fn refused(&mut self, refusal: Refusal) {
        if refusal.loses_position() {
            return self.relist().await;
        }
        match refusal.code {
            401 | 403 | 404 if self.is_settling() => self.starting().await,
            _ if refusal.is_starting() => self.starting().await,
            403 => {
                let verb = if self.position.is_some() { "watch" } else { "list" };
                let rule = resource::rule(verb, &self.watch.source);
                self.barred(SourceState::Forbidden(rule.into())).await;
            }
            404 => {
                let text = missing(self.watch.source.kind);
                self.barred(SourceState::Missing(text)).await;
            }
            // Asking again at once cannot help, and ten watches ask.
            401 => {
                let wait = self.watch.pace.longest + share_of(self.watch.pace.longest);
                self.back_off.next();
                self.stale(Failure::Refused(refusal).text(), wait).await;
            }
            _ => {
                let own = self.back_off.next();
                let asked = refusal.retry_after.map(|d| d + share_of(Duration::from_secs(1)));
                let wait = asked.unwrap_or(own);
                self.stale(Failure::Refused(refusal).text(), wait).await;
            }
        }
    }

    /// It may not be read, or is not there any more. What was listed is old then, not unknown:
    /// such an answer may be a mistake, and must not lock the way back.
    async fn barred(&mut self, state: SourceState) {
        self.position = None;
        let wait = self.watch.pace.recheck;
        let Some(obstacle) = state.obstacle().filter(|_| self.listed) else {
            self.state(state).await;
            return self.pause(wait).await;
        };
        self.back_off.next();
        self.stale(obstacle.into(), wait).await;
    }

    /// It is listed again. Its rows stay, and are as old as they are.
    async fn resync(&mut self) {
        if self.heard.instant.elapsed() < self.watch.pace.doubt {
            self.state(SourceState::Resyncing(self.heard.at)).await;
        } else {
            self.outdated().await;
        }
    }

    /// It has been listed again for so long that its rows are no longer the present.
    async fn outdated(&mut self) {
        self.old(self.heard.at, "it is being listed again".into()).await;
    }

    /// Whether a refusal may be that of a server that is starting: until it has read its roles and
    /// definitions it answers 401, 403 and 404 to what it allowed before.
    fn is_settling(&self) -> bool {
        self.listed && self.cut.is_some_and(|cut| cut.elapsed() < self.watch.pace.settle)
    }

    async fn starting(&mut self) {
        let wait = self.watch.pace.spread + share_of(self.watch.pace.first);
        self.stale("the API server is starting".into(), wait).await;
    }

    /// Says that values are old, and waits.
    async fn stale(&mut self, error: SafeText, wait: Duration) {
        let now = (self.watch.now)();
        let state = SourceState::Stale {
            since: self.heard.at,
            attempt: self.back_off.attempt(),
            retry_at: Span::from_std(wait).ok().and_then(|wait| now.checked_add_signed(wait)),
            error,
        };
        self.state(state).await;
        self.pause(wait).await;
    }

    /// Says that values are old while it is being tried.
    async fn old(&mut self, since: Timestamp, error: SafeText) {
        let attempt = self.back_off.attempt();
        self.state(SourceState::Stale { since, attempt, retry_at: None, error }).await;
    }

    /// Waits; the server's return ends it.
    async fn pause(&mut self, wait: Duration) {
        if let Attended::Revived = self.attend(sleep(wait), false).await {
            sleep(share_of(self.watch.pace.spread)).await;
        }
    }

    /// Waits for something while listening to the heartbeat, and rows grow old.
    async fn attend<F: Future>(&mut self, doing: F, streaming: bool) -> Attended<F::Output> {
        tokio::pin!(doing);
        loop {
            let doubted = self.heard.instant + self.watch.pace.doubt;
            tokio::select! {
                biased;
                done = &mut doing => return Attended::Done(done),
                beat = self.watch.pulse.changed() => {
                    if beat.is_err() {
                        // No heartbeat any more: the program is about to end.
                        return Attended::Done(doing.await);
                    }
                    if self.beat(streaming).await {
                        return Attended::Revived;
                    }
                }
                () = sleep_until(doubted), if self.said == Said::Resyncing => {
                    self.outdated().await;
                }
            }
        }
    }

    /// Takes in a beat; whether the server has just come back.
    async fn beat(&mut self, streaming: bool) -> bool {
        let pulse = self.watch.pulse.borrow_and_update().clone();
        if pulse.is_dead() {
            self.was_dead = true;
            let Proof { at, instant } = self.heard;
            // A clock that was set back must not keep old data fresh.
            let heard = pulse.last_heard.map_or(instant, |last| last.max(instant));
            if self.said == Said::Live && heard.elapsed() >= self.watch.pace.doubt {
                let since = pulse.last_alive.map_or(at, |last| last.max(at));
                let error = pulse.error.unwrap_or_else(|| "no answer".into());
                self.old(since, error).await;
            }
            return false;
        }
        if std::mem::take(&mut self.was_dead) {
            return true;
        }
        if streaming && pulse.alive {
            self.confirm().await;
        }
        false
    }

    async fn odd(&self, odd: Vec<SafeText>) {
        let count = odd.len();
        if let Some(text) = odd.into_iter().next() {
            self.say(News::Odd { count, text }).await;
        }
    }

    async fn state(&mut self, state: SourceState) {
        self.said = match state {
            SourceState::Live(_) => Said::Live,
            SourceState::Resyncing(_) => Said::Resyncing,
            _ => Said::Other,
        };
        self.say(News::State(state)).await;
    }

    async fn say(&self, news: News) {
        let source = self.watch.source.clone();
        // A closed sink ends the whole machine by itself.
        let _ = self.watch.sink.send(Report { source, news }).await;
    }
}

/// That of this moment.
fn proof(watch: &Watch) -> Proof {
    Proof { at: (watch.now)(), instant: Instant::now() }
}

/// What is missing when the kind is not served.
fn missing(kind: ResourceKind) -> SafeText {
    let group_version = resource::group_version(kind);
    match kind {
        ResourceKind::Rollouts => {
            format!("{group_version} is not installed: watching Deployments only").into()
        }
        _ => format!("{group_version} {} are not installed", kind.resource()).into(),
    }
}
