//! What a stream is to read, and from where.

use std::collections::BTreeMap;

use esker_core::PartitionId;
use futures::{StreamExt, TryStreamExt, stream};
use tonic::Code;

use super::Cursor;
use crate::{
    fault::Fault,
    owner::end_of,
    proto::esker::v1 as api,
    targets::{self, Targets},
};

/// Bytes of a message.
const DEFAULT_MESSAGE: u32 = 256 << 10;
const MAX_MESSAGE: u32 = 1 << 20;
/// Partitions that are asked at the same time.
const ASKED: usize = 32;
/// Partitions of one stream.
const MAX_PARTITIONS: usize = 10_000;

/// What a stream does.
pub(super) struct Plan {
    pub(super) cursors: Vec<Cursor>,
    pub(super) committed: bool,
    pub(super) message_bytes: usize,
}

/// Where to begin.
#[derive(Clone, Copy)]
enum Start {
    Offset(i64),
    Timestamp(i64),
    Earliest,
    Latest,
}

/// Looks up everything that is asked for.
pub(super) async fn plan(targets: &Targets, open: &api::ConsumeOpen) -> Result<Plan, Fault> {
    let committed = match api::Isolation::try_from(open.isolation) {
        Ok(isolation) => isolation != api::Isolation::Uncommitted,
        Err(_) => return Err(Fault::invalid("open.isolation", "no such isolation")),
    };
    let message_bytes = match open.message_bytes {
        0 => DEFAULT_MESSAGE,
        bytes if bytes <= MAX_MESSAGE => bytes,
        _ => return Err(Fault::invalid("open.message_bytes", format!("at most {MAX_MESSAGE}"))),
    };
    let of_stream = start(open.start.as_ref())?.unwrap_or(Start::Latest);
    let topic = targets.topic(&open.topic).await?;
    let mut wanted: BTreeMap<PartitionId, Start> = BTreeMap::new();
    if open.partitions.is_empty() {
        for index in 0..topic.record.partitions {
            wanted.insert(targets::partition(&topic, index)?, of_stream);
        }
    }
    for asked in &open.partitions {
        let id = targets::partition(&topic, asked.partition)?;
        if wanted.insert(id, start(asked.start.as_ref())?.unwrap_or(of_stream)).is_some() {
            let text = format!("partition {} is named twice", asked.partition);
            return Err(Fault::invalid("open.partitions", text));
        }
    }
    if wanted.len() > MAX_PARTITIONS {
        let text = format!("a stream reads at most {MAX_PARTITIONS} partitions");
        return Err(Fault::invalid("open.partitions", text));
    }
    let cursors = stream::iter(wanted)
        .map(|(id, start)| cursor(targets, id, start, committed, open.until_end))
        .buffered(ASKED)
        .try_collect()
        .await?;
    Ok(Plan { cursors, committed, message_bytes: message_bytes as usize })
}

fn start(position: Option<&api::Position>) -> Result<Option<Start>, Fault> {
    use api::position::Position as Given;
    let Some(position) = position else { return Ok(None) };
    let bad = |text| Fault::invalid("open.start", text);
    Ok(Some(match position.position.as_ref().ok_or_else(|| bad("a position says nothing"))? {
        Given::Offset(offset) if *offset >= 0 => Start::Offset(*offset),
        Given::TimestampMs(at) if *at >= 0 => Start::Timestamp(*at),
        Given::Offset(_) | Given::TimestampMs(_) => return Err(bad("offsets and times are 0 or more")),
        Given::Earliest(_) => Start::Earliest,
        Given::Latest(_) => Start::Latest,
    }))
}

async fn cursor(
    targets: &Targets,
    id: PartitionId,
    start: Start,
    committed: bool,
    until_end: bool,
) -> Result<Cursor, Fault> {
    let timestamp = if let Start::Timestamp(at) = start { Some(at) } else { None };
    let located = targets.locate(id, timestamp).await;
    let (offsets, found) = located.map_err(|fault| fault.with("partition", &id.index))?;
    let end = end_of(&offsets, committed);
    let next = match start {
        Start::Earliest => offsets.log_start,
        Start::Latest => end,
        Start::Timestamp(_) => found.map_or(end, |found| found.min(end)),
        Start::Offset(offset) if (offsets.log_start..=offsets.high_watermark).contains(&offset) => offset,
        Start::Offset(offset) => {
            let text = format!(
                "offset {offset} of partition {} is outside {}..={}",
                id.index, offsets.log_start, offsets.high_watermark
            );
            let fault = Fault::refused(Code::OutOfRange, "OFFSET_OUT_OF_RANGE", text);
            return Err(fault
                .with("partition", &id.index)
                .with("first_offset", &offsets.log_start)
                .with("end_offset", &offsets.high_watermark));
        }
    };
    Ok(Cursor { partition: id, next, end, stop_at: until_end.then_some(end) })
}
