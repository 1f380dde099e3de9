//! The Pod screen: containers, how they ended, what the cluster said about the pod.
//!
//! Called by `detail`.

use ratatui::layout::Rect;

use crate::app::read::phrase::Phrase;
use crate::app::read::pods::card::of as pod_card;
use crate::app::read::timeline::about;
use crate::app::theme::Role;
use crate::domain::id::Uid;
use crate::view::canvas::Canvas;
use crate::view::cockpit::{Scene, story_line};
use crate::view::pane::{Set, Title};

use super::document::Document;

/// Where texts begin behind their labels.
const COLUMN: usize = 16;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, uid: &Uid, set: Set) {
    let mut page = Document::new(canvas.look, area, set);
    let Some(card) = pod_card(scene.model, scene.release, uid) else {
        page.paragraph(2, &Phrase::of(Role::Warn, "this pod is gone"));
        page.draw(canvas, area, set, Title::new("Pod").focused(true), 0);
        return;
    };
    page.labelled("state", COLUMN, &card.state);
    for fact in &card.facts {
        page.labelled(&fact.label, COLUMN, &fact.text);
    }
    for container in &card.containers {
        page.heading(container.title.clone());
        for fact in &container.facts {
            page.labelled(&fact.label, COLUMN, &fact.text);
        }
    }
    page.heading("events");
    let events = about(scene.model, uid);
    if events.is_empty() {
        page.paragraph(2, &Phrase::new().muted("none seen; events expire after an hour"));
    }
    for event in &events {
        let line = story_line(canvas.look, event, page.room, false);
        page.lines.push(line);
    }
    let title = Title::new(format!("Pod {}", card.name)).focused(true);
    page.draw(canvas, area, set, title, scene.model.scroll);
}
