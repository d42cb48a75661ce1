//! A string that is a slice of the bytes it came in.

use bytes::Bytes;
use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

/// UTF-8 text in [`Bytes`]: cloning and decoding allocate nothing.
///
/// A slice of a request keeps the whole request in memory: use [`KString::compact`] for what outlives it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KString(Bytes);

impl KString {
    /// The empty string.
    pub const fn new() -> Self {
        Self(Bytes::new())
    }

    /// A string that lives in the binary.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// Takes bytes that are UTF-8; others are `None`.
    pub fn from_utf8(bytes: Bytes) -> Option<Self> {
        std::str::from_utf8(&bytes).is_ok().then_some(Self(bytes))
    }

    /// The text. Checks UTF-8 again, in place of unsafe code: a few nanoseconds for names.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("checked when constructed and never changed")
    }

    /// The bytes of the text, without any check.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The underlying bytes, shared.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// The same text in memory of its own, to be kept longer than the request it came in.
    pub fn compact(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Deref for KString {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for KString {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for KString {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

// `Borrow<str>` needs the hash of `str`; equality and order of UTF-8 are those of its bytes.
impl std::hash::Hash for KString {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl From<&str> for KString {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for KString {
    fn from(text: String) -> Self {
        Self(Bytes::from(text.into_bytes()))
    }
}

impl From<&KString> for String {
    fn from(text: &KString) -> Self {
        text.as_str().to_owned()
    }
}

impl PartialEq<str> for KString {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for KString {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl fmt::Debug for KString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for KString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::KString;
    use bytes::Bytes;
    use std::collections::BTreeMap;

    #[test]
    fn text_is_checked_once_and_shared() {
        assert_eq!(KString::from_utf8(Bytes::from_static(b"\xff")), None);
        let frame = Bytes::from("xtopicx".to_owned());
        let name = KString::from_utf8(frame.slice(1..6)).unwrap();
        assert_eq!(name, "topic");
        assert!(frame.as_ptr_range().contains(&name.as_bytes().as_ptr()));
        let own = name.compact();
        assert!(own == name && !frame.as_ptr_range().contains(&own.as_bytes().as_ptr()));
    }

    #[test]
    fn maps_are_searched_by_str() {
        let map: BTreeMap<KString, i32> = [("b".into(), 2), ("a".into(), 1)].into();
        assert_eq!(map.get("a"), Some(&1));
        let hash = |value: &dyn Fn(&mut std::hash::DefaultHasher)| {
            let mut hasher = std::hash::DefaultHasher::new();
            value(&mut hasher);
            std::hash::Hasher::finish(&hasher)
        };
        let (text, name) = ("é", KString::from("é"));
        assert_eq!(hash(&|h| std::hash::Hash::hash(text, h)), hash(&|h| std::hash::Hash::hash(&name, h)));
    }
}
