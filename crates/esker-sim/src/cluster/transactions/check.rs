//! What must hold of transactions when nothing fails any more.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_coordinator::OFFSETS_TOPIC;
use esker_core::{Offset, PartitionId};
use esker_log::{Isolation, Log, ReadLimits};
use esker_node::Node;

use super::{
    content::{Content, Visible},
    reader::committed,
    workload::{Role, Workload},
};

/// How a transaction ended in each of its partitions, with its records there.
type Ends = BTreeMap<u64, BTreeMap<PartitionId, (bool, Vec<Visible>)>>;

impl Workload {
    /// Completes once no transaction is open anywhere.
    pub(in crate::cluster) async fn all_ended(&self) {
        let client = self.client();
        let mut left: Vec<PartitionId> = self.partitions().collect();
        left.extend(self.offsets_partitions().await);
        while let Some(&partition) = left.first() {
            let mut open = None;
            if let Some((_, machine)) = client.leader_once(partition).await {
                let asked = machine.ask(async move |node: Arc<Node>| node.log.offsets(partition)).await;
                if let Some(Ok(offsets)) = asked {
                    open = (offsets.last_stable < offsets.high_watermark).then_some(offsets);
                    if open.is_none() {
                        left.remove(0);
                        continue;
                    }
                }
            }
            self.book.history.note(format_args!("{partition}: not stable yet: {open:?}"));
            client.env.clock.sleep(Duration::from_millis(500)).await;
        }
    }

    async fn offsets_partitions(&self) -> Vec<PartitionId> {
        let client = self.client();
        loop {
            for machine in client.machines.iter() {
                let found = machine.ask(async |node: Arc<Node>| node.catalog.by_name(OFFSETS_TOPIC)).await;
                if let Some(Some(topic)) = found {
                    let topic = &topic.record;
                    return (0..topic.partitions)
                        .map(|index| PartitionId { topic: topic.number, index })
                        .collect();
                }
            }
            if self.book.all().iter().all(|txn| txn.offset.is_none()) {
                return Vec::new();
            }
            client.env.clock.sleep(Duration::from_millis(500)).await;
        }
    }

    /// Reads everything and compares it with what was done.
    pub(in crate::cluster) async fn check(&self) {
        let history = &self.book.history;
        let mut ends = Ends::new();
        let mut visible: BTreeMap<PartitionId, Vec<Visible>> = BTreeMap::new();
        for partition in self.partitions() {
            let content = self.read_whole(partition).await;
            for (number, mut found) in content.ends {
                if found.len() != 1 {
                    let outcomes: Vec<bool> = found.iter().map(|(commit, _)| *commit).collect();
                    history.violation(format!(
                        "{partition}: transaction {number} has ended {} times: {outcomes:?}",
                        outcomes.len()
                    ));
                }
                ends.entry(number).or_default().extend(found.pop().map(|end| (partition, end)));
            }
            self.book.check_given(partition, &content.committed);
            visible.insert(partition, content.committed);
        }
        self.check_ends(&ends);
        for role in self.roles() {
            let offset = self.client().stable_offset(&self.book, &role.progress()).await;
            match role {
                Role::Producer(_) => self.check_progress(role, offset, &ends),
                Role::Copier(index) => self.check_copies(index, offset.unwrap_or(0), &visible),
            }
        }
        history.note(format_args!("{} transactions are as they should be", self.book.all().len()));
    }

    /// Every committed record of a partition: its offset, and the CRC32C of its value.
    pub(in crate::cluster) async fn committed(&self, partition: PartitionId) -> BTreeMap<i64, u32> {
        let content = self.read_whole(partition).await;
        content.committed.iter().map(|record| (record.offset, record.digest)).collect()
    }

    async fn read_whole(&self, partition: PartitionId) -> Content {
        let client = self.client();
        loop {
            let mut why = "no leader".to_owned();
            if let Some((_, machine)) = client.leader_once(partition).await {
                let book = self.book.clone();
                let asked = machine.ask(async move |node: Arc<Node>| {
                    let chunks = read_all(&node.log, partition).await?;
                    book.history.read(partition, Offset(0), &chunks);
                    let content = Content::of(partition, &chunks, &book.history);
                    let mut records = Vec::new();
                    let mut next = Offset(0);
                    loop {
                        let limits = limits(Isolation::ReadCommitted);
                        let read = node
                            .log
                            .read(partition, next, limits)
                            .await
                            .map_err(|error| error.to_string())?;
                        if read.chunks.is_empty() {
                            break;
                        }
                        let read = committed(&book, partition, next, &read);
                        records.extend(read.records);
                        next = read.next;
                    }
                    if records != content.committed {
                        book.history.violation(format!(
                            "{partition}: {} records are read as committed, by their markers {} are",
                            records.len(),
                            content.committed.len()
                        ));
                    }
                    Ok::<_, String>(content)
                });
                match asked.await {
                    Some(Ok(content)) => return content,
                    Some(Err(error)) => why = error,
                    None => why = "the broker ended".to_owned(),
                }
            }
            self.book.history.note(format_args!("{partition}: not read yet: {why}"));
            client.env.clock.sleep(Duration::from_millis(500)).await;
        }
    }

    /// Each transaction has one end, that of which its producer was told, with all that was acknowledged.
    fn check_ends(&self, ends: &Ends) {
        let history = &self.book.history;
        for (number, txn) in (0..).zip(self.book.all()) {
            let none = BTreeMap::new();
            let found = ends.get(&number).unwrap_or(&none);
            let outcomes: Vec<bool> = found.values().map(|(commit, _)| *commit).collect();
            let commit = outcomes.first().copied().unwrap_or(false);
            if outcomes.iter().any(|outcome| *outcome != commit) {
                history.violation(format!("transaction {number} ends as {outcomes:?}: {txn:?}"));
            }
            if commit && let Some(why) = self.book.never(number) {
                history.violation(format!("transaction {number} is committed: {why}: {txn:?}"));
            }
            if !commit && txn.told == Some(true) && !txn.written.is_empty() {
                history.violation(format!("transaction {number} is not committed: {txn:?}"));
            }
            for (partition, written) in &txn.written {
                let there = found.get(partition).map_or(&[][..], |(_, records)| &records[..]);
                // What was given up may be there too, and then it is aborted.
                let as_many =
                    if commit { there.len() == *written as usize } else { there.len() >= *written as usize };
                let places = there.iter().filter_map(|record| Some(record.stamp?.place));
                if !as_many || !places.eq(0..there.len() as u32) {
                    history.violation(format!(
                        "{partition}: {written} records of transaction {number} were acknowledged, there are {}",
                        there.len()
                    ));
                }
            }
            if commit && found.keys().any(|partition| !txn.written.contains_key(partition)) {
                history
                    .violation(format!("transaction {number} has more partitions than it wrote to: {txn:?}"));
            }
        }
    }

    /// An offset that was committed in transactions is that of the last one that is committed.
    fn check_progress(&self, role: Role, offset: Option<i64>, ends: &Ends) {
        let is_committed = |number: u64| {
            ends.get(&number).and_then(|found| found.values().next()).is_some_and(|(commit, _)| *commit)
        };
        let committed = (0..).zip(self.book.all()).filter(|(number, txn)| {
            txn.offset.as_ref().is_some_and(|(place, _)| *place == role.progress()) && is_committed(*number)
        });
        let expected = committed.filter_map(|(_, txn)| Some(txn.offset?.1)).max();
        if offset != expected {
            self.book.history.violation(format!(
                "{:?}: the offset is {offset:?}, transactions committed {expected:?}",
                role.progress()
            ));
        }
    }

    /// The output has the source up to the group's offset, in order and once.
    fn check_copies(&self, index: u32, offset: i64, visible: &BTreeMap<PartitionId, Vec<Visible>>) {
        let history = &self.book.history;
        let source = &visible[&self.sources[index as usize]];
        let output = &visible[&self.output(index)];
        let copies =
            output.iter().filter_map(|record| record.stamp?.copied).filter(|copy| copy.index == index);
        let found: Vec<(i64, u32)> = copies.map(|copy| (copy.offset, copy.digest)).collect();
        let wanted = source.iter().filter(|record| record.offset < offset);
        let wanted: Vec<(i64, u32)> = wanted.map(|record| (record.offset, record.digest)).collect();
        if found != wanted {
            let at = found.iter().zip(&wanted).position(|(one, other)| one != other);
            history.violation(format!(
                "source {index}: {} records up to offset {offset}, {} copies of them; they differ from {:?} on",
                wanted.len(),
                found.len(),
                at.map(|at| (wanted[at], found[at]))
            ));
        }
        if let Some(left) = source.iter().find(|record| record.offset >= offset) {
            history.violation(format!("source {index}: {left:?} was never copied, the offset is {offset}"));
        }
    }
}

const fn limits(isolation: Isolation) -> ReadLimits {
    ReadLimits { max_bytes: 64 << 10, at_least_one: true, isolation }
}

async fn read_all(log: &Log, partition: PartitionId) -> Result<Vec<Bytes>, String> {
    let end = log.offsets(partition).map_err(|error| error.to_string())?.high_watermark;
    let (mut next, mut chunks) = (Offset(0), Vec::new());
    while next < end {
        let read = log.read(partition, next, limits(Isolation::ReadUncommitted)).await;
        let read = read.map_err(|error| error.to_string())?;
        if read.next <= next {
            return Err(format!("nothing at {next}, below {end}"));
        }
        next = read.next;
        chunks.extend(read.chunks);
    }
    Ok(chunks)
}
