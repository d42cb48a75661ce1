//! Deleting objects beside commits that are on their way.
//!
//! An object is uploaded, then committed by a transaction that may take effect late, or never. A collector lists the
//! store, reads the manifest, and deletes; it may stop for any time between two of these. Time is three ages: young
//! enough to commit, older, and past the grace. One thing is assumed of the world and not proven: a transaction that was
//! sent takes effect before the grace is over (23 hours with the defaults) or never.

use stateright::{Model, Property};

const OBJECTS: usize = 2;

/// A rule of deletion, left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GarbageRule {
    /// The manifest is read after the listing.
    ReadsManifestAfterListing,
    /// No commit of an upload older than the limit is sent.
    CommitsOnlyYoung,
    /// Orphans younger than the grace stay.
    OrphansHaveGrace,
    /// The grace is longer than the age to which commits are sent.
    GraceExceedsCommitAge,
    /// What the manifest reaches is no orphan.
    ReachableStays,
    /// What left the manifest stays for the grace, for readers that found it there.
    RemovedHasGrace,
}

/// Deletion, bounded.
#[derive(Clone, Copy, Debug, Default)]
pub struct GarbageModel {
    /// A rule to leave out.
    pub without: Option<GarbageRule>,
}

/// How long something has been so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Age {
    #[default]
    Young,
    /// Too old to be committed.
    Old,
    /// Past the grace.
    PastGrace,
}

impl Age {
    const fn next(self) -> Self {
        match self {
            Self::Young => Self::Old,
            _ => Self::PastGrace,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Object {
    uploaded: bool,
    exists: bool,
    age: Age,
    /// A commit of it is on its way.
    sent: bool,
    reachable: bool,
    /// Since when it is out of the manifest.
    removed: Option<Age>,
    /// A reader has found it in the manifest, and reads it within the grace.
    reader: bool,
}

/// How far a collector of orphans has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Collector {
    /// The listing, with ages.
    listed: Option<[Option<Age>; OBJECTS]>,
    /// What the manifest reached.
    reachable: Option<[bool; OBJECTS]>,
}

/// One state of the world.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GarbageState {
    objects: [Object; OBJECTS],
    collector: Collector,
    deleted_orphan: bool,
    deleted_garbage: bool,
    committed_late: bool,
}

/// One step. Objects are named by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An object is uploaded.
    Upload(usize),
    /// Its commit is sent, or sent again.
    SendCommit(usize),
    /// The commit takes effect.
    Commit(usize),
    /// The commit is lost.
    Lose(usize),
    /// Time goes by for it.
    Age(usize),
    /// It leaves the manifest.
    Remove(usize),
    /// A reader finds it in the manifest.
    Find(usize),
    /// Garbage whose grace is over is deleted.
    DeleteGarbage(usize),
    /// A collector lists the store.
    List,
    /// A collector reads the manifest.
    ReadManifest,
    /// A collector deletes the orphans that it has found.
    DeleteOrphans,
}

impl GarbageModel {
    fn keeps(&self, rule: GarbageRule) -> bool {
        self.without != Some(rule)
    }

    /// The youngest age at which an orphan may go.
    fn grace(&self) -> Age {
        if !self.keeps(GarbageRule::OrphansHaveGrace) {
            Age::Young
        } else if !self.keeps(GarbageRule::GraceExceedsCommitAge) {
            Age::Old
        } else {
            Age::PastGrace
        }
    }

    fn delete_orphans(&self, state: &mut GarbageState) -> Option<()> {
        let (listed, reachable) = (state.collector.listed?, state.collector.reachable?);
        for (at, object) in state.objects.iter_mut().enumerate() {
            let reached = reachable[at] && self.keeps(GarbageRule::ReachableStays);
            if object.exists && !reached && listed[at].is_some_and(|age| age >= self.grace()) {
                object.exists = false;
                state.deleted_orphan = true;
            }
        }
        state.collector = Collector::default();
        Some(())
    }

    fn take(&self, state: &mut GarbageState, step: Step) -> Option<()> {
        match step {
            Step::Upload(at) => {
                state.objects[at].uploaded = true;
                state.objects[at].exists = true;
            }
            Step::SendCommit(at) => state.objects[at].sent = true,
            Step::Commit(at) => {
                let object = &mut state.objects[at];
                object.sent = false;
                object.reachable = true;
                state.committed_late |= object.age == Age::Old;
            }
            Step::Lose(at) => state.objects[at].sent = false,
            Step::Age(at) => {
                let object = &mut state.objects[at];
                object.age = object.age.next();
                object.removed = object.removed.map(Age::next);
                object.reader &= object.removed != Some(Age::PastGrace);
            }
            Step::Remove(at) => {
                state.objects[at].reachable = false;
                state.objects[at].removed = Some(Age::Young);
            }
            Step::Find(at) => state.objects[at].reader = true,
            Step::DeleteGarbage(at) => {
                state.objects[at].exists = false;
                state.deleted_garbage = true;
            }
            Step::List => {
                let listed = |object: Object| object.exists.then_some(object.age);
                state.collector.listed = Some(state.objects.map(listed));
            }
            Step::ReadManifest => {
                // What the manifest lists as garbage is not an orphan either.
                let known = |object: Object| object.reachable || object.removed.is_some();
                state.collector.reachable = Some(state.objects.map(known));
            }
            Step::DeleteOrphans => return self.delete_orphans(state),
        }
        Some(())
    }
}

impl Model for GarbageModel {
    type State = GarbageState;
    type Action = Step;

    fn init_states(&self) -> Vec<GarbageState> {
        vec![GarbageState::default()]
    }

    fn actions(&self, state: &GarbageState, steps: &mut Vec<Step>) {
        for (at, object) in state.objects.iter().enumerate() {
            if !object.uploaded {
                steps.push(Step::Upload(at));
                continue;
            }
            let young = object.age == Age::Young || !self.keeps(GarbageRule::CommitsOnlyYoung);
            let committed = object.reachable || object.removed.is_some();
            if !object.sent && !committed && young {
                steps.push(Step::SendCommit(at));
            }
            if object.sent {
                steps.extend([Step::Commit(at), Step::Lose(at)]);
            }
            // The assumption: what was sent while young is over by the grace.
            let bounded = object.sent && self.keeps(GarbageRule::CommitsOnlyYoung);
            if !(bounded && object.age == Age::Old) {
                steps.push(Step::Age(at));
            }
            if object.reachable {
                steps.extend([Step::Remove(at), Step::Find(at)]);
            }
            let early = !self.keeps(GarbageRule::RemovedHasGrace);
            if object.exists && object.removed.is_some_and(|age| early || age == Age::PastGrace) {
                steps.push(Step::DeleteGarbage(at));
            }
        }
        let reads_first = !self.keeps(GarbageRule::ReadsManifestAfterListing);
        let Collector { listed, reachable } = state.collector;
        if listed.is_none() && (!reads_first || reachable.is_some()) {
            steps.push(Step::List);
        }
        if reachable.is_none() && (reads_first || listed.is_some()) {
            steps.push(Step::ReadManifest);
        }
        if listed.is_some() && reachable.is_some() {
            steps.push(Step::DeleteOrphans);
        }
    }

    fn next_state(&self, before: &GarbageState, step: Step) -> Option<GarbageState> {
        let mut state = before.clone();
        self.take(&mut state, step)?;
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("what the manifest reaches exists", |_, state: &GarbageState| {
                state.objects.iter().all(|object| object.exists || !object.reachable)
            }),
            Property::always("what a reader has found exists for the grace", |_, state: &GarbageState| {
                state.objects.iter().all(|object| object.exists || !object.reader)
            }),
            Property::sometimes("an orphan is deleted", |_, state: &GarbageState| state.deleted_orphan),
            Property::sometimes("garbage is deleted", |_, state: &GarbageState| state.deleted_garbage),
            Property::sometimes("a commit takes effect late", |_, state: &GarbageState| state.committed_late),
        ]
    }
}
