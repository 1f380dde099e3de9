//! The one door through which anything is written to a cluster: keys, commands and the guard.
//!
//! Permission, journal, request, answer, journal. Sends each write once, never again. The way back
//! waits for the journal only for a moment, and what is not on record of it is said.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

use crate::app::access::Access;
use crate::app::flight::Ticket;
use crate::app::journal::{Entry, Report, SessionStamp};
use crate::app::msg::{Answer, Msg};
use crate::cluster::{self, ActError, Connection};
use crate::domain::plan::{Danger, Plan};
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;

use super::clock::Clock;
use super::repository::Repositories;
use super::state::{Guards, Journal, Passes};

/// How long what leads to safety waits for the journal; then it leaves without.
const SAFETY_WAITS: Duration = Duration::from_secs(2);

/// How long everything else does.
const OTHERS_WAIT: Duration = Duration::from_secs(10);

/// What the door needs.
#[derive(Debug, Clone)]
pub(super) struct Door {
    /// The cluster.
    pub(super) connection: Arc<Connection>,
    /// The journal.
    pub(super) journal: Journal,
    /// Guards as they stand, on disk.
    pub(super) guards: Guards,
    /// The clock.
    pub(super) clock: Clock,
    /// Passed gates.
    pub(super) passes: Passes,
    /// Repositories that GitOps tools follow.
    pub(super) repositories: Repositories,
}

/// A confirmed action.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// Its name.
    pub(super) ticket: Ticket,
    /// What was confirmed.
    pub(super) plan: Plan,
    /// Why.
    pub(super) reason: SafeText,
    /// Who.
    pub(super) stamp: SessionStamp,
}

impl Order {
    /// What is done to whom.
    fn words(&self) -> String {
        format!("{} of {}", self.plan.action.verb.name(), self.plan.id)
    }
}

impl Door {
    /// Carries an order out. What the API server answered comes as a message, and so does what is
    /// not on record of it.
    pub(super) async fn execute(&self, order: Order, out: &mpsc::Sender<Msg>) {
        let ticket = order.ticket;
        if let Some(refusal) = self.denied(&order.plan).await {
            tell(out, Msg::Answered(ticket, refusal)).await;
            return;
        }
        let answer = match self.intend(&order, out).await {
            Ok(()) => self.send(&order.plan).await,
            Err(refusal) => refusal,
        };
        let (word, detail) = words(&answer);
        // It has its place behind the intent, be that written or not, before anybody hears of it:
        // how the action ends comes behind both.
        let written = self.record(&order, Report::Answer { word, detail });
        tell(out, Msg::Answered(ticket, answer)).await;
        if let Err(error) = within(OTHERS_WAIT, written).await {
            let text = format!("the answer to {} is not on record: {error}", order.words());
            tell_unrecorded(out, text).await;
        }
    }

    /// Puts on record what is about to be sent, or says why it must not be. What leads to safety is
    /// sent all the same.
    async fn intend(&self, order: &Order, out: &mpsc::Sender<Msg>) -> Result<(), Answer> {
        let is_safe = order.plan.danger == Danger::Safety;
        let limit = if is_safe { SAFETY_WAITS } else { OTHERS_WAIT };
        let Err(error) = within(limit, self.record(order, Report::Intent)).await else {
            return Ok(());
        };
        if is_safe {
            let text = format!("{} is sent and not on record: {error}", order.words());
            tell_unrecorded(out, text).await;
            return Ok(());
        }
        let place = self.journal.place();
        let text = format!("not sent: the journal in {place} cannot be written: {error}");
        Err(Answer::Refused(text.into()))
    }

    /// A permission that is certainly missing. One that cannot be asked for is left to the API
    /// server, which asks again.
    async fn denied(&self, plan: &Plan) -> Option<Answer> {
        for permission in plan.permissions() {
            let access = cluster::access::access(&self.connection, &permission).await;
            if access_of(access) == Access::Denied {
                let text = format!("not permitted: {permission}; nothing was sent");
                return Some(Answer::Unable(text.into()));
            }
        }
        None
    }

    async fn send(&self, plan: &Plan) -> Answer {
        let all = plan.writes.len();
        for (done, write) in plan.writes.iter().enumerate() {
            match cluster::act(&self.connection, write, false).await {
                Ok(accepted) => {
                    tracing::info!(object = %write.object, rv = %accepted.resource_version, "accepted");
                }
                Err(error) => {
                    let answer = answer_of(&error);
                    tracing::warn!(object = %write.object, %error, "refused");
                    if done == 0 {
                        return answer;
                    }
                    let (_, detail) = words(&answer);
                    let text = format!("{done} of {all} requests were done, then: {detail}");
                    return match answer {
                        Answer::Unable(_) | Answer::Unknown(_) => Answer::Unable(text.into()),
                        _ => Answer::Refused(text.into()),
                    };
                }
            }
        }
        Answer::Accepted
    }

    /// A line about an order, on its way to the journal.
    fn record(
        &self,
        order: &Order,
        report: Report,
    ) -> impl Future<Output = io::Result<()>> + Send + use<> {
        let entry = Entry {
            at: self.clock.now(),
            ticket: order.ticket,
            report,
            plan: order.plan.clone(),
            reason: order.reason.clone(),
            session: order.stamp.clone(),
        };
        self.journal.write(entry.at, entry.to_json())
    }

    /// Appends a line to the journal without holding up the loop. It has its place from here on,
    /// also when whoever waits for it hears that it is not there yet.
    pub(super) fn append(
        &self,
        at: Timestamp,
        line: Value,
    ) -> impl Future<Output = io::Result<()>> + Send + use<> {
        within(OTHERS_WAIT, self.journal.write(at, line))
    }
}

/// Waits for a line of the journal, but not for ever: a disk may hang, and so may a lock.
async fn within(limit: Duration, written: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    tokio::time::timeout(limit, written).await.unwrap_or_else(|_| {
        let text = format!(
            "not within {} s: the disk hangs, or somebody holds the lock of the file",
            limit.as_secs()
        );
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}

/// Says what is not on record, on the screen and in the log.
async fn tell_unrecorded(out: &mpsc::Sender<Msg>, text: String) {
    tracing::error!(%text, "journal");
    tell(out, Msg::Trouble("journal".into(), text.into())).await;
}

async fn tell(out: &mpsc::Sender<Msg>, msg: Msg) {
    // A closed inbox means that the program is ending.
    let _ = out.send(msg).await;
}

fn words(answer: &Answer) -> (&'static str, SafeText) {
    match answer {
        Answer::Accepted => ("accepted", SafeText::default()),
        Answer::Changed(differences) => {
            let lines: Vec<&str> =
                differences.iter().map(super::super::domain::text::SafeText::as_str).collect();
            ("changed", lines.join("; ").into())
        }
        Answer::Refused(text) | Answer::Unable(text) => ("refused", text.clone()),
        Answer::Unknown(text) => ("unknown", text.clone()),
    }
}

fn answer_of(error: &ActError) -> Answer {
    match error {
        ActError::Changed { differences, .. } => {
            Answer::Changed(differences.iter().map(difference_text).collect())
        }
        ActError::Unknown { .. } => Answer::Unknown(error.to_string().into()),
        ActError::Forbidden { .. }
        | ActError::Unauthorized
        | ActError::Unreachable { .. }
        | ActError::Server { .. } => Answer::Unable(error.to_string().into()),
        ActError::NotFound { .. } | ActError::Invalid { .. } => {
            Answer::Refused(error.to_string().into())
        }
    }
}

/// A right as the cluster answered it, in the program's words.
pub(super) fn access_of(answer: cluster::access::Access) -> Access {
    match answer {
        cluster::access::Access::Allowed => Access::Allowed,
        cluster::access::Access::Denied(_) => Access::Denied,
        cluster::access::Access::Unknown(text) => Access::Unknown(text),
    }
}

fn difference_text(difference: &cluster::Difference) -> SafeText {
    format!("{} was {}, is {}", difference.what, difference.expected, difference.found).into()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::{Path, PathBuf};

    use futures::FutureExt as _;
    use rustix::fs::{FlockOperation, flock};
    use tokio::sync::mpsc::error::TryRecvError;

    use super::*;
    use crate::cluster::tests::streams;
    use crate::domain::action::{Action, Verb};
    use crate::domain::plan::make;
    use crate::domain::sample::{a_canary, now};

    /// To a cluster that nobody reaches, with a journal in this place.
    fn door(place: Option<&Path>) -> Door {
        let dial: streams::Dial = Arc::new(|| {
            let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
            async move { Err::<Box<dyn streams::Bytes>, io::Error>(refused) }.boxed()
        });
        Door {
            connection: streams::connection(dial, "token"),
            journal: Journal::new(place.map(Path::to_owned)),
            guards: Guards::new(None),
            clock: Clock::default(),
            passes: Passes::new(None, "s".into()),
            repositories: Repositories::none(),
        }
    }

    fn order(verb: Verb) -> Order {
        let sample = a_canary().at_step(1).paused();
        let plan = sample.ask(|release| make(release, &Action::plain(verb), now())).unwrap();
        let stamp = SessionStamp {
            id: "s".into(),
            user: "pilot".into(),
            context: "storm".into(),
            server: "http://storm".into(),
        };
        Order { ticket: Ticket(7), plan, reason: SafeText::default(), stamp }
    }

    /// A journal whose lock somebody else has, an order for it, and what was said of it.
    struct Held {
        month: PathBuf,
        lock: File,
        under_way: tokio::task::JoinHandle<()>,
        told: mpsc::Receiver<Msg>,
        /// Last, so that it outlives what writes into it.
        _place: tempfile::TempDir,
    }

    impl Held {
        fn order(verb: Verb) -> Self {
            let place = tempfile::tempdir().unwrap();
            let month = place.path().join("9999-12.jsonl");
            let lock = File::create(&month).unwrap();
            flock(&lock, FlockOperation::LockExclusive).unwrap();
            let (out, told) = mpsc::channel(8);
            let door = door(Some(place.path()));
            let order = order(verb);
            let under_way = tokio::spawn(async move { door.execute(order, &out).await });
            Self { month, lock, under_way, told, _place: place }
        }

        /// What is said next. Time passes here alone: the lock is a real one.
        async fn next(&mut self) -> Msg {
            loop {
                match self.told.try_recv() {
                    Ok(msg) => return msg,
                    Err(TryRecvError::Empty) => {
                        tokio::time::advance(Duration::from_millis(100)).await;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }

        /// Gives the lock back; what the lines report that come then, each naming the one before.
        async fn reports(self) -> Vec<String> {
            drop(self.lock);
            self.under_way.await.unwrap();
            let lines = loop {
                let text = fs::read_to_string(&self.month).unwrap();
                if text.lines().count() == 2 {
                    break text;
                }
                tokio::task::yield_now().await;
            };
            let lines: Vec<&str> = lines.lines().collect();
            let read: Vec<Value> = lines.iter().map(|l| serde_json::from_str(l).unwrap()).collect();
            assert_eq!(read[1]["prev"], crate::runtime::state::hash(lines[0].as_bytes()).as_str());
            read.iter().map(|line| line["report"].as_str().unwrap().to_owned()).collect()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_way_back_leaves_although_the_journal_hangs_and_that_is_said() {
        let began = tokio::time::Instant::now();
        let mut held = Held::order(Verb::Abort);
        let Msg::Trouble(source, text) = held.next().await else { panic!("nothing was said") };
        assert_eq!(source, "journal");
        assert!(text.starts_with("abort of rollout "), "{text}");
        assert!(text.contains("is sent and not on record: not within 2 s"), "{text}");
        // The answer does not wait for its line.
        let Msg::Answered(Ticket(7), answer) = held.next().await else { panic!("no answer") };
        assert!(!format!("{answer:?}").contains("journal"), "it was sent: {answer:?}");
        assert!(began.elapsed() < SAFETY_WAITS + OTHERS_WAIT, "{:?}", began.elapsed());
        assert_eq!(held.reports().await, ["intent", "answer"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_lead_to_safety_is_refused_after_a_while_and_never_sent() {
        let mut held = Held::order(Verb::Promote);
        let Msg::Answered(_, Answer::Refused(text)) = held.next().await else { panic!("sent") };
        assert!(text.starts_with("not sent: the journal in "), "{text}");
        assert!(text.contains("not within 10 s"), "{text}");
        // Its intent comes late, and with it what became of it.
        assert_eq!(held.reports().await, ["intent", "answer"]);
    }

    #[tokio::test]
    async fn each_line_that_cannot_be_written_is_said() {
        let (out, mut told) = mpsc::channel(8);
        door(None).execute(order(Verb::Abort), &out).await;
        let said: Vec<Msg> = std::iter::from_fn(|| told.try_recv().ok()).collect();
        let [Msg::Trouble(_, intent), Msg::Answered(..), Msg::Trouble(_, answer)] = &said[..]
        else {
            panic!("{said:?}");
        };
        assert!(intent.contains("is sent and not on record: no place"), "{intent}");
        assert!(answer.starts_with("the answer to abort of rollout "), "{answer}");
    }

    #[test]
    fn what_no_rule_refused_is_no_refusal() {
        type Kind = fn(SafeText) -> Answer;
        let text = || SafeText::from("so");
        let cases: [(ActError, Kind); 7] = [
            (ActError::Forbidden { rule: text() }, Answer::Unable),
            (ActError::Unauthorized, Answer::Unable),
            (ActError::Unreachable { cause: text() }, Answer::Unable),
            (ActError::Server { code: 429, message: text() }, Answer::Unable),
            (ActError::Unknown { cause: text() }, Answer::Unknown),
            (ActError::Invalid { message: text() }, Answer::Refused),
            (ActError::NotFound { what: text() }, Answer::Refused),
        ];
        for (error, answer) in cases {
            assert_eq!(answer_of(&error), answer(error.to_string().into()), "{error:?}");
        }
        let changed = ActError::Changed {
            differences: vec![cluster::Difference {
                what: "step".into(),
                expected: "step 2".into(),
                found: "step 3".into(),
            }],
        };
        assert_eq!(answer_of(&changed), Answer::Changed(vec!["step was step 2, is step 3".into()]));
    }
}
