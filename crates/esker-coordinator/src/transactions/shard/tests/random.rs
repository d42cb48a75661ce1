//! Random producers of both protocols that begin, write, end, crash and take each other over, partitions that hear late or
//! twice, and a coordinator that dies at any point, against what always holds.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::transactions::record::{Decoded, decode};

/// What happens. Numbers pick a client, a partition, or an amount of time.
#[derive(Clone, Debug)]
enum Move {
    Begin(usize),
    GoOn(usize),
    Write(usize, i32),
    End(usize, bool),
    Pass(u64),
    Durable,
    LogFails,
    /// So many of the writes that are on their way are durable, and the coordinator is another one.
    Crash(usize),
    /// So many partitions of the oldest order hear of it, and the coordinator of that if nothing is lost.
    Tell(usize, bool),
    /// A marker that was delivered before is delivered once more.
    Echo(usize),
}

const CLIENTS: usize = 4;
const PARTITIONS: i32 = 3;

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let client = 0..CLIENTS;
    let one = prop_oneof![
        3 => client.clone().prop_map(Move::Begin),
        1 => client.clone().prop_map(Move::GoOn),
        8 => (client.clone(), 0..PARTITIONS).prop_map(|(client, partition)| Move::Write(client, partition)),
        4 => (client, any::<bool>()).prop_map(|(client, commit)| Move::End(client, commit)),
        1 => (1_u64..40_000).prop_map(Move::Pass),
        10 => Just(Move::Durable),
        1 => Just(Move::LogFails),
        1 => (0_usize..3).prop_map(Move::Crash),
        6 => (0_usize..4, any::<bool>()).prop_map(|(some, lost)| Move::Tell(some, lost)),
        2 => any::<usize>().prop_map(Move::Echo),
    ];
    proptest::collection::vec(one, 1..150)
}

/// Clients with an even number speak the second protocol.
fn protocol(client: usize) -> EndProtocol {
    if client.is_multiple_of(2) { TV2 } else { TV1 }
}

/// A question under way.
#[derive(Clone, Debug)]
enum Asked {
    Begin,
    Write(i32),
    End(bool),
}

#[derive(Clone, Debug, Default)]
struct Client {
    producer: Option<Producer>,
    asked: Option<(Token, Asked)>,
    /// When it was last given the id, among all.
    since: u64,
}

/// What a partition knows of a producer id: its epoch, and the number of the transaction that is open.
#[derive(Clone, Debug, Default)]
struct Known {
    epoch: i16,
    open: Option<usize>,
}

struct Run {
    bench: Bench,
    clients: Vec<Client>,
    /// By partition and producer id.
    partitions: BTreeMap<(i32, ProducerId), Known>,
    /// By number of the transaction: what a client was told.
    promised: BTreeMap<usize, bool>,
    delivered: Vec<MarkerOrder>,
    given: BTreeSet<Producer>,
    beginnings: u64,
    /// Transactions that ended somewhere, by what they ended as.
    ends: [usize; 2],
}

impl Run {
    fn new() -> Self {
        let mut bench = Bench::new();
        bench.durable = false;
        bench.obliging = false;
        Self {
            bench,
            clients: vec![Client::default(); CLIENTS],
            partitions: BTreeMap::new(),
            promised: BTreeMap::new(),
            delivered: Vec::new(),
            given: BTreeSet::new(),
            beginnings: 0,
            ends: [0; 2],
        }
    }

    /// Every decision in the log, in order, each checked to be followed by its own completion.
    fn decisions(&self) -> Vec<bool> {
        let mut decisions = Vec::new();
        let mut open: Option<bool> = None;
        for record in &self.bench.log {
            let decoded = decode(&record.key, record.value.as_deref()).expect("was written here");
            let Decoded::Transaction { facts: Some(facts), .. } = decoded else { panic!("nothing expires") };
            match (open.take(), facts.decision()) {
                (None, Some(commit)) => {
                    decisions.push(commit);
                    open = Some(commit);
                }
                (Some(commit), None) => {
                    let complete = if commit {
                        TransactionState::CompleteCommit
                    } else {
                        TransactionState::CompleteAbort
                    };
                    assert_eq!(facts.state, complete, "a decision stands");
                }
                (Some(_), Some(_)) => panic!("decided twice"),
                (None, None) => {}
            }
        }
        decisions
    }

    fn play(&mut self, step: &Move) {
        match *step {
            Move::Begin(client) if self.clients[client].asked.is_none() => {
                let token = self.bench.ask_init(ID, None);
                self.clients[client].asked = Some((token, Asked::Begin));
            }
            Move::GoOn(client) if self.clients[client].asked.is_none() => {
                if let Some(producer) = self.clients[client].producer {
                    let token = self.bench.ask_init(ID, Some(producer));
                    self.clients[client].asked = Some((token, Asked::Begin));
                }
            }
            Move::Write(client, partition) if self.clients[client].asked.is_none() => {
                if let Some(producer) = self.clients[client].producer {
                    let token = self.bench.ask_add(ID, producer, &[("a", partition)]);
                    self.clients[client].asked = Some((token, Asked::Write(partition)));
                }
            }
            Move::End(client, commit) if self.clients[client].asked.is_none() => {
                if let Some(producer) = self.clients[client].producer {
                    let token = self.bench.ask_end(ID, producer, commit, protocol(client));
                    self.clients[client].asked = Some((token, Asked::End(commit)));
                }
            }
            Move::Pass(millis) => self.bench.pass(Duration::from_millis(millis)),
            Move::Durable => self.bench.flush(Ok(())),
            Move::LogFails => self.bench.flush(Err(TransactionError::Unavailable)),
            Move::Crash(durable) => self.crash(durable),
            Move::Tell(some, lost) => self.tell(some, lost),
            Move::Echo(which) => self.echo(which),
            _ => {}
        }
        self.listen();
        self.decisions();
    }

    fn crash(&mut self, durable: usize) {
        for write in self.bench.writes.drain(..).take(durable) {
            self.bench.log.extend(write.records);
        }
        self.bench.reload();
        for client in &mut self.clients {
            client.asked = None;
        }
    }

    fn tell(&mut self, some: usize, lost: bool) {
        if self.bench.orders.is_empty() {
            return;
        }
        let order = self.bench.orders.remove(0);
        for (_, partition) in order.1.partitions.iter().take(some) {
            self.mark(*partition, &order.1);
        }
        self.delivered.push(order.1.clone());
        let heard: Vec<i32> = order.1.partitions.iter().take(some).map(|(_, at)| *at).collect();
        self.bench.tell(&order, |_, partition| match heard.contains(&partition) && !lost {
            true => Ok(()),
            false => Err(MarkerError::Unavailable(String::new())),
        });
    }

    /// A marker comes again, long after. With an epoch of its own it does no harm; that of the first protocol would.
    fn echo(&mut self, which: usize) {
        if self.delivered.is_empty() {
            return;
        }
        let order = self.delivered[which % self.delivered.len()].clone();
        if order.bumped {
            for (_, partition) in &order.partitions {
                self.mark(*partition, &order);
            }
        }
    }

    /// A partition's leader takes a marker, or does not.
    fn mark(&mut self, partition: i32, order: &MarkerOrder) {
        let decisions = self.decisions();
        let known = self.partitions.entry((partition, order.producer)).or_default();
        let is_late = order.bumped && order.epoch == known.epoch && known.open.is_some();
        if order.epoch < known.epoch || is_late {
            return;
        }
        known.epoch = order.epoch;
        if let Some(number) = known.open.take() {
            assert_eq!(order.commit, decisions[number], "a partition hears what was decided");
            self.ends[usize::from(order.commit)] += 1;
        }
    }

    /// Clients read their answers.
    fn listen(&mut self) {
        for client in 0..CLIENTS {
            let Some((token, asked)) = self.clients[client].asked.clone() else { continue };
            let Some(outcome) = self.bench.answers.remove(&token) else { continue };
            self.clients[client].asked = None;
            match outcome {
                Ok(producer) => self.succeeded(client, &asked, producer),
                Err(TransactionError::ProducerFenced | TransactionError::InvalidProducerIdMapping) => {
                    self.clients[client].producer = None;
                }
                Err(_) => {}
            }
        }
    }

    fn succeeded(&mut self, client: usize, asked: &Asked, next: Producer) {
        let newest = self.clients.iter().map(|client| client.since).max();
        match asked {
            Asked::Begin => {
                let known = self.clients[client].producer;
                let is_own = known.is_some() && Some(self.clients[client].since) == newest;
                assert!(self.given.insert(next) || is_own, "{next:?} was given to another one before");
                self.beginnings += 1;
                self.clients[client].since = self.beginnings;
                self.clients[client].producer = Some(next);
                assert!(self.bench.facts().decision().is_none(), "nothing is open before it begins");
            }
            _ if Some(self.clients[client].since) != newest => {
                panic!("client {client} was fenced and succeeds with {asked:?}");
            }
            Asked::Write(partition) => {
                assert_eq!(self.clients[client].producer, Some(next));
                let number = self.decisions().len();
                let known = self.partitions.entry((*partition, next.id)).or_default();
                assert!(next.epoch >= known.epoch, "the coordinator knows of every epoch");
                assert!(known.open.is_none_or(|open| open == number), "the one before has ended here");
                *known = Known { epoch: next.epoch, open: Some(number) };
            }
            Asked::End(commit) => {
                let decisions = self.decisions();
                let number = decisions.len().checked_sub(1).expect("something was decided");
                assert_eq!(decisions[number], *commit, "it ends as its producer was told");
                let before = self.promised.insert(number, *commit);
                assert!(before.is_none_or(|before| before == *commit));
                if protocol(client) == TV2 {
                    self.given.insert(next);
                    self.clients[client].producer = Some(next);
                } else {
                    assert_eq!(self.clients[client].producer, Some(next));
                }
            }
        }
    }

    /// Nobody asks any more, everybody hears. In the end nothing is open.
    fn end(&mut self) {
        for _ in 0..40 {
            self.bench.flush(Ok(()));
            while !self.bench.orders.is_empty() {
                self.tell(usize::MAX, false);
            }
            self.listen();
            self.bench.pass(Duration::from_secs(15));
        }
        assert!(self.clients.iter().all(|client| client.asked.is_none()), "all are answered");
        assert_eq!(self.bench.shard.next_deadline(), None, "nothing is left to be done");
        if let Some(transaction) = self.bench.shard.get(ID) {
            assert!(transaction.facts.partitions.is_empty() && !transaction.is_pending());
        }
        let decisions = self.decisions();
        for (number, commit) in &self.promised {
            assert_eq!(decisions[*number], *commit, "what was promised holds");
        }
        for (partition, known) in &self.partitions {
            assert_eq!(known.open, None, "{partition:?} was never told");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_transaction_ends_one_way(moves in moves()) {
        let mut run = Run::new();
        for step in &moves {
            run.play(step);
        }
        run.end();
    }
}

#[test]
fn random_runs_get_somewhere() {
    // The property above would be worth little if its moves never got anywhere.
    let mut run = Run::new();
    let mut states = BTreeSet::new();
    for round in 0..400_usize {
        let client = round % CLIENTS;
        let steps = [
            Move::Begin(client),
            Move::Durable,
            Move::Write(client, (round % 3) as i32),
            Move::Durable,
            Move::End(client, round % 2 == 1),
            // Its answer comes, or is lost.
            if round % 3 == 0 { Move::Durable } else { Move::Pass(1) },
            Move::Crash(round % 2),
            Move::Tell(round % 4, round.is_multiple_of(5)),
            Move::Echo(round),
            Move::Durable,
            Move::Pass(3_000),
        ];
        for step in &steps {
            run.play(step);
            states.extend(run.bench.shard.get(ID).map(|transaction| transaction.facts.state));
        }
    }
    run.end();
    assert!(states.len() >= 6, "{states:?}");
    assert!(run.ends.iter().all(|ends| *ends > 10) && run.promised.len() > 10, "{:?}", run.ends);
}
