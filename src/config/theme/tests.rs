//! The themes that come with the program, and those of other people.

use super::*;
use crate::app::theme::Ink;
use crate::app::theme::to_depth;
use crate::config::{FileConfig, Variables, args::GlobalArgs};

fn by_name(name: &str) -> Setting<String> {
    Setting { value: name.to_owned(), origin: Origin::Flag("--theme") }
}

fn built_in_theme(name: &str) -> Theme {
    Themes::default().load(&by_name(name)).unwrap()
}

/// Relative luminance after WCAG 2.
fn luminance(Rgb(red, green, blue): Rgb) -> f64 {
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn built_in_themes_define_every_role_and_can_be_read() {
    for (name, _) in BUILT_IN_THEMES {
        let theme = built_in_theme(name);
        let wanted = if name == "high-contrast" { 7.0 } else { 4.5 };
        for role in Role::ALL {
            let style = theme.style(*role);
            assert!(!style.dim || style.fg.is_none(), "{name} {role}: dim takes contrast away");
            let rgb = |color: Option<ColorSpec>| color.and_then(|color| color.rgb);
            let ground = rgb(style.bg).unwrap_or(theme.background);
            if let Some(ink) = rgb(style.fg) {
                let contrast = contrast(ink, ground);
                assert!(contrast >= wanted, "{name} {role}: {contrast:.2}");
            }
        }
    }
}

#[test]
fn every_colour_says_which_of_the_sixteen_stands_for_it() {
    for (name, _) in BUILT_IN_THEMES {
        let theme = built_in_theme(name);
        for role in Role::ALL {
            let style = theme.style(*role);
            for color in [style.fg, style.bg].into_iter().flatten() {
                assert!(matches!(to_depth(color, ColorDepth::Ansi16), Some(Ink::Ansi(_))));
                assert!(color.ansi.is_some(), "{name} {role}");
            }
            let (fg, bg) = (style.fg.and_then(|c| c.ansi), style.bg.and_then(|c| c.ansi));
            assert!(fg.is_none() || fg != bg, "{name} {role}: invisible in sixteen colours");
        }
    }
}

#[test]
fn mono_has_no_colour_and_tells_apart_what_a_glyph_cannot() {
    let mono = built_in_theme("mono");
    for role in Role::ALL {
        let style = mono.style(*role);
        assert!(style.fg.is_none() && style.bg.is_none(), "{role}");
    }
    for (one, other) in [
        (Role::Bad, Role::Ok),
        (Role::Bad, Role::Warn),
        (Role::Prod, Role::Lab),
        (Role::Selection, Role::Text),
        (Role::Frame, Role::FrameFocus),
        (Role::Key, Role::KeyDisabled),
        (Role::StepNow, Role::StepNext),
        (Role::StepDone, Role::StepNext),
        (Role::ToastBad, Role::ToastOk),
    ] {
        assert_ne!(mono.style(one), mono.style(other), "{one} and {other}");
    }
}

/// What an eye without one kind of cone makes of a colour: Machado, Oliveira and Fernandes (2009),
/// severity 1, in linear light. Returned as CIE Lab.
fn seen(rgb: Rgb, eye: [[f64; 3]; 3]) -> [f64; 3] {
    let linear = |channel: u8| (f64::from(channel) / 255.0).powf(2.2);
    let Rgb(red, green, blue) = rgb;
    let light = [linear(red), linear(green), linear(blue)];
    let mix = |row: [f64; 3]| row.iter().zip(light).map(|(part, light)| part * light).sum::<f64>();
    let [red, green, blue] = eye.map(|row| mix(row).clamp(0.0, 1.0));
    let x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505;
    let y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089;
    let root = |t: f64| {
        if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 }
    };
    let (x, y, z) = (root(x), root(y), root(z));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Without the cones for long, middle and short waves.
const EYES: [[[f64; 3]; 3]; 3] = [
    [
        [0.152_286, 1.052_583, -0.204_868],
        [0.114_503, 0.786_281, 0.099_216],
        [-0.003_882, -0.048_116, 1.051_998],
    ],
    [
        [0.367_322, 0.860_646, -0.227_968],
        [0.280_085, 0.672_501, 0.047_413],
        [-0.011_820, 0.042_940, 0.968_881],
    ],
    [
        [1.255_528, -0.076_749, -0.178_779],
        [-0.078_411, 0.930_809, 0.147_602],
        [0.004_733, 0.691_367, 0.303_900],
    ],
];

/// How far two roles are apart for the eye that tells them apart least, as a distance in CIE Lab.
/// A difference of two or three is just noticed; single letters take more.
fn apart(theme: &Theme, one: Role, other: Role) -> f64 {
    let ink = |role| theme.style(role).fg.unwrap().rgb.unwrap();
    let distance = |eye| {
        let (one, other) = (seen(ink(one), eye), seen(ink(other), eye));
        one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    };
    EYES.into_iter().map(distance).fold(f64::INFINITY, f64::min)
}

#[test]
fn good_and_bad_and_canary_and_stable_stay_apart_for_every_eye() {
    for (name, _) in BUILT_IN_THEMES.iter().filter(|(name, _)| *name != "mono") {
        let theme = built_in_theme(name);
        for (one, other) in
            [(Role::Ok, Role::Bad), (Role::Ok, Role::Warn), (Role::Canary, Role::Stable)]
        {
            let apart = apart(&theme, one, other);
            assert!(apart >= 15.0, "{name}: {one} and {other}, {apart:.1}");
        }
    }
}

#[test]
fn colour_blind_safe_keeps_all_states_apart() {
    let theme = built_in_theme("colour-blind-safe");
    let states =
        [Role::Ok, Role::Warn, Role::Bad, Role::Moving, Role::Paused, Role::Canary, Role::Stable];
    for (at, one) in states.iter().enumerate() {
        for other in states.iter().skip(at + 1) {
            let apart = apart(&theme, *one, *other);
            assert!(apart >= 10.0, "{one} and {other}, {apart:.1}");
        }
    }
}

fn own(files: &[(&str, &str)]) -> (tempfile::TempDir, Themes) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(format!("{name}.toml")), text).unwrap();
    }
    let themes = Themes { own: Some(directory.path().to_owned()) };
    (directory, themes)
}

#[test]
fn an_heir_changes_palette_and_roles() {
    let (_keep, themes) = own(&[
        (
            "mine",
            "inherits = 'dark'\n[palette]\ngreen = '#010203'\n[roles]\nbad = { fg = 'green', underline = true }",
        ),
        ("dark", "inherits = 'dark'\n[roles]\nwarn = 'bright-red'"),
    ]);
    let theme = themes.load(&by_name("mine")).unwrap();
    let green = ColorSpec { rgb: Some(Rgb(1, 2, 3)), ansi: None };
    assert_eq!(theme.style(Role::Ok).fg, Some(green), "an inherited role takes the new palette");
    let bad = theme.style(Role::Bad);
    assert!(bad.fg == Some(green) && bad.underline && !bad.bold, "a role is replaced as a whole");
    // `mine` inherits the person's `dark`, which in turn inherits the built-in one.
    assert_eq!(theme.style(Role::Warn).fg, Some(ColorSpec { rgb: None, ansi: Some(9) }));
    assert_eq!(theme.style(Role::Text), StyleSpec::default());
    assert_eq!(
        themes.names(),
        ["dark", "light", "high-contrast", "colour-blind-safe", "mono", "mine"]
    );
}

#[test]
fn wrong_themes_are_refused_with_place_and_remedy() {
    let (_keep, themes) = own(&[
        ("role", "inherits = 'dark'\n[roles]\nwarm = 'red'"),
        ("colour", "inherits = 'dark'\n[roles]\nwarn = 'orang'"),
        ("hex", "inherits = 'dark'\n[palette]\nx = '#12345g'"),
        ("look", "inherits = 'dark'\n[roles]\nwarn = { blink = true }"),
        ("bare", "background = '#000000'\n[roles]\nok = 'red'"),
        ("ring", "inherits = 'gnir'"),
        ("gnir", "inherits = 'ring'"),
        ("orphan", "inherits = 'drak'"),
    ]);
    for (name, expected) in [
        ("role", "role.toml:3:1: unknown key `warm` in [roles] (did you mean `warn`?)"),
        ("colour", "colour.toml:3:8: `colour` cannot be \"orang\""),
        ("colour", "(did you mean `orange`?)"),
        ("hex", "hex.toml:3:5: "),
        ("look", "look.toml:3:10: unknown key `blink`"),
        ("bare", "`text` is missing in [roles], and no theme is inherited"),
        ("ring", "gnir.toml:1:12: no theme \"ring\""),
        ("orphan", "orphan.toml:1:12: no theme \"drak\""),
        ("orphan", "(did you mean `dark`?)"),
        ("lihgt", "--theme: no theme \"lihgt\""),
        ("../../etc/passwd", "no theme"),
        ("", "no theme"),
    ] {
        let complaint = themes.load(&by_name(name)).unwrap_err().to_string();
        assert!(complaint.contains(expected), "{name}: {complaint}");
    }
}

#[test]
fn the_choice_follows_flag_file_and_terminal() {
    let settings = |theme: Option<&str>, no_color| {
        let args =
            GlobalArgs { theme: theme.map(str::to_owned), no_color, ..GlobalArgs::default() };
        Settings::resolve(FileConfig::default(), &Variables::default(), &args).unwrap()
    };
    let full = ColorDepth::TrueColor;
    for (theme, flag, depth, no_color, light, name, depth_used) in [
        (None, false, full, false, None, "dark", full),
        (None, false, full, false, Some(true), "light", full),
        (None, false, full, false, Some(false), "dark", full),
        (None, false, full, true, Some(true), "mono", ColorDepth::None),
        (Some("light"), false, full, false, None, "light", full),
        (Some("light"), false, full, true, None, "light", full),
        (Some("light"), true, full, false, None, "mono", ColorDepth::None),
        (Some("light"), false, ColorDepth::None, false, None, "mono", ColorDepth::None),
        (None, false, ColorDepth::None, false, None, "mono", ColorDepth::None),
    ] {
        let choice = choose_theme(&settings(theme, flag), depth, no_color, light);
        assert_eq!((choice.name.value.as_str(), choice.depth), (name, depth_used));
    }
}
