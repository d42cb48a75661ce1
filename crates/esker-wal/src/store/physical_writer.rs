//! The one task that writes the physical log.
//!
//! Group commit: whatever was accepted while a sync ran is the next write, with one `fdatasync` for all of it. Frames that
//! need no sync have a write of their own in flight beside it; the disk writes in the order of the calls, so the log is a
//! prefix of what was submitted whenever the process dies.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use bytes::Bytes;
use esker_env::{BoxFuture, Durability, Monotonic, Rule};

use super::{
    END_SIZE, Shared,
    files::{Kept, LogFile},
    state::{Job, State, Work},
};
use crate::{
    StoreError,
    physical::{EntryHeader, FIRST_ENTRY, FileHeader, Kind, Lsn, Record, padded},
};

/// Most log bytes of one write, unless a single frame is larger.
const GROUP_BYTES: u64 = 8 << 20;
/// Most entries of one write.
const GROUP_JOBS: usize = 256;

/// What goes behind an entry up to its alignment, and behind a write up to the page.
static ZEROS: LazyLock<Bytes> = LazyLock::new(|| vec![0; FIRST_ENTRY as usize].into());

type Outcome<T> = BoxFuture<'static, io::Result<T>>;

/// A write or a sync under way, and who waits for it.
struct InFlight {
    done: Outcome<()>,
    jobs: Vec<(Job, Lsn)>,
    /// The log's end behind it.
    end: Lsn,
    since: Monotonic,
}

/// Bytes in memory at a time while what was found is written again.
const WRITE_AGAIN_BYTES: u32 = 4 << 20;

pub(super) struct PhysicalWriter {
    shared: Arc<Shared>,
    active: Arc<LogFile>,
    /// Offset of the next entry.
    end: u32,
    /// Everything below is durable.
    synced: Lsn,
    /// When the first byte above `synced` that nobody waits for was written.
    unsynced_since: Option<Monotonic>,
    /// The end behind the last mark.
    marked: Lsn,
    /// At most one of each.
    syncing: Option<InFlight>,
    writing: Option<InFlight>,
    upkeep: Option<Outcome<Kept>>,
    tick: Option<BoxFuture<'static, ()>>,
    tick_due: bool,
    /// What comes next does not fit: nothing more goes into this file.
    full: bool,
}

enum Event {
    Synced(io::Result<()>),
    Written(io::Result<()>),
    Kept(io::Result<Kept>),
    Queued,
    Tick,
}

async fn or_pending<T>(future: Option<&mut BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

impl PhysicalWriter {
    /// A writer that goes on at `end` of the store's active file. Everything below is durable.
    pub(super) fn new(shared: Arc<Shared>, active: Arc<LogFile>, end: u32) -> Self {
        let synced = Lsn::new(active.sequence, end);
        Self {
            shared,
            active,
            end,
            synced,
            unsynced_since: None,
            marked: synced,
            syncing: None,
            writing: None,
            upkeep: None,
            tick: None,
            tick_due: false,
            full: false,
        }
    }

    /// Starts the first file of a store that has none.
    pub(super) async fn first(shared: Arc<Shared>) -> Result<Self, Failure> {
        loop {
            let first = shared.state.lock().files.activate();
            if let Some(file) = first {
                let mut writer = Self::new(shared, Arc::clone(&file), FIRST_ENTRY);
                writer.start_file(file).await?;
                return Ok(writer);
            }
            let plan = shared.state.lock().files.plan(&shared.config);
            let kept = match plan {
                Some(upkeep) => upkeep.run(Arc::clone(&shared.disk), shared.config.file_size).await,
                None => Err(io::ErrorKind::StorageFull.into()),
            };
            let kept = kept.map_err(|error| {
                Failure(StoreError::Failed(format!("creating the first log file: {error}").into()))
            })?;
            shared.state.lock().files.kept(kept);
        }
    }

    /// Writes this run's first checkpoint, behind what was found or in the next file.
    pub(super) async fn resume(&mut self) -> Result<(), Failure> {
        self.write_again().await?;
        let size = self.shared.state.lock().checkpoint_bound() + 2 * END_SIZE;
        if u64::from(self.end) + size > u64::from(self.active.size) {
            return self.rotate().await;
        }
        self.write_checkpoint(self.end, Vec::new()).await
    }

    /// Makes durable what this run found. It may be in the page cache alone: after a failed sync Linux takes the pages
    /// for clean, and a later sync of the untouched file succeeds without writing them. So the bytes are written again,
    /// in place and unchanged, before anything is answered that builds on them.
    async fn write_again(&self) -> Result<(), Failure> {
        let (file, mut at) = (&self.active.file, FIRST_ENTRY);
        let failed = |error: io::Error| Failure::new("making durable what was found", &self.active, &error);
        while at < self.end {
            let length = (self.end - at).min(WRITE_AGAIN_BYTES);
            let bytes = file.read_at(u64::from(at), length as usize).await.map_err(failed)?;
            let last = at + length == self.end;
            let durability = if last { Durability::Synced } else { Durability::Received };
            file.write_at(u64::from(at), vec![bytes], durability).await.map_err(failed)?;
            at += length;
        }
        Ok(())
    }

    pub(super) async fn run(mut self) {
        while !self.finished() {
            let step = async {
                self.start_upkeep();
                self.submit().await?;
                self.arm_tick();
                if self.finished() {
                    return Ok(());
                }
                let event = self.next_event().await;
                self.handle(event)
            };
            let result: Result<(), Failure> = step.await;
            if let Err(failure) = result {
                self.fail(&failure);
                return;
            }
        }
    }

    fn finished(&self) -> bool {
        let state = self.shared.state.lock();
        let idle = self.syncing.is_none() && self.writing.is_none() && self.upkeep.is_none();
        state.closing && idle && state.synced.is_empty() && state.received.is_empty()
    }

    async fn next_event(&mut self) -> Event {
        tokio::select! {
            biased;
            result = or_pending(self.syncing.as_mut().map(|flight| &mut flight.done)) => Event::Synced(result),
            result = or_pending(self.writing.as_mut().map(|flight| &mut flight.done)) => Event::Written(result),
            result = or_pending(self.upkeep.as_mut()) => Event::Kept(result),
            () = self.shared.wake.notified() => Event::Queued,
            () = or_pending(self.tick.as_mut()) => Event::Tick,
        }
    }

    fn handle(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Synced(result) => {
                let Some(flight) = self.syncing.take() else { unreachable!("only polled when set") };
                self.finish(flight, result, true)
            }
            Event::Written(result) => {
                let Some(flight) = self.writing.take() else { unreachable!("only polled when set") };
                self.finish(flight, result, false)
            }
            Event::Kept(result) => self.finish_upkeep(result),
            Event::Queued => Ok(()),
            Event::Tick => {
                self.tick = None;
                self.tick_due = true;
                Ok(())
            }
        }
    }

    /// Answers what waited for a write or a sync.
    fn finish(&mut self, flight: InFlight, result: io::Result<()>, synced: bool) -> Result<(), Failure> {
        let forgiven = synced && Rule::FailedSyncIsFinal.is_broken();
        if let Err(error) = result
            && !forgiven
        {
            let failure = Failure::new(if synced { "write and sync" } else { "write" }, &self.active, &error);
            for (job, _) in flight.jobs {
                let _ = job.reply.send(Err(failure.0.clone()));
            }
            return Err(failure);
        }
        if synced {
            self.shared.config.metrics.sync.observe(self.shared.env.clock.now() - flight.since);
            self.synced = self.synced.max(flight.end);
            // What lies above was written after this sync was called.
            let all = self.synced == self.position();
            self.unsynced_since = if all { None } else { Some(self.shared.env.clock.now()) };
        } else if self.synced < flight.end && self.unsynced_since.is_none() {
            self.unsynced_since = Some(self.shared.env.clock.now());
        }
        let mut trimmed = false;
        {
            let mut state = self.shared.state.lock();
            for (job, lsn) in &flight.jobs {
                match &job.work {
                    Work::Frame(frame) => state.place(frame, *lsn),
                    Work::Record(record) => {
                        trimmed |= matches!(record, Record::Trim { .. } | Record::Forget(_));
                        state.apply(record);
                    }
                    Work::Barrier => {}
                }
            }
            if trimmed {
                state.files.reap();
            }
        }
        for (job, _) in flight.jobs {
            // Whoever does not wait any more does not need the answer.
            let _ = job.reply.send(Ok(()));
        }
        Ok(())
    }

    /// Submits all that can be: rotates when what comes next does not fit.
    async fn submit(&mut self) -> Result<(), Failure> {
        loop {
            let mut progress = false;
            if self.syncing.is_none() {
                let group = self.take_group(true);
                if !group.is_empty() || self.lazy_sync_is_due() {
                    self.syncing = Some(self.launch(group, Durability::Synced));
                    progress = true;
                }
            }
            if self.writing.is_none() {
                let group = self.take_group(false);
                if !group.is_empty() {
                    self.writing = Some(self.launch(group, Durability::Received));
                    progress = true;
                }
            }
            if self.full && self.syncing.is_none() && self.writing.is_none() {
                self.rotate().await?;
                progress = true;
            }
            if !progress {
                break;
            }
        }
        if std::mem::take(&mut self.tick_due) {
            self.mark_when_idle();
        }
        Ok(())
    }

    fn take_group(&mut self, synced: bool) -> Vec<Job> {
        if self.full {
            return Vec::new();
        }
        let room = u64::from(self.active.size).saturating_sub(END_SIZE);
        let mut end = u64::from(self.end);
        let mut group = Vec::new();
        let mut state = self.shared.state.lock();
        let State { synced: synced_jobs, received, queued, .. } = &mut *state;
        let first_received = received.front().map_or(u64::MAX, |job| job.number);
        let queue = if synced { synced_jobs } else { received };
        while let Some(job) = queue.front() {
            let size = job.size();
            // A seal speaks for everything accepted before it.
            let ordered = matches!(job.work, Work::Record(Record::Seal(_) | Record::Clean));
            if synced && ordered && first_received < job.number {
                break;
            }
            if end + size > room {
                self.full = group.is_empty();
                break;
            }
            if !group.is_empty()
                && (end + size - u64::from(self.end) > GROUP_BYTES || group.len() == GROUP_JOBS)
            {
                break;
            }
            end += size;
            *queued -= size;
            group.extend(queue.pop_front());
        }
        group
    }

    /// Writes a group at the end of the log, or only syncs when there is nothing to write.
    fn launch(&mut self, group: Vec<Job>, durability: Durability) -> InFlight {
        let start = self.end;
        let mut chunks = Vec::with_capacity(group.len() * 3 + 1);
        let mut jobs = Vec::with_capacity(group.len());
        for job in group {
            let lsn = self.position();
            if !matches!(job.work, Work::Barrier) {
                let (kind, check) = match &job.work {
                    Work::Frame(frame) => (Kind::Frame, Some(frame.header().header_crc)),
                    Work::Record(record) => (record.kind(), None),
                    Work::Barrier => unreachable!("has no entry"),
                };
                self.push_entry(&mut chunks, kind, job.body(), check);
            }
            jobs.push((job, lsn));
        }
        let since = self.shared.env.clock.now();
        let file = &self.active.file;
        let ack_early = self.shared.config.ack_before_fsync() && durability == Durability::Synced;
        let done = match durability {
            _ if start == self.end => match durability {
                // Barriers only: done with what was submitted before.
                Durability::Synced if self.synced < self.position() => file.sync(),
                _ => Box::pin(async { Ok(()) }),
            },
            _ if ack_early => {
                self.pad(&mut chunks);
                file.write_at(u64::from(start), chunks, Durability::Received)
            }
            _ => {
                self.pad(&mut chunks);
                file.write_at(u64::from(start), chunks, durability)
            }
        };
        self.shared.state.lock().files.end = self.end;
        self.shared.config.metrics.written.add(u64::from(self.end - start));
        InFlight { done, jobs, since, end: if ack_early { self.synced } else { self.position() } }
    }

    fn position(&self) -> Lsn {
        Lsn::new(self.active.sequence, self.end)
    }

    fn push_entry(&mut self, chunks: &mut Vec<Bytes>, kind: Kind, body: Bytes, check: Option<u32>) {
        let length = body.len() as u32;
        let header = EntryHeader {
            kind,
            file: self.active.sequence,
            length,
            synced: self.synced,
            check: check.unwrap_or_else(|| crc32c::crc32c(&body)),
        };
        let span = padded(length);
        let padding = span as usize - EntryHeader::SIZE as usize - body.len();
        chunks.push(header.encode(self.shared.identity.nonce).into());
        chunks.push(body);
        chunks.push(ZEROS.slice(..padding));
        self.end += span as u32;
        assert!(self.end <= self.active.size, "an entry fits into its file");
    }

    /// Fills the last page, so that it is never read in order to be written. The next write overwrites this.
    fn pad(&self, chunks: &mut Vec<Bytes>) {
        let padding = self.end.next_multiple_of(FIRST_ENTRY) - self.end;
        chunks.push(ZEROS.slice(..padding as usize));
    }

    /// Ends the active file and starts the next one with a checkpoint. Nothing is in flight.
    async fn rotate(&mut self) -> Result<(), Failure> {
        let start = self.end;
        let mut chunks = Vec::new();
        self.push_entry(&mut chunks, Kind::End, Bytes::new(), None);
        // All of the old file is durable before anything is in the new one: "durable" is a prefix of the log.
        let written = self.active.file.write_at(u64::from(start), chunks, Durability::Synced).await;
        written.map_err(|error| Failure::new("end", &self.active, &error))?;
        let next = self.next_file().await?;
        self.start_file(next).await?;
        self.full = false;
        let state = self.shared.state.lock();
        let largest = state.synced.front().into_iter().chain(state.received.front()).map(Job::size).max();
        if largest.unwrap_or(0) + u64::from(self.end) + END_SIZE > u64::from(self.active.size) {
            return Err(Failure(StoreError::Failed(
                "an accepted entry does not fit into an empty log file".into(),
            )));
        }
        Ok(())
    }

    async fn next_file(&mut self) -> Result<Arc<LogFile>, Failure> {
        loop {
            let next = self.shared.state.lock().files.activate();
            if let Some(next) = next {
                return Ok(next);
            }
            self.start_upkeep();
            let Some(upkeep) = self.upkeep.take() else {
                return Err(Failure(StoreError::Failed("no log file is left for accepted entries".into())));
            };
            let result = upkeep.await;
            self.finish_upkeep(result)?;
        }
    }

    /// Writes header and checkpoint of a file just taken into use.
    pub(super) async fn start_file(&mut self, file: Arc<LogFile>) -> Result<(), Failure> {
        self.synced = Lsn::new(file.sequence, 0);
        self.active = file;
        self.end = FIRST_ENTRY;
        let header = FileHeader { store: self.shared.identity.id, sequence: self.active.sequence }.encode();
        let padding = FIRST_ENTRY as usize - header.len();
        self.write_checkpoint(0, vec![header.into(), ZEROS.slice(..padding)]).await
    }

    /// Writes a checkpoint behind `chunks`, which go to `start`, and syncs.
    pub(super) async fn write_checkpoint(
        &mut self,
        start: u32,
        mut chunks: Vec<Bytes>,
    ) -> Result<(), Failure> {
        let body = {
            let mut state = self.shared.state.lock();
            state.files.end = self.end;
            Record::Checkpoint(state.checkpoint()).encode()
        };
        let room = u64::from(self.active.size - self.end);
        if padded(body.len() as u32) + END_SIZE > room {
            return Err(Failure(StoreError::Failed("the state does not fit into a log file".into())));
        }
        self.push_entry(&mut chunks, Kind::Checkpoint, body.into(), None);
        self.pad(&mut chunks);
        let written = self.active.file.write_at(u64::from(start), chunks, Durability::Synced).await;
        written.map_err(|error| Failure::new("checkpoint", &self.active, &error))?;
        self.synced = self.position();
        self.marked = self.synced;
        self.unsynced_since = None;
        let mut state = self.shared.state.lock();
        state.files.end = self.end;
        state.files.reap();
        Ok(())
    }

    fn start_upkeep(&mut self) {
        if self.upkeep.is_some() {
            return;
        }
        let plan = self.shared.state.lock().files.plan(&self.shared.config);
        if let Some(upkeep) = plan {
            self.upkeep = Some(upkeep.run(Arc::clone(&self.shared.disk), self.shared.config.file_size));
        }
    }

    fn finish_upkeep(&mut self, result: io::Result<Kept>) -> Result<(), Failure> {
        self.upkeep = None;
        let kept =
            result.map_err(|error| Failure::new("preparing the next file after", &self.active, &error))?;
        let mut state = self.shared.state.lock();
        state.files.kept(kept);
        state.files.reap();
        Ok(())
    }

    /// Prepares the spares that a store starts with.
    pub(super) async fn prepare_spares(&mut self) -> Result<(), Failure> {
        loop {
            self.start_upkeep();
            let Some(upkeep) = self.upkeep.take() else { return Ok(()) };
            let result = upkeep.await;
            self.finish_upkeep(result)?;
        }
    }

    fn lazy_sync_is_due(&self) -> bool {
        let Some(since) = self.unsynced_since else { return false };
        let config = &self.shared.config;
        let bytes = self.position().0.saturating_sub(self.synced.0);
        bytes >= config.lazy_sync_bytes || self.shared.env.clock.now() - since >= config.lazy_sync_after
    }

    /// A log at rest says that its end is durable: then damage to the last entries can be told from a torn write.
    fn mark_when_idle(&mut self) {
        let idle = self.syncing.is_none() && self.writing.is_none() && self.synced == self.position();
        let room = u64::from(self.end) + 2 * END_SIZE <= u64::from(self.active.size);
        if !idle || !room || self.marked == self.position() {
            return;
        }
        let start = self.end;
        let mut chunks = Vec::new();
        self.push_entry(&mut chunks, Kind::Mark, Bytes::new(), None);
        self.pad(&mut chunks);
        self.marked = self.position();
        self.shared.state.lock().files.end = self.end;
        let done = self.active.file.write_at(u64::from(start), chunks, Durability::Received);
        self.writing =
            Some(InFlight { done, jobs: Vec::new(), end: self.synced, since: self.shared.env.clock.now() });
    }

    fn arm_tick(&mut self) {
        let wanted = self.unsynced_since.is_some() || self.marked != self.position();
        if wanted && self.tick.is_none() {
            self.tick = Some(self.shared.env.clock.sleep(self.shared.config.lazy_sync_after));
        }
    }

    /// S6: nothing is written any more; everything that waits is told why.
    fn fail(&mut self, failure: &Failure) {
        tracing::error!(store = %self.shared.identity.id, error = %failure.0, "the store has failed");
        let mut state = self.shared.state.lock();
        state.failed = Some(failure.0.clone());
        state.drop_queues(&failure.0);
        drop(state);
        for flight in self.syncing.take().into_iter().chain(self.writing.take()) {
            for (job, _) in flight.jobs {
                let _ = job.reply.send(Err(failure.0.clone()));
            }
        }
    }
}

impl Drop for PhysicalWriter {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.closing = true;
        state.drop_queues(&StoreError::Closed);
    }
}

/// Why the store fails.
#[derive(Debug)]
pub(super) struct Failure(pub(super) StoreError);

impl Failure {
    fn new(what: &str, file: &LogFile, error: &io::Error) -> Self {
        Self(StoreError::Failed(format!("{what} of log file {}: {error}", file.sequence).into()))
    }
}
