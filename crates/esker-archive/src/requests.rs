//! Requests to the object store: repeated with growing, jittered pauses until a deadline, errors classified.

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::object::FormatError;
use esker_env::{BoxFuture, Env};
use futures::{FutureExt, TryStreamExt};
use object_store::{
    Error as StoreError, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutOptions,
    PutPayload, path::Path,
};

use crate::{ArchiveError, RequestConfig};

/// Attempts at a read whose answer is shorter than asked, before the object counts as cut short.
const SHORT_READS: u32 = 3;

/// The object store as the archive uses it.
#[derive(Clone)]
pub(crate) struct Requests {
    store: Arc<dyn ObjectStore>,
    env: Env,
    config: RequestConfig,
}

/// Why an attempt failed.
enum Failure {
    /// Worth another attempt.
    Transient(String),
    /// Not worth one.
    Final(ArchiveError),
}

impl Requests {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, env: Env, config: RequestConfig) -> Self {
        Self { store, env, config }
    }

    /// Writes an object. Repeating is harmless: the name is fresh and the bytes are the same.
    pub(crate) async fn put(&self, path: &Path, pieces: Vec<Bytes>) -> Result<(), ArchiveError> {
        let payload = PutPayload::from_iter(pieces);
        let attempt = |_| {
            let put = self.store.put_opts(path, payload.clone(), PutOptions::default());
            put.map(|result| result.map(drop).map_err(|error| classify("put", path, error))).boxed()
        };
        self.repeat("put", path, attempt).await
    }

    /// Reads a range of an object that is `length` bytes long.
    pub(crate) async fn get(
        &self,
        path: &Path,
        range: Range<u32>,
        length: u32,
    ) -> Result<Bytes, ArchiveError> {
        let attempt = |number| {
            self.get_once(path, u64::from(range.start)..u64::from(range.end), length, number).boxed()
        };
        self.repeat("get", path, attempt).await
    }

    async fn get_once(
        &self,
        path: &Path,
        range: Range<u64>,
        length: u32,
        attempt: u32,
    ) -> Result<Bytes, Failure> {
        let options = GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let result =
            self.store.get_opts(path, options).await.map_err(|error| classify("get", path, error))?;
        let damaged = |position| {
            let source = FormatError::Truncated("object");
            Failure::Final(ArchiveError::Damaged { path: path.to_string(), position, source })
        };
        if result.meta.size != u64::from(length) {
            return Err(damaged(result.meta.size));
        }
        let bytes = result.bytes().await.map_err(|error| classify("get", path, error))?;
        if bytes.len() as u64 == range.end - range.start {
            Ok(bytes)
        } else if attempt < SHORT_READS {
            Err(Failure::Transient(format!("{} bytes instead of {}", bytes.len(), range.end - range.start)))
        } else {
            Err(damaged(range.start + bytes.len() as u64))
        }
    }

    /// Deletes an object; no error when it is gone already.
    pub(crate) async fn delete(&self, path: &Path) -> Result<(), ArchiveError> {
        let attempt = |_| {
            let delete = async {
                match self.store.delete(path).await {
                    Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
                    Err(error) => Err(classify("delete", path, error)),
                }
            };
            delete.boxed()
        };
        self.repeat("delete", path, attempt).await
    }

    /// An object's length in bytes.
    pub(crate) async fn length(&self, path: &Path) -> Result<u64, ArchiveError> {
        let attempt = |_| {
            let head =
                async { self.store.head(path).await.map_err(|error| classify("look at", path, error)) };
            head.map(|result| result.map(|meta| meta.size)).boxed()
        };
        self.repeat("look at", path, attempt).await
    }

    /// Everything below a path.
    pub(crate) async fn list(&self, path: &Path) -> Result<Vec<ObjectMeta>, ArchiveError> {
        let attempt = |_| {
            let list = self.store.list(Some(path)).try_collect();
            list.map(|result| result.map_err(|error| classify("list", path, error))).boxed()
        };
        self.repeat("list", path, attempt).await
    }

    /// Runs attempts (numbered from 1) until one succeeds, one fails for good, or the deadline has passed.
    async fn repeat<'a, T>(
        &self,
        operation: &'static str,
        path: &Path,
        attempt: impl Fn(u32) -> BoxFuture<'a, Result<T, Failure>>,
    ) -> Result<T, ArchiveError> {
        let limit = self.config.deadline;
        let end = self.env.clock.now() + limit;
        for number in 1.. {
            let left = (end - self.env.clock.now()).min(self.config.attempt_timeout);
            let last = match self.env.timeout(left, attempt(number)).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(Failure::Final(error))) => return Err(error),
                Ok(Err(Failure::Transient(why))) => why,
                Err(elapsed) => elapsed.to_string(),
            };
            tracing::debug!(operation, %path, number, error = %last, "object store request failed");
            let pause = self.pause(number);
            if self.env.clock.now() + pause >= end {
                let path = path.to_string();
                return Err(ArchiveError::Deadline { operation, path, limit, attempts: number, last });
            }
            self.env.clock.sleep(pause).await;
        }
        unreachable!("the loop ends by the deadline")
    }

    fn pause(&self, number: u32) -> Duration {
        backoff(&self.env, self.config.backoff, self.config.max_backoff, number)
    }
}

/// A random pause, at most `base` doubled with each attempt and never more than `max`.
pub(crate) fn backoff(env: &Env, base: Duration, max: Duration, attempt: u32) -> Duration {
    let most = base.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(max);
    let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).max(1);
    Duration::from_micros(env.random.below(micros) + 1)
}

fn classify(operation: &'static str, path: &Path, error: StoreError) -> Failure {
    match error {
        StoreError::NotFound { .. } => Failure::Final(ArchiveError::Missing { path: path.to_string() }),
        StoreError::PermissionDenied { .. }
        | StoreError::Unauthenticated { .. }
        | StoreError::NotSupported { .. }
        | StoreError::NotImplemented { .. }
        | StoreError::InvalidPath { .. }
        | StoreError::UnknownConfigurationKey { .. } => Failure::Final(ArchiveError::Refused {
            operation,
            path: path.to_string(),
            source: Arc::new(error),
        }),
        other => Failure::Transient(other.to_string()),
    }
}
