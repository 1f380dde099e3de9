//! The machine itself: what follows on what, and what is said about it.
//!
//! Holds the position and the reasons to doubt it; reads no HTTP. Driven by `Watch::run`.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::follow::{self, Batch, Stream};
use super::list::{Pages, Progress};
use super::{News, Report, Watch};
use crate::cluster::call::{self, Failure, Refusal};
use crate::cluster::pace::{BackOff, share_of};
use crate::cluster::resource;
use crate::domain::id::ResourceKind;
use crate::domain::observation::{Observation, SourceState};
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};

/// A stream that ends sooner than this without a word did not work.
const SHORT_LIFE: Duration = Duration::from_secs(1);

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

pub(super) struct Machine {
    watch: Watch,
    back_off: BackOff,
    /// Resource version to follow from.
    position: Option<String>,
    /// Whether a whole list was ever delivered.
    listed: bool,
    /// Last proof of life of this source.
    heard: Timestamp,
    /// The same by a clock that nobody sets.
    heard_at: Instant,
    /// Whether the heartbeat was dead when last looked at.
    was_dead: bool,
    /// Whether the last state said was a live one.
    live: bool,
    /// When the connection was last lost.
    cut: Option<Instant>,
    /// Lost positions in a row.
    lost: u32,
}

impl Machine {
    pub(super) fn new(watch: Watch) -> Self {
        Self {
            back_off: BackOff::new(&watch.pace),
            position: None,
            listed: false,
            heard: (watch.now)(),
            heard_at: Instant::now(),
            was_dead: false,
            live: false,
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
        let at = (self.watch.now)();
        self.state(SourceState::Loading(at)).await;
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
        if self.listed && self.live {
            let at = (self.watch.now)();
            self.state(SourceState::Resyncing(at)).await;
        }
        // What came in parts is shown as it comes, so that the screen fills and a list is never in
        // memory twice; what is gone goes when the last part is here.
        let mut uids = Vec::new();
        let mut parts = 0u32;
        let last = loop {
            let progress = match self.attend(pages.page(&conn), false).await {
                Attended::Revived => return End::Revived,
                Attended::Done(Err(failure)) => return End::Failed(failure),
                Attended::Done(Ok(progress)) => progress,
            };
            self.hear();
            let mut part = pages.take();
            self.odd(std::mem::take(&mut part.odd)).await;
            if progress == Progress::Anew {
                uids.clear();
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
        self.listed = true;
        if empty && self.namespace_is_missing().await {
            return End::NoNamespace;
        }
        self.position = Some(last.resource_version);
        let at = self.heard;
        self.state(SourceState::Live(at)).await;
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
            if let Some(end) = self.take(batch).await {
                return end;
            }
        }
    }

    /// Takes in a piece of the stream.
    async fn take(&mut self, batch: Batch) -> Option<End> {
        if let (Some(before), Some(after)) = (&self.position, &batch.position)
            && follow::is_backwards(before, after)
        {
            return Some(End::Lost);
        }
        self.odd(batch.odd).await;
        if !batch.observations.is_empty() {
            self.say(News::Observations(batch.observations)).await;
        }
        if batch.position.is_some() {
            self.position = batch.position;
            self.lost = 0;
        }
        if let Some(refusal) = batch.error {
            return Some(End::Failed(Failure::Refused(refusal)));
        }
        self.hear();
        if !self.live {
            self.confirm().await;
        }
        None
    }

    /// The source is alive now.
    async fn confirm(&mut self) {
        self.hear();
        self.state(SourceState::Live(self.heard)).await;
    }

    /// There was a proof of life just now.
    fn hear(&mut self) {
        self.heard = (self.watch.now)();
        self.heard_at = Instant::now();
    }

    async fn settle(&mut self, end: End) {
        match end {
            End::Listed => self.back_off.reset(),
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
            let at = (self.watch.now)();
            self.state(SourceState::Resyncing(at)).await;
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
                self.state(SourceState::Forbidden(rule.into())).await;
                self.position = None;
                self.pause(self.watch.pace.recheck).await;
            }
            404 => {
                self.position = None;
                let text = missing(self.watch.source.kind);
                self.state(SourceState::Missing(text)).await;
                self.pause(self.watch.pace.recheck).await;
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
            since: self.heard,
            attempt: self.back_off.attempt(),
            retry_at: Span::from_std(wait).ok().map(|w| now + w),
            error,
        };
        self.state(state).await;
        self.pause(wait).await;
    }

    /// Waits; the server's return ends it.
    async fn pause(&mut self, wait: Duration) {
        if let Attended::Revived = self.attend(sleep(wait), false).await {
            sleep(share_of(self.watch.pace.spread)).await;
        }
    }

    /// Waits for something while listening to the heartbeat.
    async fn attend<F: Future>(&mut self, doing: F, streaming: bool) -> Attended<F::Output> {
        tokio::pin!(doing);
        loop {
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
            }
        }
    }

    /// Takes in a beat; whether the server has just come back.
    async fn beat(&mut self, streaming: bool) -> bool {
        let pulse = self.watch.pulse.borrow_and_update().clone();
        if pulse.is_dead() {
            self.was_dead = true;
            let proof = pulse.last_alive.map_or(self.heard, |at| at.max(self.heard));
            // A clock that was set back must not keep old data fresh.
            let heard = pulse.last_heard.map_or(self.heard_at, |at| at.max(self.heard_at));
            if self.live && heard.elapsed() >= self.watch.pace.doubt {
                let error = pulse.error.unwrap_or_else(|| "no answer".into());
                let state = SourceState::Stale {
                    since: proof,
                    attempt: self.back_off.attempt(),
                    retry_at: None,
                    error,
                };
                self.state(state).await;
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
        self.live = state.is_live();
        self.say(News::State(state)).await;
    }

    async fn say(&self, news: News) {
        let source = self.watch.source.clone();
        // A closed sink ends the whole machine by itself.
        let _ = self.watch.sink.send(Report { source, news }).await;
    }
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
