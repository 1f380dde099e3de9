//! Measures this side: configuration, journal, log, themes, terminal.
//!
//! Called by the parent.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use rustix::termios::tcgetwinsize;

use crate::app::report::doctor::{self, Check, Counts, Terminal};
use crate::config::{Origin, Places, Settings, Themes, Variables, choose_theme, explain};
use crate::runtime::alerts;
use crate::runtime::connect as connecting;
use crate::runtime::start::Start;
use crate::terminal::{Capabilities, Surroundings};

use super::{Sheet, limited};

/// Which file, and who set how much.
pub(super) fn configuration(start: &Start) -> Check {
    let mut counts = Counts::default();
    for row in explain(&start.settings) {
        match row.origin {
            Origin::Default => counts.default += 1,
            Origin::File(_) => counts.file += 1,
            Origin::Env(_) => counts.variables += 1,
            Origin::Flag(_) => counts.flags += 1,
        }
    }
    let asked = start.asked_file.clone();
    let asked = asked.or_else(|| Variables::of_process().get("WAVEOFF_CONFIG").map(PathBuf::from));
    let file = asked.or_else(|| start.places.config_file());
    let file = file.map(|path| (path.display().to_string(), path.exists()));
    doctor::configuration(file.as_ref().map(|(path, there)| (path.as_str(), *there)), counts)
}

/// The rest of this side.
pub(super) async fn examine(start: &Start, sheet: &mut Sheet) {
    let journal = connecting::journal(&start.places, false);
    let (place, now) = (journal.place(), start.clock.now());
    let written = off_the_loop(move || journal.probe(now)).await;
    sheet.add(doctor::journal(&place, written, start.settings.read_only.value));

    let log = start.telemetry.log.as_ref().map(|path| path.display().to_string());
    for courier in alerts::couriers(&start.settings) {
        let receiver = courier.receiver();
        let reached = limited(courier.reach()).await;
        let reached = reached.and_then(|reached| reached.map_err(|error| error.to_string()));
        sheet.add(doctor::receiver(&receiver.name, receiver.kind.word(), reached));
    }

    sheet.add(doctor::log(log.as_deref(), start.telemetry.trouble.as_deref()));

    let themes = start.places.themes();
    let place = themes.as_ref().map(|path| path.display().to_string());
    let read = match themes {
        Some(path) => off_the_loop(move || readable(&path)).await,
        None => Ok(false),
    };
    sheet.add(doctor::directory(place.as_deref(), read));
    sheet.add(doctor::terminal(&terminal(&start.settings, &start.places)));
}

/// Does what may hang, such as a directory of a network, on a thread of its own.
async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, String> {
    let work = limited(tokio::task::spawn_blocking(work)).await?;
    work.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

/// Whether a directory is there; fails when it is, and cannot be listed.
fn readable(path: &Path) -> io::Result<bool> {
    match std::fs::read_dir(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn terminal(settings: &Settings, places: &Places) -> Terminal {
    let surroundings = Surroundings::of_process();
    let capabilities = Capabilities::read(&surroundings);
    let (depth, no_color) = (capabilities.depth, capabilities.no_color);
    let choice = choose_theme(settings, depth, no_color, capabilities.light);
    let name = choice.name.value.clone();
    let theme = Themes::new(places).load(&choice.name).map(|_| name).map_err(|e| e.to_string());
    let size = tcgetwinsize(io::stdout()).ok();
    let size = size.map(|size| (size.ws_col, size.ws_row)).filter(|(w, h)| *w > 0 && *h > 0);
    Terminal {
        input: io::stdin().is_terminal(),
        output: io::stdout().is_terminal(),
        within: within(surroundings.term.as_deref().unwrap_or_default()),
        term: surroundings.term,
        depth: choice.depth,
        no_color,
        unicode: settings.glyphs.value.is_unicode(capabilities.unicode),
        size,
        ssh: capabilities.ssh,
        theme,
    }
}

/// The program that stands between us and the terminal.
fn within(term: &str) -> Option<&'static str> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("TMUX") || term.starts_with("tmux") {
        Some("tmux")
    } else if set("ZELLIJ") {
        Some("zellij")
    } else if set("STY") || term.starts_with("screen") {
        Some("screen")
    } else {
        None
    }
}
