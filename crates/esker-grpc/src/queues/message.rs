//! What a message says of its delivery, as headers of its record: so Kafka's clients can say it, and see it, too.

use bytes::Bytes;
use esker_coordinator::attributes::{
    DEDUPLICATION_ID, DELIVER_AT, EXPIRES_AT, MAX_DEDUPLICATION_ID, MAX_PRIORITY, PRIORITY,
};
use esker_share::Heeds;

use crate::{fault::Fault, proto::esker::v1 as api};

/// Puts what a message says into its headers. `now` is in milliseconds since 1970; `heeds` is what the queue's own group heeds.
///
/// # Errors
/// It contradicts itself, or the queue does not heed it.
pub(super) fn put_headers(
    message: &mut api::Message,
    now: i64,
    heeds: impl FnOnce() -> Heeds,
) -> Result<(), Fault> {
    put_id(message)?;
    let api::Message { delay_ms, deliver_at_ms, ttl_ms, expires_at_ms, priority, .. } = *message;
    if (delay_ms, deliver_at_ms, ttl_ms, expires_at_ms, priority) == (0, 0, 0, 0, 0) {
        return Ok(());
    }
    let heeds = heeds();
    let due = at("message.delay_ms", (delay_ms, deliver_at_ms), now)?;
    let expires = at("message.ttl_ms", (ttl_ms, expires_at_ms), now)?;
    if (due.is_some() || expires.is_some()) && !heeds.times {
        return Err(unheeded("message.delay_ms", "times"));
    }
    if priority > u32::from(MAX_PRIORITY) {
        return Err(Fault::invalid("message.priority", format!("0 to {MAX_PRIORITY}")));
    }
    if priority > 0 && !heeds.priority {
        return Err(unheeded("message.priority", "priority"));
    }
    let priority = (priority > 0).then(|| i64::from(priority));
    for (name, number) in [(DELIVER_AT, due), (EXPIRES_AT, expires), (PRIORITY, priority)] {
        let Some(number) = number else { continue };
        let value = Some(Bytes::from(number.to_string()));
        message.headers.push(api::Header { key: name.to_owned(), value });
    }
    Ok(())
}

/// Says that nobody gets a message from a time on, milliseconds since 1970, unless it says an earlier one.
pub(super) fn expire(message: &mut api::Message, at: i64) {
    // The last of several counts, as it does for whoever reads them.
    let said = message.headers.iter().rev().find(|header| header.key == EXPIRES_AT);
    let said =
        said.and_then(|header| std::str::from_utf8(header.value.as_deref()?).ok()?.parse::<i64>().ok());
    if said.is_none_or(|said| said > at) {
        let value = Some(Bytes::from(at.to_string()));
        message.headers.push(api::Header { key: EXPIRES_AT.to_owned(), value });
    }
}

fn put_id(message: &mut api::Message) -> Result<(), Fault> {
    let id = &message.deduplication_id;
    if id.is_empty() {
        return Ok(());
    }
    if id.len() > MAX_DEDUPLICATION_ID {
        let text = format!("an id has at most {MAX_DEDUPLICATION_ID} bytes");
        return Err(Fault::invalid("message.deduplication_id", text));
    }
    let value = Some(Bytes::from(id.clone()));
    message.headers.push(api::Header { key: DEDUPLICATION_ID.to_owned(), value });
    Ok(())
}

/// A time that is said as one of two: from now on, or since 1970; milliseconds.
fn at(field: &'static str, said: (u64, i64), now: i64) -> Result<Option<i64>, Fault> {
    match said {
        (0, 0) => Ok(None),
        (0, at) if at < 0 => Err(Fault::invalid(field, "a time is after 1970")),
        (0, at) => Ok(Some(at)),
        (from_now, 0) => Ok(Some(now.saturating_add_unsigned(from_now))),
        _ => Err(Fault::invalid(field, "say how long from now, or when: not both")),
    }
}

fn unheeded(field: &'static str, what: &str) -> Fault {
    let text = format!("the queue does not heed this: set `{what}` with CreateQueue");
    Fault::invalid(field, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Heeds = Heeds { times: true, priority: true, order: false };

    fn headers(mut message: api::Message, heeds: Heeds) -> Result<Vec<(String, String)>, Fault> {
        put_headers(&mut message, 1_000, || heeds)?;
        let text = |value: Option<Bytes>| String::from_utf8(value.expect("a value").to_vec()).expect("text");
        Ok(message.headers.into_iter().map(|header| (header.key, text(header.value))).collect())
    }

    #[test]
    fn what_is_said_becomes_headers() {
        let said =
            api::Message { delay_ms: 500, expires_at_ms: 9_000, priority: 3, ..api::Message::default() };
        let put = headers(said, ALL).expect("good");
        let put: Vec<(&str, &str)> = put.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(put, [(DELIVER_AT, "1500"), (EXPIRES_AT, "9000"), (PRIORITY, "3")]);
        let said = api::Message { deliver_at_ms: 7, ttl_ms: u64::MAX, ..api::Message::default() };
        let put = headers(said, ALL).expect("good");
        assert_eq!(put[0].1, "7");
        assert_eq!(put[1].1, i64::MAX.to_string());
        assert!(headers(api::Message::default(), Heeds::default()).expect("good").is_empty());
    }

    #[test]
    fn the_earlier_end_counts() {
        let of = |said: &[&'static str]| {
            let header = |value: &&'static str| api::Header {
                key: EXPIRES_AT.to_owned(),
                value: Some(Bytes::from_static(value.as_bytes())),
            };
            let mut message =
                api::Message { headers: said.iter().map(header).collect(), ..api::Message::default() };
            expire(&mut message, 500);
            message.headers.pop().and_then(|header| header.value).expect("a time")
        };
        assert_eq!(of(&[]), "500");
        assert_eq!(of(&["900"]), "500");
        assert_eq!(of(&["100"]), "100");
        assert_eq!(of(&["100", "900"]), "500");
        assert_eq!(of(&["100", "soon"]), "500");
    }

    #[test]
    fn an_id_becomes_a_header_unless_it_is_too_long() {
        let said = |id: &str| api::Message { deduplication_id: id.to_owned(), ..api::Message::default() };
        let longest = "x".repeat(MAX_DEDUPLICATION_ID);
        let put = headers(said(&longest), Heeds::default()).expect("good");
        assert_eq!(put, [(DEDUPLICATION_ID.to_owned(), longest.clone())]);
        assert!(headers(said(""), Heeds::default()).expect("good").is_empty());
        assert!(headers(said(&(longest + "x")), Heeds::default()).is_err());
    }

    #[test]
    fn contradictions_and_what_the_queue_does_not_heed_are_refused() {
        let bad = [
            api::Message { delay_ms: 1, deliver_at_ms: 1, ..api::Message::default() },
            api::Message { ttl_ms: 1, expires_at_ms: 1, ..api::Message::default() },
            api::Message { deliver_at_ms: -1, ..api::Message::default() },
            api::Message { priority: 10, ..api::Message::default() },
        ];
        for message in bad {
            assert!(headers(message.clone(), ALL).is_err(), "{message:?}");
        }
        let unheeded = [
            api::Message { delay_ms: 1, ..api::Message::default() },
            api::Message { ttl_ms: 1, ..api::Message::default() },
            api::Message { priority: 1, ..api::Message::default() },
        ];
        for message in unheeded {
            assert!(headers(message.clone(), ALL).is_ok(), "{message:?}");
            assert!(headers(message.clone(), Heeds::default()).is_err(), "{message:?}");
        }
    }
}
