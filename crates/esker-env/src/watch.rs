//! A value that others watch: as `tokio::sync::watch`, but those who wait are woken in the order in which they began to
//! wait. Tokio's wakes them in a random order, which no seed of a simulation repeats.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use parking_lot::{RwLock, RwLockReadGuard};
use tokio::sync::Notify;

/// A look at the value. While it is held, nobody changes the value: never hold it across an await.
#[derive(Debug)]
pub struct Ref<'a, T>(RwLockReadGuard<'a, T>);

impl<T> std::ops::Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Nobody is left who could change the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the watched value will not change any more")]
pub struct Closed;

#[derive(Debug)]
struct Shared<T> {
    value: RwLock<T>,
    /// Grows with each change, under the value's lock.
    version: AtomicU64,
    senders: AtomicUsize,
    moved: Notify,
}

/// Changes the value. Clones change the same one.
#[derive(Debug)]
pub struct Sender<T>(Arc<Shared<T>>);

/// Sees the value, and waits for its changes.
#[derive(Debug)]
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
}

impl<T> Sender<T> {
    /// A value that nobody watches yet.
    #[must_use]
    pub fn new(value: T) -> Self {
        let (version, senders) = (AtomicU64::new(0), AtomicUsize::new(1));
        Self(Arc::new(Shared { value: RwLock::new(value), version, senders, moved: Notify::new() }))
    }

    /// Watches from here on: the present value counts as seen.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver { shared: Arc::clone(&self.0), seen: self.0.version.load(Ordering::Acquire) }
    }

    /// The value now.
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref(self.0.value.read())
    }

    /// Puts another value in the place of the present one, which it returns.
    pub fn send_replace(&self, value: T) -> T {
        let mut value = value;
        self.send_modify(|present| std::mem::swap(present, &mut value));
        value
    }

    /// Changes the value.
    pub fn send_modify(&self, modify: impl FnOnce(&mut T)) {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value if `modify` says that it did. Returns what it said.
    pub fn send_if_modified(&self, modify: impl FnOnce(&mut T) -> bool) -> bool {
        {
            let mut value = self.0.value.write();
            if !modify(&mut value) {
                return false;
            }
            self.0.version.fetch_add(1, Ordering::Release);
        }
        self.0.moved.notify_waiters();
        true
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.senders.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.0.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.moved.notify_waiters();
        }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), seen: self.seen }
    }
}

impl<T> Receiver<T> {
    /// The value now, seen or not.
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref(self.shared.value.read())
    }

    /// The value now, which counts as seen from here on.
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let value = self.shared.value.read();
        self.seen = self.shared.version.load(Ordering::Acquire);
        Ref(value)
    }

    /// Completes once there is a value that was not seen, which counts as seen then.
    ///
    /// # Errors
    /// [`Closed`] when there is none and nobody is left to change it.
    pub async fn changed(&mut self) -> Result<(), Closed> {
        loop {
            let moved = self.shared.moved.notified();
            tokio::pin!(moved);
            // In line before the look, so that no change falls in between.
            moved.as_mut().enable();
            let version = self.shared.version.load(Ordering::Acquire);
            if version != self.seen {
                self.seen = version;
                return Ok(());
            }
            if self.shared.senders.load(Ordering::Acquire) == 0 {
                return Err(Closed);
            }
            moved.await;
        }
    }

    /// Completes with the first value, the present one included, of which `holds` is true.
    ///
    /// # Errors
    /// [`Closed`] when it is not true of the last one.
    pub async fn wait_for(&mut self, mut holds: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, Closed> {
        let mut closed = false;
        loop {
            if holds(&self.borrow_and_update()) {
                return Ok(self.borrow());
            }
            if closed {
                return Err(Closed);
            }
            closed = self.changed().await.is_err();
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the tests' own tasks")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn changes_are_seen_once_and_the_end_is_noticed() {
        let sender = Sender::new(1);
        let mut receiver = sender.subscribe();
        assert_eq!(sender.send_replace(2), 1);
        receiver.changed().await.unwrap();
        assert_eq!(*receiver.borrow_and_update(), 2);
        assert!(!sender.send_if_modified(|_| false));
        let other = sender.clone();
        drop(sender);
        let waiting = tokio::spawn(async move {
            let found = receiver.wait_for(|value| *value == 4).await.map(|value| *value);
            (found, receiver.changed().await)
        });
        other.send_modify(|value| *value += 1);
        tokio::task::yield_now().await;
        other.send_modify(|value| *value += 1);
        drop(other);
        assert_eq!(waiting.await.unwrap(), (Ok(4), Err(Closed)));
    }

    #[tokio::test]
    async fn those_who_wait_are_woken_in_order() {
        let sender = Sender::new(());
        let (out, mut heard) = tokio::sync::mpsc::unbounded_channel();
        for number in 0..100 {
            let (mut receiver, out) = (sender.subscribe(), out.clone());
            tokio::spawn(async move {
                receiver.changed().await.unwrap();
                out.send(number).unwrap();
            });
            tokio::task::yield_now().await;
        }
        sender.send_replace(());
        for number in 0..100 {
            assert_eq!(heard.recv().await, Some(number));
        }
    }
}
