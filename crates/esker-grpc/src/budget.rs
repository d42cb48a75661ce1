//! Memory that is shared by all streams: taken before it is used, given back by dropping.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Buf;
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use tonic::Status;

use crate::fault::Fault;

/// Bytes that may be taken.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicUsize::new(0) })
    }

    /// Takes so many; `None` if there are not.
    pub(crate) fn take(self: &Arc<Self>, bytes: usize) -> Option<Share> {
        let mut share = Share { budget: Arc::clone(self), bytes: 0 };
        share.grow(bytes).then_some(share)
    }

    /// Bytes in use, and all there are.
    pub(crate) fn used(&self) -> (usize, usize) {
        (self.used.load(Ordering::Relaxed), self.limit)
    }
}

/// What was taken.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Share {
    /// How much it is.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes more; false, and nothing is taken, if there is not so much.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let Budget { limit, used } = &*self.budget;
        let room = |used: usize| used.checked_add(bytes).filter(|sum| sum <= limit);
        let taken = used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok();
        if taken {
            self.bytes += bytes;
        }
        taken
    }

    /// Whether the budget is as large as this, however much of it is in use.
    pub(crate) fn could_hold(&self, bytes: usize) -> bool {
        bytes <= self.budget.limit
    }

    /// Takes all of another one's, of the same budget.
    pub(crate) fn join(&mut self, other: &mut Self) {
        debug_assert!(Arc::ptr_eq(&self.budget, &other.budget), "of the same budget");
        self.bytes += std::mem::take(&mut other.bytes);
    }

    /// A part of it, at most all, as one of its own.
    pub(crate) fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self { budget: Arc::clone(&self.budget), bytes }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What one stream has brought and is not decoded yet.
#[derive(Clone)]
pub(crate) struct Intake(Arc<Mutex<Share>>);

impl Intake {
    pub(crate) fn new(budget: &Arc<Budget>) -> Self {
        Self(Arc::new(Mutex::new(budget.take(0).expect("nothing can always be taken"))))
    }

    /// The share of a message that was decoded: from here on it is the message's.
    pub(crate) fn message(&self, bytes: usize) -> Share {
        self.0.lock().split(bytes)
    }
}

/// A request's body whose bytes are counted as they come. Refused where there is no room for them.
pub(crate) struct CountedBody<B> {
    inner: Pin<Box<B>>,
    intake: Intake,
}

impl<B> CountedBody<B> {
    pub(crate) fn new(inner: B, intake: Intake) -> Self {
        Self { inner: Box::pin(inner), intake }
    }
}

impl<B> Body for CountedBody<B>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Some(frame) = std::task::ready!(self.inner.as_mut().poll_frame(context)) else {
            return Poll::Ready(None);
        };
        let frame = frame.map_err(Into::into)?;
        let bytes = frame.data_ref().map_or(0, Buf::remaining);
        if self.intake.0.lock().grow(bytes) {
            Poll::Ready(Some(Ok(frame)))
        } else {
            Poll::Ready(Some(Err(Box::new(Status::from(Fault::busy("requests"))))))
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is_and_all_comes_back() {
        let budget = Budget::new(10);
        let mut one = budget.take(6).expect("there is room");
        assert!(budget.take(5).is_none());
        assert!(one.grow(4) && !one.grow(1));
        let two = one.split(7);
        assert_eq!((one.bytes(), two.bytes(), budget.used().0), (3, 7, 10));
        drop(two);
        assert_eq!(budget.used().0, 3);
        assert!(!one.grow(usize::MAX), "no overflow");
        drop(one);
        assert_eq!(budget.used().0, 0);
    }

    #[test]
    fn a_message_takes_its_share_along() {
        let budget = Budget::new(100);
        let intake = Intake::new(&budget);
        assert!(intake.0.lock().grow(30));
        let message = intake.message(25);
        assert_eq!(message.bytes(), 25);
        // A message can look larger than what came, and takes no more than that.
        assert_eq!(intake.message(25).bytes(), 5);
        drop(intake);
        assert_eq!(budget.used().0, 25);
        drop(message);
        assert_eq!(budget.used().0, 0);
    }
}
