//! An object store with faults, for the simulator and for tests: everything that goes wrong is drawn from the `Env`'s
//! randomness and takes the `Env`'s time, so the same seed gives the same run.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use esker_env::Env;
use futures::{StreamExt, stream, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, path::Path,
};
use parking_lot::Mutex;

/// Longer than anyone waits for an answer.
const NEVER: Duration = Duration::from_secs(24 * 3600);
const NAME: &str = "faulty";

/// Faults of a [`FaultyStore`]. Off by default. Rates are per thousand requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultRates {
    /// Every request fails.
    pub outage: bool,
    /// Refused (as by a 503) without effect.
    pub refuse: u32,
    /// No effect and no answer.
    pub stall: u32,
    /// Carried out, but the answer is an error.
    pub lose_answer: u32,
    /// Carried out, but no answer comes.
    pub stall_answer: u32,
    /// Answered with a body that ends early, with an error or without.
    pub cut: u32,
    /// Answered with a body in which one bit is wrong.
    pub flip: u32,
    /// Every request takes up to this long, at random.
    pub latency: Duration,
}

/// Requests seen, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Uploads.
    pub puts: u64,
    /// Reads, ranged or whole, and looks at an object's length.
    pub gets: u64,
    /// Deletions.
    pub deletes: u64,
    /// Listings.
    pub lists: u64,
    /// Requests that a fault hit.
    pub faults: u64,
}

#[derive(Default)]
struct Counters {
    puts: AtomicU64,
    gets: AtomicU64,
    deletes: AtomicU64,
    lists: AtomicU64,
    faults: AtomicU64,
}

/// Wraps a store with faults and counters. Modification times are those of the `Env`'s wall clock.
#[derive(Clone)]
pub struct FaultyStore(Arc<Inner>);

struct Inner {
    store: Arc<dyn ObjectStore>,
    env: Env,
    rates: Mutex<FaultRates>,
    written: Mutex<BTreeMap<Path, i64>>,
    counters: Counters,
}

/// What happens to one request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Serve,
    LoseAnswer,
    StallAnswer,
    Cut,
    Flip,
}

impl FaultyStore {
    /// A store without faults, so far.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, env: Env) -> Self {
        let inner = Inner {
            store,
            env,
            rates: Mutex::default(),
            written: Mutex::default(),
            counters: Counters::default(),
        };
        Self(Arc::new(inner))
    }

    /// Replaces the faults.
    pub fn set(&self, rates: FaultRates) {
        *self.0.rates.lock() = rates;
    }

    /// Turns the outage on or off.
    pub fn set_outage(&self, outage: bool) {
        self.0.rates.lock().outage = outage;
    }

    /// Requests seen so far.
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        let counters = &self.0.counters;
        RequestCounts {
            puts: counters.puts.load(Ordering::Relaxed),
            gets: counters.gets.load(Ordering::Relaxed),
            deletes: counters.deletes.load(Ordering::Relaxed),
            lists: counters.lists.load(Ordering::Relaxed),
            faults: counters.faults.load(Ordering::Relaxed),
        }
    }
}

fn failed(why: &'static str) -> Error {
    Error::Generic { store: NAME, source: why.into() }
}

impl Inner {
    /// Counts a request, lets it wait, and decides what becomes of it.
    async fn meet(&self, counter: &AtomicU64) -> Result<Fate> {
        counter.fetch_add(1, Ordering::Relaxed);
        let rates = *self.rates.lock();
        if !rates.latency.is_zero() {
            let micros = u64::try_from(rates.latency.as_micros()).unwrap_or(u64::MAX).max(1);
            self.env.clock.sleep(Duration::from_micros(self.env.random.below(micros) + 1)).await;
        }
        let happens = |rate: u32| rate > 0 && self.env.random.below(1000) < u64::from(rate);
        let hit = || self.counters.faults.fetch_add(1, Ordering::Relaxed);
        if rates.outage || happens(rates.refuse) {
            hit();
            return Err(failed("503 Slow Down"));
        }
        if happens(rates.stall) {
            hit();
            self.env.clock.sleep(NEVER).await;
            return Err(failed("no answer"));
        }
        let fates = [
            (rates.lose_answer, Fate::LoseAnswer),
            (rates.stall_answer, Fate::StallAnswer),
            (rates.cut, Fate::Cut),
            (rates.flip, Fate::Flip),
        ];
        let fate = fates.into_iter().find(|(rate, _)| happens(*rate)).map_or(Fate::Serve, |(_, fate)| fate);
        if fate != Fate::Serve {
            hit();
        }
        Ok(fate)
    }

    /// What the caller hears of a request that was carried out.
    async fn answer<T>(&self, fate: Fate, answer: T) -> Result<T> {
        match fate {
            Fate::LoseAnswer => Err(failed("connection reset")),
            Fate::StallAnswer => {
                self.env.clock.sleep(NEVER).await;
                Err(failed("no answer"))
            }
            Fate::Serve | Fate::Cut | Fate::Flip => Ok(answer),
        }
    }

    fn dated(&self, mut meta: ObjectMeta) -> ObjectMeta {
        if let Some(written) = self.written.lock().get(&meta.location) {
            meta.last_modified = DateTime::from_timestamp_millis(*written).unwrap_or_default();
        }
        meta
    }

    /// The body as one piece, spoiled as the fate says.
    async fn body(&self, fate: Fate, result: GetResult) -> Result<GetResult> {
        let (meta, range, attributes) =
            (self.dated(result.meta.clone()), result.range.clone(), result.attributes.clone());
        let extensions = result.extensions.clone();
        let bytes = result.bytes().await?;
        let pieces = match fate {
            Fate::Cut => {
                let part = bytes.slice(..self.env.random.below(bytes.len() as u64 + 1) as usize);
                let end = (self.env.random.below(2) == 0).then(|| Err(failed("connection reset")));
                std::iter::once(Ok(part)).chain(end).collect()
            }
            Fate::Flip if !bytes.is_empty() => {
                let bit = self.env.random.below(bytes.len() as u64 * 8) as usize;
                let mut spoiled = bytes.to_vec();
                spoiled[bit / 8] ^= 1 << (bit % 8);
                vec![Ok(Bytes::from(spoiled))]
            }
            _ => vec![Ok(bytes)],
        };
        let payload = GetResultPayload::Stream(stream::iter(pieces).boxed());
        Ok(GetResult { payload, meta, range, attributes, extensions })
    }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}({})", self.0.store)
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let fate = self.0.meet(&self.0.counters.puts).await?;
        let result = self.0.store.put_opts(location, payload, options).await?;
        self.0.written.lock().insert(location.clone(), self.0.env.clock.wall_ms());
        self.0.answer(fate, result).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.store.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let fate = self.0.meet(&self.0.counters.gets).await?;
        let head = options.head;
        let result = self.0.store.get_opts(location, options).await?;
        let result = self.0.answer(fate, result).await?;
        if head { Ok(result) } else { self.0.body(fate, result).await }
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.0.store.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let inner = Arc::clone(&self.0);
        let delete = move |location: Result<Path>| {
            let inner = Arc::clone(&inner);
            async move {
                let location = location?;
                let fate = inner.meet(&inner.counters.deletes).await?;
                let one = stream::once(std::future::ready(Ok(location.clone()))).boxed();
                let deleted: Vec<Result<Path>> = inner.store.delete_stream(one).collect().await;
                deleted.into_iter().collect::<Result<Vec<_>>>()?;
                inner.written.lock().remove(&location);
                inner.answer(fate, location).await
            }
        };
        locations.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (inner, prefix) = (Arc::clone(&self.0), prefix.cloned());
        let list = async move {
            let fate = inner.meet(&inner.counters.lists).await?;
            let listed: Vec<Result<ObjectMeta>> = inner.store.list(prefix.as_ref()).collect().await;
            inner.answer(fate, ()).await?;
            Ok::<_, Error>(listed.into_iter().map(|meta| Ok(inner.dated(meta?))).collect::<Vec<_>>())
        };
        let pieces = stream::once(list)
            .flat_map(|listed| stream::iter(listed.unwrap_or_else(|error| vec![Err(error)])));
        pieces.boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.store.copy_opts(from, to, options).await
    }
}
