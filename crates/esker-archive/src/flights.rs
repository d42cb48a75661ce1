//! Single flight: whoever asks for what is already being fetched waits for the same fetch.

use std::{future::Future, hash::Hash, sync::Arc};

use esker_core::FastMap;
use esker_env::BoxFuture;
use futures::{
    FutureExt,
    future::{Shared, WeakShared},
};
use parking_lot::Mutex;

/// A fetch that several may wait for. Whoever waits drives it; it ends when the last of them gives up.
pub(crate) type Flight<V> = Shared<BoxFuture<'static, V>>;

/// The fetches that are under way.
pub(crate) struct Flights<K, V>(Mutex<State<K, V>>);

struct State<K, V> {
    next: u64,
    running: FastMap<K, (u64, WeakShared<BoxFuture<'static, V>>)>,
}

/// Takes its flight out of the list, however it ends.
struct Landing<K: Copy + Eq + Hash, V: Clone> {
    flights: Arc<Flights<K, V>>,
    key: K,
    number: u64,
}

impl<K: Copy + Eq + Hash, V: Clone> Drop for Landing<K, V> {
    fn drop(&mut self) {
        let mut state = self.flights.0.lock();
        if state.running.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            state.running.remove(&self.key);
        }
    }
}

impl<K, V> Flights<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { next: 0, running: FastMap::default() })))
    }

    /// Joins the flight for `key`, or starts one with `fetch`.
    pub(crate) fn join<F>(self: &Arc<Self>, key: K, fetch: impl FnOnce() -> F) -> Flight<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut state = self.0.lock();
        state.find(key).unwrap_or_else(|| state.start(self, key, fetch()))
    }

    /// Joins the flights for all keys. Those that are not under way are fetched together: `fetch` gets their indexes
    /// and gives as many values, in the same order.
    pub(crate) fn join_all<F>(
        self: &Arc<Self>,
        keys: &[K],
        fetch: impl FnOnce(Vec<usize>) -> F,
    ) -> Vec<Flight<V>>
    where
        F: Future<Output = Vec<V>> + Send + 'static,
    {
        let mut state = self.0.lock();
        let mut flights: Vec<Option<Flight<V>>> = keys.iter().map(|key| state.find(*key)).collect();
        let absent: Vec<usize> = (0..keys.len()).filter(|at| flights[*at].is_none()).collect();
        if !absent.is_empty() {
            let together = fetch(absent.clone()).map(Arc::<[V]>::from).boxed().shared();
            for (number, at) in absent.into_iter().enumerate() {
                let together = together.clone();
                let pick = async move { together.await[number].clone() };
                flights[at] = Some(state.start(self, keys[at], pick));
            }
        }
        flights.into_iter().flatten().collect()
    }
}

impl<K, V> State<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn find(&self, key: K) -> Option<Flight<V>> {
        self.running.get(&key).and_then(|(_, flight)| flight.upgrade())
    }

    fn start(
        &mut self,
        flights: &Arc<Flights<K, V>>,
        key: K,
        fetch: impl Future<Output = V> + Send + 'static,
    ) -> Flight<V> {
        let number = self.next;
        self.next += 1;
        let landing = Landing { flights: Arc::clone(flights), key, number };
        let flight = async move {
            let _landing = landing;
            fetch.await
        }
        .boxed()
        .shared();
        if let Some(weak) = flight.downgrade() {
            self.running.insert(key, (number, weak));
        }
        flight
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn waiters_share_one_fetch_and_survive_each_other() {
        let flights = Flights::<u32, u32>::new();
        let (started, go) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let fetch = || {
            let (started, go) = (Arc::clone(&started), Arc::clone(&go));
            async move {
                started.fetch_add(1, Ordering::Relaxed);
                go.notified().await;
                7
            }
        };
        let first = flights.join(1, fetch);
        let second = flights.join(1, fetch);
        // The first waiter begins the fetch and then gives up: the second still gets its value.
        assert!(futures::poll!(first.clone()).is_pending());
        drop(first);
        go.notify_one();
        assert_eq!(second.await, 7);
        assert_eq!(started.load(Ordering::Relaxed), 1);
        assert!(flights.0.lock().running.is_empty());
        // Given up by all: the next one starts afresh.
        drop(flights.join(1, fetch));
        assert!(flights.0.lock().running.is_empty());
        go.notify_one();
        assert_eq!(flights.join(1, fetch).await, 7);
    }

    #[tokio::test]
    async fn what_is_under_way_is_not_fetched_again_with_others() {
        let flights = Flights::<u32, u32>::new();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let fetch = |keys: &'static [u32]| {
            let asked = Arc::clone(&asked);
            move |absent: Vec<usize>| async move {
                let keys: Vec<u32> = absent.into_iter().map(|at| keys[at]).collect();
                asked.lock().push(keys.clone());
                keys.into_iter().map(|key| key * 10).collect()
            }
        };
        let one = flights.join_all(&[2, 3], fetch(&[2, 3]));
        let two = flights.join_all(&[1, 2, 3, 4], fetch(&[1, 2, 3, 4]));
        let three = flights.join_all(&[3], fetch(&[3]));
        // One waiter of a common fetch drives it for all.
        assert_eq!(two[2].clone().await, 30);
        assert_eq!(futures::future::join_all(two).await, [10, 20, 30, 40]);
        assert_eq!(futures::future::join_all(one.into_iter().chain(three)).await, [20, 30, 30]);
        assert_eq!(*asked.lock(), [vec![2, 3], vec![1, 4]]);
        assert!(flights.0.lock().running.is_empty());
    }
}
