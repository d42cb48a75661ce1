//! Consume: records out, credit in.

mod cursor;
mod opening;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use esker_core::batch::BatchView;
use esker_env::{BoxFuture, Env};
use futures::{FutureExt, Stream, StreamExt, stream, stream::FuturesUnordered};
use prost::Message;
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};

use self::cursor::Cursor;
use crate::{
    PATIENCE,
    budget::{Budget, Intake, Share},
    fault::{Fault, unreadable},
    owner::{Page, end_of},
    produce::{broken, until_gone},
    proto::esker::{forward::v1::Offsets, v1 as api},
    records::{Wanted, cost},
    targets::Targets,
};

/// The most bytes to which one batch may decompress.
const MAX_DECOMPRESSED: usize = 64 << 20;

/// The pause before memory for a page is asked for again.
const ROOM_PAUSE: Duration = Duration::from_millis(50);
/// How long a page is kept for more credit; it is read again after that.
const CREDIT_WAIT: Duration = Duration::from_secs(1);

type Answer = Result<api::ConsumeResponse, Status>;

/// An answer, with what it holds of the memory until the connection has taken it.
type Held = (Answer, Option<Share>);

/// Serves one stream. `memory` is for what it reads, `place` is its own among all streams.
pub(crate) fn serve(
    targets: &Arc<Targets>,
    memory: &Arc<Budget>,
    intake: Intake,
    place: Share,
    requests: Streaming<api::ConsumeRequest>,
) -> impl Stream<Item = Answer> + Send + use<> {
    // One message is on its way while the next one is made.
    let (answers, receiver) = mpsc::channel::<Held>(1);
    let (targets, memory) = (Arc::clone(targets), Arc::clone(memory));
    let tasks = targets.env.tasks.clone();
    let task = tasks.spawn_guarded(async move {
        let _place = place;
        let env = targets.env.clone();
        let mut connection = Connection { requests, intake, answers, env, more: true };
        let ended = consume(&targets, &memory, &mut connection).await;
        if let Err(fault) = ended {
            let _ = connection.send((Err(fault.into()), None)).await;
        }
    });
    let held = until_gone(receiver, task).boxed();
    // What an answer holds is let go when the next one is asked for.
    stream::unfold((held, None), |(mut held, _before)| async move {
        let (answer, share): Held = held.next().await?;
        Some((answer, (held, share)))
    })
}

/// The client's two streams.
struct Connection {
    requests: Streaming<api::ConsumeRequest>,
    intake: Intake,
    answers: mpsc::Sender<Held>,
    env: Env,
    /// The client may say more.
    more: bool,
}

impl Connection {
    /// The next message; `None` at the end.
    async fn next(&mut self) -> Result<Option<api::consume_request::Request>, Fault> {
        let Some(message) = self.requests.message().await.map_err(|status| broken(&status))? else {
            self.more = false;
            return Ok(None);
        };
        drop(self.intake.message(message.encoded_len() + 5));
        message.request.ok_or_else(|| Fault::invalid("request", "an empty message")).map(Some)
    }

    /// Credit, when some comes: none with the client's last word, and waits for ever after that.
    async fn credit(&mut self) -> Result<u64, Fault> {
        if !self.more {
            return std::future::pending().await;
        }
        match self.next().await? {
            Some(api::consume_request::Request::Credit(credit)) => Ok(credit.bytes),
            Some(api::consume_request::Request::Open(_)) => {
                Err(Fault::invalid("open", "the stream is open already"))
            }
            None => Ok(0),
        }
    }

    /// Sends an answer, once the one before is on its way. False when nobody listens any more, or takes anything.
    async fn say(&self, response: api::consume_response::Response, share: Option<Share>) -> bool {
        self.send((Ok(api::ConsumeResponse { response: Some(response) }), share)).await
    }

    async fn send(&self, held: Held) -> bool {
        matches!(self.env.timeout(PATIENCE, self.answers.send(held)).await, Ok(Ok(())))
    }
}

async fn consume(
    targets: &Arc<Targets>,
    memory: &Arc<Budget>,
    connection: &mut Connection,
) -> Result<(), Fault> {
    let first = targets.env.timeout(PATIENCE, connection.next()).await;
    let first = first.map_err(|_| Fault::invalid("open", "the stream was not opened in time"))??;
    let Some(api::consume_request::Request::Open(open)) = first else {
        return Err(Fault::invalid("open", "the first message opens the stream"));
    };
    let plan = opening::plan(targets, &open).await?;
    let starts = plan
        .cursors
        .iter()
        .map(|cursor| api::StartingPoint { partition: cursor.partition.index, offset: cursor.next });
    let opened = api::ConsumeOpened { partitions: starts.collect() };
    if !connection.say(api::consume_response::Response::Opened(opened), None).await {
        return Ok(());
    }
    let mut consume = Consume {
        targets: Arc::clone(targets),
        memory: Arc::clone(memory),
        message_bytes: plan.message_bytes,
        committed: plan.committed,
        credit: i128::from(open.credit_bytes),
        ready: (0..plan.cursors.len()).collect(),
        cursors: plan.cursors,
        waiting: FuturesUnordered::new(),
    };
    consume.run(connection).await
}

/// A stream that has been opened.
struct Consume {
    targets: Arc<Targets>,
    memory: Arc<Budget>,
    message_bytes: usize,
    committed: bool,
    /// Below zero after a message that was larger.
    credit: i128,
    cursors: Vec<Cursor>,
    /// Cursors with something to read, in turn.
    ready: VecDeque<usize>,
    /// Those at the end of their partitions.
    waiting: FuturesUnordered<BoxFuture<'static, (usize, Result<Offsets, Fault>)>>,
}

impl Consume {
    async fn run(&mut self, connection: &mut Connection) -> Result<(), Fault> {
        let answers = connection.answers.clone();
        loop {
            // One that has nothing (more) to read until its end is done.
            let Self { cursors, ready, .. } = self;
            ready.retain(|at| !cursors[*at].is_done());
            if self.ready.is_empty() && self.waiting.is_empty() {
                return Ok(());
            }
            if self.credit > 0
                && let Some(at) = self.ready.pop_front()
            {
                if !self.read(at, connection).await? {
                    return Ok(());
                }
                // What came meanwhile counts.
                while let Some(more) = connection.credit().now_or_never() {
                    self.credit = self.credit.saturating_add(i128::from(more?));
                }
                continue;
            }
            if self.credit <= 0 && !connection.more {
                let text = "no credit is left, and none will come";
                return Err(Fault::refused(Code::FailedPrecondition, "NO_CREDIT", text));
            }
            tokio::select! {
                more = connection.credit() => self.credit = self.credit.saturating_add(i128::from(more?)),
                Some((at, woken)) = self.waiting.next(), if !self.waiting.is_empty() => {
                    let offsets = woken.map_err(|fault| fault.with("partition", &self.cursors[at].partition.index))?;
                    self.cursors[at].end = end_of(&offsets, self.committed);
                    self.queue(at);
                }
                () = answers.closed() => return Ok(()),
            }
        }
    }

    /// Puts a cursor where it belongs.
    fn queue(&mut self, at: usize) {
        let cursor = &self.cursors[at];
        if cursor.next < cursor.end {
            return self.ready.push_back(at);
        }
        let (targets, id, next, committed) =
            (Arc::clone(&self.targets), cursor.partition, cursor.next, self.committed);
        self.waiting.push(async move { (at, targets.await_end(id, next, committed).await) }.boxed());
    }

    /// Reads a page of one partition and sends it. False when nobody listens any more.
    async fn read(&mut self, at: usize, connection: &mut Connection) -> Result<bool, Fault> {
        let Cursor { partition: id, next: from, .. } = self.cursors[at];
        if self.cursors[at].next >= self.cursors[at].end {
            self.queue(at);
            return Ok(true);
        }
        // For what is read, and what is made of it.
        let mut share = self.memory.take(0).expect("nothing can always be taken");
        grow(&connection.env, &mut share, 2 * self.message_bytes).await?;
        let page = self.targets.read(id, from, self.message_bytes, self.committed).await;
        let page = page.map_err(|fault| fault.with("partition", &id.index))?;
        let end = end_of(&page.offsets, self.committed);
        self.cursors[at].end = end;
        // A first batch that is larger than what was asked for.
        let read: usize = page.chunks.iter().map(bytes::Bytes::len).sum();
        grow(&connection.env, &mut share, read.saturating_sub(self.message_bytes)).await?;
        let next = page.next;
        match self.send(at, page, end, share, connection).await? {
            Sent::All => self.cursors[at].next = next.max(self.cursors[at].next),
            // The rest is read again.
            Sent::Part => {}
            Sent::Nobody => return Ok(false),
        }
        if !self.cursors[at].is_done() {
            if next <= from {
                // Nothing came although there is something.
                self.targets.pause().await;
            }
            self.queue(at);
        }
        Ok(true)
    }

    /// Sends the records of a page, in messages of about the stream's size.
    async fn send(
        &mut self,
        at: usize,
        page: Page,
        end: i64,
        mut share: Share,
        connection: &mut Connection,
    ) -> Result<Sent, Fault> {
        let Page { chunks, aborted, next: after, .. } = page;
        let mut message = Draft::default();
        for batch in chunks.iter().flat_map(BatchView::all) {
            let batch = batch.map_err(|error| unreadable(&error))?;
            let cursor = &self.cursors[at];
            let wanted = Wanted {
                from: cursor.next,
                end: cursor.stop_at,
                committed: self.committed,
                aborted: &aborted,
                max_decompressed: MAX_DECOMPRESSED,
            };
            let records = wanted.of_batch(&batch, |_| true)?;
            let made: usize = records.iter().map(cost).sum();
            let more = made.saturating_sub(share.bytes());
            grow(&connection.env, &mut share, more).await?;
            for record in records {
                let size = cost(&record);
                if message.cost > 0 && message.cost + size > self.message_bytes {
                    let next = record.offset;
                    let full = std::mem::take(&mut message);
                    match self.emit(at, full, (next, end), &mut share, connection).await? {
                        Sent::All => {}
                        other => return Ok(other),
                    }
                }
                message.cost += size;
                message.records.push(record);
            }
        }
        if message.records.is_empty() {
            return Ok(Sent::All);
        }
        self.emit(at, message, (after, end), &mut share, connection).await
    }

    /// Sends one message, if there is credit (soon).
    async fn emit(
        &mut self,
        at: usize,
        message: Draft,
        (next_offset, end_offset): (i64, i64),
        share: &mut Share,
        connection: &mut Connection,
    ) -> Result<Sent, Fault> {
        while self.credit <= 0 {
            let more = self.targets.env.timeout(CREDIT_WAIT, connection.credit()).await;
            let Ok(more) = more else { return Ok(Sent::Part) };
            self.credit = self.credit.saturating_add(i128::from(more?));
            if self.credit <= 0 && !connection.more {
                return Ok(Sent::Part);
            }
        }
        let Draft { records, cost } = message;
        self.credit -= cost as i128;
        self.cursors[at].next = next_offset;
        let partition = self.cursors[at].partition.index;
        let records = api::Records { partition, records, next_offset, end_offset, cost: cost as u64 };
        let held = share.split(cost);
        let said = connection.say(api::consume_response::Response::Records(records), Some(held)).await;
        Ok(if said { Sent::All } else { Sent::Nobody })
    }
}

/// Waits until there is memory for so much more.
async fn grow(env: &Env, share: &mut Share, bytes: usize) -> Result<(), Fault> {
    let give_up = env.clock.now() + PATIENCE;
    while !share.grow(bytes) {
        if env.clock.now() >= give_up {
            return Err(Fault::busy("streams"));
        }
        env.clock.sleep(ROOM_PAUSE).await;
    }
    Ok(())
}

/// How much of a page was sent.
enum Sent {
    All,
    /// There was no more credit.
    Part,
    /// Nobody listens any more.
    Nobody,
}

/// A message in the making.
#[derive(Default)]
struct Draft {
    records: Vec<api::ConsumedRecord>,
    cost: usize,
}
