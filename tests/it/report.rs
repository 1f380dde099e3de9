//! Figures for whoever reads the log of a run.

use std::io::Write;

/// Says a line that `cargo test` shows although the test passes: it only catches `print!`.
pub(crate) fn report(text: &str) {
    // A log that is closed is nobody's reason to fail.
    let _ = writeln!(std::io::stdout().lock(), "\n{text}");
}
