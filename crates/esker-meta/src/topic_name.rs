//! Kafka's rules for topic names.

/// Why a name cannot be a topic's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTopicName {
    /// No characters.
    #[error("a topic name has at least one character")]
    Empty,
    /// `.` or `..`, which are directories elsewhere.
    #[error("\".\" and \"..\" are not topic names")]
    Dots,
    /// More than [`MAX_TOPIC_NAME`] characters.
    #[error("a topic name has at most 249 characters")]
    TooLong,
    /// A character outside `[a-zA-Z0-9._-]`.
    #[error("a topic name consists of ASCII letters, digits, '.', '_' and '-'")]
    Character,
}

/// Most characters of a topic name.
pub const MAX_TOPIC_NAME: usize = 249;

/// Checks a topic name.
///
/// # Errors
/// [`BadTopicName`].
pub fn check_topic_name(name: &str) -> Result<(), BadTopicName> {
    if name.is_empty() {
        Err(BadTopicName::Empty)
    } else if name == "." || name == ".." {
        Err(BadTopicName::Dots)
    } else if !name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-')) {
        Err(BadTopicName::Character)
    } else if name.len() > MAX_TOPIC_NAME {
        Err(BadTopicName::TooLong)
    } else {
        Ok(())
    }
}

/// Whether two different names would give the same metric name in Kafka's tools, where `.` becomes `_`. Worth a
/// warning, nothing more.
#[must_use]
pub fn topic_names_collide(a: &str, b: &str) -> bool {
    let fold = |c: u8| if c == b'.' { b'_' } else { c };
    a != b && a.len() == b.len() && a.bytes().map(fold).eq(b.bytes().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_kafkas_rules() {
        for good in ["a", "__consumer_offsets", "A.b_c-9", "...", &"x".repeat(249)] {
            assert_eq!(check_topic_name(good), Ok(()), "{good}");
        }
        assert_eq!(check_topic_name(""), Err(BadTopicName::Empty));
        assert_eq!(check_topic_name(".."), Err(BadTopicName::Dots));
        assert_eq!(check_topic_name(&"x".repeat(250)), Err(BadTopicName::TooLong));
        for bad in ["a b", "a/b", "ü", "a\0"] {
            assert_eq!(check_topic_name(bad), Err(BadTopicName::Character), "{bad}");
        }
    }

    #[test]
    fn a_dot_collides_with_an_underscore() {
        assert!(topic_names_collide("a.b", "a_b"));
        assert!(!topic_names_collide("a.b", "a.b"));
        assert!(!topic_names_collide("a.b", "a-b"));
    }
}
