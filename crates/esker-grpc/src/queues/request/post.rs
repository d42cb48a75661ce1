//! The way of this broker's requests to their queues: one for all of them, so that what comes together is written together.

use std::{collections::BTreeMap, sync::Arc};

use esker_env::{Monotonic, TaskGuard};
use tokio::sync::{mpsc, oneshot};

use crate::{
    budget::Share,
    fault::Fault,
    proto::esker::v1 as api,
    queues::publish::{Destination, Hears, Outcome, TOGETHER, Writer},
    targets::Targets,
};

/// A message on its way.
pub(super) struct Parcel {
    pub(super) to: Destination,
    pub(super) message: api::Message,
    /// What it holds of the memory for requests, until it is durable.
    pub(super) share: Share,
    pub(super) give_up: Monotonic,
    /// Who is told what became of it.
    pub(super) told: oneshot::Sender<Outcome>,
}

/// Writes what it is given, until it is dropped.
pub(super) struct Post {
    parcels: mpsc::UnboundedSender<Parcel>,
    _task: TaskGuard,
}

/// Those who wait to hear of their messages.
#[derive(Default)]
struct Senders {
    next: u64,
    open: BTreeMap<u64, oneshot::Sender<Outcome>>,
}

impl Hears for Senders {
    async fn hear(&mut self, id: u64, outcome: Outcome) -> Result<(), Fault> {
        if let Some(told) = self.open.remove(&id) {
            // Who has its reply already does not listen any more.
            let _ = told.send(outcome);
        }
        Ok(())
    }
}

impl Post {
    pub(super) fn open(targets: &Arc<Targets>) -> Self {
        let (parcels, mut given) = mpsc::unbounded_channel();
        let through = Arc::clone(targets);
        let task = targets.env.tasks.spawn_guarded(async move {
            while let Err(fault) = write(&through, &mut given).await {
                // Whoever waits hears that its message was given up, and the next ones are written by another writer.
                tracing::error!(%fault, "the writer of requests is made anew");
            }
        });
        Self { parcels, _task: task }
    }

    /// Sends a message on its way. How many there are is bounded by who waits for them, and their bytes by what they hold.
    ///
    /// # Errors
    /// This broker stops.
    pub(super) fn send(&self, parcel: Parcel) -> Result<(), Fault> {
        self.parcels.send(parcel).map_err(|_| Fault::not_here("the broker is stopping"))
    }
}

/// Until there are no more, or the writer is broken.
async fn write(targets: &Arc<Targets>, given: &mut mpsc::UnboundedReceiver<Parcel>) -> Result<(), Fault> {
    let (mut writer, mut done) = Writer::new(targets, Senders::default());
    loop {
        tokio::select! {
            biased;
            Some(finished) = done.recv() => writer.answer(finished).await?,
            first = given.recv() => {
                let Some(first) = first else { return Ok(()) };
                put(&mut writer, first).await?;
                for _ in 1..TOGETHER {
                    let Ok(next) = given.try_recv() else { break };
                    put(&mut writer, next).await?;
                }
                writer.flush().await?;
            }
        }
    }
}

async fn put(writer: &mut Writer<Senders>, parcel: Parcel) -> Result<(), Fault> {
    let Parcel { to, message, share, give_up, told } = parcel;
    writer.hears.next += 1;
    let id = writer.hears.next;
    writer.hears.open.insert(id, told);
    writer.take(id, to, message, share, give_up).await
}
