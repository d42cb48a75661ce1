//! Which partition of `__consumer_offsets` holds a group.

/// The partition of a group among `partitions`: the magnitude of Java's string hash, modulo, as every Kafka
/// broker and tool computes it.
///
/// # Panics
/// When `partitions` is 0.
#[must_use]
pub fn partition_of(group: &str, partitions: u32) -> u32 {
    assert!(partitions > 0, "a topic has at least one partition");
    // `encode_utf16`, because Java hashes UTF-16 units.
    let hash =
        group.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    // Kafka takes 0 for the one number whose magnitude does not fit.
    hash.checked_abs().unwrap_or(0).cast_unsigned() % partitions
}

#[cfg(test)]
mod tests {
    use super::partition_of;

    #[test]
    fn groups_fall_where_kafka_puts_them() {
        // "".hashCode() is 0, "hello".hashCode() is 99162322, and this one's is negative (-862545276).
        assert_eq!(partition_of("", 50), 0);
        assert_eq!(partition_of("hello", 50), 99_162_322 % 50);
        assert_eq!(partition_of("Hello World", 50), 862_545_276 % 50);
        assert_eq!(partition_of("\u{1f600}", 7), 1_772_899 % 7);
    }
}
