//! stub
use crate::app::{
    model::Model,
    theme::{ColorDepth, Theme},
};
/// x
#[derive(Debug, Clone, Copy)]
pub enum Glyphs {
    /// a
    Ascii,
    /// b
    Unicode,
}
/// x
#[derive(Debug, Clone)]
pub struct Look {
    /// a
    pub theme: Theme,
    /// b
    pub glyphs: Glyphs,
    /// c
    pub depth: ColorDepth,
}
/// x
pub fn draw(frame: &mut ratatui::Frame<'_>, model: &Model, _look: &Look) {
    let mut lines = vec![];
    for row in crate::app::roster::of(model).rows {
        lines.push(ratatui::text::Line::from(format!("{} {}", row.id, row.attention.word())));
    }
    frame.render_widget(ratatui::widgets::Paragraph::new(lines), frame.area());
}
