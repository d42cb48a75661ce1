//! What a part of a filter yields, as far as it can be told before a message is there.

/// A kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int,
    Unsigned,
    Double,
    Text,
    Bytes,
    Null,
    /// Of that many elements, of any kind.
    List(usize),
    /// The key: text, bytes or null.
    Key,
    /// It depends: an element of a list, or what a conditional of two kinds yields.
    Any,
}

impl Kind {
    /// For an error.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a number",
            Self::Unsigned => "an unsigned number",
            Self::Double => "a number with a fraction",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Null => "null",
            Self::List(_) => "a list",
            Self::Key => "the key",
            Self::Any => "of no known kind",
        }
    }

    /// Whether it may be true or false.
    pub(crate) const fn may_be_bool(self) -> bool {
        matches!(self, Self::Bool | Self::Any)
    }

    /// Whether it may be text.
    pub(crate) const fn may_be_text(self) -> bool {
        matches!(self, Self::Text | Self::Key | Self::Any)
    }

    const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Unsigned | Self::Double)
    }

    /// Whether the two can ever be equal.
    pub(crate) fn may_equal(self, other: Self) -> bool {
        let key_is = |other| matches!(other, Self::Text | Self::Bytes | Self::Null | Self::Key);
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) | (Self::List(_), Self::List(_)) => true,
            (Self::Key, other) | (other, Self::Key) => key_is(other),
            (one, other) => one == other || (one.is_number() && other.is_number()),
        }
    }

    /// Whether one of the two can ever come before the other.
    pub(crate) fn may_order(self, other: Self) -> bool {
        let ordered = |kind| !matches!(kind, Self::Null | Self::List(_));
        ordered(self) && ordered(other) && self.may_equal(other)
    }

    /// What `a + b` and the like yield. Numbers only, and of one kind: text that is put together could grow without bound.
    pub(crate) fn calculate(self, other: Self) -> Option<Self> {
        (self == other && self.is_number()).then_some(self)
    }

    /// What a conditional yields.
    pub(crate) fn either(self, other: Self) -> Self {
        match (self, other) {
            (Self::List(one), Self::List(other)) => Self::List(one.max(other)),
            (one, other) if one == other => one,
            _ => Self::Any,
        }
    }

    /// What a function makes of it, by the function's name. `None` when there is no such function of one value.
    pub(crate) const fn converted(self, function: &str) -> Option<Option<Self>> {
        let text = self.may_be_text();
        let number = self.is_number();
        let (takes, yields) = match function.as_bytes() {
            b"int" => (text || number, Self::Int),
            b"double" => (text || number, Self::Double),
            b"string" => (text || number || matches!(self, Self::Bool | Self::Bytes), Self::Text),
            b"bool" => (text || matches!(self, Self::Bool), Self::Bool),
            b"size" => (text || matches!(self, Self::Bytes | Self::List(_)), Self::Int),
            _ => return None,
        };
        Some(if takes { Some(yields) } else { None })
    }
}
