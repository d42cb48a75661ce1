//! Two threads that take turns: one writes while the other waits for the device.
//!
//! Writes happen in the order of submission, one at a time, so that a crash of the process leaves a prefix of them. A
//! thread that wrote and must now sync lets go of the turn first, so a later write that needs no sync does not wait for
//! an earlier one's `fdatasync`. Both parts of a synced write run in one thread: one hop there, one back.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, IoSlice},
    sync::Arc,
    thread,
};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::BoxFuture;

/// Linux's IOV_MAX.
const MAX_SLICES: usize = 1024;
/// One in `write`, one in `fdatasync`. More would only wait for the device side by side.
const THREADS: usize = 2;

pub(super) struct Operation {
    pub(super) file: Arc<File>,
    pub(super) offset: u64,
    pub(super) chunks: Vec<Bytes>,
    pub(super) sync: bool,
}

type Reply = oneshot::Sender<io::Result<()>>;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Operation, Reply)>,
    /// A thread has the turn to write.
    writing: bool,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    /// There is something to take: an operation and the turn, or the end.
    wake: Condvar,
    /// The directory's lock, let go when the last thread ends.
    _lock: File,
}

/// The threads of one disk; they end, after what was submitted, when this is dropped.
pub(super) struct Workers(Arc<Shared>);

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers").field("waiting", &self.0.queue.lock().waiting.len()).finish()
    }
}

impl Workers {
    pub(super) fn start(lock: File) -> io::Result<Self> {
        let shared =
            Arc::new(Shared { queue: Mutex::new(Queue::default()), wake: Condvar::new(), _lock: lock });
        let workers = Self(Arc::clone(&shared));
        for number in 0..THREADS {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("disk-{number}")).spawn(move || run(&shared))?;
        }
        Ok(workers)
    }

    /// Queues the operation at once; the future only waits for its end.
    pub(super) fn submit(&self, operation: Operation) -> BoxFuture<'static, io::Result<()>> {
        let (reply, answer) = oneshot::channel();
        {
            let mut queue = self.0.queue.lock();
            queue.waiting.push_back((operation, reply));
            if !queue.writing {
                self.0.wake.notify_one();
            }
        }
        Box::pin(async move {
            answer
                .await
                .unwrap_or_else(|_| Err(io::Error::other("the disk's thread ended before its answer")))
        })
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.0.queue.lock().closed = true;
        self.0.wake.notify_all();
    }
}

fn run(shared: &Shared) {
    loop {
        let (operation, reply) = {
            let mut queue = shared.queue.lock();
            loop {
                if !queue.writing
                    && let Some(next) = queue.waiting.pop_front()
                {
                    queue.writing = true;
                    break next;
                }
                if queue.closed && queue.waiting.is_empty() {
                    shared.wake.notify_all();
                    return;
                }
                shared.wake.wait(&mut queue);
            }
        };
        let mut result = write_all(&operation);
        {
            let mut queue = shared.queue.lock();
            queue.writing = false;
            // A thread without a sync to do comes back for the rest itself.
            if operation.sync && (!queue.waiting.is_empty() || queue.closed) {
                shared.wake.notify_one();
            }
        }
        if operation.sync && result.is_ok() {
            result = rustix::fs::fdatasync(&operation.file).map_err(io::Error::from);
        }
        // Nobody waits any more when the store was dropped.
        let _ = reply.send(result);
    }
}

fn write_all(operation: &Operation) -> io::Result<()> {
    let mut offset = operation.offset;
    let mut chunks = operation.chunks.as_slice();
    // Bytes of `chunks[0]` that are written already.
    let mut skip = 0;
    while let Some(first) = chunks.first() {
        if skip == first.len() {
            chunks = &chunks[1..];
            skip = 0;
            continue;
        }
        let mut slices = Vec::with_capacity(chunks.len().min(MAX_SLICES));
        slices.push(IoSlice::new(&first[skip..]));
        slices.extend(chunks[1..].iter().take(MAX_SLICES - 1).map(|chunk| IoSlice::new(chunk)));
        let mut written = match rustix::io::pwritev(&operation.file, &slices, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => written,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        };
        offset += written as u64;
        while written > 0 {
            let rest = chunks[0].len() - skip;
            if written < rest {
                skip += written;
                break;
            }
            written -= rest;
            chunks = &chunks[1..];
            skip = 0;
        }
    }
    Ok(())
}
