//! The requests of this broker's clients that wait for their replies.

use std::{collections::BTreeMap, sync::Arc};

use esker_core::BrokerId;
use esker_env::Random;
use parking_lot::Mutex;
use prost::Message;
use tokio::sync::oneshot;
use tonic::Code;

use super::address::Address;
use crate::{
    budget::{Budget, Share},
    fault::Fault,
    proto::esker::v1 as api,
};

/// A reply that has come, with what it holds of the memory for requests.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) reply: api::Reply,
    _share: Share,
}

/// All of them. A reply is handed over once, and not kept.
pub(crate) struct Waiting {
    broker: BrokerId,
    life: u64,
    random: Arc<dyn Random>,
    /// The most at a time.
    most: usize,
    /// For replies.
    memory: Arc<Budget>,
    open: Mutex<BTreeMap<u128, oneshot::Sender<Handed>>>,
}

/// The place of one request among them; given up by dropping it.
pub(crate) struct Place {
    waiting: Arc<Waiting>,
    number: u128,
    /// The reply, when it comes.
    pub(crate) come: oneshot::Receiver<Handed>,
}

impl Waiting {
    /// Those of a broker whose process begins now: at most so many, and their replies in this memory.
    pub(crate) fn new(
        broker: BrokerId,
        random: Arc<dyn Random>,
        most: usize,
        memory: Arc<Budget>,
    ) -> Arc<Self> {
        let life = random.next_u64();
        Arc::new(Self { broker, life, random, most, memory, open: Mutex::default() })
    }

    /// The broker whose they are.
    pub(crate) const fn broker(&self) -> BrokerId {
        self.broker
    }

    /// Takes a place for one more.
    ///
    /// # Errors
    /// There are as many as there may be.
    pub(crate) fn begin(self: &Arc<Self>) -> Result<Place, Fault> {
        let (hand, come) = oneshot::channel();
        let mut open = self.open.lock();
        if open.len() >= self.most {
            return Err(Fault::busy("requests that wait for their replies"));
        }
        let mut number = u128::from_le_bytes(self.random.bytes16());
        while open.contains_key(&number) {
            number = u128::from_le_bytes(self.random.bytes16());
        }
        open.insert(number, hand);
        Ok(Place { waiting: Arc::clone(self), number, come })
    }

    /// Hands a reply to the request that waits for it. `share` is what it holds of the memory for requests; `None` to take it now.
    ///
    /// # Errors
    /// It was not handed over: nobody waits, or there is no memory for it.
    pub(crate) fn hand(
        &self,
        address: &Address,
        reply: api::Reply,
        share: Option<Share>,
    ) -> Result<(), Fault> {
        let Address { broker, life, number } = address;
        if (*broker, *life) != (self.broker, self.life) {
            return Err(gone());
        }
        let mut open = self.open.lock();
        if !open.contains_key(number) {
            return Err(gone());
        }
        let share = share.or_else(|| self.memory.take(reply.encoded_len()));
        let share = share.ok_or_else(|| Fault::busy("requests"))?;
        let handed = open.remove(number).map(|hand| hand.send(Handed { reply, _share: share }));
        match handed {
            Some(Ok(())) => Ok(()),
            _ => Err(gone()),
        }
    }
}

impl Place {
    /// Where the reply is to go.
    pub(crate) fn address(&self) -> Address {
        let Waiting { broker, life, .. } = *self.waiting;
        Address { broker, life, number: self.number }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.open.lock().remove(&self.number);
    }
}

/// Nobody waits for a reply.
pub(crate) fn gone() -> Fault {
    let text = "nobody waits for this reply any more: the time was up, another one was faster, or who asked has gone";
    Fault::refused(Code::NotFound, "REQUESTER_GONE", text)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use esker_env::SeededRandom;

    use super::*;

    const BROKER: BrokerId = BrokerId(7);

    fn waiting(most: usize, memory: usize) -> Arc<Waiting> {
        Waiting::new(BROKER, Arc::new(SeededRandom::new(1)), most, Budget::new(memory))
    }

    fn reply(text: &'static str) -> api::Reply {
        api::Reply { value: Some(Bytes::from_static(text.as_bytes())), headers: Vec::new() }
    }

    fn refusal(handed: Result<(), Fault>) -> String {
        handed.expect_err("it is refused").reason
    }

    #[test]
    fn a_reply_goes_to_its_request_once() {
        let waiting = waiting(2, 1 << 10);
        let (mut one, mut two) = (waiting.begin().expect("room"), waiting.begin().expect("room"));
        assert_ne!(one.address(), two.address());
        waiting.hand(&two.address(), reply("two"), None).expect("it waits");
        assert_eq!(refusal(waiting.hand(&two.address(), reply("again"), None)), "REQUESTER_GONE");
        assert_eq!(two.come.try_recv().expect("it is there").reply, reply("two"));
        assert!(one.come.try_recv().is_err(), "nobody has replied");
        waiting.hand(&one.address(), reply("one"), None).expect("it waits");
        assert_eq!(one.come.try_recv().expect("it is there").reply, reply("one"));
    }

    #[test]
    fn who_does_not_wait_any_more_is_gone_and_others_have_the_place() {
        let waiting = waiting(1, 1 << 10);
        let one = waiting.begin().expect("room");
        assert_eq!(waiting.begin().err().expect("it is full").reason, "BROKER_BUSY");
        let address = one.address();
        drop(one);
        assert!(waiting.open.lock().is_empty());
        assert_eq!(refusal(waiting.hand(&address, reply("late"), None)), "REQUESTER_GONE");
        let two = waiting.begin().expect("room again");
        waiting.hand(&two.address(), reply("two"), None).expect("it waits");
        // What has its reply waits no more.
        drop(waiting.begin().expect("room"));
        drop(two);
    }

    #[test]
    fn another_broker_another_life_and_another_number_are_somebody_elses() {
        let waiting = waiting(10, 1 << 10);
        let place = waiting.begin().expect("room");
        let good = place.address();
        let others = [
            Address { broker: BrokerId(8), ..good },
            Address { life: good.life ^ 1, ..good },
            Address { number: good.number ^ 1, ..good },
        ];
        for address in others {
            assert_eq!(refusal(waiting.hand(&address, reply("no"), None)), "REQUESTER_GONE");
        }
        waiting.hand(&good, reply("yes"), None).expect("it still waits");
    }

    #[test]
    fn a_reply_has_its_memory_until_it_was_taken() {
        let waiting = waiting(10, 20);
        let (one, two) = (waiting.begin().expect("room"), waiting.begin().expect("room"));
        waiting.hand(&one.address(), reply("0123456789"), None).expect("there is memory");
        let next = || waiting.hand(&two.address(), reply("0123456789"), None);
        assert_eq!(refusal(next()), "BROKER_BUSY");
        drop(one);
        next().expect("it still waits, and there is memory again");
    }
}
