//! Moving the pointer: the one step that makes anything visible.
//!
//! A commit's answer can be lost. Its outcome is then found by reading the pointer, and as long as it is not known,
//! the candidate is remembered: a delayed commit may still take effect, at most once, and only while the pointer has
//! the revision it expects. Any later commit of this handle expects the same revision, so one of them wins.

use std::sync::Arc;

use bytes::Bytes;
use esker_core::{
    Action, Classified, LedgerId,
    manifest::{Garbage, GarbageKind, MAX_RECENT, ObjectRef, RootRef},
    object::{BuildError, ObjectId},
};
use esker_env::Monotonic;
use esker_meta::{CommitRefused, ManifestGuard, Revision};

use crate::{ArchiveError, ShardArchive, requests::backoff, view::View};

/// A commit whose outcome is not known.
struct Candidate {
    value: Bytes,
    view: View,
    clear_pending: Vec<LedgerId>,
    /// When the names of its uploads were made.
    born: Monotonic,
}

/// What the holder of the commit lock owns.
#[derive(Default)]
pub(crate) struct CommitState {
    /// All expect the revision of the current view, so at most one of them takes effect.
    uncertain: Vec<Candidate>,
}

impl ShardArchive {
    /// Commits `next`: as one more recent object when `object` is given and there is room, else with a new root.
    /// `born` is when the names of the uploads in it were made.
    pub(crate) async fn commit_view(
        &self,
        state: &mut CommitState,
        mut next: View,
        object: Option<ObjectRef>,
        clear_pending: Vec<LedgerId>,
        born: Monotonic,
    ) -> Result<(), ArchiveError> {
        assert!(next.pointer.epoch <= self.epoch, "an owner of a newer epoch has committed");
        next.pointer.epoch = self.epoch;
        next.pointer.sequence += 1;
        if let Some(object) = object {
            next.pointer.recent.push(object);
        }
        if next.pointer.recent.len() > MAX_RECENT {
            self.fold(&mut next).await?;
        }
        assert_eq!(next.revision, self.view().revision, "a commit builds on the newest view");
        let value = Bytes::from(next.pointer.encode());
        // Remembered before it is sent: this future may be dropped while it waits for the answer.
        state.uncertain.push(Candidate { value, view: next, clear_pending, born });
        self.drive(state).await
    }

    /// Writes a root that says all that `next` says and lets the pointer name only that.
    pub(crate) async fn fold(&self, next: &mut View) -> Result<(), ArchiveError> {
        let env = &self.parts.env;
        let now = env.clock.wall_ms();
        if let Some(old) = next.pointer.root.take() {
            next.garbage.push(Garbage { kind: GarbageKind::Root, id: old.id, removed_ms: now });
        }
        next.pointer.recent.clear();
        let bytes = Bytes::from(next.to_root().encode());
        let id = ObjectId::new(now, env.random.bytes16());
        let length = u32::try_from(bytes.len()).map_err(|_| BuildError::TooLarge)?;
        let crc = crc32c::crc32c(&bytes);
        self.put(GarbageKind::Root, id, vec![bytes]).await?;
        next.pointer.root = Some(RootRef { id, length, crc });
        Ok(())
    }

    /// Finds out what became of commits of unknown outcome: what of them took effect shows in what this handle tells from
    /// then on. Costs nothing when there is none.
    ///
    /// # Errors
    /// See [`ArchiveError`]; then nothing is known yet.
    pub async fn settle(&self) -> Result<(), ArchiveError> {
        self.resolve(&mut *self.commit.lock().await).await
    }

    /// Settles commits of unknown outcome before anything is built on the view: finds out, and if none took effect
    /// so far, sends the last one again.
    pub(crate) async fn resolve(&self, state: &mut CommitState) -> Result<(), ArchiveError> {
        let end = self.parts.env.clock.now() + self.parts.config.commit_deadline;
        if state.uncertain.is_empty() || self.find_out(state, end).await?.is_some() {
            return Ok(());
        }
        match self.drive(state).await {
            // Its upload may be collected as an orphan. If it takes effect all the same, that was sent long before.
            Err(ArchiveError::TooOld { .. }) => Ok(()),
            other => other,
        }
    }

    /// Sends the last candidate until its outcome is known or the deadline has passed.
    async fn drive(&self, state: &mut CommitState) -> Result<(), ArchiveError> {
        let (env, config) = (&self.parts.env, &self.parts.config);
        let candidate = state.uncertain.last().expect("there is a candidate to send");
        let (value, born) = (candidate.value.clone(), candidate.born);
        let clear_pending = candidate.clear_pending.clone();
        let guard = ManifestGuard { session: self.session, epoch: self.epoch, pointer: self.view().revision };
        let end = env.clock.now() + config.commit_deadline;
        for attempt in 1.. {
            let age = env.clock.now() - born;
            if age > config.max_commit_age {
                return Err(ArchiveError::TooOld { age, limit: config.max_commit_age });
            }
            let commit = self.parts.pointers.commit(self.shard, guard, value.clone(), &clear_pending);
            let unknown = match env.timeout(end - env.clock.now(), commit).await {
                Ok(Ok(revision)) => {
                    let candidate = state.uncertain.pop().expect("the candidate was not settled meanwhile");
                    self.install(state, candidate.view, revision);
                    return Ok(());
                }
                Ok(Err(refused @ (CommitRefused::SessionLost(_) | CommitRefused::Fenced { .. }))) => {
                    return Err(ArchiveError::Fenced(refused.to_string()));
                }
                Ok(Err(CommitRefused::Meta(error)))
                    if matches!(error.action(), Action::Operator | Action::GiveUp) =>
                {
                    return Err(ArchiveError::Metadata(error));
                }
                Ok(Err(other)) => other.to_string(),
                Err(elapsed) => elapsed.to_string(),
            };
            // Also when the pointer has moved: an earlier attempt of this very commit may have moved it.
            match self.find_out(state, end).await {
                Ok(Some(found)) if found == value => return Ok(()),
                Ok(Some(_)) => {
                    return Err(ArchiveError::Uncertain(
                        "an earlier commit took effect late: repeat".to_owned(),
                    ));
                }
                Ok(None) => {}
                Err(error @ ArchiveError::Conflict(_)) => return Err(error),
                Err(error) => return Err(ArchiveError::Uncertain(format!("{unknown}; then {error}"))),
            }
            let pause = self.pause(attempt);
            if env.clock.now() + pause >= end {
                return Err(ArchiveError::Uncertain(unknown));
            }
            env.clock.sleep(pause).await;
        }
        unreachable!("the loop ends by the deadline")
    }

    fn install(&self, state: &mut CommitState, mut view: View, revision: Revision) {
        assert!(
            view.pointer.sequence == self.view().pointer.sequence + 1,
            "manifest sequences grow by one per commit"
        );
        view.revision = revision;
        // Whatever else expected the old revision can no longer take effect.
        state.uncertain.clear();
        *self.view.write() = Arc::new(view);
    }

    /// Looks whether a commit of unknown outcome took effect; if one did, the view now shows it and its value is
    /// returned.
    async fn find_out(&self, state: &mut CommitState, end: Monotonic) -> Result<Option<Bytes>, ArchiveError> {
        let (value, revision) = self.parts.read_pointer(self.shard, end).await?.unwrap_or_default();
        if revision == self.view().revision {
            return Ok(None);
        }
        match state.uncertain.iter().position(|candidate| candidate.value == value) {
            Some(at) => {
                let candidate = state.uncertain.swap_remove(at);
                self.install(state, candidate.view, revision);
                Ok(Some(candidate.value))
            }
            None => Err(ArchiveError::Conflict(format!("revision {revision}"))),
        }
    }

    fn pause(&self, attempt: u32) -> std::time::Duration {
        let config = &self.parts.config.requests;
        backoff(&self.parts.env, config.backoff, config.max_backoff, attempt)
    }
}
