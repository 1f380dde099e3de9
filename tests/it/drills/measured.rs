//! What is measured, on the screen: the word for each drill's trouble; and a Prometheus that
//! answers garbage, which never holds up a key.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::report::report;

use super::{Hangar, Served};

/// Size of the terminal.
const SIZE: (u16, u16) = (120, 40);

#[test]
fn each_drill_shows_its_trouble_in_numbers() {
    let hangar = Hangar::open();
    let drills: [(&str, &[&str]); 4] = [
        ("lying-router", &["measured", "its ready pods are made for 25%", "DISAGREES"]),
        ("top-bucket", &["at least 10.0s"]),
        ("error-ramp", &["canary errors, stable has none"]),
        ("quiet-canary", &["canary no series"]),
    ];
    for (drill, words) in drills {
        let mut rig = hangar.fly(&["drill", drill, "--speed", "12"], "", SIZE);
        rig.wait_for_text("what counts");
        rig.send("\r");
        rig.wait_for_text(" Metrics ");
        for word in words {
            rig.wait_for_text(word);
        }
        rig.send("q");
        rig.wait_for_exit();
    }
}

/// What only a plot has.
const AXIS: char = '│';

/// Instants of an answer of thousands of series: more would be too many bytes before it is too many
/// series, as soon as a busy machine has let some time pass since the last good answer.
const FEW: usize = 20;

/// What the server plays.
const MODES: [(&str, &str); 8] = [
    // On the plot, so that what fails later has something to be kept beside.
    ("good", "canary 100%"),
    ("html", "this is no Prometheus"),
    ("truncated", "cannot be read"),
    ("10 MB", "the answer is larger than"),
    ("422", "refused the query (422)"),
    ("503", "is not ready (503)"),
    ("thousands", "the answer has 4"),
    ("hang", "no answer within"),
];

/// A server that plays one of the modes, and ends when it is dropped.
struct Garbage {
    address: String,
    mode: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    under_way: Arc<UnderWay>,
}

/// Requests of each query that are being answered, and the most there ever were at once.
#[derive(Default)]
struct UnderWay {
    now: Mutex<BTreeMap<String, usize>>,
    most: AtomicUsize,
    all: AtomicUsize,
}

impl UnderWay {
    fn begins(&self, query: &str) {
        let mut now = self.now.lock().unwrap();
        let own = now.entry(query.to_owned()).or_default();
        *own += 1;
        self.most.fetch_max(*own, Ordering::Relaxed);
        self.all.fetch_add(1, Ordering::Relaxed);
    }

    fn ends(&self, query: &str) {
        *self.now.lock().unwrap().entry(query.to_owned()).or_default() -= 1;
    }
}

impl Garbage {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (mode, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (its_mode, its_over) = (Arc::clone(&mode), Arc::clone(&over));
        let under_way = Arc::new(UnderWay::default());
        let its_way = Arc::clone(&under_way);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if its_over.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (mode, over) = (Arc::clone(&its_mode), Arc::clone(&its_over));
                let way = Arc::clone(&its_way);
                std::thread::spawn(move || {
                    let _ = serve(stream, &mode, &over, &way);
                });
            }
        });
        Self { address, mode, over, under_way }
    }
}

impl Drop for Garbage {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(&self.address);
    }
}

fn serve(
    mut stream: TcpStream,
    mode: &AtomicUsize,
    over: &AtomicBool,
    way: &UnderWay,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut piece = [0u8; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        head.extend_from_slice(&piece[..read]);
    }
    let target = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
    let (mode, _) = MODES[mode.load(Ordering::Relaxed)];
    let query = parameter(&target, "query").unwrap_or_default();
    way.begins(&query);
    if mode == "hang" {
        let began = Instant::now();
        // Until the client has given it up.
        stream.set_nonblocking(true)?;
        let mut byte = [0u8; 1];
        while began.elapsed() < Duration::from_secs(30) && !over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
            if matches!(stream.peek(&mut byte), Ok(0)) {
                break;
            }
        }
        way.ends(&query);
        return Ok(());
    }
    let (status, kind, body) = answer(mode, &target);
    way.ends(&query);
    let length = if mode == "truncated" { body.len() / 2 } else { body.len() };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body.as_bytes()[..length])
}

fn answer(mode: &str, target: &str) -> (&'static str, &'static str, String) {
    let json = "application/json";
    match mode {
        "html" => ("200 OK", "text/html", "<html><title>Sign in</title></html>".to_owned()),
        "10 MB" => {
            let series = r#"{"metric":{"a":"b"},"values":[[1,"1"]]},"#.repeat(300_000);
            let body = format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}{{}}]}}}}"#
            );
            ("200 OK", json, body)
        }
        "422" => (
            "422 Unprocessable Entity",
            json,
            r#"{"status":"error","errorType":"execution","error":"found duplicate series"}"#
                .to_owned(),
        ),
        "503" => ("503 Service Unavailable", "text/plain", "Service Unavailable".to_owned()),
        "thousands" => ("200 OK", json, result(target, 4000)),
        _ => ("200 OK", json, result(target, 1)),
    }
}

/// A parameter of a request, as it was sent.
fn parameter(target: &str, name: &str) -> Option<String> {
    let query = target.split_once('?')?.1;
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
    Some(pair.to_owned())
}

/// A good answer of so many series; the search for schemes finds `http_requests_total`.
fn result(target: &str, series: usize) -> String {
    let parameter = |name: &str| parameter(target, name);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let query = parameter("query").unwrap_or_default();
    let data = if query.starts_with("time") {
        format!(r#"{{"resultType":"scalar","result":[{now},"{now}"]}}"#)
    } else if query.contains("count_over_time") {
        format!(
            r#"{{"resultType":"vector","result":[{{"metric":{{"waveoff":"60"}},"value":[{now},"30"]}}]}}"#
        )
    } else if query.contains("label_replace") {
        // The last scheme, by the pod template hash.
        format!(
            r#"{{"resultType":"vector","result":[{{"metric":{{"waveoff":"8.0","code":"200"}},"value":[{now},"1"]}}]}}"#
        )
    } else if let (Some(start), Some(end), Some(step)) =
        (parameter("start"), parameter("end"), parameter("step"))
    {
        let number = |text: String| text.parse::<f64>().unwrap();
        let (start, end, step) = (number(start), number(end), number(step));
        let mut values = Vec::new();
        let mut at = start;
        while at <= end && (series == 1 || values.len() < FEW) {
            values.push(format!(r#"[{at},"50"]"#));
            at += step;
        }
        let values = values.join(",");
        let all: Vec<String> = (0..series)
            .map(|n| format!(r#"{{"metric":{{"n":"{n}","le":"+Inf"}},"values":[{values}]}}"#))
            .collect();
        format!(r#"{{"resultType":"matrix","result":[{}]}}"#, all.join(","))
    } else {
        let at = parameter("time").unwrap_or_else(|| now.to_string());
        format!(r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[{at},"50"]}}]}}"#)
    };
    format!(r#"{{"status":"success","data":{data}}}"#)
}

#[test]
fn garbage_is_named_and_never_holds_up_a_key() {
    let hangar = Hangar::open();
    let served = Served::start(&hangar, &["drill", "error-ramp"]);
    let garbage = Garbage::start();
    let url = format!("http://{}", garbage.address);
    let args = ["-n", "shop", "--prometheus", &url];
    let mut rig = hangar.fly(&args, served.kubeconfig("operator"), SIZE);
    rig.wait_for_text("checkout");
    rig.send("\r");
    rig.wait_for_text(" Metrics ");
    rig.send("m");
    let mut slowest = Duration::ZERO;
    for (number, (mode, words)) in MODES.iter().enumerate() {
        garbage.mode.store(number, Ordering::Relaxed);
        // `r` tries again at once what was found to be away.
        rig.send("r");
        let began = Instant::now();
        while !rig.contents().contains(words) {
            assert!(began.elapsed() < Duration::from_secs(40), "{mode}: {}", rig.contents());
            // Numbers instead of the plot, and back: the screen changes and nothing is asked.
            let pressed = Instant::now();
            rig.send("#");
            rig.wait_until("the numbers", |screen| !screen.contents().contains(AXIS));
            slowest = slowest.max(pressed.elapsed());
            rig.send("#");
            rig.wait_until("the plot again", |screen| screen.contents().contains(AXIS));
            std::thread::sleep(Duration::from_millis(500));
        }
    }
    report(&format!(
        "garbage: {} kinds named, the slowest key was on the screen after {} ms; of {} requests never \
         more than {} of one series at once",
        MODES.len() - 1,
        slowest.as_millis(),
        garbage.under_way.all.load(Ordering::Relaxed),
        garbage.under_way.most.load(Ordering::Relaxed)
    ));
    assert_eq!(garbage.under_way.most.load(Ordering::Relaxed), 1, "of one series at once");
    assert!(slowest < Duration::from_secs(2), "a key waited {slowest:?}");
    rig.send("q");
    assert_eq!(rig.wait_for_exit().exit_code(), 0);
}
