//! A process that can be frozen (`SIGSTOP`): its tasks are not polled while the gate is closed. For the simulator
//! (feature `sim`).

use std::{
    future::Future,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;

/// Withholds the polls of the tasks behind it while it is closed. What wakes them meanwhile (timers, answers, data) is
/// there when it opens, as for a process that was stopped and goes on. Cheap to clone; clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    closed: bool,
    /// Tasks that were woken while it was closed, in order.
    waiting: Vec<Waker>,
}

impl Gate {
    /// Freezes the tasks behind it.
    pub fn close(&self) {
        self.0.lock().closed = true;
    }

    /// Lets them go on, in the order in which they were woken.
    pub fn open(&self) {
        let waiting = {
            let mut state = self.0.lock();
            state.closed = false;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether it is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.lock().closed
    }

    /// Runs `future`, which is polled only while the gate is open.
    pub async fn run<F: Future>(&self, future: F) -> F::Output {
        gated(Some(self.clone()), future).await
    }

    fn may_run(&self, context: &Context<'_>) -> bool {
        let mut state = self.0.lock();
        if state.closed && !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            state.waiting.push(context.waker().clone());
        }
        !state.closed
    }
}

/// `future`, polled only while the gate is open.
pub(crate) async fn gated<F: Future>(gate: Option<Gate>, future: F) -> F::Output {
    let Some(gate) = gate else { return future.await };
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(
        |context| {
            if gate.may_run(context) { future.as_mut().poll(context) } else { Poll::Pending }
        },
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tasks;

    #[tokio::test]
    async fn a_closed_gate_stops_tasks_and_an_open_one_lets_them_go_on() {
        let gate = Gate::default();
        let tasks = Tasks::gated(gate.clone());
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let (out, mut heard) = tokio::sync::mpsc::unbounded_channel();
        tasks.spawn(async move {
            while let Some(number) = receiver.recv().await {
                let _ = out.send(number);
            }
        });
        sender.send(1).unwrap();
        assert_eq!(heard.recv().await, Some(1));
        gate.close();
        sender.send(2).unwrap();
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(heard.try_recv().is_err());
        gate.open();
        assert_eq!(heard.recv().await, Some(2));
        gate.close();
        tasks.abort_all();
        tasks.wait_idle().await;
    }
}
