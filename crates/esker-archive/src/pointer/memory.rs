//! Pointers in memory, with scripted trouble: for tests.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use esker_core::{Epoch, LedgerId, ShardId};
use esker_env::BoxFuture;
use esker_meta::{CommitRefused, ManifestGuard, MetaError, Revision, SessionKey};
use futures::FutureExt;
use parking_lot::Mutex;

use super::{PointerStore, StoredPointer};

/// What happens to one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It takes effect, but the answer is lost.
    AnswerLost,
    /// It is lost.
    RequestLost,
    /// The answer is lost, and it takes effect only when [`MemoryPointers::deliver`] is called.
    Delayed,
}

#[derive(Default)]
struct State {
    revision: i64,
    shards: BTreeMap<ShardId, Shard>,
    trouble: VecDeque<Trouble>,
    delayed: Vec<(ShardId, ManifestGuard, Bytes, Vec<LedgerId>)>,
    commits: u64,
}

#[derive(Default)]
struct Shard {
    owner: Option<(SessionKey, Epoch)>,
    pointer: Option<StoredPointer>,
    cleared: Vec<LedgerId>,
}

/// A [`PointerStore`] in memory.
#[derive(Default)]
pub struct MemoryPointers(Mutex<State>);

impl MemoryPointers {
    /// An empty one: no shard has an owner.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a shard to a session.
    pub fn own(&self, shard: ShardId, session: SessionKey, epoch: Epoch) {
        self.0.lock().shards.entry(shard).or_default().owner = Some((session, epoch));
    }

    /// Lets the next commits run into trouble, in order.
    pub fn trouble(&self, next: impl IntoIterator<Item = Trouble>) {
        self.0.lock().trouble.extend(next);
    }

    /// Lets delayed commits take effect, as far as their guards hold now. How many did.
    pub fn deliver(&self) -> usize {
        let mut state = self.0.lock();
        let delayed = std::mem::take(&mut state.delayed);
        delayed
            .into_iter()
            .filter(|(shard, guard, value, cleared)| state.apply(*shard, guard, value, cleared).is_ok())
            .count()
    }

    /// Commits tried so far.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.0.lock().commits
    }

    /// Ledgers cleared by commits of a shard, in order.
    #[must_use]
    pub fn cleared(&self, shard: ShardId) -> Vec<LedgerId> {
        self.0.lock().shards.get(&shard).map(|shard| shard.cleared.clone()).unwrap_or_default()
    }
}

impl State {
    fn apply(
        &mut self,
        shard: ShardId,
        guard: &ManifestGuard,
        value: &Bytes,
        cleared: &[LedgerId],
    ) -> Result<Revision, CommitRefused> {
        let entry = self.shards.entry(shard).or_default();
        if entry.owner != Some((guard.session, guard.epoch)) {
            let now = entry.owner.map(|(_, epoch)| epoch);
            return Err(CommitRefused::Fenced { shard, expected: guard.epoch, now });
        }
        let now = entry.pointer.as_ref().map_or(Revision::NONE, |(_, revision)| *revision);
        if now != guard.pointer {
            return Err(CommitRefused::PointerMoved { shard, now });
        }
        self.revision += 1;
        let revision = Revision(self.revision);
        entry.pointer = Some((value.clone(), revision));
        entry.cleared.extend_from_slice(cleared);
        Ok(revision)
    }
}

impl PointerStore for MemoryPointers {
    fn read(&self, shard: ShardId) -> BoxFuture<'_, Result<Option<StoredPointer>, MetaError>> {
        async move { Ok(self.0.lock().shards.get(&shard).and_then(|shard| shard.pointer.clone())) }.boxed()
    }

    fn commit<'a>(
        &'a self,
        shard: ShardId,
        guard: ManifestGuard,
        value: Bytes,
        clear_pending: &'a [LedgerId],
    ) -> BoxFuture<'a, Result<Revision, CommitRefused>> {
        async move {
            let mut state = self.0.lock();
            state.commits += 1;
            let lost = || MetaError::Unknown("the connection was lost".to_owned()).into();
            match state.trouble.pop_front() {
                None => state.apply(shard, &guard, &value, clear_pending),
                Some(Trouble::AnswerLost) => {
                    state.apply(shard, &guard, &value, clear_pending)?;
                    Err(lost())
                }
                Some(Trouble::RequestLost) => Err(lost()),
                Some(Trouble::Delayed) => {
                    state.delayed.push((shard, guard, value, clear_pending.to_vec()));
                    Err(lost())
                }
            }
        }
        .boxed()
    }
}
