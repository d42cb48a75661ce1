//! Readers of committed records.

use std::time::Duration;

use esker_core::{Offset, PartitionId};
use esker_log::{Isolation, LogError, Read, ReadError, ReadLimits};
use esker_node::Node;
use std::sync::Arc;

use super::{
    super::clients::{Client, PATIENCE, Route},
    book::Book,
    content::{Visible, visible},
    workload::Workload,
};

/// What a read of committed records gave.
pub(super) struct Committed {
    pub(super) records: Vec<Visible>,
    pub(super) next: Offset,
    /// Everything that is there was stable when it was read.
    pub(super) whole: bool,
}

impl Client {
    /// Reads committed records once; `None` when nothing comes of it.
    pub(super) async fn read_committed(
        &self,
        book: &Book,
        route: &mut Route,
        from: Offset,
    ) -> Option<Committed> {
        let partition = route.partition;
        let (leader, machine) = self.leader(route).await;
        let max_bytes = 1 + self.env.random.below(8_000) as usize;
        let limits = ReadLimits { max_bytes, at_least_one: true, isolation: Isolation::ReadCommitted };
        let told = self.history.told(partition);
        self.travel().await;
        let given = route.names_epochs.then_some(leader.epoch);
        let asked = machine.ask_from_afar(async move |node: Arc<Node>| {
            node.log.check_epoch(partition, given)?;
            node.log.read(partition, from, limits).await
        });
        match self.env.timeout(PATIENCE, asked).await {
            Ok(Some(Ok(read))) => {
                route.epoch = route.epoch.max(read.offsets.epoch);
                self.history.offsets(partition, &told, &read.offsets);
                Some(committed(book, partition, from, &read))
            }
            Ok(Some(Err(error))) => {
                match &error {
                    ReadError::OutOfRange { .. } => self.history.out_of_range(partition, from),
                    ReadError::Log(LogError::UnknownEpoch { .. }) if self.env.random.below(3) > 0 => {
                        return None;
                    }
                    _ => {}
                }
                self.history.count("failed reads");
                route.leader = None;
                None
            }
            Ok(None) | Err(_) => {
                route.leader = None;
                None
            }
        }
    }
}

/// Takes note of a read.
pub(super) fn committed(book: &Book, partition: PartitionId, from: Offset, read: &Read) -> Committed {
    if !read.chunks.is_empty() {
        book.history.read(partition, from, &read.chunks);
    }
    let records = visible(partition, read, from, &book.history);
    // A leader that was replaced may be behind where the reader is, and then it gives nothing.
    if !read.chunks.is_empty() && read.next > read.offsets.last_stable {
        book.history.violation(format!(
            "{partition}: a read of committed records goes to {}, and {} is stable",
            read.next, read.offsets.last_stable
        ));
    }
    book.given(partition, from, read.next, &records);
    let whole = read.next == read.offsets.last_stable && read.next == read.offsets.high_watermark;
    Committed { records, next: read.next, whole }
}

impl Workload {
    /// Follows a partition, and jumps back now and then.
    pub(super) async fn read(self, partition: PartitionId) {
        let client = self.client();
        let mut route = client.route(partition);
        let mut next = Offset(0);
        while !client.stopping() {
            match client.read_committed(&self.book, &mut route, next).await {
                Some(read) => next = read.next,
                None => client.pause(Duration::from_millis(200)).await,
            }
            if client.env.random.below(20) == 0 {
                next = Offset(client.env.random.below(next.0.cast_unsigned() + 1).cast_signed());
            }
            client.pause(Duration::from_millis(400)).await;
        }
    }
}
