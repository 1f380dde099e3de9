//! The cockpit's loop: keys first, then answers, reports, the pulse, time; then a frame when
//! something changed.
//!
//! Nothing between the inbox and the terminal waits for the network, and a stalled terminal never
//! holds up the loop.

mod frames;

use std::time::{Duration, Instant};

use anyhow::Context;

use crate::app::effect::Effect;
use crate::app::fleet_view::last::LastView;
use crate::app::model::Model;
use crate::app::msg::Msg;
use crate::app::read::{is_far, is_lively, shows_time};
use crate::app::update::{farewell, stand_down};
use crate::cluster::Pace;
use crate::error::Exit;
use crate::terminal::{Console, FrameWriter, Input, Inputs, Screen, Signal, Signals, fall};
use crate::view::{Look, Painter};

use super::alerts;
use super::clock::Clock;
use super::door::Door;
use super::drill::Flown;
use super::engine::{Engine, Inbox};
use super::feed;
use super::measure::SignIn;
use super::state::Keep;
use frames::{Change, Frames};

/// Reports taken in one turn of the loop: about a millisecond of work.
const BATCH: usize = 32;

/// Time between two ticks while something may change by itself within a second.
const TICK: Duration = Duration::from_millis(200);

/// The same while nothing does: the clock has whole seconds, and waking up costs.
const QUIET_TICK: Duration = Duration::from_secs(1);

/// How long leaving waits for requests that are on their way and for the journal.
const LEAVE_WITHIN: Duration = Duration::from_millis(600);

/// A turn of the loop longer than this is a fault worth a line in the log.
const SLOW_TURN: Duration = Duration::from_millis(20);

/// What the cockpit is made of.
#[derive(Debug)]
pub(super) struct Cockpit {
    /// What it knows.
    pub(super) model: Model,
    /// How it looks.
    pub(super) look: Look,
    /// The way to the cluster.
    pub(super) door: Door,
    /// The clock.
    pub(super) clock: Clock,
    /// How to sign in to Prometheus.
    pub(super) sign_in: SignIn,
    /// Whom to tell who is not at the screen.
    pub(super) alerts: alerts::Plan,
    /// Whether the terminal rings.
    pub(super) rings: bool,
    /// The drill, when this is one.
    pub(super) flown: Option<Flown>,
    /// Where the view is kept for the next start.
    pub(super) keep: Option<Keep>,
    /// What is wanted before anything happens.
    pub(super) effects: Vec<Effect>,
}

#[expect(clippy::struct_excessive_bools, reason = "independent facts of a screen")]
struct Loop {
    engine: Engine,
    look: Look,
    console: Console,
    screen: Screen,
    inputs: Inputs,
    painter: Painter<FrameWriter>,
    rings: bool,
    flown: Option<Flown>,
    frames: Frames,
    /// Clears the screen before the next frame.
    repaint: bool,
    last_tick: Instant,
    /// The last frame was drawn whole.
    whole: bool,
    /// Ctrl-Z was pressed, or SIGTSTP came.
    suspend: bool,
    quit: Option<Exit>,
}

impl Cockpit {
    /// Runs until the person leaves or a signal ends it.
    pub(super) async fn run(
        self,
        console: Console,
        capabilities: crate::terminal::Capabilities,
        mut signals: Signals,
    ) -> anyhow::Result<Exit> {
        let Self { mut model, look, door, clock, sign_in, alerts, rings, flown, keep, effects } =
            self;
        let screen = console.screen(&capabilities).context("start the screen")?;
        let inputs = console.inputs().context("start reading keys")?;
        model.size = console.size();
        let painter = Painter::new(screen.writer(), model.size).context("draw")?;

        let (engine, mut inbox) =
            Engine::start(model, door, clock, sign_in, alerts, Pace::default());
        let mut this = Loop {
            engine,
            look,
            console,
            screen,
            inputs,
            painter,
            rings,
            flown,
            frames: Frames::new(Instant::now()),
            repaint: true,
            last_tick: Instant::now(),
            whole: false,
            suspend: false,
            quit: None,
        };
        this.draw()?;
        for effect in effects {
            let rest = this.engine.perform(effect);
            this.perform(rest)?;
        }
        this.fly(&mut signals, &mut inbox).await?;
        let exit = this.quit.unwrap_or(Exit::Ok);
        this.console.leave();
        this.stand_down(exit);
        if let (Some(keep), Some(view)) = (keep, LastView::of(&this.engine.model))
            && let Err(error) = keep.write(&view)
        {
            tracing::warn!(%error, "the last view cannot be kept");
        }
        if exit == Exit::Panic {
            this.console.last_words().await;
        }
        tokio::select! {
            () = this.engine.finish(LEAVE_WITHIN) => {}
            // Whoever asks twice does not want to wait.
            _ = signals.deadly() => {}
        }
        Ok(exit)
    }
}

impl Loop {
    /// Nobody is at the post from here on: who left disarmed, whatever else ended it is told.
    fn stand_down(&mut self, exit: Exit) {
        let effects = match exit {
            Exit::Ok => stand_down(&mut self.engine.model),
            _ => farewell(&mut self.engine.model, "the cockpit was ended"),
        };
        for effect in effects {
            self.engine.perform(effect);
        }
    }

    /// Turn after turn, until something ends it.
    async fn fly(&mut self, signals: &mut Signals, inbox: &mut Inbox) -> anyhow::Result<()> {
        let mut reports = Vec::with_capacity(BATCH);
        while self.quit.is_none() {
            // Asked here and not only of timers: one that is made anew in each turn is never ready
            // while something else always is, and then a flood would hide every frame.
            let now = Instant::now();
            if self.repaint {
                self.frames.note(Change::Near);
            }
            if self.frames.due().is_some_and(|due| due <= now) && self.screen.is_idle() {
                self.draw()?;
            }
            if self.tick_due() <= now {
                self.tick()?;
            }
            let wait = self.until_frame();
            let tick = tokio::time::sleep_until(self.tick_due().into());
            tokio::select! {
                biased;
                signal = signals.next() => self.signal(signal),
                input = self.inputs.next() => self.input(input)?,
                Some(msg) = inbox.answers.recv() => self.take(msg)?,
                () = wait => self.draw()?,
                count = inbox.arrivals.reports.recv_many(&mut reports, BATCH) => {
                    if count == 0 {
                        anyhow::bail!("the watches ended");
                    }
                    for report in reports.drain(..) {
                        self.take(feed::message(report))?;
                    }
                }
                Ok(()) = inbox.arrivals.pulse.changed() => {
                    self.frames.note(Change::Near);
                    let rest = self.engine.pulse(&mut inbox.arrivals);
                    self.perform(rest)?;
                }
                () = tick => self.tick()?,
            }
            if self.suspend {
                self.suspend(signals).await?;
            }
        }
        Ok(())
    }

    /// When the next tick is due.
    fn tick_due(&self) -> Instant {
        if is_lively(&self.engine.model) {
            return self.last_tick + TICK;
        }
        // With the second, so that the clock leaves none out.
        let past = self.engine.model.now.timestamp_subsec_millis().min(999);
        self.last_tick + QUIET_TICK.saturating_sub(Duration::from_millis(u64::from(past)))
    }

    /// Ready when a frame is due: something changed, the last frame is out, and not too soon.
    fn until_frame(&self) -> impl Future<Output = ()> + use<> {
        let due = self.frames.due();
        let screen = self.screen.clone();
        async move {
            match due {
                Some(due) => {
                    tokio::time::sleep_until(due.into()).await;
                    screen.idle().await;
                }
                None => std::future::pending().await,
            }
        }
    }

    /// Takes in a message that may change what is shown.
    fn take(&mut self, msg: Msg) -> anyhow::Result<()> {
        let far = is_far(&self.engine.model, &msg);
        self.frames.note(if far { Change::Far } else { Change::Near });
        self.turn(msg)
    }

    /// Takes in a message, whatever it changes.
    fn turn(&mut self, msg: Msg) -> anyhow::Result<()> {
        let began = Instant::now();
        let rest = self.engine.take(msg);
        self.perform(rest)?;
        let took = began.elapsed();
        if took > SLOW_TURN {
            tracing::warn!(?took, "slow turn of the loop");
        }
        Ok(())
    }

    fn input(&mut self, input: Input) -> anyhow::Result<()> {
        match input {
            Input::Key { key, burst } => self.take(Msg::Key { key, burst }),
            Input::Paste(text) => self.take(Msg::Paste(text)),
            Input::Noise => self.take(Msg::Noise),
            Input::Resize(columns, rows) => {
                self.repaint = true;
                self.take(Msg::Resize(columns, rows))
            }
            Input::Gone => {
                self.gone();
                Ok(())
            }
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Stop => self.suspend = true,
            Signal::Continue => match self.console.reenter() {
                Ok(true) => self.repaint = true,
                Ok(false) => self.suspend = true,
                // The kernel sends SIGCONT along with SIGHUP: then there is nothing to take.
                Err(_) => self.gone(),
            },
            Signal::Hangup | Signal::Interrupt | Signal::Quit | Signal::Terminate => {
                self.end(signal);
            }
        }
    }

    /// Nobody can see the screen any more; SIGHUP may never come. Or who read the keys has fallen.
    fn gone(&mut self) {
        let fallen = self.console.has_fallen();
        self.quit = Some(if fallen { Exit::Panic } else { Exit::Signal(129) });
    }

    fn end(&mut self, signal: Signal) {
        let code = signal.exit_code().unwrap_or(Exit::Interrupted.code());
        self.quit = Some(Exit::Signal(code));
    }

    /// To the shell until it continues us.
    async fn suspend(&mut self, signals: &mut Signals) -> anyhow::Result<()> {
        self.suspend = false;
        match self.console.suspend(signals).await {
            Ok(None) => {}
            Ok(Some(deadly)) => {
                self.end(deadly);
                return Ok(());
            }
            // There is nothing to come back to.
            Err(_) if !self.console.is_entered() => {
                self.gone();
                return Ok(());
            }
            Err(error) => {
                self.take(Msg::Trouble("suspend".into(), error.to_string().into()))?;
            }
        }
        let (columns, rows) = self.console.size();
        self.repaint = true;
        self.take(Msg::Resize(columns, rows))
    }

    fn tick(&mut self) -> anyhow::Result<()> {
        fall::here("loop");
        if self.console.has_fallen() {
            // The panic hook has given the terminal back.
            self.quit = Some(Exit::Panic);
            return Ok(());
        }
        if self.screen.is_gone() {
            self.gone();
            return Ok(());
        }
        self.engine.tidy();
        if let Some(progress) = self.flown.as_mut().and_then(Flown::progress) {
            self.take(Msg::Drill(Box::new(progress)))?;
        }
        self.last_tick = Instant::now();
        let before = self.engine.model.now;
        let toast = self.engine.model.toast.is_some();
        self.turn(Msg::Tick)?;
        // Most ticks change nothing that is shown.
        let expired = toast != self.engine.model.toast.is_some();
        if expired || shows_time(&self.engine.model, before) {
            self.frames.note(Change::Near);
        }
        Ok(())
    }

    /// Performs what needs the screen.
    fn perform(&mut self, effects: Vec<Effect>) -> anyhow::Result<()> {
        for effect in effects {
            match effect {
                Effect::Copy(text) => {
                    if let Err(error) = self.screen.copy(&text) {
                        self.take(Msg::Trouble("copy".into(), error.to_string().into()))?;
                    }
                }
                Effect::Ring(text) if self.rings => self.screen.ring(&text),
                Effect::Redraw => self.repaint = true,
                Effect::Suspend => self.suspend = true,
                Effect::Quit => self.quit = Some(Exit::Ok),
                // The engine keeps what is its own.
                _ => {}
            }
        }
        Ok(())
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        if !self.screen.is_idle() {
            return Ok(());
        }
        // What was drawn whole and stuck is not drawn whole again: a slow line would never end.
        self.repaint |= self.screen.was_late() && !self.whole;
        self.whole = self.repaint;
        if self.repaint {
            self.painter.repaint(self.engine.model.size).context("clear the screen")?;
            self.repaint = false;
        }
        let end = self.painter.draw(&self.engine.model, &self.look).context("draw a frame")?;
        self.screen.present();
        self.frames.painted(Instant::now());
        match end {
            Some(end) if self.engine.model.scroll > end => self.take(Msg::ScrollEnd(end)),
            _ => Ok(()),
        }
    }
}
