//! Filters of queue receivers: "give me only messages that match".
//!
//! A filter is an expression in a small part of the Common Expression Language. `docs/filters.md` says what can be written. It
//! comes from clients, and is evaluated for every message that a receiver might get; so it is refused unless it is known to be
//! bounded in memory, stack and time:
//!
//! - `tokens` bounds what the parser gets;
//! - `check` lets in only what it knows, and makes places of the headers that are named;
//! - `plan` takes what is needed of a message, in one walk over its headers.
//!
//! The parser and the evaluation are the `cel` crate's.

mod check;
mod error;
mod kind;
mod plan;
mod tokens;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use cel::{
    Context, Env, Value,
    common::{ast::IdedExpr, types::CelBool},
    parser::PrattParser,
};
use esker_core::batch::Record;

pub use error::{FilterError, MAX_ERROR_BYTES};
use plan::{Message, Plan};
use tokens::{MAX_NESTING, Tokens};

/// The most bytes of a filter's text.
pub const MAX_FILTER_BYTES: usize = 4096;

/// The functions of the language. What a filter may call of them is decided in `check`.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A filter, ready to be asked. Cheap to clone.
#[derive(Clone)]
pub struct Filter {
    inner: Arc<Inner>,
}

struct Inner {
    text: Box<str>,
    expr: IdedExpr,
    plan: Plan,
}

impl Filter {
    /// Reads a filter of at most [`MAX_FILTER_BYTES`] bytes.
    ///
    /// # Errors
    /// It is none, it is too large or nested too deeply, or holds what a filter may not: see `docs/filters.md`.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > MAX_FILTER_BYTES {
            let what =
                format!("the filter has {} bytes, and {MAX_FILTER_BYTES} at most; shorten it", text.len());
            return Err(FilterError::new(1, 1, &what));
        }
        let tokens = Tokens::read(text)?;
        let parser = PrattParser::new()
            .max_recursion_depth(MAX_NESTING as u16)
            .error_recovery_limit(0)
            .enable_ident_escape_syntax(true);
        let mut expr = parser.parse(text).map_err(|errors| Tokens::parse_error(&errors))?;
        let plan = check::check(&mut expr, tokens)?;
        Ok(Self { inner: Arc::new(Inner { text: text.into(), expr, plan }) })
    }

    /// Whether a message matches. One for which the filter has no answer (a header is missing, or is no number) does not.
    #[must_use]
    pub fn matches(&self, record: &Record<'_>) -> bool {
        let message = Message::of(&self.inner.plan, record);
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.set_variable_resolver(&message);
        let answer = Value::resolve_val(&self.inner.expr, &context);
        answer.is_ok_and(|answer| answer.downcast_ref::<CelBool>().is_some_and(|answer| *answer.inner()))
    }

    /// As it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.inner.text
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Filter").field(&self.text()).finish()
    }
}
