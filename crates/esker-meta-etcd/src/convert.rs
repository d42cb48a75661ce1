//! Between the contract's types and etcd's.

use bytes::Bytes;
use esker_meta::{Compare, Event, Expect, KeyValue, LeaseId, MetaError, Op, Revision, Txn, TxnAnswer};

use crate::proto::{self, compare, event, request_op, response_op};

/// The first key after all that start with `prefix`, as etcd's exclusive end of a range.
pub(crate) fn prefix_end(prefix: &str) -> Bytes {
    let mut end = prefix.as_bytes().to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end.into();
        }
    }
    // No end: etcd's word for every key from the first on.
    Bytes::from_static(b"\0")
}

/// Where a range over `prefix` begins; etcd has no empty key.
pub(crate) fn prefix_start(prefix: String) -> Bytes {
    if prefix.is_empty() { Bytes::from_static(b"\0") } else { prefix.into() }
}

pub(crate) fn get_request(key: String) -> proto::RangeRequest {
    proto::RangeRequest { key: key.into(), ..Default::default() }
}

pub(crate) fn txn_request(txn: Txn) -> proto::TxnRequest {
    let ops = |ops: Vec<Op>| ops.into_iter().map(op_request).collect();
    proto::TxnRequest {
        compare: txn.compare.into_iter().map(comparison).collect(),
        success: ops(txn.then),
        failure: ops(txn.otherwise),
    }
}

/// A key that does not exist has version and revisions 0 for etcd.
fn comparison(compare: Compare) -> proto::Compare {
    use compare::{Operand, Result, Target};
    let (target, result, operand) = match compare.is {
        Expect::Absent => (Target::Version, Result::Equal, Operand::Version(0)),
        Expect::Present => (Target::Version, Result::Greater, Operand::Version(0)),
        // "Created by revision 0 and exists" holds of no key.
        Expect::Created(Revision::NONE) => (Target::Version, Result::Less, Operand::Version(0)),
        Expect::Created(revision) => (Target::Create, Result::Equal, Operand::CreateRevision(revision.0)),
        Expect::Modified(revision) => (Target::Mod, Result::Equal, Operand::ModRevision(revision.0)),
    };
    proto::Compare {
        result: result.into(),
        target: target.into(),
        key: compare.key.into(),
        operand: Some(operand),
    }
}

fn op_request(op: Op) -> proto::RequestOp {
    let request = match op {
        Op::Put { key, value, lease } => request_op::Request::Put(proto::PutRequest {
            key: key.into(),
            value,
            lease: lease.map_or(0, |lease| lease.0),
        }),
        Op::Delete { key } => request_op::Request::DeleteRange(proto::DeleteRangeRequest { key: key.into() }),
        Op::Get { key } => request_op::Request::Range(get_request(key)),
    };
    proto::RequestOp { request: Some(request) }
}

/// The reads are the answers to the branch's reads, in order.
pub(crate) fn txn_answer(answer: proto::TxnResponse) -> Result<TxnAnswer, MetaError> {
    let revision = answer.header.map_or(Revision::NONE, |header| Revision(header.revision));
    let mut reads = Vec::new();
    for response in answer.responses {
        if let Some(response_op::Response::Range(found)) = response.response {
            reads.push(found.kvs.into_iter().next().map(key_value).transpose()?);
        }
    }
    Ok(TxnAnswer { succeeded: answer.succeeded, revision, reads })
}

fn text(key: &[u8]) -> Result<String, MetaError> {
    String::from_utf8(key.to_vec()).map_err(|_| MetaError::Corrupt {
        key: String::from_utf8_lossy(key).into_owned(),
        field: "key (not UTF-8)".to_owned(),
    })
}

pub(crate) fn key_value(found: proto::KeyValue) -> Result<KeyValue, MetaError> {
    Ok(KeyValue {
        key: text(&found.key)?,
        value: found.value,
        created: Revision(found.create_revision),
        modified: Revision(found.mod_revision),
        version: u64::try_from(found.version).unwrap_or(0),
        lease: (found.lease != 0).then_some(LeaseId(found.lease)),
    })
}

pub(crate) fn change(event: proto::Event) -> Result<Event, MetaError> {
    let deleted = event.r#type() == event::Type::Delete;
    let found = event.kv.unwrap_or_default();
    if deleted {
        return Ok(Event::Delete { key: text(&found.key)?, revision: Revision(found.mod_revision) });
    }
    key_value(found).map(Event::Put)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_right_after_its_prefix() {
        assert_eq!(prefix_end("/a/"), "/a0");
        assert_eq!(prefix_end("/\u{7f}"), &b"/\x80"[..]);
        assert_eq!(prefix_end(""), "\0");
        assert_eq!(prefix_start(String::new()), "\0");
    }
}
