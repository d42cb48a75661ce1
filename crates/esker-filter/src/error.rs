//! Why a text is no filter.

use std::fmt::Write as _;

/// The most bytes of an error as text.
pub const MAX_ERROR_BYTES: usize = 512;
/// The most bytes of a filter that an error repeats in one place.
const MAX_EXCERPT_BYTES: usize = 48;

/// What is wrong with a filter, where, and what to write instead: `line 1, column 12: ...`, at most [`MAX_ERROR_BYTES`] bytes.
///
/// Meant for the one who wrote the filter; the same text is refused each time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FilterError {
    text: String,
    line: usize,
    column: usize,
}

impl FilterError {
    /// At byte `at` of `source`. `what` may be of any length, and is cut.
    pub(crate) fn at(source: &str, at: usize, what: &str) -> Self {
        let before = &source.as_bytes()[..at.min(source.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        Self::new(line, 1 + before.len() - line_start, what)
    }

    /// At a line and a column, both counted from 1.
    pub(crate) fn new(line: usize, column: usize, what: &str) -> Self {
        let mut text = String::new();
        write!(text, "line {line}, column {column}: ").expect("writing into a string does not fail");
        text.extend(what.chars().map(|c| if c.is_control() { ' ' } else { c }));
        text.truncate(text.floor_char_boundary(MAX_ERROR_BYTES));
        Self { text, line, column }
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The byte within the line, from 1.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

/// A part of a filter, cut to what an error can repeat.
pub(crate) fn excerpt(text: &str) -> String {
    let cut = text.floor_char_boundary(MAX_EXCERPT_BYTES);
    if cut == text.len() { text.to_owned() } else { format!("{}...", &text[..cut]) }
}
