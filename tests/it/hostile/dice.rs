//! Hostile texts, drawn from a seed: the same seed gives the same texts.
//!
//! Knows what attacks look like, and nothing of the sanitiser.

/// A small generator of numbers (splitmix64).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A character from between these two, or a letter where there is none.
    fn between(&mut self, first: u32, last: u32) -> char {
        let code = first + u32::try_from(self.below((last - first + 1) as usize)).unwrap();
        char::from_u32(code).unwrap_or('x')
    }

    /// One character, or a sequence of a terminal.
    fn put(&mut self, text: &mut String) {
        match self.below(100) {
            0..=24 => text.push(self.between(0x20, 0x7e)),
            25..=34 => text.push(self.between(0x00, 0x1f)),
            35..=40 => text.push(self.between(0x7f, 0x9f)),
            41..=47 => {
                let (first, last) = self.of(BIDI);
                text.push(self.between(first, last));
            }
            48..=57 => {
                let (first, last) = self.of(UNSEEN);
                text.push(self.between(first, last));
            }
            58..=66 => {
                let (first, last) = self.of(MARKS);
                let pile = if self.one_in(20) { self.below(60) } else { 1 };
                for _ in 0..=pile {
                    text.push(self.between(first, last));
                }
            }
            67..=71 => {
                let (first, last) = self.of(EDGES);
                text.push(self.between(first, last));
            }
            72..=81 => self.sequence(text),
            82..=87 => {
                let bytes: Vec<u8> =
                    (0..=self.below(6)).map(|_| (self.roll() & 0xff) as u8).collect();
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
            88..=93 => {
                let (first, last) = self.of(LETTERS);
                text.push(self.between(first, last));
            }
            _ => text.push(self.between(0, 0x0010_ffff)),
        }
    }

    /// An order to a terminal, whole or torn, by ESC or by its 8-bit form.
    fn sequence(&mut self, text: &mut String) {
        let start = text.len();
        text.push_str(self.of(OPENINGS));
        for _ in 0..self.below(12) {
            text.push(self.between(0x20, 0x7e));
        }
        text.push_str(self.of(ENDINGS));
        if self.one_in(5) {
            let mut end = start + self.below(text.len() - start);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
    }

    /// A hostile text: mostly short, at times beyond every limit.
    pub(super) fn text(&mut self) -> String {
        let length = match self.below(1000) {
            0 => self.below(6000),
            1..=50 => self.below(300),
            _ => self.below(16),
        };
        let mut text = String::with_capacity(length * 2);
        for _ in 0..length {
            self.put(&mut text);
        }
        text
    }
}

/// What changes the direction of writing.
const BIDI: &[(u32, u32)] =
    &[(0x061c, 0x061c), (0x200e, 0x200f), (0x202a, 0x202e), (0x2066, 0x2069)];

/// What nobody sees: format characters, tags, variation selectors, fillers, number signs that
/// join, shorthand, music, Egyptian joiners.
const UNSEEN: &[(u32, u32)] = &[
    (0x00ad, 0x00ad),
    (0x034f, 0x034f),
    (0x0600, 0x0605),
    (0x06dd, 0x06dd),
    (0x070f, 0x070f),
    (0x0890, 0x0891),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200d),
    (0x2028, 0x2029),
    (0x2060, 0x206f),
    (0x3164, 0x3164),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffd),
    (0x0001_10bd, 0x0001_10bd),
    (0x0001_3430, 0x0001_3440),
    (0x0001_bca0, 0x0001_bca3),
    (0x0001_d173, 0x0001_d17a),
    (0x000e_0000, 0x000e_007f),
    (0x000e_0100, 0x000e_01ef),
];

/// Marks that sit on what stands before them.
const MARKS: &[(u32, u32)] = &[
    (0x0300, 0x036f),
    (0x0483, 0x0489),
    (0x0591, 0x05c7),
    (0x0610, 0x061a),
    (0x064b, 0x065f),
    (0x0730, 0x074a),
    (0x0900, 0x0903),
    (0x093a, 0x094f),
    (0x0e31, 0x0e3a),
    (0x0e47, 0x0e4e),
    (0x0f71, 0x0f84),
    (0x1161, 0x11ff),
    (0x1ab0, 0x1aff),
    (0x1dc0, 0x1dff),
    (0x20d0, 0x20f0),
    (0x302a, 0x302f),
    (0x3099, 0x309a),
    (0xfe20, 0xfe2f),
    (0x0001_d165, 0x0001_d16d),
];

/// The edges of what a character can be.
const EDGES: &[(u32, u32)] = &[
    (0xd7b0, 0xd7ff),
    (0xe000, 0xe00f),
    (0xf8f0, 0xf8ff),
    (0xfdd0, 0xfdef),
    (0xfffe, 0xffff),
    (0x0001_fffe, 0x0001_ffff),
    (0x000f_0000, 0x000f_000f),
    (0x0010_fff0, 0x0010_ffff),
];

/// Honest letters of many scripts, wide ones, emoji and their modifiers.
const LETTERS: &[(u32, u32)] = &[
    (0x00c0, 0x024f),
    (0x0370, 0x052f),
    (0x05d0, 0x05ea),
    (0x0620, 0x064a),
    (0x0904, 0x0939),
    (0x0e01, 0x0e30),
    (0x1100, 0x115e),
    (0x3041, 0x30ff),
    (0x4e00, 0x9fff),
    (0xac00, 0xd7a3),
    (0xff01, 0xff9f),
    (0x0001_f1e6, 0x0001_f1ff),
    (0x0001_f300, 0x0001_f64f),
];

/// How orders to a terminal begin.
const OPENINGS: &[&str] = &[
    "\x1b[",
    "\x1b]0;",
    "\x1b]8;;",
    "\x1b]52;c;",
    "\x1b]1337;",
    "\x1bP",
    "\x1b_",
    "\x1b^",
    "\x1bX",
    "\x1bc",
    "\x1b(0",
    "\x1b#8",
    "\x1bN",
    "\u{9b}",
    "\u{9d}0;",
    "\u{90}",
    "\u{9f}",
    "\u{98}",
    "\x0e",
    "\x1b[?1049",
    "\x1b[201~",
    "\x1b[6n",
];

/// How they end.
const ENDINGS: &[&str] =
    &["m", "H", "J", "h", "l", "n", "c", "t", "\x07", "\x1b\\", "\u{9c}", "", "\x18", "\r", "\x08"];
