//! The way back in one line: where to, how warm, how long, and what is in the way.
//!
//! Called by `view` for the Rollout screen and by the report of `status`.

use crate::app::model::Model;
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::domain::phase;
use crate::domain::release::{Release, number_text};
use crate::domain::time::{clock, length};
use crate::domain::way_back::{Steps, Warmth, Way, WayBack};

/// The line; what matters most comes first, since the end may not fit.
pub fn line(model: &Model, release: &Release<'_>) -> Phrase {
    match model.way_back(release) {
        WayBack::Home(text) => Phrase::of(Role::Muted, text.to_string()),
        // Nothing was lost where there never was another version.
        WayBack::Lost(why) if release.revisions.len() < 2 => {
            Phrase::of(Role::Muted, why.to_string())
        }
        WayBack::Lost(why) => Phrase::of(Role::Bad, format!("NO WAY BACK: {why}")),
        WayBack::Open(way) => open(model, release, &way),
    }
}

/// Whether nobody needs the way just now: a cold one is what every quiet workload has.
fn is_calm(release: &Release<'_>) -> bool {
    !release.is_updating() && phase::trouble(release.workload).is_none()
}

fn open(model: &Model, release: &Release<'_>, way: &Way) -> Phrase {
    let (available, wanted) = way.pods;
    let revision = number_text(way.target.revision);
    let mut phrase = Phrase::of(Role::Text, format!("{revision} {}  ", way.target.hash));
    let pods = format!("{available}/{wanted}");
    match way.warmth() {
        Warmth::Warm => phrase.push(Role::Ok, format!("warm {pods}")),
        Warmth::Partly => phrase.push(Role::Warn, format!("partly warm {pods}")),
        Warmth::Cold if is_calm(release) => phrase.push(Role::Muted, format!("cold {pods}")),
        Warmth::Cold => phrase.push(Role::Warn, format!("COLD {pods}")),
    }
    if let Some(at) = way.cold_at {
        phrase.push(Role::Warn, format!(", cold in {}", clock(at - model.now)));
    }
    let moves: Vec<&str> = way.moves.iter().map(|verb| verb.name()).collect();
    let moves = moves.join(" + ");
    match way.takes {
        Some(takes) => phrase.push(Role::Text, format!("  ~{} by {moves}", length(takes))),
        None => phrase.push(Role::Text, format!("  by {moves}")),
    }
    if let Some(owner) = &way.reverted_by {
        phrase.push(Role::Warn, format!("  {owner} may undo it"));
    }
    match way.steps {
        Steps::None | Steps::Skipped => {}
        Steps::Again(count) => phrase.push(Role::Muted, format!("  a plain undo: {count} steps")),
        Steps::Preview => phrase.push(Role::Muted, "  a plain undo stops at the preview"),
    }
    phrase
}
