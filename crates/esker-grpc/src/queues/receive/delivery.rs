//! A message as its receiver gets it.

use crate::{
    proto::esker::{forward::v1 as proto, v1 as api},
    queues::request::REPLY_TO,
    records::cost,
};

/// The longest address that is repeated, bytes: no broker's is longer.
const ADDRESS: usize = 255;

/// What a leader has given out of a partition.
pub(super) fn delivery(partition: u32, given: proto::Given) -> Option<api::Delivery> {
    let proto::Given { record, count } = given;
    let record = record?;
    let cost = cost(&record) as u64;
    let api::ConsumedRecord { offset, timestamp_ms, key, value, headers } = record;
    let receipt = Some(api::Receipt { partition, offset, delivery_count: count });
    let reply_to = reply_to(&headers).unwrap_or_default();
    Some(api::Delivery { receipt, value, key, headers, timestamp_ms, cost, reply_to })
}

/// Where a reply goes, as the last header of that name says.
fn reply_to(headers: &[api::Header]) -> Option<String> {
    let header = headers.iter().rev().find(|header| header.key == REPLY_TO)?;
    let value = header.value.as_deref().filter(|value| value.len() <= ADDRESS)?;
    std::str::from_utf8(value).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn who_waits_for_a_reply_is_named() {
        let of = |headers: &[(&str, &'static [u8])]| {
            let header = |(key, value): &(&str, &'static [u8])| api::Header {
                key: (*key).to_owned(),
                value: Some(Bytes::from_static(value)),
            };
            let headers = headers.iter().map(header).collect();
            let record = api::ConsumedRecord { offset: 5, headers, ..api::ConsumedRecord::default() };
            delivery(3, proto::Given { record: Some(record), count: 2 }).expect("a delivery")
        };
        let found = of(&[("esker.reply-to", b"a"), ("esker.reply-to", b"b"), ("x", b"c")]);
        assert_eq!(found.reply_to, "b");
        assert_eq!(found.receipt, Some(api::Receipt { partition: 3, offset: 5, delivery_count: 2 }));
        assert_eq!(found.headers.len(), 3);
        assert_eq!(of(&[]).reply_to, "");
        for bad in [b"\xff".as_slice(), &[b'a'; 256]] {
            assert_eq!(of(&[("esker.reply-to", bad)]).reply_to, "");
        }
    }
}
