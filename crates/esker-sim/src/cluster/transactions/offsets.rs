//! Offsets of groups: committed in transactions, and asked for.

use std::{sync::Arc, time::Duration};

use esker_coordinator::{
    CommitRequest, GroupError, MemberRef, OFFSETS_TOPIC, OffsetToCommit, TransactionalCommit,
};
use esker_core::{Action, Classified, Offset};
use esker_kafka_wire::KString;
use esker_node::Node;

use super::{
    super::{clients::Client, coordination::Coordinators},
    book::{Book, Place},
    session::{Session, Trouble},
};

/// The topic that groups have offsets of.
pub(super) const SOURCE: &str = "source";

impl Client {
    /// A group's offset, once no transaction may change it any more.
    pub(super) async fn stable_offset(&self, book: &Book, place: &Place) -> Option<i64> {
        let (group, index) = place.clone();
        loop {
            let machine = self.group_coordinator(&group).await;
            let floor = book.floor(place);
            let group = group.clone();
            let answer = self
                .ask_coordinators(&machine, async move |_, asked: Arc<Coordinators>| {
                    let partition = (KString::from_static(SOURCE), index.cast_signed());
                    asked.here.groups.fetch_stable(&group, &[partition]).await
                })
                .await;
            if let Some(Ok(offsets)) = answer {
                match offsets.into_iter().next().expect("as many as were asked for") {
                    Ok(found) => {
                        let offset = found.map(|commit| commit.offset.0);
                        book.told_offset(place, floor, offset);
                        return offset;
                    }
                    Err(_) => book.history.count("unstable offsets"),
                }
            }
            self.pause(Duration::from_millis(200)).await;
        }
    }
}

impl Session {
    /// Commits a group's offset in the transaction.
    pub(super) async fn commit_offset(&mut self, place: &Place, offset: i64) -> Result<(), Trouble> {
        let (group, index) = place.clone();
        let number = self.current.expect("a transaction was begun");
        let (client, book) = (self.client.clone(), self.book.clone());
        let give_up = client.env.clock.now() + Duration::from_millis(client.env.random.below(12_000));
        loop {
            let machine = client.group_coordinator(&group).await;
            if self.protocol == esker_coordinator::EndProtocol::KeepEpoch {
                let asked = group.clone();
                let found = client
                    .ask_coordinators(&machine, async move |_, coordinators: Arc<Coordinators>| {
                        coordinators.here.groups.find(&asked).await
                    })
                    .await;
                let Some(Ok(partition)) = found else { continue };
                self.add((KString::from_static(OFFSETS_TOPIC), partition.cast_signed())).await?;
            }
            let of = TransactionalCommit {
                transactional_id: self.id.clone(),
                producer: self.producer,
                admission: self.admission(),
            };
            let asked = group.clone();
            let answer = client
                .ask_coordinators(&machine, async move |node: Arc<Node>, coordinators: Arc<Coordinators>| {
                    let request = request(&node, index, offset);
                    let gate = Arc::clone(&coordinators.here.gate);
                    let groups = &coordinators.here.groups;
                    groups.commit_in_transaction(&asked, &of, &request, &*gate).await
                })
                .await;
            let result = answer.map(|answer| answer.and_then(|results| results.into_iter().collect()));
            match result {
                Some(Ok(())) => {
                    book.offset_written(number, place.clone(), offset);
                    book.history.count("offsets committed");
                    return Ok(());
                }
                None | Some(Err(GroupError::NotCoordinator)) => self.was_unanswered(),
                Some(Err(error)) if matches!(error.action(), Action::Retry | Action::Refresh) => {}
                Some(Err(error)) => {
                    book.history.note(format_args!("{}: no offset is committed: {error}", self.id));
                    return Err(Trouble::Abort);
                }
            }
            if client.env.clock.now() >= give_up {
                self.was_unanswered();
                return Err(Trouble::Abort);
            }
            client.pause(Duration::from_millis(150)).await;
        }
    }
}

fn request(node: &Node, index: u32, offset: i64) -> CommitRequest {
    let topic = node.catalog.by_name(SOURCE).map(|topic| topic.record.id.0);
    CommitRequest {
        member: MemberRef { member_id: KString::new(), instance_id: None, generation: -1 },
        retention: None,
        knows_group_not_found: false,
        offsets: vec![OffsetToCommit {
            topic: KString::from_static(SOURCE),
            partition: index.cast_signed(),
            offset: Offset(offset),
            leader_epoch: None,
            metadata: KString::new(),
            topic_id: topic.unwrap_or_default(),
        }],
    }
}
