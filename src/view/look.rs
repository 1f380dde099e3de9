//! The look of a session: theme, glyphs and colour depth, ready for painting.
//!
//! Called by every part of `view`; made by `runtime` from the configuration and the terminal.

use ratatui::style::{Color, Modifier, Style};

use crate::app::theme::{ColorDepth, ColorSpec, Ink, Rgb, Role, StyleSpec, Theme, to_depth};

/// Which characters may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// ASCII alone; everything else is replaced.
    Ascii,
    /// Unicode characters of single width.
    Unicode,
}

/// The look of a session.
#[derive(Debug, Clone)]
pub struct Look {
    /// Theme.
    pub theme: Theme,
    /// Characters.
    pub glyphs: Glyphs,
    /// Colours.
    pub depth: ColorDepth,
    /// A style per role, in the order of the roles.
    styles: Vec<Style>,
}

impl Look {
    /// A look; the styles are worked out once, here.
    pub fn new(theme: Theme, glyphs: Glyphs, depth: ColorDepth) -> Self {
        let styles = Role::ALL.iter().map(|role| style(theme.style(*role), depth)).collect();
        Self { theme, glyphs, depth, styles }
    }

    /// How a role looks.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// Whether only ASCII may be used.
    pub fn is_ascii(&self) -> bool {
        self.glyphs == Glyphs::Ascii
    }
}

fn style(spec: StyleSpec, depth: ColorDepth) -> Style {
    let mut style = Style::default();
    if let Some(color) = spec.fg.and_then(|c| color(c, depth)) {
        style = style.fg(color);
    }
    if let Some(color) = spec.bg.and_then(|c| color(c, depth)) {
        style = style.bg(color);
    }
    let modifiers = [
        (spec.bold, Modifier::BOLD),
        (spec.dim, Modifier::DIM),
        (spec.italic, Modifier::ITALIC),
        (spec.underline, Modifier::UNDERLINED),
        (spec.reversed, Modifier::REVERSED),
    ];
    for (_, modifier) in modifiers.into_iter().filter(|(on, _)| *on) {
        style = style.add_modifier(modifier);
    }
    style
}

fn color(spec: ColorSpec, depth: ColorDepth) -> Option<Color> {
    to_depth(spec, depth).map(|ink| match ink {
        Ink::Rgb(Rgb(red, green, blue)) => Color::Rgb(red, green, blue),
        Ink::Indexed(number) => Color::Indexed(number),
        Ink::Ansi(number) => named(number),
    })
}

/// The sixteen by name, so that terminals of sixteen colours are told them in their own way.
fn named(number: u8) -> Color {
    match number {
        0 => Color::Black,
        1 => Color::Red,
        2 => Color::Green,
        3 => Color::Yellow,
        4 => Color::Blue,
        5 => Color::Magenta,
        6 => Color::Cyan,
        7 => Color::Gray,
        8 => Color::DarkGray,
        9 => Color::LightRed,
        10 => Color::LightGreen,
        11 => Color::LightYellow,
        12 => Color::LightBlue,
        13 => Color::LightMagenta,
        14 => Color::LightCyan,
        _ => Color::White,
    }
}
