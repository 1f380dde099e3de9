//! The encoder against the library's own, as a terminal shows it, and byte by byte.

use proptest::prelude::*;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::*;

const SIZE: Size = Size { width: 24, height: 6 };

/// A screen on which words were put here and there.
fn screen(words: &[(u16, u16, String, Style)]) -> Buffer {
    let mut buffer = Buffer::empty(Rect::from((Position::ORIGIN, SIZE)));
    for (x, y, text, style) in words {
        let _ = buffer.set_stringn(*x, *y, text, 10, *style);
    }
    buffer
}

/// Every cell as a terminal shows it.
fn seen(bytes: &[u8]) -> Vec<String> {
    let mut parser =
        vt100::Parser::new(SIZE.height.try_into().unwrap(), SIZE.width.try_into().unwrap(), 0);
    parser.process(bytes);
    let screen = parser.screen();
    let cells = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (y, x)));
    let cell = |(y, x)| {
        let cell = screen.cell(y, x).unwrap();
        let text = if cell.has_contents() { cell.contents() } else { " " };
        format!(
            "{text} {:?} {:?} {} {} {} {} {}",
            cell.fgcolor(),
            cell.bgcolor(),
            cell.bold(),
            cell.dim(),
            cell.italic(),
            cell.underline(),
            cell.inverse(),
        )
    };
    cells.map(cell).collect()
}

fn frames<B: Backend<Error = io::Error>>(backend: &mut B, frames: &[Buffer]) {
    let mut before = Buffer::empty(Rect::from((Position::ORIGIN, SIZE)));
    for after in frames {
        backend.draw(before.diff(after).into_iter()).unwrap();
        backend.hide_cursor().unwrap();
        before = after.clone();
    }
}

fn colours() -> impl Strategy<Value = Color> {
    prop_oneof![
        Just(Color::Reset),
        Just(Color::Red),
        Just(Color::LightCyan),
        Just(Color::Gray),
        any::<u8>().prop_map(Color::Indexed),
        any::<[u8; 3]>().prop_map(|[r, g, b]| Color::Rgb(r, g, b)),
    ]
}

fn words() -> impl Strategy<Value = Vec<(u16, u16, String, Style)>> {
    let modifiers = prop::sample::subsequence(
        vec![Modifier::BOLD, Modifier::ITALIC, Modifier::UNDERLINED, Modifier::REVERSED],
        0..4,
    );
    let style = (colours(), colours(), modifiers).prop_map(|(fg, bg, modifiers)| {
        // Not dim: the library forgets it where bold ends.
        let all = modifiers.into_iter().fold(Modifier::empty(), Modifier::union);
        Style::default().fg(fg).bg(bg).add_modifier(all)
    });
    let text = "[a-z ]{1,10}|[─│█⣿é]{1,6}|[漢字a]{1,5}";
    prop::collection::vec((0..SIZE.width, 0..SIZE.height, text, style), 0..12)
}

proptest! {
    /// A terminal shows the same as with the library's own encoder, frame after frame.
    #[test]
    fn it_shows_what_the_library_shows(sets in prop::collection::vec(words(), 1..5)) {
        let buffers: Vec<Buffer> = sets.iter().map(|set| screen(set)).collect();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        frames(&mut Encoder::new(&mut ours, SIZE), &buffers);
        frames(&mut CrosstermBackend::new(&mut theirs), &buffers);
        prop_assert_eq!(seen(&ours), seen(&theirs), "{:?}", String::from_utf8_lossy(&ours));
        prop_assert!(ours.len() <= theirs.len(), "{} > {}", ours.len(), theirs.len());
    }
}

#[test]
fn nothing_changed_says_nothing() {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, SIZE);
    let words = [(1, 1, "same".to_owned(), Style::default().fg(Color::Green))];
    frames(&mut encoder, &[screen(&words)]);
    let first = encoder.out.len();
    encoder.draw(std::iter::empty()).unwrap();
    encoder.hide_cursor().unwrap();
    encoder.flush().unwrap();
    assert_eq!(bytes.len(), first);
}

#[test]
fn the_end_of_bold_is_not_the_end_of_dim() {
    let both = Pen { modifier: Modifier::BOLD | Modifier::DIM, ..Pen::PLAIN };
    let dim = Pen { modifier: Modifier::DIM, ..Pen::PLAIN };
    assert_eq!(change(both, dim), "22;2");
}

#[test]
fn only_what_changes_is_said() {
    let plain = Style::default();
    let bold = plain.add_modifier(Modifier::BOLD);
    let cases = [
        (vec![(0, 0, "ab", plain)], "\x1b[H\x1b[mab"),
        (vec![(0, 0, "a", plain), (2, 0, "b", plain)], "\x1b[H\x1b[ma\x1b[Cb"),
        (vec![(0, 0, "a", bold), (1, 0, "b", plain)], "\x1b[H\x1b[0;1ma\x1b[mb"),
        (vec![(0, 0, "a", plain), (0, 1, "b", plain)], "\x1b[H\x1b[ma\x1b[2Hb"),
        (vec![(0, 0, "a", plain), (1, 3, "b", plain)], "\x1b[H\x1b[ma\x1b[3Bb"),
        (vec![(0, 0, "a", plain), (5, 3, "b", plain)], "\x1b[H\x1b[ma\x1b[4;6Hb"),
        (
            vec![(0, 0, "a", bold.fg(Color::Red)), (1, 0, "b", bold.fg(Color::Indexed(200)))],
            "\x1b[H\x1b[0;1;31ma\x1b[38;5;200mb",
        ),
        // The last column leaves the cursor where no two terminals agree.
        (vec![(23, 0, "a", plain), (0, 1, "b", plain)], "\x1b[1;24H\x1b[ma\x1b[2Hb"),
    ];
    for (words, wanted) in cases {
        let words: Vec<_> = words.into_iter().map(|(x, y, t, s)| (x, y, t.to_owned(), s)).collect();
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, SIZE);
        let blank = Buffer::empty(Rect::from((Position::ORIGIN, SIZE)));
        encoder.draw(blank.diff(&screen(&words)).into_iter()).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), wanted);
    }
}
