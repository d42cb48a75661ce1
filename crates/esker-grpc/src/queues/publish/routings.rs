//! Whose answer a message that was written counts for: one that went to an exchange is answered once all its copies are.

use std::{collections::BTreeMap, sync::Arc};

use esker_meta::Topic;

use crate::{
    fault::{Fault, Kind},
    proto::esker::v1 as api,
};

/// What became of a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It is in its queue.
    Published(api::Published),
    /// It is in all queues that match.
    Routed(Vec<api::QueueCopy>),
    /// It is not, or not for certain; but here it is all the same.
    Failed(Fault, Vec<api::QueueCopy>),
}

/// The number that a message was given with, and what became of it.
type Told = (u64, Outcome);

/// A message for one queue.
pub(crate) enum Piece {
    /// The client's, of this number.
    Whole(u64),
    /// One of the copies of a message.
    Copy {
        /// The number of the routing.
        of: u64,
        queue: Arc<Topic>,
    },
}

/// A message that goes to several queues.
struct Routing {
    /// The client's number for it.
    id: u64,
    /// Copies without a result.
    left: usize,
    copies: Vec<api::QueueCopy>,
    fault: Option<Fault>,
}

/// Those under way.
#[derive(Default)]
pub(crate) struct Routings {
    next: u64,
    open: BTreeMap<u64, Routing>,
}

impl Routings {
    /// So many copies of a message will be written: the number of the routing.
    pub(super) fn begin(&mut self, id: u64, copies: usize) -> u64 {
        self.next += 1;
        self.open.insert(self.next, Routing { id, left: copies, copies: Vec::new(), fault: None });
        self.next
    }

    /// It is durable. The answer, if there is one now.
    pub(super) fn written(
        &mut self,
        piece: Piece,
        partition: u32,
        (offset, duplicate): (i64, bool),
    ) -> Option<Told> {
        match piece {
            Piece::Whole(id) => {
                Some((id, Outcome::Published(api::Published { partition, offset, duplicate })))
            }
            Piece::Copy { of, queue } => {
                let queue = queue.record.name.clone();
                let copy = api::QueueCopy { queue, partition, offset, duplicate };
                self.open.get_mut(&of)?.copies.push(copy);
                self.complete(of)
            }
        }
    }

    /// It is not, or not for certain.
    pub(super) fn failed(&mut self, piece: Piece, fault: &Fault) -> Option<Told> {
        match piece {
            Piece::Whole(id) => Some((id, Outcome::Failed(fault.clone(), Vec::new()))),
            Piece::Copy { of, queue } => {
                let routing = self.open.get_mut(&of)?;
                // That one is perhaps written outweighs that another one is not.
                if routing
                    .fault
                    .as_ref()
                    .is_none_or(|known| known.kind != Kind::Unknown && fault.kind == Kind::Unknown)
                {
                    routing.fault = Some(fault.clone().with("queue", &queue.record.name));
                }
                self.complete(of)
            }
        }
    }

    fn complete(&mut self, number: u64) -> Option<Told> {
        let routing = self.open.get_mut(&number)?;
        routing.left -= 1;
        if routing.left > 0 {
            return None;
        }
        let Routing { id, copies, fault, .. } = self.open.remove(&number)?;
        Some(match fault {
            None => (id, Outcome::Routed(copies)),
            Some(fault) => (id, Outcome::Failed(fault, copies)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use esker_core::{TopicId, TopicNumber};
    use esker_meta::{Revision, TopicRecord, Versioned};

    use super::*;

    fn copy(of: u64, name: &str) -> Piece {
        let record = TopicRecord {
            name: name.to_owned(),
            id: TopicId::from_random([1; 16]),
            number: TopicNumber(1),
            partitions: 1,
            replication_factor: 1,
            configs: BTreeMap::new(),
            created_ms: 0,
            deleting: false,
        };
        Piece::Copy { of, queue: Arc::new(Versioned { record, modified: Revision(1) }) }
    }

    #[test]
    fn it_is_answered_once_all_copies_are() {
        let mut routings = Routings::default();
        let (one, two) = (routings.begin(7, 2), routings.begin(7, 3));
        assert_eq!(routings.written(copy(one, "a"), 3, (5, true)), None);
        let answer = routings.written(copy(one, "b"), 0, (1, false)).expect("the last one");
        let at = |queue: &str, partition, offset, duplicate| api::QueueCopy {
            queue: queue.to_owned(),
            partition,
            offset,
            duplicate,
        };
        let copies = vec![at("a", 3, 5, true), at("b", 0, 1, false)];
        assert_eq!(answer, (7, Outcome::Routed(copies)));
        // What is said is what is least certain, and what is there all the same.
        let refused = Fault::busy("streams");
        assert_eq!(routings.failed(copy(two, "a"), &refused), None);
        assert_eq!(routings.written(copy(two, "b"), 0, (2, false)), None);
        let answer = routings.failed(copy(two, "c"), &Fault::unknown("who knows")).expect("the last one");
        let said = Fault::unknown("who knows").with("queue", &"c");
        assert_eq!(answer, (7, Outcome::Failed(said, vec![at("b", 0, 2, false)])));
        assert!(routings.open.is_empty());
    }
}
