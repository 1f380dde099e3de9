//! The cockpit's loop: keys first, then answers, reports, the pulse, time; then a frame when
//! something changed.
//!
//! Nothing between the inbox and the terminal waits for the network, and a stalled terminal never
//! holds up the loop.

use std::time::{Duration, Instant};

use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::msg::Msg;
use crate::cluster::Pace;
use crate::error::Exit;
use crate::terminal::{Console, FrameWriter, Input, Inputs, Screen, Signal, Signals};
use crate::view::{Look, Painter};
use anyhow::Context;

use super::clock::Clock;
use super::door::Door;
use super::drill::Flown;
use super::engine::{Engine, Inbox};
use super::feed;
use super::measure::SignIn;

/// Reports taken in one turn of the loop.
const BATCH: usize = 256;

/// Shortest time between two frames.
const FRAME: Duration = Duration::from_millis(50);

/// Time between two ticks.
const TICK: Duration = Duration::from_millis(200);

/// How long leaving waits for requests that are on their way and for the journal.
const LEAVE_WITHIN: Duration = Duration::from_millis(1500);

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
    /// The drill, when this is one.
    pub(super) flown: Option<Flown>,
    /// What is wanted before anything happens.
    pub(super) effects: Vec<Effect>,
}

struct Loop {
    engine: Engine,
    look: Look,
    console: Console,
    screen: Screen,
    inputs: Inputs,
    painter: Painter<FrameWriter>,
    flown: Option<Flown>,
    dirty: bool,
    /// Clears the screen before the next frame.
    repaint: bool,
    last_frame: Instant,
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
    ) -> anyhow::Result<Exit> {
        let Self { mut model, look, door, clock, sign_in, flown, effects } = self;
        let mut signals = Signals::listen().context("listen for signals")?;
        let screen = console.screen(&capabilities).context("start the screen")?;
        let inputs = console.inputs().context("start reading keys")?;
        model.size = console.size();
        let painter = Painter::new(screen.writer(), model.size).context("draw")?;

        let (engine, mut inbox) = Engine::start(model, door, clock, sign_in, Pace::default());
        let mut this = Loop {
            engine,
            look,
            console,
            screen,
            inputs,
            painter,
            flown,
            dirty: true,
            repaint: true,
            last_frame: Instant::now(),
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
        this.engine.finish(LEAVE_WITHIN).await;
        Ok(exit)
    }
}

impl Loop {
    /// Turn after turn, until something ends it.
    async fn fly(&mut self, signals: &mut Signals, inbox: &mut Inbox) -> anyhow::Result<()> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut reports = Vec::with_capacity(BATCH);
        while self.quit.is_none() {
            let wait = self.until_frame();
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
                    self.dirty = true;
                    let rest = self.engine.pulse(&mut inbox.arrivals);
                    self.perform(rest)?;
                }
                _ = tick.tick() => self.tick()?,
            }
            if self.suspend {
                self.suspend(signals).await?;
            }
        }
        Ok(())
    }

    /// Ready when a frame is due: something changed, the last frame is out, and not too soon.
    fn until_frame(&self) -> impl Future<Output = ()> + use<> {
        let due = (self.dirty || self.repaint).then(|| self.last_frame + FRAME);
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

    fn take(&mut self, msg: Msg) -> anyhow::Result<()> {
        let began = Instant::now();
        let rest = self.engine.take(msg);
        self.dirty = true;
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
            Input::Resize(columns, rows) => {
                self.repaint = true;
                self.take(Msg::Resize(columns, rows))
            }
            Input::Gone => {
                // Nobody can see the screen any more; SIGHUP may never come.
                self.quit = Some(Exit::Signal(129));
                Ok(())
            }
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Stop => self.suspend = true,
            Signal::Continue => {
                // The kernel sends SIGCONT along with SIGHUP: then there is nothing to take.
                if self.console.reenter().is_err() {
                    self.quit = Some(Exit::Signal(129));
                }
                self.repaint = true;
            }
            Signal::Hangup | Signal::Interrupt | Signal::Quit | Signal::Terminate => {
                let code = signal.exit_code().unwrap_or(Exit::Interrupted.code());
                self.quit = Some(Exit::Signal(code));
            }
        }
    }

    /// To the shell until it continues us.
    async fn suspend(&mut self, signals: &mut Signals) -> anyhow::Result<()> {
        self.suspend = false;
        if let Err(error) = self.console.suspend(signals).await {
            self.take(Msg::Trouble("suspend".into(), error.to_string().into()))?;
        }
        let (columns, rows) = self.console.size();
        self.repaint = true;
        self.take(Msg::Resize(columns, rows))
    }

    fn tick(&mut self) -> anyhow::Result<()> {
        let drill = self.flown.as_mut().is_some_and(Flown::broken);
        if drill || self.engine.broken() {
            // The panic hook has given the terminal back and said what happened.
            self.quit = Some(Exit::Panic);
            return Ok(());
        }
        if let Some(progress) = self.flown.as_mut().and_then(Flown::progress) {
            self.take(Msg::Drill(Box::new(progress)))?;
        }
        self.take(Msg::Tick)
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
        if self.repaint {
            self.painter.repaint(self.engine.model.size).context("clear the screen")?;
            self.repaint = false;
        }
        let end = self.painter.draw(&self.engine.model, &self.look).context("draw a frame")?;
        self.screen.present();
        self.dirty = false;
        self.last_frame = Instant::now();
        match end {
            Some(end) if self.engine.model.scroll > end => self.take(Msg::ScrollEnd(end)),
            _ => Ok(()),
        }
    }
}
