//! The start: reads the settings, connects, and opens the cockpit or answers a command.

use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::app::drill::Drill;
use crate::app::guard::record;
use crate::app::journal;
use crate::app::keymap::{self, Overrides};
use crate::app::model::Model;
use crate::app::session::Scope;
use crate::app::update::begin_drill;
use crate::cluster::{self, ClusterError, Connection, ErrorKind, Live};
use crate::config::args::{Args, Check, Command, Output, PlanAsk};
use crate::config::{
    Namespaces, Places, Settings, Themes, Variables, choose_theme, explain, overrides, to_json,
    to_text,
};
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::environment::Environment;
use crate::domain::time::Span;
use crate::error::Exit;
use crate::telemetry::{self, Telemetry};
use crate::terminal::{Capabilities, Console, Deadly, Signals, Surroundings};
use crate::view::{Glyphs, Look};

use super::alerts;
use super::clock::Clock;
use super::cockpit::Cockpit;
use super::connect as connecting;
use super::doctor;
use super::door::Door;
use super::drill::{self, Flown};
use super::headless::{Failure, Headless, failure, has_duties, interrupted};
use super::measure;
use super::readiness::{self, Bench};
use super::repository::Repositories;
use super::say::{self, complain, print, print_json};
use super::state::record as journal_record;
use super::state::{Keep, Passes};

/// After this long without a connection, says what it waits for.
const SAY_AFTER: Duration = Duration::from_millis(700);

/// How long a wave-off that was cut off is still gone on with.
const PURSUED_FOR: Span = Span::hours(1);

/// Runs the program and says how it ends.
pub fn run(args: Args) -> Exit {
    if !matches!(args.command, Some(Command::Drill(_))) {
        // The allocator asks for huge pages: a third more memory for a program that mostly waits.
        // Where they cannot be refused, it is that much larger.
        #[cfg(target_os = "linux")]
        let _ = rustix::thread::disable_transparent_huge_pages(true);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("start the runtime: {error}"));
            return Exit::Undetermined;
        }
    };
    // A panic has spoken already. Unwinding through the runtime would wait for blocked threads.
    let served = catch_unwind(AssertUnwindSafe(|| runtime.block_on(serve(args))));
    let exit = served.unwrap_or(Exit::Panic);
    // A credential plugin or a name lookup that hangs must not hold up the way out.
    runtime.shutdown_timeout(Duration::from_millis(300));
    say::finish();
    exit
}

/// What every way to start needs.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) settings: Settings,
    pub(super) places: Places,
    /// `--config`.
    pub(super) asked_file: Option<PathBuf>,
    /// `--catalogue`.
    pub(super) catalogue: Option<PathBuf>,
    pub(super) telemetry: Telemetry,
    pub(super) clock: Clock,
}

async fn serve(args: Args) -> Exit {
    let variables = Variables::of_process();
    let places = Places::of(&variables);
    let settings = match Settings::load(&args.global, &variables, &places) {
        Ok(settings) => settings,
        Err(error) => {
            complain(&error.to_string());
            return Exit::Usage;
        }
    };
    let overrides = match overrides(&settings) {
        Ok(overrides) => overrides,
        Err(error) => {
            complain(&error.to_string());
            return Exit::Usage;
        }
    };
    if let Some(exit) = at_once(&args, &settings, &places).await {
        return exit;
    }
    let telemetry = telemetry::start(&settings, &places);
    let (asked_file, catalogue) = (args.global.config, args.global.catalogue);
    let clock = Clock::default();
    let start = Start { settings, places, asked_file, catalogue, telemetry, clock };
    let ended = match args.command {
        None => Box::pin(start.cockpit(overrides)).await,
        Some(Command::Drill(asked)) if !asked.headless && !asked.serve => {
            Box::pin(drill::run(start, asked, overrides)).await
        }
        // They have something to finish or to say before they end, whatever ends them.
        Some(command) if has_duties(&command) => Box::pin(start.command(command, overrides)).await,
        Some(command) => tokio::select! {
            ended = Box::pin(start.command(command, overrides)) => ended,
            _ = tokio::signal::ctrl_c() => Err(Failure {
                exit: Exit::Interrupted,
                text: "interrupted: what was sent stays sent".into(),
            }),
        },
    };
    self::ended(ended)
}

/// Answers what needs no cluster; nothing for everything else.
async fn at_once(args: &Args, settings: &Settings, places: &Places) -> Option<Exit> {
    match &args.command {
        Some(Command::Keys) => {
            print(&keymap::markdown());
            Some(Exit::Ok)
        }
        Some(Command::Config(output)) => {
            let rows = explain(settings);
            match output.output {
                Output::Text => print(&to_text(&rows)),
                Output::Json => print_json(&to_json(&rows)),
            }
            Some(Exit::Ok)
        }
        Some(Command::Journal(asked)) => {
            let journal = connecting::journal(places, asked.drills);
            Some(journal_record::tell(&journal, asked, Clock::default().now()))
        }
        Some(Command::Alerts(asked)) => Some(alerts::rehearse(settings, asked).await),
        Some(Command::Check(asked)) if !asked.live => {
            let loaded = readiness::load_and_say(args.global.catalogue.as_deref());
            let (terms, now) = (&settings.guard.terms, Clock::default().now());
            Some(ended(loaded.and_then(|loaded| {
                let bench = Bench::new(terms, &loaded.catalogue, None, now);
                readiness::check(asked, bench).map(|exit| readiness::marred(&loaded, exit))
            })))
        }
        Some(Command::Plan(asked)) if !asked.live => {
            let loaded = readiness::load_and_say(args.global.catalogue.as_deref());
            let (terms, look) = (&settings.guard.terms, readiness::Look::away());
            Some(ended(loaded.and_then(|loaded| readiness::advise(&loaded, asked, terms, &look))))
        }
        Some(Command::New(asked)) => {
            let loaded = readiness::load_and_say(args.global.catalogue.as_deref());
            let made = loaded.and_then(|loaded| {
                readiness::make(asked, &args.global.namespaces, settings, &loaded.catalogue)
            });
            Some(ended(made))
        }
        _ => None,
    }
}

/// How the program ends by what a command came to.
fn ended(came_to: Result<Exit, Failure>) -> Exit {
    came_to.unwrap_or_else(|failure| {
        complain(&failure.text);
        failure.exit
    })
}

impl Start {
    /// Connects; the terminal is still the shell's, so a credential plugin may say something.
    pub(super) async fn connect(&self) -> Result<Live, ClusterError> {
        let options = connecting::options(&self.settings);
        let connecting = cluster::connect(&options);
        tokio::pin!(connecting);
        tokio::select! {
            connected = &mut connecting => connected,
            () = tokio::time::sleep(SAY_AFTER) => {
                complain("waiting for the credentials of the context ...");
                connecting.await
            }
        }
    }

    async fn connected(&self) -> Result<Arc<Connection>, Failure> {
        let live = self.connect().await;
        let live = live.map_err(|error| failure(exit_of(&error), error.to_string()))?;
        Ok(Arc::clone(live.connection()))
    }

    async fn command(self, command: Command, overrides: Overrides) -> Result<Exit, Failure> {
        match command {
            Command::Drill(asked) => Box::pin(drill::run(self, asked, overrides)).await,
            Command::Doctor(print) => Ok(Box::pin(doctor::run(self, print.output)).await),
            Command::Check(asked) => self.check_live(&asked).await,
            Command::Plan(asked) => self.plan_live(&asked).await,
            command if has_duties(&command) => Box::pin(self.on_duty(command)).await,
            command => Box::pin(self.look_on(command)).await,
        }
    }

    /// Compared with what runs; advice stands also where nothing can be asked.
    async fn plan_live(mut self, asked: &PlanAsk) -> Result<Exit, Failure> {
        let loaded = readiness::load_and_say(self.catalogue.as_deref())?;
        let look = match readiness::environment_of(&loaded.catalogue, asked) {
            None => readiness::Look::away(),
            Some(environment) => self.look_at(environment).await,
        };
        readiness::advise(&loaded, asked, &self.settings.guard.terms, &look)
    }

    /// Looks at an environment in its own context, unless the session is of another.
    async fn look_at(&mut self, environment: &Environment) -> readiness::Look {
        let named = environment.context.as_ref().map(|context| context.value.to_string());
        let exact = named.filter(|named| !named.contains('*'));
        if self.settings.context.value.is_none() {
            self.settings.context.value = exact;
        }
        let connection = match self.connected().await {
            Ok(connection) => connection,
            Err(failure) => return readiness::Look::failed(&failure.text),
        };
        let context = &connection.identity().context;
        if !environment.is_in(context) {
            let named = environment.context.as_ref().map(|named| named.value.as_str());
            let named = named.unwrap_or_default();
            let text = format!("it is in context {named}, and this session is in {context}");
            return readiness::Look::failed(&text);
        }
        readiness::Look::at(&connection, &environment.workload.value).await
    }

    async fn check_live(self, asked: &Check) -> Result<Exit, Failure> {
        let connection = self.connected().await?;
        let namespaces = match connecting::scope(&self.settings, connection.identity()) {
            Scope::All => Vec::new(),
            Scope::Namespaces(names) => names,
        };
        let loaded = readiness::load_and_say(self.catalogue.as_deref())?;
        let catalogue = &loaded.catalogue;
        for unsent in measure::unsent(catalogue, self.catalogue.is_some()) {
            complain(&unsent);
        }
        let named = self.catalogue.as_ref().map(|_| catalogue);
        let sign_in = measure::sign_in(&self.settings, named, false);
        let servers = measure::Servers::new(Arc::clone(&connection), sign_in);
        let context = &connection.identity().context;
        let now = self.clock.now();
        let bench = Bench::new(&self.settings.guard.terms, catalogue, Some(context), now);
        let exit = readiness::check_live(&servers, &namespaces, asked, bench).await?;
        Ok(readiness::marred(&loaded, exit))
    }

    pub(super) fn door(&self, connection: Arc<Connection>) -> Door {
        Door {
            journal: connecting::journal(&self.places, connection.is_drill()),
            guards: connecting::guards(&self.places, connection.is_drill()),
            passes: self.passes(&connection),
            repositories: self.repositories(&connection),
            connection,
            clock: self.clock.clone(),
        }
    }

    /// A drill writes to none.
    fn repositories(&self, connection: &Connection) -> Repositories {
        if connection.is_drill() {
            return Repositories::none();
        }
        Repositories::new(self.settings.repositories.clone(), self.places.state.clone())
    }

    /// A drill is not kept: the next one has other pods of the same names.
    fn passes(&self, connection: &Connection) -> Passes {
        let state = self.places.state.clone().filter(|_| !connection.is_drill());
        Passes::new(state, connection.identity().server.clone())
    }

    pub(super) fn model(&self, door: &Door, scope: Scope) -> Model {
        let now = self.clock.now();
        let log = self.telemetry.log.as_deref();
        let session =
            connecting::session(&self.settings, &door.connection, scope, &door.journal, log, now);
        let stamp = connecting::stamp(&session);
        let mut model = Model::new(session, stamp, now);
        model.metrics.settings = measure::measuring(&self.settings, door.connection.is_drill());
        model.gates.profile = self.settings.gate.profile.clone();
        model.gates.looks_on = true;
        if let Some(trouble) = &self.telemetry.trouble {
            model.troubles.note(now, "log", trouble.as_str());
        }
        model.terms = self.settings.guard.terms.clone();
        if !door.connection.is_drill() {
            self.take_catalogue(&mut model);
        }
        model.pursued = journal::unfinished(&door.journal.recent(now), now - PURSUED_FOR);
        model
    }

    /// The catalogue, where a person named it.
    fn named_catalogue<'m>(&self, model: &'m Model) -> Option<&'m Catalogue> {
        self.catalogue.as_ref().map(|_| &*model.catalogue)
    }

    /// What is wrong with the catalogue disables what it is about, and is a trouble of the session.
    fn take_catalogue(&self, model: &mut Model) {
        let now = model.now;
        let loaded = match readiness::load(self.catalogue.as_deref()) {
            Ok(loaded) => loaded,
            Err(failure) => return model.troubles.note(now, "catalogue", failure.text),
        };
        for fault in &loaded.faults {
            model.troubles.note(now, "catalogue", fault.to_string());
        }
        if loaded.holds_secret() {
            return;
        }
        for unsent in measure::unsent(&loaded.catalogue, self.catalogue.is_some()) {
            model.troubles.note(now, "catalogue", unsent);
        }
        model.session.environments.extend(connecting::environments(&loaded.catalogue));
        model.catalogue = Arc::new(loaded.catalogue);
    }

    async fn cockpit(self, overrides: Overrides) -> Result<Exit, Failure> {
        self.needs_terminal("`waveoff list` prints the fleet without one")?;
        let connection = self.connected().await?;
        let scope = connecting::scope(&self.settings, connection.identity());
        let signals = listen()?;
        Box::pin(self.fly(connection, scope, overrides, signals, None)).await
    }

    /// Refuses to open a screen where there is none.
    pub(super) fn needs_terminal(&self, instead: &str) -> Result<(), Failure> {
        if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
            // What cannot be shown is said before anything is built for it.
            return self.look(Capabilities::read(&Surroundings::of_process())).map(drop);
        }
        Err(failure(Exit::Usage, format!("the cockpit needs a terminal; {instead}")))
    }

    /// Opens the cockpit over a connection, and flies a drill when there is one.
    pub(super) async fn fly(
        self,
        connection: Arc<Connection>,
        scope: Scope,
        overrides: Overrides,
        signals: Signals,
        drill: Option<(Drill, Flown)>,
    ) -> Result<Exit, Failure> {
        let capabilities = Capabilities::read(&Surroundings::of_process());
        let look = self.look(capabilities)?;
        let door = self.door(connection);
        let mut model = self.model(&door, scope);
        model.overrides = overrides;
        tell_left(&mut model, &door);
        let (told, flown) = drill.unzip();
        let effects = told.map(|told| begin_drill(&mut model, told)).unwrap_or_default();
        let failed = |error: &dyn std::fmt::Display| failure(Exit::Undetermined, error.to_string());
        let console = Console::enter().map_err(|e| failed(&e))?;
        console.restore_on_panic(self.telemetry.log.clone());
        let is_drill = door.connection.is_drill();
        let sign_in = measure::sign_in(&self.settings, self.named_catalogue(&model), is_drill);
        let live = !door.connection.is_drill();
        let keep = Keep::of(&self.places, &model.session).filter(|_| live);
        model.fleet_view.last = keep.as_ref().and_then(Keep::read);
        let alerts = alerts::plan(&self.settings, &self.places, !live);
        let (clock, rings) = (self.clock.clone(), self.settings.bell.value);
        let cockpit =
            Cockpit { model, look, door, clock, sign_in, alerts, rings, flown, keep, effects };
        Box::pin(cockpit.run(console, capabilities, signals))
            .await
            .map_err(|e| failed(&format!("{e:#}")))
    }

    fn look(&self, capabilities: Capabilities) -> Result<Look, Failure> {
        let choice = choose_theme(
            &self.settings,
            capabilities.depth,
            capabilities.no_color,
            capabilities.light,
        );
        let theme = Themes::new(&self.places).load(&choice.name);
        let theme = theme.map_err(|e| Failure { exit: Exit::Usage, text: e.to_string() })?;
        let unicode = self.settings.glyphs.value.is_unicode(capabilities.unicode);
        let glyphs = if unicode { Glyphs::Unicode } else { Glyphs::Ascii };
        Ok(Look::new(theme, glyphs, choice.depth))
    }

    /// A command that only looks.
    async fn look_on(self, command: Command) -> Result<Exit, Failure> {
        let mut session = self.session(&command, self.connected().await?);
        Box::pin(session.carry_out(&command)).await
    }

    /// A command with duties: it hears every signal from here on, and nobody who does not read what
    /// it says holds it up.
    async fn on_duty(self, command: Command) -> Result<Exit, Failure> {
        say::aside();
        let signals = Deadly::listen();
        let mut signals = signals.map_err(|e| failure(Exit::Undetermined, e.to_string()))?;
        let connection = tokio::select! {
            connected = self.connected() => connected?,
            signal = signals.next() => return Err(interrupted(signal)),
        };
        let session = self.session(&command, connection);
        match &command {
            Command::Guard(asked) => {
                let left = connecting::guards(&self.places, false).left();
                Box::pin(session.guard(asked, left, signals)).await
            }
            command => Box::pin(session.obey(command, signals)).await,
        }
    }

    /// Begins a session without a screen.
    fn session(&self, command: &Command, connection: Arc<Connection>) -> Headless {
        let listing = matches!(command, Command::List(_));
        let scope = match &self.settings.namespaces.value {
            // A name without a namespace means the context's, as everywhere else.
            Namespaces::OfContext if !listing => {
                Scope::Namespaces(vec![connection.identity().namespace.clone()])
            }
            _ => connecting::scope(&self.settings, connection.identity()),
        };
        let door = self.door(connection);
        let mut model = self.model(&door, scope);
        // Only what is shown is asked.
        model.metrics.settings.on &=
            matches!(command, Command::List(_) | Command::Status(_) | Command::Guard(_));
        let sign_in = measure::sign_in(&self.settings, self.named_catalogue(&model), false);
        let alerts = alerts::plan(&self.settings, &self.places, false);
        Headless::start(model, door, sign_in, alerts, self.clock.clone())
    }
}

/// Says which guards a program left when it was killed.
fn tell_left(model: &mut Model, door: &Door) {
    let now = model.now;
    for post in door.guards.left().iter().filter_map(|kept| record::from_json(kept, now)) {
        let arming = &post.guard.arming;
        let text = format!(
            "{} was guarded by {} until its program ended, and nobody guards it now; \
             `waveoff guard {}` goes on with it",
            arming.workload, arming.by, arming.workload.name
        );
        model.troubles.note(now, "guard", text);
    }
}

/// Takes the signals over, before there is anything that has to be given back.
pub(super) fn listen() -> Result<Signals, Failure> {
    Signals::listen().map_err(|error| failure(Exit::Undetermined, error.to_string()))
}

fn exit_of(error: &ClusterError) -> Exit {
    match error.kind() {
        ErrorKind::Usage => Exit::Usage,
        _ => Exit::Undetermined,
    }
}
