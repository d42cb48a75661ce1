//! Dead letters: what is given up is copied before it is done with.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_core::{Offset, PartitionId, batch::BatchView};
use esker_log::{Isolation, Log, ReadLimits};
use esker_node::Node;

use super::{book::End, settings::ShareGroup, workload::Crowd};

/// Most bytes that a batch decompresses to.
const LIMIT: usize = 4 << 20;

/// A dead letter.
pub(super) struct Letter {
    /// How often it says that the record was given out.
    count: u16,
    /// CRC32C of the value, if it has one.
    digest: Option<u32>,
}

/// By group, partition of the source and offset there.
pub(super) type Letters = BTreeMap<(String, u32, i64), Vec<Letter>>;

impl Crowd {
    /// All dead letters that there are.
    pub(super) async fn read_letters(&self) -> Letters {
        let client = self.client();
        let mut letters = Letters::new();
        let mut left = self.letters.clone();
        while let Some(&partition) = left.first() {
            if let Some((_, machine)) = client.leader_once(partition).await {
                let read = async move |node: Arc<Node>| read_all(&node.log, partition).await;
                match machine.ask(read).await {
                    Some(Ok(found)) => {
                        left.remove(0);
                        for (key, letter) in found {
                            letters.entry(key).or_default().push(letter);
                        }
                        continue;
                    }
                    answer => {
                        let why = answer.map(|answer| answer.map(|_| ()));
                        self.book.history.note(format_args!("{partition}: no letters yet: {why:?}"));
                    }
                }
            }
            client.env.clock.sleep(Duration::from_millis(500)).await;
        }
        letters
    }

    /// Whatever was given up has one, and nothing else.
    pub(super) fn check_letters(
        &self,
        group: &ShareGroup,
        partition: PartitionId,
        ends: &BTreeMap<i64, End>,
        letters: &Letters,
        records: &BTreeMap<i64, u32>,
    ) {
        let history = &self.book.history;
        for (offset, end) in ends {
            let key = (group.name.to_string(), partition.index, *offset);
            let found = letters.get(&key).map_or(&[][..], |found| &found[..]);
            if end.given_up && found.is_empty() {
                history.violation(format!("{} in {partition}: {offset} has no dead letter", group.name));
            }
            for letter in found {
                history.count("dead letters");
                let digest = records.get(offset).copied().filter(|_| group.copies);
                if !end.may_be_given_up || letter.count > end.taken || letter.digest != digest {
                    history.violation(format!(
                        "{} in {partition}: {offset} was out {} times, its dead letter says {} and {:?}, not {digest:?}",
                        group.name, end.taken, letter.count, letter.digest
                    ));
                }
            }
        }
    }
}

type Found = Vec<((String, u32, i64), Letter)>;

async fn read_all(log: &Log, partition: PartitionId) -> Result<Found, String> {
    let end = log.offsets(partition).map_err(|error| error.to_string())?.high_watermark;
    let (mut next, mut found) = (Offset(0), Vec::new());
    while next < end {
        let limits =
            ReadLimits { max_bytes: 64 << 10, at_least_one: true, isolation: Isolation::ReadUncommitted };
        let read = log.read(partition, next, limits).await.map_err(|error| error.to_string())?;
        if read.next <= next {
            return Err(format!("nothing at {next}, below {end}"));
        }
        next = read.next;
        for view in read.chunks.iter().flat_map(BatchView::all).flatten() {
            let records = view.records(LIMIT).map_err(|error| error.to_string())?;
            for record in (&records).into_iter().flatten() {
                let mut headers: BTreeMap<Vec<u8>, String> = BTreeMap::new();
                for header in record.headers {
                    let value = String::from_utf8_lossy(header.value.unwrap_or_default()).into_owned();
                    headers.insert(header.key.to_vec(), value);
                }
                let text = |name: &str| {
                    let name = format!("__dlq.errors.{name}");
                    headers.get(name.as_bytes()).cloned().ok_or(format!("a letter without {name}"))
                };
                let number = |name: &str| {
                    text(name)?.parse::<i64>().map_err(|error| format!("{name} of a letter: {error}"))
                };
                let key = (text("group")?, number("partition")? as u32, number("offset")?);
                let count = number("delivery.count")? as u16;
                found.push((key, Letter { count, digest: record.value.map(crc32c::crc32c) }));
            }
        }
    }
    Ok(found)
}
