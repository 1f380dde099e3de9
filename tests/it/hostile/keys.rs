//! Noise of the line and pasted text: they may move, and must neither act nor leave a post.
//!
//! Bytes go the way of typed ones: reads, the decoder, the update. Only the clock is the test's.

use std::time::{Duration, Instant};

use waveoff::app::access::Access;
use waveoff::app::effect::Effect;
use waveoff::app::guard::Post;
use waveoff::app::model::Model;
use waveoff::app::msg::Msg;
use waveoff::app::update::update;
use waveoff::domain::guard::rule::Terms;
use waveoff::domain::guard::{Arming, Guard};
use waveoff::domain::id::WorkloadKind;
use waveoff::domain::time::{Span, Timestamp};
use waveoff::domain::workload::Workload;
use waveoff::terminal::{Input, Reader};

use super::dice::Dice;
use crate::fixture::{a_canary_at_its_gate, a_cockpit, a_deployment, a_fleet};
use crate::report::report;

/// Noise within `cargo test`, in bytes; `WAVEOFF_NOISE` asks for another amount.
const SOME: usize = 1_000_000;

/// Bytes that do something: verbs, what leaves, what confirms, what chooses a field, what begins a
/// sequence.
const LOADED: &[u8] = b"PFHAURSPFHAURSAAATTqqy\x03\r\r\r\r\t\x1b[[M~jk/2z9f3blind";

/// Somebody's session: keys in, acts counted, and what leaves a guard.
struct Seat {
    model: Model,
    reader: Reader,
    now: Timestamp,
    acts: usize,
    quits: usize,
    disarms: usize,
    /// Inputs of a read that came in a burst, and keys that came alone.
    bursts: usize,
    alone: usize,
    /// Inputs while a dialog was open.
    asked: usize,
}

impl Seat {
    fn at(model: Model) -> Self {
        let now = model.now;
        let reader = Reader::default();
        let (acts, quits, disarms) = (0, 0, 0);
        Self { model, reader, now, acts, quits, disarms, bursts: 0, alone: 0, asked: 0 }
    }

    /// What was done to the cluster, how often the program was left, how many guards were ended.
    fn harm(&self) -> (usize, usize, usize) {
        (self.acts, self.quits, self.disarms)
    }

    fn sit(&mut self, model: &Model) {
        self.model = model.clone();
        self.now = model.now;
    }

    /// So many milliseconds pass; what was begun is given up in time.
    fn wait(&mut self, ms: u64) {
        let mut left = Duration::from_millis(ms);
        while let Some(patience) = self.reader.patience().filter(|p| *p <= left) {
            left -= patience;
            self.now += Span::from_std(patience).unwrap();
            let inputs = self.reader.expire();
            self.take(inputs);
        }
        self.now += Span::from_std(left).unwrap();
        self.send(Msg::Tick);
    }

    /// These bytes arrive in one read.
    fn read(&mut self, bytes: &[u8]) {
        let inputs = self.reader.feed(bytes);
        self.take(inputs);
    }

    fn take(&mut self, inputs: Vec<Input>) {
        for input in inputs {
            self.asked += usize::from(self.model.dialog.is_some());
            match input {
                Input::Key { key, burst } => {
                    if burst {
                        self.bursts += 1;
                    } else {
                        self.alone += 1;
                    }
                    self.send(Msg::Key { key, burst });
                }
                Input::Paste(text) => self.send(Msg::Paste(text)),
                Input::Noise => self.send(Msg::Noise),
                Input::Resize(..) | Input::Gone => {}
            }
        }
    }

    fn send(&mut self, msg: Msg) {
        let mut effects = update(&mut self.model, self.now, msg);
        while let Some(effect) = effects.pop() {
            match effect {
                Effect::Act { .. } => self.acts += 1,
                Effect::Quit => self.quits += 1,
                Effect::ForgetGuard(_) => self.disarms += 1,
                // Everything is permitted, so that nothing but the rule on bursts stands between.
                Effect::CheckAccess(asked) => {
                    let answers = asked.into_iter().map(|p| (p, Access::Allowed)).collect();
                    effects.extend(update(&mut self.model, self.now, Msg::Access(answers)));
                }
                _ => {}
            }
        }
    }
}

/// Production at a gate; the same in a lab, where no token is asked for; the fleet. In each of them
/// a guard is on.
fn seats() -> Vec<Model> {
    vec![
        guarded(a_cockpit(a_canary_at_its_gate())),
        guarded(a_cockpit(a_canary_at_its_gate().within("shop-lab"))),
        guarded(a_fleet([
            a_canary_at_its_gate().within("shop-lab"),
            a_deployment().within("shop-lab"),
        ])),
    ]
}

/// With a guard on its Rollout, which never fires.
fn guarded(mut model: Model) -> Model {
    let is_rollout = |workload: &&Workload| workload.id.kind == WorkloadKind::Rollout;
    let workload = model.fleet.workloads().find(is_rollout).unwrap();
    let arming = Arming {
        id: "s1-g1".into(),
        workload: workload.id.clone(),
        uid: workload.uid.clone(),
        hash: workload.status.current_hash.clone().unwrap(),
        target: None,
        by: "ana".into(),
        at: model.now,
        until: model.now + Span::hours(1),
        shadow: false,
        terms: Terms::default(),
    };
    let uid = arming.uid.clone();
    let post = Post::new(Guard::new(arming, Vec::new()), "ana (s1)".into(), model.now);
    model.posts.insert(uid, post);
    model
}

/// How bytes of noise are drawn.
type Drawn = fn(&mut Dice) -> u8;

/// Bursts of noise, at least two bytes each, in reads of any size a few milliseconds apart.
fn bursts(seat: &mut Seat, dice: &mut Dice, bytes: usize, drawn: Drawn) {
    let seats = seats();
    let mut left = bytes;
    let mut turn = 0;
    while left > 0 {
        if turn % 64 == 0 {
            seat.sit(&seats[turn / 64 % seats.len()]);
        }
        turn += 1;
        let most = if dice.one_in(4) { 300 } else { 12 };
        let noise: Vec<u8> = (0..2 + dice.below(most)).map(|_| drawn(dice)).collect();
        left = left.saturating_sub(noise.len());
        let mut rest = noise.as_slice();
        while !rest.is_empty() {
            let most = if dice.one_in(3) { 1 } else { rest.len() };
            let (piece, others) = rest.split_at(1 + dice.below(most));
            seat.read(piece);
            rest = others;
            if !rest.is_empty() {
                seat.wait(dice.roll() % 20);
            }
        }
        seat.wait(30 + dice.roll() % 2000);
    }
}

#[test]
fn noise_of_the_line_never_acts() {
    let amount = std::env::var("WAVEOFF_NOISE").ok().and_then(|n| n.parse().ok());
    let amount = amount.unwrap_or(SOME);
    let kinds: [(&str, Drawn); 2] = [
        ("any byte", |dice| (dice.roll() & 0xff) as u8),
        ("loaded bytes", |dice| LOADED[dice.below(LOADED.len())]),
    ];
    for (seed, (name, drawn)) in kinds.into_iter().enumerate() {
        let started = Instant::now();
        let mut seat = Seat::at(guarded(a_cockpit(a_canary_at_its_gate())));
        bursts(&mut seat, &mut Dice::new(seed as u64), amount / 2, drawn);
        report(&format!(
            "noise, {name}: {} bytes, {} keys in bursts and {} that came alone, {} of them while \
             a dialog asked, {} acts, {} times left, {} disarmed, {:.1} s",
            amount / 2,
            seat.bursts,
            seat.alone,
            seat.asked,
            seat.acts,
            seat.quits,
            seat.disarms,
            started.elapsed().as_secs_f64()
        ));
        assert_eq!(seat.harm(), (0, 0, 0), "{name}");
        assert!(seat.alone > 0 && seat.bursts > amount / 10, "the noise is too tame");
    }
}

/// The same seat obeys a person; without this the test above would prove nothing.
#[test]
fn keys_by_themselves_are_orders() {
    for (model, verbs) in [(&seats()[0], "PA"), (&seats()[1], "PAF"), (&seats()[2], "PA")] {
        for verb in verbs.bytes() {
            let mut seat = Seat::at(model.clone());
            seat.read(&[verb]);
            seat.wait(700);
            seat.read(b"\r");
            assert_eq!(seat.acts, 1, "{}", char::from(verb));
        }
    }
    // Whoever means it leaves a post, or disarms.
    for (keys, harm) in [("q\r", (0, 1, 0)), ("\x03\x03", (0, 1, 0)), ("T\r", (0, 0, 1))] {
        let mut seat = Seat::at(seats()[0].clone());
        for key in keys.bytes() {
            seat.read(&[key]);
            seat.wait(700);
        }
        assert_eq!(seat.harm(), harm, "{keys:?}");
    }
    // After somebody typed too fast, Enter once more.
    let mut seat = Seat::at(seats()[0].clone());
    seat.read(b"A");
    seat.wait(5);
    seat.read(b"x");
    seat.wait(700);
    seat.read(b"\r");
    assert_eq!(seat.acts, 0);
    seat.wait(700);
    seat.read(b"\r");
    assert_eq!(seat.acts, 1);
}

/// What people have on their clipboards by mistake.
const SCRIPTS: [&str; 6] = [
    "#!/bin/bash\nset -euo pipefail\nPROMOTE=1\nkubectl argo rollouts promote checkout -n shop\n",
    "A\rA\r\rA\n\rP\r\rF\r\r9f3\r\rblind\r\r",
    "PASSWORD=hunter2\r\nexport PATH=$PATH:/opt/A\r\nAPI_URL=https://x/P?A=1\r\n\r\n\r\n",
    "\x1b[200~A\r\x1b[201~A\r\x1b[200~",
    "if [ \"$ERROR_RATE\" -gt 5 ]; then\n  A=1; H=2; U=3; R=4; S=5\nfi\r\r\r\r\r\r\r\r",
    "query \"$T\"\rq\rqy\rq\rq\x03\x03T\rT\ryes, quit quickly\r",
];

#[test]
fn pasted_scripts_never_act() {
    let mut pastes = 0;
    for model in &seats() {
        for script in SCRIPTS {
            let marked = format!("\x1b[200~{script}\x1b[201~");
            for text in [script, marked.as_str()] {
                // Torn at every place, with every pause a line may have, and byte by byte.
                for cut in 2..text.len() - 1 {
                    for pause in [0, 1, 19] {
                        let mut seat = Seat::at(model.clone());
                        seat.read(&text.as_bytes()[..cut]);
                        seat.wait(pause);
                        seat.read(&text.as_bytes()[cut..]);
                        seat.wait(3000);
                        assert_eq!(seat.harm(), (0, 0, 0), "cut at {cut}, {pause} ms: {text:?}");
                        pastes += 1;
                    }
                }
                for pause in [0, 1, 5, 19] {
                    let mut seat = Seat::at(model.clone());
                    for byte in text.bytes() {
                        seat.read(&[byte]);
                        seat.wait(pause);
                    }
                    seat.wait(3000);
                    assert_eq!(seat.harm(), (0, 0, 0), "byte by byte, {pause} ms: {text:?}");
                    pastes += 1;
                }
            }
        }
    }
    report(&format!("pasted: {pastes} pastes of scripts, torn and whole, 0 acts"));
}

/// Where nothing is on, one key leaves: it has to be a key, and not a letter of a word.
#[test]
fn a_pasted_word_does_not_leave() {
    for word in ["query", "q\r", "qqqqqqqq", "\x03\x03", "/q\rq", "jq"] {
        for cut in 2..=word.len() {
            for pause in [0, 1, 19] {
                let mut seat = Seat::at(a_cockpit(a_canary_at_its_gate()));
                seat.read(&word.as_bytes()[..cut]);
                seat.wait(pause);
                seat.read(&word.as_bytes()[cut..]);
                seat.wait(3000);
                assert_eq!(seat.harm(), (0, 0, 0), "cut at {cut}, {pause} ms: {word:?}");
            }
        }
    }
    let mut seat = Seat::at(a_cockpit(a_canary_at_its_gate()));
    seat.read(b"q");
    assert_eq!(seat.harm(), (0, 1, 0));
}
