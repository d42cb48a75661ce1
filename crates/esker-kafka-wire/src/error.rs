//! Why bytes could not be read, or a message not written. Every error names the field.

/// A message that could not be decoded: the request is malformed, or of a version that is not carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} at byte {position}: {kind}")]
pub struct DecodeError {
    /// Path of the field, as in the protocol's descriptors.
    pub field: &'static str,
    /// Bytes of the input that came before the trouble.
    pub position: usize,
    /// What is wrong.
    pub kind: DecodeErrorKind,
}

/// What is wrong with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeErrorKind {
    /// The input ends inside the field.
    #[error("needs {needed} more bytes, {remaining} are left")]
    UnexpectedEnd {
        /// Bytes wanted.
        needed: usize,
        /// Bytes there.
        remaining: usize,
    },
    /// A length or count below zero where null is not allowed.
    #[error("length {0} is negative")]
    NegativeLength(i64),
    /// Null in a version that does not allow it.
    #[error("null is not allowed")]
    Null,
    /// A string of more than 32,767 bytes.
    #[error("string of {0} bytes is longer than 32767")]
    StringTooLong(usize),
    /// Bytes that are not UTF-8.
    #[error("not UTF-8")]
    Utf8,
    /// A variable length integer with more than 32 bits.
    #[error("varint of more than 32 bits")]
    Varint,
    /// More elements than the remaining bytes can hold, or than [`crate::MAX_ELEMENTS`].
    #[error("{count} elements cannot fit in {remaining} bytes")]
    TooManyElements {
        /// Elements announced.
        count: usize,
        /// Bytes there.
        remaining: usize,
    },
    /// The structures would take more memory than the decode budget.
    #[error("needs {0} bytes of memory, more than the decode budget has left")]
    OverBudget(usize),
    /// More than [`crate::MAX_TAGGED_FIELDS`] tagged fields in one structure.
    #[error("{0} tagged fields")]
    TooManyTaggedFields(u32),
    /// A tagged field that is not as long as it says.
    #[error("tagged field {0} is not as long as it says")]
    TaggedFieldSize(u32),
    /// Bytes after the end of the message.
    #[error("{0} bytes after the end of the message")]
    TrailingBytes(usize),
    /// A version outside of the message's range.
    #[error("version {0} is not carried")]
    UnsupportedVersion(i16),
    /// An API key that the codec does not carry.
    #[error("API key {0} is not carried")]
    UnknownApiKey(i16),
    /// A stored key of another record type than asked for.
    #[error("record type {0} is another one")]
    WrongRecordType(i16),
}

/// A message that cannot be expressed in a version: the caller filled a field that the version lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {kind}")]
pub struct EncodeError {
    /// Path of the field, as in the protocol's descriptors.
    pub field: &'static str,
    /// What is wrong.
    pub kind: EncodeErrorKind,
}

/// What is wrong with a message to encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeErrorKind {
    /// A field that is not ignorable holds a value that this version cannot carry.
    #[error("version {0} lacks the field and its value is not the default")]
    FieldNotInVersion(i16),
    /// Null in a version that does not allow it.
    #[error("null is not allowed in version {0}")]
    Null(i16),
    /// A string of more than 32,767 bytes.
    #[error("string of {0} bytes is longer than 32767")]
    StringTooLong(usize),
    /// A length or count above `i32::MAX`.
    #[error("length {0} is above 2147483647")]
    TooLong(usize),
    /// A version outside of the message's range.
    #[error("version {0} is not carried")]
    UnsupportedVersion(i16),
}
