//! A look at the tokens before the parser sees them: what it could not take is refused here.
//!
//! The parser recurses at brackets and at `?`, and its tree grows with every token. Bounding these bounds its stack,
//! its time and the tree, whatever the text is.

use cel::parser::pratt_parser::{Lexer, TokenKind};

use crate::{FilterError, error::excerpt};

/// The most tokens of a filter.
pub(crate) const MAX_TOKENS: usize = 1024;
/// The most brackets inside one another, and the most conditionals (`? :`) of a filter.
pub(crate) const MAX_NESTING: usize = 32;

/// The tokens of a filter, and a place among them that follows a walk over the tree, so that errors say where.
pub(crate) struct Tokens<'a> {
    source: &'a str,
    /// Where each starts and ends, bytes.
    spans: Vec<(usize, usize)>,
    next: usize,
    here: usize,
}

impl<'a> Tokens<'a> {
    /// Reads all of them.
    ///
    /// # Errors
    /// There are too many, they are nested too deeply, or one is none.
    pub(crate) fn read(source: &'a str) -> Result<Self, FilterError> {
        let mut lexer = Lexer::new(source);
        let mut spans = Vec::new();
        let mut open = 0_usize;
        let mut conditionals = 0_usize;
        loop {
            let token = lexer.lex();
            let refuse = |what: &str| Err(FilterError::at(source, token.start, what));
            match token.kind {
                TokenKind::TokEnd => break,
                TokenKind::TokWhitespace | TokenKind::TokComment => continue,
                TokenKind::TokError => {
                    let message = lexer.get_error().map_or("not a token", |error| error.message.as_str());
                    return refuse(&format!("{message}; text goes between quotes, as in 'red'"));
                }
                TokenKind::TokLeftParen | TokenKind::TokLeftBracket | TokenKind::TokLeftBrace => open += 1,
                TokenKind::TokRightParen | TokenKind::TokRightBracket | TokenKind::TokRightBrace => {
                    open = open.saturating_sub(1);
                }
                TokenKind::TokQuestion => conditionals += 1,
                _ => {}
            }
            if open > MAX_NESTING {
                return refuse("more than 32 brackets inside one another; take some away");
            }
            if conditionals > MAX_NESTING {
                return refuse("more than 32 conditionals (? :); split the filter");
            }
            if spans.len() == MAX_TOKENS {
                return refuse("more than 1024 words and signs; shorten the filter, `in [...]` often does");
            }
            spans.push((token.start, token.end));
        }
        if spans.is_empty() {
            return Err(FilterError::at(
                source,
                0,
                "there is no filter here; write one, such as priority >= 5",
            ));
        }
        Ok(Self { source, spans, next: 0, here: 0 })
    }

    /// The walk passes this word or sign: moves to the next one of that spelling, if there is any.
    pub(crate) fn pass(&mut self, spelling: &str) {
        let spelled = |&(start, end): &(usize, usize)| self.source.get(start..end) == Some(spelling);
        if let Some(ahead) = self.spans[self.next..].iter().position(spelled) {
            self.here = self.next + ahead;
            self.next = self.here + 1;
        }
    }

    /// Where the walk is.
    pub(crate) fn here(&self) -> usize {
        self.here
    }

    /// An error at a token that [`Tokens::here`] named.
    pub(crate) fn error(&self, token: usize, what: &str) -> FilterError {
        let start = self.spans.get(token).map_or(0, |(start, _)| *start);
        FilterError::at(self.source, start, what)
    }

    /// What the parser says, in the form of the other errors.
    pub(crate) fn parse_error(errors: &cel::ParseErrors) -> FilterError {
        // Limits of the parser itself have no place, and come after what led to them.
        let errors = &errors.errors;
        let Some(first) = errors.iter().find(|error| error.pos.0 > 0).or(errors.first()) else {
            return FilterError::new(1, 1, "this is no expression");
        };
        let place = |place: isize| usize::try_from(place).unwrap_or(1).max(1);
        let what =
            format!("{}; see the filters' documentation for what can be written", excerpt_of(&first.msg));
        FilterError::new(place(first.pos.0), place(first.pos.1), &what)
    }
}

/// The parser may repeat what it was given; its own words stay whole.
fn excerpt_of(message: &str) -> String {
    if message.len() <= 200 { message.to_owned() } else { excerpt(message) }
}
