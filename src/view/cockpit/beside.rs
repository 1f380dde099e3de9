//! What stands beside the cockpit when there is room: the fleet, facts, and what each key would do.
//!
//! Called by `layout`.

use ratatui::text::Line;

use crate::app::read::fleet::{brief, list};
use crate::app::read::info::Fact;
use crate::app::read::keys::verbs;
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::view::look::Look;
use crate::view::pane::Title;
use crate::view::strip::Strip;
use crate::view::text::{width, wrap, wrap_phrase};

use super::Scene;
use super::block::Block;

/// The fleet in a narrow column, with the workload of the screen marked.
pub(super) fn fleet(look: &Look, scene: &Scene<'_>, room: usize, rows: usize) -> Block {
    let list = list(scene.model);
    let here = list.position(scene.id);
    let first = crate::view::pane::first_row(here.unwrap_or(0), list.rows().len(), rows);
    let items = list
        .rows()
        .iter()
        .skip(first)
        .take(rows)
        .filter_map(|entry| {
            let row = brief(scene.model, entry)?;
            let is_here = entry.id == *scene.id;
            let name = if is_here { Role::Title } else { Role::Text };
            let beside = if row.step.is_empty() { &row.pods } else { &row.step };
            let strip = Strip::new(look)
                .caret(is_here)
                .gap(1)
                .say(row.role, look.mark(row.mark))
                .gap(1)
                .cell(room.saturating_sub(25).max(8), name, &row.name)
                .cell(11, row.role, row.phase)
                .say_to(room, Role::Muted, beside);
            Some(vec![strip.line()])
        })
        .collect();
    let counts = Phrase::new().muted(format!("{} need a person", list.counts()[0]));
    Block::plain(Title::new(format!("Fleet {}", list.total())).and(&counts), items)
}

/// Facts as a block.
pub(super) fn fact_block(look: &Look, title: &str, list: &[Fact], room: usize) -> Block {
    let mut items: Vec<_> = facts(look, list, room).into_iter().map(|l| vec![l]).collect();
    if items.is_empty() {
        items.push(vec![Strip::new(look).say(Role::Muted, "nothing seen").line()]);
    }
    Block::plain(Title::new(title), items)
}

/// Facts with their labels aligned; long ones go on below.
pub(in crate::view) fn facts(look: &Look, list: &[Fact], room: usize) -> Vec<Line<'static>> {
    let label = list.iter().map(|f| width(&f.label)).max().unwrap_or(0);
    let label = label.min(room * 3 / 5);
    let mut lines = Vec::new();
    for fact in list {
        let parts = wrap_phrase(&fact.text, room.saturating_sub(label + 2));
        for (at, part) in parts.iter().enumerate() {
            let name = if at == 0 { fact.label.as_str() } else { "" };
            lines.push(
                Strip::new(look)
                    .cell(label, Role::Muted, name)
                    .to(label + 2)
                    .phrase_to(room, part)
                    .line(),
            );
        }
    }
    lines
}

/// What each verb would do now, or why it is locked.
pub(super) fn presses(look: &Look, scene: &Scene<'_>, room: usize) -> Block {
    let items = verbs(scene.model)
        .iter()
        .map(|cell| {
            let (key, role, text) = if cell.is_ready {
                (Role::Key, Role::Text, &cell.effect)
            } else {
                (Role::KeyDisabled, Role::Muted, &cell.reason)
            };
            let name = if cell.is_ready {
                format!(" {}", cell.label)
            } else {
                format!("({})", cell.label)
            };
            let indent = 13;
            wrap(text, room.saturating_sub(indent))
                .iter()
                .take(2)
                .enumerate()
                .map(|(at, part)| {
                    let strip = Strip::new(look);
                    let strip = if at == 0 {
                        strip.say(key, cell.key.clone()).gap(1).say(role, name.clone())
                    } else {
                        strip
                    };
                    strip.to(indent).say(role, part.clone()).line()
                })
                .collect()
        })
        .collect();
    Block::plain(Title::new("If you press"), items)
}
