//! `/exchanges/<name>`: names to publish to, and the queues that are bound to them.

#[cfg(test)]
mod tests;
mod txns;
mod view;

use bytes::Bytes;
use esker_core::TopicNumber;

pub use self::view::{Exchange, Exchanges};
use crate::{
    KeyValue, MetaError, Versioned, check_topic_name,
    codec::{Source, encode},
    proto,
};

/// How an exchange finds the queues of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExchangeKind {
    /// Bindings whose key is the message's.
    Direct,
    /// Bindings whose pattern matches the message's key.
    Topic,
    /// All bindings.
    Fanout,
    /// Bindings whose headers the message has.
    Headers,
}

/// A queue that gets messages of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binding {
    /// The queue's name.
    pub queue: String,
    /// Direct: what a message's key equals. Topic: the pattern. Else empty. At most [`Binding::MAX_KEY`] bytes.
    pub routing_key: String,
    /// Headers: all of them must match; else one is enough.
    pub all: bool,
    /// Headers: 1 to [`Binding::MAX_HEADERS`], ascending by name, each name once; no value stands for any. Else none.
    pub headers: Vec<(String, Option<Bytes>)>,
    /// The queue's topic: a later one of the same name is not bound.
    pub topic: TopicNumber,
}

impl Binding {
    /// Most bytes of a routing key, or a pattern.
    pub const MAX_KEY: usize = 255;
    /// Most words of a pattern.
    pub const MAX_WORDS: usize = 32;
    /// Most headers of a binding.
    pub const MAX_HEADERS: usize = 16;
    /// Most bytes of a header's name, and of its value.
    pub const MAX_HEADER_BYTES: usize = 255;

    /// Whether the two are the same but for the topic behind the queue's name.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let Self { queue, routing_key, all, headers, topic: _ } = self;
        (queue, routing_key) == (&other.queue, &other.routing_key)
            && (all, headers) == (&other.all, &other.headers)
    }

    /// Which of its fields an exchange of this kind cannot have, as the native API calls it.
    #[must_use]
    pub fn wrong_field(&self, kind: ExchangeKind) -> Option<&'static str> {
        let keyed = matches!(kind, ExchangeKind::Direct | ExchangeKind::Topic);
        let words = self.routing_key.split('.').count();
        if check_topic_name(&self.queue).is_err() || self.topic.0 == 0 {
            Some("queue")
        } else if self.routing_key.len() > Self::MAX_KEY
            || (!keyed && !self.routing_key.is_empty())
            || (kind == ExchangeKind::Topic && words > Self::MAX_WORDS)
        {
            Some("routing_key")
        } else if (kind == ExchangeKind::Headers) == self.headers.is_empty()
            || self.headers.len() > Self::MAX_HEADERS
            || self.headers.iter().any(|(name, value)| {
                name.is_empty()
                    || name.len() > Self::MAX_HEADER_BYTES
                    || value.as_ref().is_some_and(|value| value.len() > Self::MAX_HEADER_BYTES)
            })
            || !self.headers.is_sorted_by(|(one, _), (next, _)| one < next)
        {
            Some("headers")
        } else if self.all && kind != ExchangeKind::Headers {
            Some("match")
        } else {
            None
        }
    }
}

/// An exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeRecord {
    /// Its name, by the rules of topics' names.
    pub name: String,
    /// Its kind, for ever.
    pub kind: ExchangeKind,
    /// At most [`ExchangeRecord::MAX_BINDINGS`], ascending, each once, whatever topic is behind it.
    pub bindings: Vec<Binding>,
}

impl ExchangeRecord {
    /// Most bindings of one exchange.
    pub const MAX_BINDINGS: usize = 1_000;
    /// Most bytes of one record.
    pub const MAX_BYTES: usize = 256 << 10;

    /// The same exchange with a binding more; `None` if it has it. One of the same words to an earlier topic of the name goes.
    #[must_use]
    pub fn with(&self, binding: &Binding) -> Option<Self> {
        if self.bindings.contains(binding) {
            return None;
        }
        let mut more = self.clone();
        more.bindings.retain(|known| !known.is_same(binding));
        more.bindings.push(binding.clone());
        more.bindings.sort();
        Some(more)
    }

    /// The same exchange without a binding, whatever topic is behind it; `None` if it has no such binding.
    #[must_use]
    pub fn without(&self, binding: &Binding) -> Option<Self> {
        let mut fewer = self.clone();
        fewer.bindings.retain(|known| !known.is_same(binding));
        (fewer.bindings.len() < self.bindings.len()).then_some(fewer)
    }

    /// Whether it is within its limits.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.bindings.len() <= Self::MAX_BINDINGS && self.encode().len() <= Self::MAX_BYTES
    }

    pub(crate) fn encode(&self) -> Bytes {
        let kind = match self.kind {
            ExchangeKind::Direct => proto::ExchangeKind::Direct,
            ExchangeKind::Topic => proto::ExchangeKind::Topic,
            ExchangeKind::Fanout => proto::ExchangeKind::Fanout,
            ExchangeKind::Headers => proto::ExchangeKind::Headers,
        };
        let header = |(name, value): &(String, Option<Bytes>)| proto::BindingHeader {
            name: name.clone(),
            value: value.clone(),
        };
        let binding = |binding: &Binding| proto::Binding {
            queue: binding.queue.clone(),
            topic: binding.topic.0,
            routing_key: binding.routing_key.clone(),
            all: binding.all,
            headers: binding.headers.iter().map(header).collect(),
        };
        encode(&proto::Exchange {
            name: self.name.clone(),
            kind: kind.into(),
            bindings: self.bindings.iter().map(binding).collect(),
        })
    }

    pub(crate) fn decode(entry: &KeyValue) -> Result<Versioned<Self>, MetaError> {
        let (source, message) = Source::message::<proto::Exchange>(entry)?;
        source.ensure(entry.value.len() <= Self::MAX_BYTES, "size")?;
        source.ensure(check_topic_name(&message.name).is_ok(), "name")?;
        source.ensure(entry.key.ends_with(&format!("/exchanges/{}", message.name)), "name")?;
        let kind = match message.kind() {
            proto::ExchangeKind::Direct => ExchangeKind::Direct,
            proto::ExchangeKind::Topic => ExchangeKind::Topic,
            proto::ExchangeKind::Fanout => ExchangeKind::Fanout,
            proto::ExchangeKind::Headers => ExchangeKind::Headers,
            proto::ExchangeKind::Unspecified => return Err(source.bad("kind")),
        };
        source.ensure(message.bindings.len() <= Self::MAX_BINDINGS, "bindings")?;
        let binding = |binding: proto::Binding| Binding {
            queue: binding.queue,
            routing_key: binding.routing_key,
            all: binding.all,
            headers: binding.headers.into_iter().map(|header| (header.name, header.value)).collect(),
            topic: TopicNumber(binding.topic),
        };
        let bindings: Vec<Binding> = message.bindings.into_iter().map(binding).collect();
        source.ensure(bindings.iter().all(|binding| binding.wrong_field(kind).is_none()), "bindings")?;
        let each_once = bindings.is_sorted_by(|one, next| one < next && !one.is_same(next));
        source.ensure(each_once, "bindings")?;
        let record = Self { name: message.name, kind, bindings };
        Ok(Versioned { record, modified: entry.modified })
    }
}
