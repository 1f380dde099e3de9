//! Theme files: from names and numbers to looks.
//!
//! Never paints. A person's theme of the same name goes before a built-in one; a theme may inherit
//! another and change its palette or single roles. Called by `runtime` at the start and by the
//! theme command.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::document::{Document, Entry, Section};
use super::layers::{Origin, Setting, Settings};
use super::place::Places;
use super::{ConfigError, nearest, read};
use crate::app::theme::{ColorDepth, ColorSpec, Rgb, Role, StyleSpec, Theme};

/// The themes that come with the program, the first one for dark backgrounds.
pub const BUILT_IN_THEMES: [(&str, &str); 5] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("colour-blind-safe", include_str!("../../themes/colour-blind-safe.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// The sixteen colours of a terminal, in order.
const ANSI_NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

const ROOT_KEYS: [&str; 4] = ["inherits", "background", "palette", "roles"];
const COLOR_KEYS: [&str; 2] = ["rgb", "ansi"];
const STYLE_KEYS: [&str; 7] = ["fg", "bg", "bold", "dim", "italic", "underline", "reversed"];

/// Which theme, and in how many colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeChoice {
    /// Its name and who chose it.
    pub name: Setting<String>,
    /// How many colours to use.
    pub depth: ColorDepth,
}

/// Chooses: `--no-color`, then the theme of flag, environment or file, then `NO_COLOR`, then the
/// background. Where no colour can be shown only `mono` tells its roles apart.
pub fn choose_theme(
    settings: &Settings,
    depth: ColorDepth,
    no_color: bool,
    light: Option<bool>,
) -> ThemeChoice {
    let by = |name: &str, origin: Origin, depth| ThemeChoice {
        name: Setting { value: name.to_owned(), origin },
        depth,
    };
    if settings.no_color.value {
        return by("mono", settings.no_color.origin.clone(), ColorDepth::None);
    }
    match &settings.theme.value {
        _ if depth == ColorDepth::None => by("mono", Origin::Env("TERM"), ColorDepth::None),
        // no-color.org: what a person configured for this program goes before the variable.
        Some(name) => by(name, settings.theme.origin.clone(), depth),
        None if no_color => by("mono", Origin::Env("NO_COLOR"), ColorDepth::None),
        None if light == Some(true) => by("light", Origin::Env("COLORFGBG"), depth),
        None => by("dark", Origin::Default, depth),
    }
}

/// All themes there are.
#[derive(Debug, Clone, Default)]
pub struct Themes {
    own: Option<PathBuf>,
}

impl Themes {
    /// The built-in ones and those in the person's directory.
    pub fn new(places: &Places) -> Self {
        Self { own: places.themes() }
    }

    /// Their names: built-in ones first, then the person's.
    pub fn names(&self) -> Vec<String> {
        let mut own: Vec<String> = self
            .own
            .as_ref()
            .and_then(|directory| fs::read_dir(directory).ok())
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .filter(|name| built_in(name).is_none())
            .collect();
        own.sort();
        let names = BUILT_IN_THEMES.iter().map(|(name, _)| (*name).to_owned());
        names.chain(own).collect()
    }

    /// Reads one. `name.origin` is blamed when there is none of that name.
    pub fn load(&self, name: &Setting<String>) -> Result<Theme, ConfigError> {
        let mut draft = Draft::default();
        let mut next = Some((name.value.clone(), name.origin.clone()));
        let mut seen: Vec<PathBuf> = Vec::new();
        while let Some((name, origin)) = next {
            let (path, text) = self.find(&name, &origin, &seen)?;
            next = draft.lay_under(&path, &text)?;
            seen.push(path);
        }
        let path = seen.first().map_or(Path::new(""), PathBuf::as_path);
        draft.finish(&name.value, path)
    }

    /// The text of a theme that has not been read yet: the person's own, or else the built-in one.
    /// A theme that inherits its own name thus gets the built-in one; a circle ends in a complaint.
    fn find(
        &self,
        name: &str,
        origin: &Origin,
        seen: &[PathBuf],
    ) -> Result<(PathBuf, String), ConfigError> {
        // The name becomes part of a path.
        let is_plain =
            !name.is_empty() && !name.contains(['/', '\\', '\0']) && !name.starts_with('.');
        let own = self.own.as_ref().filter(|_| is_plain);
        let own = own.map(|directory| directory.join(format!("{name}.toml")));
        if let Some(path) = own.filter(|path| path.is_file() && !seen.contains(path)) {
            let text = read(&path)?;
            return Ok((path, text));
        }
        let path = PathBuf::from(format!("themes/{name}.toml"));
        match built_in(name) {
            Some(text) if !seen.contains(&path) => Ok((path, text.to_owned())),
            _ => {
                let known = self.names();
                Err(ConfigError::UnknownTheme {
                    origin: origin.clone(),
                    nearest: nearest(name, known.iter().map(String::as_str)).map(str::to_owned),
                    name: name.to_owned(),
                    known,
                })
            }
        }
    }
}

fn built_in(name: &str) -> Option<&'static str> {
    let mut all = BUILT_IN_THEMES.iter();
    all.find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The name of a colour, and where it stands.
type ColorName = Setting<String>;

/// A look whose colours are still names.
#[derive(Debug, Clone, Default)]
struct Look {
    fg: Option<ColorName>,
    bg: Option<ColorName>,
    /// Everything but the colours.
    style: StyleSpec,
}

/// A theme while it is read, the heir first: what is there already is not replaced.
#[derive(Debug, Default)]
struct Draft {
    background: Option<Rgb>,
    palette: BTreeMap<String, ColorSpec>,
    roles: BTreeMap<Role, Look>,
}

impl Draft {
    /// Lays a theme under what is there; returns what that one inherits.
    fn lay_under(
        &mut self,
        path: &Path,
        text: &str,
    ) -> Result<Option<(String, Origin)>, ConfigError> {
        Document::new(path, text).read(|root| {
            let mut inherits = None;
            for entry in root.entries() {
                match entry.key {
                    "inherits" => inherits = Some((entry.text()?, entry.origin())),
                    "background" => {
                        let background = exact(&entry)?;
                        self.background.get_or_insert(background);
                    }
                    "palette" => self.take_palette(&entry.section()?)?,
                    "roles" => self.take_roles(&entry.section()?)?,
                    _ => return Err(root.unknown(&entry, ROOT_KEYS)),
                }
            }
            Ok(inherits)
        })
    }

    fn take_palette(&mut self, section: &Section<'_>) -> Result<(), ConfigError> {
        for entry in section.entries() {
            let color = palette_color(&entry)?;
            self.palette.entry(entry.key.to_owned()).or_insert(color);
        }
        Ok(())
    }

    fn take_roles(&mut self, section: &Section<'_>) -> Result<(), ConfigError> {
        for entry in section.entries() {
            let Some(role) = Role::named(entry.key) else {
                let known = Role::ALL.iter().map(|role| role.name());
                return Err(section.unknown(&entry, known));
            };
            let look = look(&entry)?;
            self.roles.entry(role).or_insert(look);
        }
        Ok(())
    }

    fn finish(self, name: &str, path: &Path) -> Result<Theme, ConfigError> {
        let missing = |key: &str, section: &str| ConfigError::Missing {
            path: path.to_owned(),
            key: key.to_owned(),
            section: section.to_owned(),
        };
        let background = self.background.ok_or_else(|| missing("background", "this file"))?;
        let styles = Role::ALL
            .iter()
            .map(|role| {
                let look = self
                    .roles
                    .get(role)
                    .ok_or_else(|| missing(role.name(), "[roles], and no theme is inherited"))?;
                let style = StyleSpec {
                    fg: self.color(look.fg.as_ref())?,
                    bg: self.color(look.bg.as_ref())?,
                    ..look.style
                };
                Ok((*role, style))
            })
            .collect::<Result<Vec<_>, ConfigError>>()?;
        Ok(Theme::new(name, background, styles))
    }

    fn color(&self, name: Option<&ColorName>) -> Result<Option<ColorSpec>, ConfigError> {
        let Some(name) = name.filter(|name| name.value != "default") else {
            return Ok(None);
        };
        let text = name.value.as_str();
        let found = self.palette.get(text).copied().or_else(|| literal(text)).ok_or_else(|| {
            let known = self.palette.keys().map(String::as_str).chain(ANSI_NAMES);
            unknown_color(text, &name.origin, known)
        })?;
        Ok(Some(found))
    }
}

/// A role: the name of a colour, or a table of looks.
fn look(entry: &Entry<'_>) -> Result<Look, ConfigError> {
    let color = |entry: &Entry<'_>| {
        Ok::<_, ConfigError>(Setting { value: entry.text()?, origin: entry.origin() })
    };
    let mut look = Look::default();
    if entry.is_text() {
        look.fg = Some(color(entry)?);
        return Ok(look);
    }
    let section = entry.section()?;
    for part in section.entries() {
        match part.key {
            "fg" => look.fg = Some(color(&part)?),
            "bg" => look.bg = Some(color(&part)?),
            "bold" => look.style.bold = part.yes()?,
            "dim" => look.style.dim = part.yes()?,
            "italic" => look.style.italic = part.yes()?,
            "underline" => look.style.underline = part.yes()?,
            "reversed" => look.style.reversed = part.yes()?,
            _ => return Err(section.unknown(&part, STYLE_KEYS)),
        }
    }
    Ok(look)
}

/// A palette entry: "#rrggbb", one of the sixteen, or a table of both.
fn palette_color(entry: &Entry<'_>) -> Result<ColorSpec, ConfigError> {
    if entry.is_text() {
        let text = entry.text()?;
        return literal(&text).ok_or_else(|| unknown_color(&text, &entry.origin(), ANSI_NAMES));
    }
    let section = entry.section()?;
    let mut color = ColorSpec { rgb: None, ansi: None };
    for part in section.entries() {
        match part.key {
            "rgb" => color.rgb = Some(exact(&part)?),
            "ansi" => {
                let text = part.text()?;
                let number = ansi(&text);
                color.ansi =
                    Some(number.ok_or_else(|| unknown_color(&text, &part.origin(), ANSI_NAMES))?);
            }
            _ => return Err(section.unknown(&part, COLOR_KEYS)),
        }
    }
    if color.rgb.is_none() && color.ansi.is_none() {
        return Err(section.missing("rgb"));
    }
    Ok(color)
}

fn exact(entry: &Entry<'_>) -> Result<Rgb, ConfigError> {
    let text = entry.text()?;
    hex(&text).ok_or_else(|| ConfigError::BadValue {
        origin: entry.origin(),
        key: entry.key.to_owned(),
        value: text,
        wanted: "write a colour as #rrggbb",
        nearest: None,
    })
}

fn literal(text: &str) -> Option<ColorSpec> {
    let (rgb, ansi) = (hex(text), ansi(text));
    (rgb.is_some() || ansi.is_some()).then_some(ColorSpec { rgb, ansi })
}

fn hex(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some(Rgb(channel(0)?, channel(2)?, channel(4)?))
}

fn ansi(text: &str) -> Option<u8> {
    (0..).zip(ANSI_NAMES).find(|(_, name)| *name == text).map(|(number, _)| number)
}

fn unknown_color<'a>(
    text: &str,
    origin: &Origin,
    known: impl IntoIterator<Item = &'a str>,
) -> ConfigError {
    ConfigError::BadValue {
        origin: origin.clone(),
        key: "colour".to_owned(),
        value: text.to_owned(),
        wanted: "write #rrggbb, a name of the palette, or one of the sixteen such as red",
        nearest: nearest(text, known).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests;
