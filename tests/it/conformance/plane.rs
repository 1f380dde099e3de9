//! The real control plane as a theatre, and the embedded cluster held against it, live.
//!
//! Ignored by plain `cargo test`, like everything that needs the plane.

use std::sync::OnceLock;

use futures::FutureExt;
use kube::config::Kubeconfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::again::{Judged, judged};
use super::excuse::{EXCUSES, Verdict};
use super::pattern::Tracks;
use super::play::{Played, play, wanted};
use super::stories::Story;
use super::theatre::{House, Theatre};
use super::{compare, recording, stories, tolerance};
use crate::plane::grounds::{Plane, shared, tell};
use crate::report::report;

/// A plane of its own: events come late where other tests take their namespaces away.
fn plane() -> &'static Plane {
    static PLANE: OnceLock<Plane> = OnceLock::new();
    if std::env::var_os("WAVEOFF_PLANE_DIR").is_some() {
        return shared();
    }
    PLANE.get_or_init(|| Plane::start("conformance", &[]))
}

/// The plane as a theatre.
pub(super) fn house() -> House {
    let plane = plane();
    let file = plane.kubeconfig("operator");
    let prometheus = plane.value("PLANE_METRICS_URL").to_owned();
    let address = prometheus.trim_start_matches("http://").to_owned();
    House {
        name: "plane",
        kubeconfig: Kubeconfig::read_from(file).expect("the plane's kubeconfig"),
        prometheus,
        set_metric: Box::new(move |name, value| put(address.clone(), name, value).boxed()),
        clock: Box::new(chrono::Utc::now),
        pace: 1.0,
    }
}

/// `plane metric` without a process: a PUT to the stub of Prometheus.
async fn put(address: String, name: String, value: String) {
    let mut line = tokio::net::TcpStream::connect(&address).await.expect("the metrics stub");
    let request = format!(
        "PUT /set/{name} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{value}",
        value.len()
    );
    line.write_all(request.as_bytes()).await.expect("the metrics stub reads");
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.expect("the metrics stub answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{name} {value}: {answer}");
}

/// The versions of what plays here.
pub(super) async fn versions(theatre: &Theatre) -> String {
    let version = theatre.get("/version").await;
    let kubernetes = version.body["gitVersion"].as_str().expect("a version").to_owned();
    let modules = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plane/modules");
    let of = |module: &str, name: &str| {
        let file = format!("{modules}/{module}/go.mod");
        let text = std::fs::read_to_string(file).expect("a go.mod");
        let line =
            text.lines().find(|l| l.trim_start().trim_start_matches("require ").starts_with(name));
        line.and_then(|l| l.split_whitespace().find(|w| w.starts_with('v')))
            .unwrap_or("?")
            .to_owned()
    };
    let argo = of("argo", "github.com/argoproj/argo-rollouts ");
    let kwok = of("kwok", "sigs.k8s.io/kwok ");
    format!("kubernetes {kubernetes}, argo-rollouts {argo}, kwok {kwok}")
}

/// What a performance on both clusters came to.
#[derive(Default)]
struct Report {
    verdict: Verdict,
    states: usize,
    equal: usize,
    fields: usize,
    /// Stories that were played again.
    again: usize,
    /// What the plane showed for the first time, where it is not known to differ from itself.
    unseen: Vec<String>,
}

impl Report {
    /// Takes in a story: how it went on the plane, and how the embedded cluster was judged by that.
    fn hear(&mut self, real: &Played, run: Judged) {
        let name = real.story.name;
        let recording = recording::of(&real.story).expect("every story is recorded");
        let (tracks, differences) = match (&real.outcome, run.outcome) {
            (Ok(tracks), Ok(differences)) => (tracks, differences),
            (real, run) => {
                let failed = [real.as_ref().err().cloned(), run.err()].into_iter().flatten();
                return self.verdict.complaints.extend(failed.map(|why| format!("{name}: {why}")));
            }
        };
        let widened = recording.clone().with(tracks, &recording.of);
        let loose = tolerance::check(&widened).0;
        self.unseen.extend(loose.iter().map(|mark| format!("{name} / {mark}")));
        self.states += run.states;
        self.equal += run.equal;
        self.fields += differences.len();
        self.again += usize::from(run.plays > 1);
        tell(&format!(
            "{name:24} {:4} states, {:4} equal, {} fields differ, {} of the plane are new",
            run.states,
            run.equal,
            differences.len(),
            recording.differences(tracks).len()
        ));
        self.verdict.hear(EXCUSES, name, &differences);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the control plane: tests/run"]
async fn both_clusters_show_the_same() {
    let (stories, started) = (wanted(), std::time::Instant::now());
    let plane = Theatre::open(house()).await;
    let real = play(&plane, &stories).await;
    let judge = |story: &Story, run: &Tracks| {
        let recording = recording::of(story).expect("every story is recorded");
        let real = real.iter().find(|played| played.story.name == story.name);
        match real.map(|played| &played.outcome) {
            Some(Ok(real)) => compare::live(&recording, real, run),
            // That it failed on the plane is said as it is; here the recording has to do.
            _ => compare::recorded(&recording, run),
        }
    };
    let judged = judged(&stories, judge).await;
    let mut all = Report::default();
    for (real, run) in real.iter().zip(judged) {
        all.hear(real, run);
    }
    if stories.len() == stories::all().len() {
        all.verdict.close(EXCUSES);
    }
    all.unseen.iter().for_each(|mark| tell(&format!("not seen before: {mark}")));
    report(&format!(
        "conformance, live: {} stories, {} states compared, {} equal word for word; {} stories were \
         played again, {} fields differ each time, {} of them excused; {:.0} s",
        stories.len(),
        all.states,
        all.equal,
        all.again,
        all.fields,
        all.verdict.needed.len(),
        started.elapsed().as_secs_f64()
    ));
    // A race that no recorded run happened to show is one more run; many are another plane.
    assert!(all.unseen.len() * 200 <= all.states, "the recordings are of another plane");
    let complaints = all.verdict.complaints;
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
