//! Every screen as text, at three sizes and in both glyph sets; and what must hold for all of them.
//!
//! With `WAVEOFF_PAINT=DIR` every screen is also written there as a terminal would get it, for
//! looking at.

use std::fmt::Write as _;
use std::path::Path;

use insta::{Settings, assert_snapshot};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use waveoff::app::model::Model;
use waveoff::app::screen::Screen;
use waveoff::app::theme::{ColorDepth, Role};
use waveoff::config::{Origin, Setting, Themes};
use waveoff::view::{Glyphs, Look, draw};

use crate::scenes;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 30), (200, 60)];

fn look(theme: &str, glyphs: Glyphs, depth: ColorDepth) -> Look {
    let name = Setting { value: theme.to_owned(), origin: Origin::Default };
    Look::new(Themes::default().load(&name).unwrap(), glyphs, depth)
}

fn dark() -> Look {
    look("dark", Glyphs::Unicode, ColorDepth::TrueColor)
}

fn paint(model: &Model, look: &Look, (columns, rows): (u16, u16)) -> Buffer {
    let mut model = model.clone();
    model.size = (columns, rows);
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| _ = draw(frame, &model, look)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.area.rows() {
        let mut line = String::new();
        let mut skip = 0;
        for position in row.positions() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[position].symbol();
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Which role each run of cells has, a line per row: what the colours say, without colours.
fn roles(buffer: &Buffer, look: &Look) -> String {
    let name = |style: Style| {
        let plain = Style::reset();
        let is = |role: &&Role| plain.patch(look.style(**role)) == style;
        Role::ALL.iter().find(is).map_or("other", |role| role.name())
    };
    let mut dump = String::new();
    for (number, row) in buffer.area.rows().enumerate() {
        let mut runs: Vec<(&str, u16, u16)> = Vec::new();
        for position in row.positions() {
            let cell = &buffer[position];
            let role = name(cell.style());
            if role == "text" || (cell.symbol() == " " && cell.bg == Color::Reset) {
                continue;
            }
            match runs.last_mut() {
                Some((last, _, end)) if *last == role && position.x <= *end + 2 => {
                    *end = position.x;
                }
                _ => runs.push((role, position.x, position.x)),
            }
        }
        let words: Vec<String> =
            runs.iter().map(|(role, from, to)| format!("{role} {from}-{to}")).collect();
        if !words.is_empty() {
            writeln!(dump, "{number:>2}  {}", words.join("  ")).unwrap();
        }
    }
    dump
}

fn snapshots() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("screens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn every_screen_at_every_size() {
    let sets = [("unicode", Glyphs::Unicode), ("ascii", Glyphs::Ascii)];
    for (name, model) in scenes::all() {
        for (columns, rows) in SIZES {
            for (set, glyphs) in sets {
                let look = look("dark", glyphs, ColorDepth::TrueColor);
                let buffer = paint(model, &look, (columns, rows));
                show(&format!("{name}-{columns}x{rows}-{set}"), &buffer);
                let text = text(&buffer);
                assert!(glyphs == Glyphs::Unicode || text.is_ascii(), "{name} {columns}x{rows}");
                snapshots().bind(|| {
                    assert_snapshot!(format!("{name}-{columns}x{rows}-{set}"), text);
                });
            }
        }
    }
}

#[test]
fn the_looks_of_the_main_screens() {
    for (name, model) in scenes::all() {
        if scenes::MAIN.contains(name) {
            let look = dark();
            let dump = roles(&paint(model, &look, (80, 24)), &look);
            snapshots().bind(|| assert_snapshot!(format!("{name}-80x24-roles"), dump));
        }
    }
}

#[test]
fn without_colour_the_words_are_the_same() {
    for (name, model) in scenes::all() {
        for size in SIZES {
            let coloured = paint(model, &dark(), size);
            let mono = look("mono", Glyphs::Unicode, ColorDepth::None);
            let mono = paint(model, &mono, size);
            assert_eq!(text(&coloured), text(&mono), "{name} {size:?}");
            for cell in mono.content() {
                assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name} {size:?}");
            }
        }
    }
}

#[test]
fn no_two_states_differ_only_in_colour() {
    let look = look("mono", Glyphs::Ascii, ColorDepth::None);
    let texts: Vec<(&str, String)> = scenes::all()
        .iter()
        .map(|(name, model)| (*name, text(&paint(model, &look, (80, 24)))))
        .collect();
    for (at, (name, text)) in texts.iter().enumerate() {
        for (other, other_text) in &texts[at + 1..] {
            assert_ne!(text, other_text, "{name} reads like {other}");
        }
    }
}

#[test]
fn every_theme_and_depth_paints_every_screen() {
    for theme in ["dark", "light", "high-contrast", "colour-blind-safe", "mono"] {
        for depth in [ColorDepth::Ansi16, ColorDepth::Ansi256] {
            let look = look(theme, Glyphs::Unicode, depth);
            for (name, model) in scenes::all() {
                assert!(!text(&paint(model, &look, (80, 24))).trim().is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn no_size_is_too_odd() {
    let look = dark();
    let edges =
        [(79, 24), (80, 23), (80, 29), (80, 45), (109, 30), (110, 26), (159, 44), (160, 40)];
    let odd = [(1, 1), (1, 70), (220, 1), (41, 9), (133, 24), (220, 70)];
    for (_, model) in scenes::all() {
        for size in edges.into_iter().chain(odd) {
            paint(model, &look, size);
        }
    }
}

#[test]
fn the_cursor_is_where_one_types() {
    for (scene, before) in
        [("confirm-full-production", "confirm [9f"), ("fleet-filter-hides-all", "/nothing-like-it")]
    {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| _ = draw(frame, scenes::named(scene), &dark())).unwrap();
        let text = text(terminal.backend().buffer());
        let (row, line) = text.lines().enumerate().find(|(_, l)| l.contains(before)).unwrap();
        let column = line.chars().count() - line.split(before).nth(1).unwrap().chars().count();
        let place = (u16::try_from(column).unwrap(), u16::try_from(row).unwrap());
        terminal.backend_mut().assert_cursor_position(place);
    }
}

#[test]
fn a_document_says_where_it_ends() {
    let mut model = scenes::named("rollout-gate").clone();
    model.screens.push(Screen::Help);
    model.scroll = usize::MAX / 4;
    let mut end = None;
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| end = draw(frame, &model, &dark())).unwrap();
    let end = end.expect("help is a document");
    assert!(end > 10, "{end}");
    let last = text(terminal.backend().buffer());
    assert!(last.contains(&format!("{end} lines above")), "{last}");
    assert!(!last.contains("below"), "{last}");
    terminal
        .draw(|frame| end_is_none(draw(frame, scenes::named("rollout-gate"), &dark())))
        .unwrap();
}

fn end_is_none(end: Option<usize>) {
    assert_eq!(end, None, "the cockpit has panes, not a document");
}

#[test]
fn a_small_terminal_still_says_what_matters() {
    let model = scenes::named("rollout-gate");
    let text = text(&paint(model, &dark(), (60, 10)));
    assert!(text.contains("needs 80x24"), "{text}");
    assert!(text.contains("checkout PAUSED 5/8 25%"), "{text}");
}

#[test]
fn nothing_of_the_cluster_reaches_the_terminal_unescaped() {
    let model = scenes::named("hostile");
    for size in SIZES {
        let text = text(&paint(model, &dark(), size));
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
        assert!(!text.contains('\u{202e}'), "{text}");
        assert!(text.contains("[31m"), "the attack is shown: {text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn any_screen_at_any_size(at in 0usize..64, columns in 1u16..260, rows in 1u16..90) {
        let scenes = scenes::all();
        let (_, model) = &scenes[at % scenes.len()];
        paint(model, &dark(), (columns, rows));
    }
}

/// Writes a screen as a terminal would get it.
fn show(name: &str, buffer: &Buffer) {
    let Some(folder) = std::env::var_os("WAVEOFF_PAINT") else { return };
    let mut out = String::from("\x1b[H\x1b[2J");
    for (number, row) in buffer.area.rows().enumerate() {
        write!(out, "\x1b[{};1H", number + 1).unwrap();
        let mut skip = 0;
        for position in row.positions() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let cell = &buffer[position];
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            out.push_str("\x1b[0");
            for (on, code) in [
                (Modifier::BOLD, 1),
                (Modifier::DIM, 2),
                (Modifier::ITALIC, 3),
                (Modifier::UNDERLINED, 4),
                (Modifier::REVERSED, 7),
            ] {
                if cell.modifier.contains(on) {
                    write!(out, ";{code}").unwrap();
                }
            }
            for (color, code) in [(cell.fg, 38), (cell.bg, 48)] {
                if let Color::Rgb(r, g, b) = color {
                    write!(out, ";{code};2;{r};{g};{b}").unwrap();
                }
            }
            write!(out, "m{}", cell.symbol()).unwrap();
        }
    }
    std::fs::write(Path::new(&folder).join(format!("{name}.ans")), out).unwrap();
}
