//! What a filter needs of a message, and the message as the evaluation sees it.

#[allow(
    clippy::disallowed_types,
    reason = "the library's maps are made of it; nothing observes its order"
)]
use std::collections::HashMap;
use std::{collections::BTreeMap, fmt};

use cel::{
    common::{
        ast::Expr,
        types::{CelBool, CelBytes, CelInt, CelMap, CelMapKey, CelNull, CelString},
        value::{CowVal, Val},
    },
    context::VariableResolver,
};
use esker_core::batch::{Header, Record};

use crate::kind::Kind;

/// The variables of a filter.
pub(crate) const VARIABLES: [&str; 5] = ["headers", "key", "priority", "timestamp_ms", "size"];
/// The most headers of a message that a filter sees which does not name them; of more, the first ones.
pub(crate) const MAX_MAPPED_HEADERS: usize = 256;
/// The most bytes of a header, its name and its value each, and of a key, that a filter sees. Longer ones are absent: every
/// comparison, search and copy is bounded by this.
pub(crate) const MAX_SEEN_BYTES: usize = 4096;
/// A message's priority, decimal.
const PRIORITY: &[u8] = b"esker.priority";
/// The highest; what is above it counts as this.
const MAX_PRIORITY: u8 = 9;

/// The variable of a header's value, and of whether it is there; no filter can spell either.
const VALUE: &str = "@v";
const PRESENCE: &str = "@p";

/// What a filter needs of a message.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The headers named in the filter, each with its place.
    names: BTreeMap<Vec<u8>, usize>,
    /// Whether it needs the others too.
    all_headers: bool,
}

impl Plan {
    /// The variable for a header named in the filter.
    pub(crate) fn header(&mut self, name: &str, presence: bool) -> Expr {
        let next = self.names.len();
        let place = *self.names.entry(name.as_bytes().to_vec()).or_insert(next);
        Expr::Ident(format!("{}{place}", if presence { PRESENCE } else { VALUE }))
    }

    /// The filter looks for headers that it does not name.
    pub(crate) fn map_headers(&mut self) {
        self.all_headers = true;
    }

    /// What a variable other than `headers` holds.
    pub(crate) fn variable(name: &str) -> Option<Kind> {
        match name {
            "key" => Some(Kind::Key),
            "priority" | "timestamp_ms" | "size" => Some(Kind::Int),
            _ => None,
        }
    }
}

/// A message as the evaluation sees it. Borrows all from the batch.
pub(crate) struct Message<'r> {
    named: Vec<Option<CelString<'r>>>,
    mapped: Option<CelMap<'r>>,
    key: Key<'r>,
    priority: CelInt,
    timestamp_ms: CelInt,
    size: CelInt,
}

#[derive(Debug)]
enum Key<'r> {
    Text(CelString<'r>),
    Bytes(CelBytes<'r>),
    Null(CelNull),
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").finish_non_exhaustive()
    }
}

impl<'r> Message<'r> {
    /// Takes what the plan needs. One walk over the headers, whatever the filter does with them.
    pub(crate) fn of(plan: &Plan, record: &Record<'r>) -> Self {
        let mut named = vec![None; plan.names.len()];
        let mut priority = None;
        for Header { key, value } in record.headers {
            if let Some(place) = plan.names.get(key) {
                named[*place] = value;
            }
            if key == PRIORITY {
                priority = value;
            }
        }
        Self {
            named: named.into_iter().map(|value| value.and_then(text)).collect(),
            mapped: plan.all_headers.then(|| map(record)),
            key: match record.key.filter(|key| key.len() <= MAX_SEEN_BYTES) {
                None => Key::Null(CelNull),
                Some(key) => text(key).map_or_else(|| Key::Bytes(key.into()), Key::Text),
            },
            priority: priority.and_then(level).unwrap_or(0).into(),
            timestamp_ms: record.timestamp.into(),
            size: record.value.map_or(0, |value| value.len() as i64).into(),
        }
    }

    fn place(&self, digits: &str) -> Option<&Option<CelString<'r>>> {
        self.named.get(digits.parse::<usize>().ok()?)
    }
}

impl VariableResolver for Message<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        if let Some(digits) = variable.strip_prefix(VALUE) {
            return self.place(digits)?.as_ref().map(|value| CowVal::Borrowed(value));
        }
        if let Some(digits) = variable.strip_prefix(PRESENCE) {
            let presence = if self.place(digits)?.is_some() { &CelBool::TRUE } else { &CelBool::FALSE };
            return Some(CowVal::Borrowed(presence));
        }
        let value: &(dyn Val + 'b) = match variable {
            "headers" => self.mapped.as_ref()?,
            "key" => match &self.key {
                Key::Text(text) => text,
                Key::Bytes(bytes) => bytes,
                Key::Null(null) => null,
            },
            "priority" => &self.priority,
            "timestamp_ms" => &self.timestamp_ms,
            "size" => &self.size,
            _ => return None,
        };
        Some(CowVal::Borrowed(value))
    }
}

/// Text as filters see it.
fn text(bytes: &[u8]) -> Option<CelString<'_>> {
    let seen = Some(bytes).filter(|bytes| bytes.len() <= MAX_SEEN_BYTES)?;
    std::str::from_utf8(seen).ok().map(CelString::from)
}

/// As the groups read it that give out by priority: one that makes no sense counts as none.
fn level(value: &[u8]) -> Option<i64> {
    let number = std::str::from_utf8(value).ok()?.parse::<i64>().ok()?;
    u8::try_from(number).ok().map(|level| level.min(MAX_PRIORITY).into())
}

/// The first [`MAX_MAPPED_HEADERS`] names, each with its last value.
fn map<'r>(record: &Record<'r>) -> CelMap<'r> {
    let mut last: BTreeMap<&'r [u8], Option<&'r [u8]>> = BTreeMap::new();
    for Header { key, value } in record.headers {
        if let Some(seen) = last.get_mut(key) {
            *seen = value;
        } else if last.len() < MAX_MAPPED_HEADERS && key.len() <= MAX_SEEN_BYTES {
            last.insert(key, value);
        }
    }
    let entries = last.into_iter().filter_map(|(name, value)| {
        let name = CelMapKey::from(std::str::from_utf8(name).ok()?);
        let value: Box<dyn Val + 'r> = Box::new(text(value?)?);
        Some((name, value))
    });
    #[allow(clippy::disallowed_types, reason = "see above")]
    let entries: HashMap<CelMapKey<'r>, Box<dyn Val + 'r>> = entries.collect();
    entries.into()
}
