//! Where clients find the broker.

use std::sync::Arc;

use esker_log::Log;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// The running broker's log, when there is one, and which life of the broker it belongs to.
#[derive(Clone, Default)]
pub(crate) struct Slot(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    up: Notify,
}

#[derive(Default)]
struct State {
    life: u64,
    log: Option<Log>,
}

impl Slot {
    /// A broker is up.
    pub(crate) fn open(&self, log: Log) {
        {
            let mut state = self.0.state.lock();
            state.life += 1;
            state.log = Some(log);
        }
        self.0.up.notify_waiters();
    }

    /// The broker is gone; every connection to it ends.
    pub(crate) fn close(&self) {
        let mut state = self.0.state.lock();
        state.life += 1;
        state.log = None;
    }

    /// The running broker; waits for one.
    pub(crate) async fn connect(&self) -> Connection {
        loop {
            let up = self.0.up.notified();
            tokio::pin!(up);
            up.as_mut().enable();
            if let Some(connection) = self.now() {
                return connection;
            }
            up.await;
        }
    }

    /// The running broker, if there is one.
    pub(crate) fn now(&self) -> Option<Connection> {
        let state = self.0.state.lock();
        state.log.clone().map(|log| Connection { log, life: state.life, slot: self.clone() })
    }
}

/// A connection to one life of the broker. What it answered after its end was never heard.
pub(crate) struct Connection {
    pub(crate) log: Log,
    life: u64,
    slot: Slot,
}

impl Connection {
    /// Whether an answer that came now was heard.
    pub(crate) fn alive(&self) -> bool {
        self.slot.0.state.lock().life == self.life
    }
}
