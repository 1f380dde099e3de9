//! What a theme says: for each role of the screen, how it looks. Plain data.
//!
//! Never reads a file and never paints. Made by `config`, mapped to the terminal by `view`.

use std::fmt;

/// How many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorDepth {
    /// None, or none wanted.
    None,
    /// The sixteen of its own palette.
    Ansi16,
    /// The palette of 256.
    Ansi256,
    /// Red, green and blue.
    TrueColor,
}

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// A colour as a theme gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColorSpec {
    /// The exact colour; nothing when the theme leaves it to the terminal's palette.
    pub rgb: Option<Rgb>,
    /// Which of the sixteen (0 to 15) stands for it; nothing picks the nearest.
    pub ansi: Option<u8>,
}

/// A colour as a terminal of a certain depth is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ink {
    /// Red, green and blue.
    Rgb(Rgb),
    /// One of the fixed 240 of the large palette, 16 to 255.
    Indexed(u8),
    /// One of the sixteen, 0 to 15.
    Ansi(u8),
}

/// What the sixteen look like in xterm; terminals differ, so this only serves to find the nearest.
const XTERM_SIXTEEN: [Rgb; 16] = [
    Rgb(0, 0, 0),
    Rgb(205, 0, 0),
    Rgb(0, 205, 0),
    Rgb(205, 205, 0),
    Rgb(0, 0, 238),
    Rgb(205, 0, 205),
    Rgb(0, 205, 205),
    Rgb(229, 229, 229),
    Rgb(127, 127, 127),
    Rgb(255, 0, 0),
    Rgb(0, 255, 0),
    Rgb(255, 255, 0),
    Rgb(92, 92, 255),
    Rgb(255, 0, 255),
    Rgb(0, 255, 255),
    Rgb(255, 255, 255),
];

/// The six levels of each channel in the colour cube of the large palette.
const CUBE_LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// This colour for a terminal of that depth; nothing where there are no colours.
pub fn to_depth(color: ColorSpec, depth: ColorDepth) -> Option<Ink> {
    match depth {
        ColorDepth::None => None,
        ColorDepth::Ansi16 => sixteen(color),
        ColorDepth::Ansi256 => {
            color.rgb.map_or_else(|| sixteen(color), |rgb| Some(Ink::Indexed(large(rgb))))
        }
        ColorDepth::TrueColor => {
            color.rgb.map_or_else(|| sixteen(color), |rgb| Some(Ink::Rgb(rgb)))
        }
    }
}

/// One of the sixteen: the one the theme names, or else the nearest.
fn sixteen(color: ColorSpec) -> Option<Ink> {
    let looks: Vec<_> = (0..).zip(XTERM_SIXTEEN).collect();
    let named = color.ansi;
    named.or_else(|| color.rgb.map(|rgb| nearest(rgb, &looks))).map(Ink::Ansi)
}

/// The nearest of the fixed 240: a cube of six levels, and a ramp of grey.
fn large(rgb: Rgb) -> u8 {
    let cube = (16..).zip(CUBE_LEVELS.into_iter().flat_map(|red| {
        CUBE_LEVELS
            .into_iter()
            .flat_map(move |green| CUBE_LEVELS.into_iter().map(move |blue| Rgb(red, green, blue)))
    }));
    let greys = (232..=255).zip((8..=238).step_by(10).map(|level| Rgb(level, level, level)));
    nearest(rgb, &cube.chain(greys).collect::<Vec<_>>())
}

fn nearest(wanted: Rgb, among: &[(u8, Rgb)]) -> u8 {
    among
        .iter()
        .min_by_key(|(_, candidate)| distance(wanted, *candidate))
        .map_or(7, |(number, _)| *number)
}

/// Weighted as the eye is: green counts most.
fn distance(Rgb(r1, g1, b1): Rgb, Rgb(r2, g2, b2): Rgb) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    2 * square(r1, r2) + 4 * square(g1, g2) + 3 * square(b1, b2)
}

/// How something looks. Nothing for a colour leaves the terminal's own.
#[expect(clippy::struct_excessive_bools, reason = "five independent attributes of text")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StyleSpec {
    /// Colour of the text.
    pub fg: Option<ColorSpec>,
    /// Colour behind it.
    pub bg: Option<ColorSpec>,
    /// Bold.
    pub bold: bool,
    /// Dim.
    pub dim: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Foreground and background exchanged.
    pub reversed: bool,
}

macro_rules! roles {
    ($($(#[$doc:meta])+ $role:ident = $name:literal,)+) => {
        /// What a piece of the screen is, as far as its look is concerned.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role { $($(#[$doc])+ $role,)+ }

        impl Role {
            /// Every role, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$role,)+];

            /// Its name in a theme file.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$role => $name,)+ }
            }
        }
    };
}

roles! {
    /// Plain text.
    Text = "text",
    /// Text of less weight: units, ages, hints.
    Muted = "muted",
    /// Titles of panes.
    Title = "title",
    /// Frames of panes.
    Frame = "frame",
    /// The frame of the pane that has the keys.
    FrameFocus = "frame_focus",
    /// The chosen row.
    Selection = "selection",
    /// Healthy, passed, in effect.
    Ok = "ok",
    /// Needs attention.
    Warn = "warn",
    /// Failed, degraded.
    Bad = "bad",
    /// On its way.
    Moving = "moving",
    /// Waiting for a person or a clock.
    Paused = "paused",
    /// No longer known to be true.
    Stale = "stale",
    /// The canary and its share.
    Canary = "canary",
    /// The stable revision and its share.
    Stable = "stable",
    /// The active side of blue-green.
    Active = "active",
    /// The preview side of blue-green.
    Preview = "preview",
    /// The badge of a production cluster.
    Prod = "prod",
    /// The badge of any other.
    Lab = "lab",
    /// A key in a hint.
    Key = "key",
    /// A key that cannot be used now.
    KeyDisabled = "key_disabled",
    /// The one colour for everything to be noticed that is neither good nor bad.
    Accent = "accent",
    /// The limit line of a chart.
    ChartLimit = "chart_limit",
    /// A message that something worked.
    ToastOk = "toast_ok",
    /// A message that something did not.
    ToastBad = "toast_bad",
    /// A step behind us.
    StepDone = "step_done",
    /// The step we stand on.
    StepNow = "step_now",
    /// A step to come.
    StepNext = "step_next",
}

impl Role {
    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A whole theme: a look for every role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// The background its colours were chosen for. Never painted.
    pub background: Rgb,
    styles: Vec<(Role, StyleSpec)>,
}

impl Theme {
    /// A theme of these looks; for a role given twice the last one counts.
    pub fn new(
        name: impl Into<String>,
        background: Rgb,
        styles: impl IntoIterator<Item = (Role, StyleSpec)>,
    ) -> Self {
        let mut complete: Vec<_> =
            Role::ALL.iter().map(|role| (*role, StyleSpec::default())).collect();
        for (role, style) in styles {
            if let Some(slot) = complete.get_mut(role as usize) {
                slot.1 = style;
            }
        }
        Self { name: name.into(), background, styles: complete }
    }

    /// How a role looks; plain where the theme says nothing.
    pub fn style(&self, role: Role) -> StyleSpec {
        self.styles.get(role as usize).map(|(_, style)| *style).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEAL: ColorSpec = ColorSpec { rgb: Some(Rgb(63, 182, 139)), ansi: Some(6) };

    #[test]
    fn colours_by_depth() {
        let bare = ColorSpec { rgb: Some(Rgb(0, 190, 190)), ansi: None };
        let palette = ColorSpec { rgb: None, ansi: Some(9) };
        for (color, depth, ink) in [
            (TEAL, ColorDepth::TrueColor, Some(Ink::Rgb(Rgb(63, 182, 139)))),
            (TEAL, ColorDepth::Ansi256, Some(Ink::Indexed(72))),
            (TEAL, ColorDepth::Ansi16, Some(Ink::Ansi(6))),
            (TEAL, ColorDepth::None, None),
            (palette, ColorDepth::TrueColor, Some(Ink::Ansi(9))),
            (palette, ColorDepth::Ansi256, Some(Ink::Ansi(9))),
            (bare, ColorDepth::Ansi16, Some(Ink::Ansi(6))),
        ] {
            assert_eq!(to_depth(color, depth), ink, "{color:?} {depth:?}");
        }
    }

    #[test]
    fn the_large_palette_has_its_fixed_points() {
        for (rgb, number) in [
            (Rgb(0, 0, 0), 16),
            (Rgb(255, 255, 255), 231),
            (Rgb(255, 0, 0), 196),
            (Rgb(8, 8, 8), 232),
            (Rgb(238, 238, 238), 255),
        ] {
            assert_eq!(large(rgb), number, "{rgb:?}");
        }
    }

    #[test]
    fn names_lead_back_to_roles() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(*role));
        }
        assert_eq!(Role::named("nonsense"), None);
    }

    #[test]
    fn the_last_look_of_a_role_counts_and_others_are_plain() {
        let bold = StyleSpec { bold: true, ..StyleSpec::default() };
        let theme =
            Theme::new("t", Rgb(0, 0, 0), [(Role::Bad, StyleSpec::default()), (Role::Bad, bold)]);
        assert_eq!(theme.style(Role::Bad), bold);
        assert_eq!(theme.style(Role::Text), StyleSpec::default());
    }
}
