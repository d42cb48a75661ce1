//! Requests to the object store: repeated with growing, jittered pauses until a deadline, errors classified.

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use esker_core::{ShardId, object::FormatError};
use esker_env::{BoxFuture, Env};
use futures::{FutureExt, TryStreamExt};
use object_store::{
    Error as StoreError, GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutOptions, PutPayload, path::Path,
};

use crate::{ArchiveError, ArchiveMetrics, RequestConfig, metrics::RequestMetrics, names::Names};

/// Attempts at a read whose answer is shorter than asked, before the object counts as cut short.
const SHORT_READS: u32 = 3;

/// The object store as the archive uses it.
#[derive(Clone)]
pub(crate) struct Requests {
    store: Arc<dyn ObjectStore>,
    env: Env,
    config: RequestConfig,
    metrics: Arc<ArchiveMetrics>,
}

/// How an object is created where the store has no conditional writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Create {
    /// As any other: who asks has looked a moment ago.
    Always,
    /// Not at all.
    Conditional,
}

/// Why an attempt failed.
enum Failure {
    /// Worth another attempt.
    Transient(String),
    /// Not worth one.
    Final(ArchiveError),
}

impl Requests {
    pub(crate) fn new(
        store: Arc<dyn ObjectStore>,
        env: Env,
        config: RequestConfig,
        metrics: Arc<ArchiveMetrics>,
    ) -> Self {
        Self { store, env, config, metrics }
    }

    pub(crate) const fn env(&self) -> &Env {
        &self.env
    }

    /// Writes an object. Repeating is harmless: the name is fresh and the bytes are the same.
    pub(crate) async fn put(&self, path: &Path, pieces: Vec<Bytes>) -> Result<(), ArchiveError> {
        let payload = PutPayload::from_iter(pieces);
        let bytes = payload.content_length() as u64;
        let attempt = |_| {
            let put = self.store.put_opts(path, payload.clone(), PutOptions::default());
            put.map(|result| result.map(drop).map_err(|error| classify("put", path, error))).boxed()
        };
        self.repeat("put", &self.metrics.put, path, attempt).await?;
        self.metrics.put.bytes.add(bytes);
        Ok(())
    }

    /// Writes a small object unless there is one of that name; returns whether it did. `false` may also be the answer
    /// to an own attempt before, whose answer was lost. A store without conditional writes may replace one.
    pub(crate) async fn create(&self, path: &Path, bytes: Bytes, how: Create) -> Result<bool, ArchiveError> {
        let size = bytes.len() as u64;
        let attempt = |_| {
            let payload = PutPayload::from(bytes.clone());
            let create = async {
                let options = PutOptions::from(PutMode::Create);
                match self.store.put_opts(path, payload.clone(), options).await {
                    Ok(_) => Ok(true),
                    Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(false),
                    // A store without conditional writes: the caller has looked a moment ago.
                    Err(error) if how == Create::Always && lacks_conditions(&error) => {
                        let put = self.store.put_opts(path, payload, PutOptions::default()).await;
                        put.map(|_| true).map_err(|error| classify("put", path, error))
                    }
                    Err(error) => Err(classify("put", path, error)),
                }
            };
            create.boxed()
        };
        let created = self.repeat("put", &self.metrics.put, path, attempt).await?;
        self.metrics.put.bytes.add(if created { size } else { 0 });
        Ok(created)
    }

    /// The shards that have something below the prefix.
    pub(crate) async fn shards(&self, names: &Names) -> Result<Vec<ShardId>, ArchiveError> {
        let path = names.top();
        let attempt = |_| {
            let list = self.store.list_with_delimiter(Some(&path));
            list.map(|result| result.map_err(|error| classify("list", &path, error))).boxed()
        };
        let listed = self.repeat("list", &self.metrics.list, &path, attempt).await?;
        Ok(listed
            .common_prefixes
            .iter()
            .filter_map(|folder| folder.filename()?.parse().ok().map(ShardId))
            .collect())
    }

    /// Reads an object of at most `limit` bytes; `None` when there is none.
    pub(crate) async fn get_small(&self, path: &Path, limit: u64) -> Result<Option<Bytes>, ArchiveError> {
        let attempt = |_| {
            let get = async {
                let failed = |error| classify("get", path, error);
                let result = match self.store.get_opts(path, GetOptions::default()).await {
                    Ok(result) => result,
                    Err(StoreError::NotFound { .. }) => return Ok(None),
                    Err(error) => return Err(failed(error)),
                };
                if result.meta.size > limit {
                    let source = FormatError::Field { what: "object", field: "length" };
                    let path = path.to_string();
                    return Err(Failure::Final(ArchiveError::Damaged { path, position: limit, source }));
                }
                result.bytes().await.map(Some).map_err(failed)
            };
            get.boxed()
        };
        let found = self.repeat("get", &self.metrics.get, path, attempt).await?;
        self.metrics.get.bytes.add(found.as_ref().map_or(0, |bytes| bytes.len() as u64));
        Ok(found)
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
        let bytes = self.repeat("get", &self.metrics.get, path, attempt).await?;
        self.metrics.get.bytes.add(bytes.len() as u64);
        Ok(bytes)
    }

    /// Reads pieces of these lengths that follow one another from `start` on, with one request. Each piece has memory
    /// of its own, so that keeping one keeps none of the others.
    pub(crate) async fn get_pieces(
        &self,
        path: &Path,
        start: u32,
        lengths: &[u32],
        length: u32,
    ) -> Result<Vec<Bytes>, ArchiveError> {
        let (start, all) = (u64::from(start), lengths.iter().copied().map(u64::from).sum::<u64>());
        let attempt =
            |number| self.get_pieces_once(path, start..start + all, lengths, length, number).boxed();
        let pieces = self.repeat("get", &self.metrics.get, path, attempt).await?;
        self.metrics.get.bytes.add(all);
        Ok(pieces)
    }

    async fn get_once(
        &self,
        path: &Path,
        range: Range<u64>,
        length: u32,
        attempt: u32,
    ) -> Result<Bytes, Failure> {
        let result = self.open(path, &range, length).await?;
        let bytes = result.bytes().await.map_err(|error| classify("get", path, error))?;
        whole(path, &range, bytes.len() as u64, attempt)?;
        Ok(bytes)
    }

    async fn get_pieces_once(
        &self,
        path: &Path,
        range: Range<u64>,
        lengths: &[u32],
        length: u32,
        attempt: u32,
    ) -> Result<Vec<Bytes>, Failure> {
        let result = self.open(path, &range, length).await?;
        let mut pieces = Pieces::new(lengths);
        let failed = |error| classify("get", path, error);
        if matches!(result.payload, GetResultPayload::Stream(_)) {
            let mut body = result.into_stream();
            while let Some(chunk) = body.try_next().await.map_err(failed)? {
                pieces.push(&chunk);
            }
        } else {
            // As a stream, a file would come in small pieces.
            pieces.push(&result.bytes().await.map_err(failed)?);
        }
        whole(path, &range, pieces.received, attempt)?;
        Ok(pieces.done)
    }

    /// Starts reading a range of an object, which must be `length` bytes long.
    async fn open(&self, path: &Path, range: &Range<u64>, length: u32) -> Result<GetResult, Failure> {
        let options = GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let result =
            self.store.get_opts(path, options).await.map_err(|error| classify("get", path, error))?;
        if result.meta.size != u64::from(length) {
            return Err(cut_short(path, result.meta.size));
        }
        Ok(result)
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
        self.repeat("delete", &self.metrics.delete, path, attempt).await
    }

    /// An object's length in bytes.
    pub(crate) async fn length(&self, path: &Path) -> Result<u64, ArchiveError> {
        let attempt = |_| {
            let head =
                async { self.store.head(path).await.map_err(|error| classify("look at", path, error)) };
            head.map(|result| result.map(|meta| meta.size)).boxed()
        };
        self.repeat("look at", &self.metrics.head, path, attempt).await
    }

    /// Everything below a path.
    pub(crate) async fn list(&self, path: &Path) -> Result<Vec<ObjectMeta>, ArchiveError> {
        let attempt = |_| {
            let list = self.store.list(Some(path)).try_collect();
            list.map(|result| result.map_err(|error| classify("list", path, error))).boxed()
        };
        self.repeat("list", &self.metrics.list, path, attempt).await
    }

    /// Runs attempts (numbered from 1) until one succeeds, one fails for good, or the deadline has passed.
    #[tracing::instrument(name = "object_store", skip_all, fields(otel.kind = "client", operation = operation, %path))]
    async fn repeat<'a, T>(
        &self,
        operation: &'static str,
        metrics: &RequestMetrics,
        path: &Path,
        attempt: impl Fn(u32) -> BoxFuture<'a, Result<T, Failure>>,
    ) -> Result<T, ArchiveError> {
        let limit = self.config.deadline;
        let end = self.env.clock.now() + limit;
        for number in 1.. {
            let left = (end - self.env.clock.now()).min(self.config.attempt_timeout);
            let begun = self.env.clock.now();
            let answer = self.env.timeout(left, attempt(number)).await;
            metrics.done(matches!(answer, Ok(Ok(_))), self.env.clock.now() - begun);
            let last = match answer {
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

    /// Before another attempt.
    pub(crate) fn pause(&self, number: u32) -> Duration {
        backoff(&self.env, self.config.backoff, self.config.max_backoff, number)
    }
}

/// Whether an answer of so many bytes is the range that was asked for.
fn whole(path: &Path, range: &Range<u64>, received: u64, attempt: u32) -> Result<(), Failure> {
    let asked = range.end - range.start;
    if received == asked {
        Ok(())
    } else if attempt < SHORT_READS {
        Err(Failure::Transient(format!("{received} bytes instead of {asked}")))
    } else {
        Err(cut_short(path, range.start + received))
    }
}

fn cut_short(path: &Path, position: u64) -> Failure {
    let source = FormatError::Truncated("object");
    Failure::Final(ArchiveError::Damaged { path: path.to_string(), position, source })
}

/// A body cut into pieces while it comes in.
struct Pieces<'a> {
    /// Of the pieces to come, the current one first.
    lengths: &'a [u32],
    current: BytesMut,
    done: Vec<Bytes>,
    /// Bytes so far, those beyond the last piece too.
    received: u64,
}

impl<'a> Pieces<'a> {
    fn new(lengths: &'a [u32]) -> Self {
        Self { lengths, current: BytesMut::new(), done: Vec::with_capacity(lengths.len()), received: 0 }
    }

    fn push(&mut self, mut chunk: &[u8]) {
        self.received += chunk.len() as u64;
        while let [length, rest @ ..] = self.lengths {
            let length = *length as usize;
            if self.current.is_empty() {
                self.current.reserve(length);
            }
            let (taken, left) = chunk.split_at(chunk.len().min(length - self.current.len()));
            self.current.extend_from_slice(taken);
            chunk = left;
            if self.current.len() < length {
                return;
            }
            self.done.push(std::mem::take(&mut self.current).freeze());
            self.lengths = rest;
        }
    }
}

/// A random pause, at most `base` doubled with each attempt and never more than `max`.
pub(crate) fn backoff(env: &Env, base: Duration, max: Duration, attempt: u32) -> Duration {
    let most = base.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(max);
    let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).max(1);
    Duration::from_micros(env.random.below(micros) + 1)
}

/// Whether the store says that it has no conditional writes. The library hands 501 on as text.
fn lacks_conditions(error: &StoreError) -> bool {
    match error {
        StoreError::NotImplemented { .. } | StoreError::NotSupported { .. } => true,
        StoreError::Generic { source, .. } => {
            let said = source.to_string();
            said.contains("501 Not Implemented") || said.contains("<Code>NotImplemented</Code>")
        }
        _ => false,
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_are_the_body_however_it_is_cut(
            lengths in prop::collection::vec(1u32..50, 1..6),
            chunk in 1usize..70,
            extra in 0usize..9,
        ) {
            let all: u32 = lengths.iter().sum();
            let body: Vec<u8> = (0..all as usize + extra).map(|at| at as u8).collect();
            let mut pieces = Pieces::new(&lengths);
            for chunk in body.chunks(chunk) {
                pieces.push(chunk);
            }
            prop_assert_eq!(pieces.received, body.len() as u64);
            let found: Vec<u32> = pieces.done.iter().map(|piece| piece.len() as u32).collect();
            prop_assert_eq!(&found, &lengths);
            prop_assert_eq!(&pieces.done.concat(), &body[..all as usize]);
        }
    }
}
