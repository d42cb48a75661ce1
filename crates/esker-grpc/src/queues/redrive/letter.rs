//! A dead letter: a message, and what was written on it when it was given up (KIP-1191).

use crate::proto::esker::v1 as api;

const TOPIC: &str = "__dlq.errors.topic";
const PARTITION: &str = "__dlq.errors.partition";
const OFFSET: &str = "__dlq.errors.offset";
const GROUP: &str = "__dlq.errors.group";
const COUNT: &str = "__dlq.errors.delivery.count";
/// How the names of the headers begin that the message's own times have.
const TIMES: &str = "__dlq.esker.";

/// What a record of a topic for dead letters says.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// The queue that the message was in.
    pub queue: String,
    /// Where it was there.
    pub partition: u32,
    /// The same; 0 or more.
    pub offset: i64,
    /// The share group that has given it up.
    pub group: String,
    /// How often that had given it out, if it is said.
    pub delivery_count: Option<u32>,
    /// The message as it was published, as far as it was copied, without its times.
    pub message: api::Record,
}

impl DeadLetter {
    /// Takes off what was written on a message. `None` if the record is no dead letter.
    #[must_use]
    pub fn read(record: api::ConsumedRecord) -> Option<Self> {
        let api::ConsumedRecord { key, value, mut headers, .. } = record;
        // The last one of each name: one that was a dead letter before may have earlier ones, which are the message's own.
        let mut take = |name: &str| {
            let at = headers.iter().rposition(|header| header.key == name)?;
            let value = headers.remove(at).value?;
            String::from_utf8(value.to_vec()).ok()
        };
        let (queue, group) = (take(TOPIC)?, take(GROUP)?);
        let partition = take(PARTITION)?.parse().ok()?;
        let offset = take(OFFSET)?.parse().ok().filter(|offset| *offset >= 0)?;
        let delivery_count = take(COUNT).and_then(|count| count.parse().ok());
        // When it was to come and to expire: that is over.
        headers.retain(|header| !header.key.starts_with(TIMES));
        let message = api::Record { key, value, headers, timestamp_ms: None };
        Some(Self { queue, partition, offset, group, delivery_count, message })
    }

    /// It has nothing of the message: it was not copied, or there was nothing to copy.
    pub(super) const fn is_bare(&self) -> bool {
        self.message.key.is_none() && self.message.value.is_none() && self.message.headers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn header((key, value): (&str, &str)) -> api::Header {
        api::Header { key: key.to_owned(), value: Some(Bytes::from(value.to_owned())) }
    }

    const WRITTEN: [(&str, &str); 5] =
        [(TOPIC, "q"), (PARTITION, "3"), (OFFSET, "7"), (GROUP, "g"), (COUNT, "5")];

    fn letter<'a>(
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        value: Option<&'static str>,
    ) -> Option<DeadLetter> {
        DeadLetter::read(api::ConsumedRecord {
            offset: 1,
            timestamp_ms: 5,
            key: None,
            value: value.map(Bytes::from),
            headers: headers.into_iter().map(header).collect(),
        })
    }

    #[test]
    fn the_message_is_as_it_was() {
        let own = [("a", "1"), (TOPIC, "earlier"), ("a", "2")];
        let found = letter(own.into_iter().chain(WRITTEN), Some("x")).expect("a letter");
        assert_eq!((found.queue.as_str(), found.group.as_str()), ("q", "g"));
        assert_eq!((found.partition, found.offset, found.delivery_count), (3, 7, Some(5)));
        assert_eq!(found.message.headers, own.map(header));
        assert!(!found.is_bare());
        assert!(letter(WRITTEN, None).expect("a letter").is_bare());
    }

    #[test]
    fn what_is_no_letter_is_none() {
        assert_eq!(letter([], Some("x")), None);
        for missing in [TOPIC, PARTITION, OFFSET, GROUP] {
            assert_eq!(letter(WRITTEN.into_iter().filter(|(name, _)| *name != missing), Some("x")), None);
        }
        for bad in [(PARTITION, "-1"), (PARTITION, "x"), (OFFSET, "-1"), (OFFSET, "99999999999999999999")] {
            let spoiled = WRITTEN.map(|known| if known.0 == bad.0 { bad } else { known });
            assert_eq!(letter(spoiled, Some("x")), None, "{bad:?}");
        }
    }
}
