//! Random members of both protocols that join, report, let go, fall silent, leave and come back, with topics that change
//! and a log that fails, against what always holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proptest::prelude::*;

use super::{
    consumer::{Facts, joining},
    *,
};
use crate::types::{ConsumerGroupState, ConsumerHeartbeat, HeartbeatAnswer, TopicPartitions};

#[derive(Clone, Debug)]
enum Move {
    Beat(usize),
    Leave(usize),
    LeaveForNow(usize),
    Crash(usize),
    /// Its answer is lost.
    Lose(usize),
    Subscribe(usize, u8),
    Grow(u8),
    Delete(u8),
    Pass(u64),
    Durable,
    LogFails,
    Reload,
}

const CLIENTS: usize = 5;
const TOPICS: [&str; 3] = ["t", "u", "v"];

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        12 => (0..CLIENTS).prop_map(Move::Beat),
        1 => (0..CLIENTS).prop_map(Move::Leave),
        1 => (0..CLIENTS).prop_map(Move::LeaveForNow),
        1 => (0..CLIENTS).prop_map(Move::Crash),
        1 => (0..CLIENTS).prop_map(Move::Lose),
        2 => ((0..CLIENTS), 0_u8..8).prop_map(|(client, wish)| Move::Subscribe(client, wish)),
        1 => (0_u8..3).prop_map(Move::Grow),
        1 => (0_u8..3).prop_map(Move::Delete),
        3 => (1_u64..15_000).prop_map(Move::Pass),
        10 => Just(Move::Durable),
        1 => Just(Move::LogFails),
        1 => Just(Move::Reload),
    ];
    proptest::collection::vec(one, 1..150)
}

/// A client as it knows itself. The last one is static.
#[derive(Default)]
struct Client {
    /// How many processes there have been.
    life: u32,
    epoch: i32,
    has: BTreeSet<(Uuid, i32)>,
    wish: u8,
    asked: Option<Token>,
    /// Something to say that the group has not been told.
    full: bool,
}

struct Run {
    bench: Bench,
    facts: Arc<Facts>,
    clients: Vec<Client>,
    sizes: BTreeMap<u8, u32>,
}

impl Run {
    fn new() -> Self {
        let (mut bench, facts) = Bench::in_cluster(&[("t", 3), ("u", 2)]);
        bench.durable = false;
        let clients = (0..CLIENTS).map(|_| Client { wish: 1, ..Client::default() }).collect();
        Self { bench, facts, clients, sizes: BTreeMap::from([(0, 3), (1, 2)]) }
    }

    fn id(&self, client: usize) -> String {
        format!("m{client}-{}", self.clients[client].life)
    }

    fn request(&self, client: usize, epoch: i32) -> ConsumerHeartbeat {
        let known = &self.clients[client];
        let mut owned: BTreeMap<Uuid, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in &known.has {
            owned.entry(*topic).or_default().push(*partition);
        }
        let says = epoch == 0 || known.full;
        let topics: Vec<KString> =
            (0..3).filter(|n| known.wish & (1 << n) != 0).map(|n| s(TOPICS[n])).collect();
        let by_pattern = client == 1;
        let pattern = s(&format!("[{}]", topics.iter().map(KString::as_str).collect::<Vec<_>>().concat()));
        let pattern = if topics.is_empty() { s("x") } else { pattern };
        ConsumerHeartbeat {
            member_id: s(&self.id(client)),
            epoch,
            instance_id: (client == CLIENTS - 1).then(|| s("i")),
            rebalance_timeout: says.then_some(Duration::from_secs(30)),
            topics: (says && !by_pattern).then_some(topics),
            regex: (says && by_pattern).then_some(pattern),
            owned: Some(owned.into_iter().collect::<TopicPartitions>()),
            ..joining("")
        }
    }

    fn forget(&mut self, client: usize) {
        let wish = self.clients[client].wish;
        let life = self.clients[client].life + 1;
        self.clients[client] = Client { life, wish, ..Client::default() };
    }

    fn play(&mut self, step: &Move) {
        match *step {
            Move::Beat(client) if self.clients[client].asked.is_none() => {
                let request = self.request(client, self.clients[client].epoch);
                // Whatever it wants from now on is not in this request.
                self.clients[client].full = false;
                self.clients[client].asked = Some(self.bench.ask(request));
            }
            Move::Leave(client) if self.clients[client].epoch > 0 => {
                let request = self.request(client, -1);
                self.bench.ask(request);
                self.forget(client);
            }
            Move::LeaveForNow(client) if client == CLIENTS - 1 && self.clients[client].epoch > 0 => {
                let request = self.request(client, -2);
                self.bench.ask(request);
                self.forget(client);
            }
            Move::Crash(client) => self.forget(client),
            Move::Lose(client) => {
                // It says everything again, as it cannot know what has come of it.
                self.clients[client].asked = None;
                self.clients[client].full = true;
            }
            Move::Subscribe(client, wish) => {
                self.clients[client].wish = wish;
                self.clients[client].full = true;
            }
            Move::Grow(topic) => {
                let size = self.sizes.entry(topic).or_default();
                *size = (*size + 1).min(6);
                let size = *size;
                self.facts.set(TOPICS[usize::from(topic)], size);
            }
            Move::Delete(topic) => {
                self.sizes.remove(&topic);
                self.facts.delete(TOPICS[usize::from(topic)]);
            }
            Move::Pass(millis) => self.bench.pass(Duration::from_millis(millis)),
            Move::Durable => self.bench.flush(Ok(())),
            Move::LogFails => self.bench.flush(Err(GroupError::Unavailable)),
            Move::Reload => {
                while !self.bench.writes.is_empty() {
                    self.bench.flush(Ok(()));
                }
                let state = |bench: &Bench| {
                    let group = bench.shard.groups.get(&bench.group)?;
                    Some(group.consumer.as_ref().filter(|consumer| consumer.stored)?.state.clone())
                };
                let before = state(&self.bench);
                self.listen();
                self.bench.reload();
                assert_eq!(state(&self.bench), before, "a reload changes nothing");
                for client in &mut self.clients {
                    client.asked = None;
                    client.full = true;
                }
            }
            _ => {}
        }
        self.listen();
        self.check();
    }

    fn listen(&mut self) {
        for at in 0..CLIENTS {
            let Some(token) = self.clients[at].asked.filter(|token| !self.bench.waits(*token)) else {
                continue;
            };
            self.clients[at].asked = None;
            match self.bench.told(token) {
                Ok(answer) => self.take(at, answer),
                Err(
                    GroupError::FencedMemberEpoch | GroupError::UnknownMember | GroupError::GroupNotFound,
                ) => {
                    // It lets go of everything and joins again, as the same process.
                    let Client { life, wish, .. } = self.clients[at];
                    self.clients[at] = Client { life, wish, ..Client::default() };
                }
                Err(GroupError::FencedInstance) => self.forget(at),
                Err(GroupError::UnreleasedInstance | GroupError::Unavailable) => self.clients[at].full = true,
                Err(other) => panic!("{other:?}"),
            }
        }
    }

    fn take(&mut self, at: usize, answer: HeartbeatAnswer) {
        let client = &mut self.clients[at];
        client.epoch = answer.epoch;
        if let Some(assignment) = answer.assignment {
            client.has = assignment
                .into_iter()
                .flat_map(|(topic, partitions)| partitions.into_iter().map(move |p| (topic, p)))
                .collect();
        }
        // Nobody who is still a member has it: by what the group knows, which is what clients were told.
        let id = s(&self.id(at));
        let group = &self.bench.shard.groups[&self.bench.group];
        let Some(consumer) = &group.consumer else { return };
        for (topic, partition) in &self.clients[at].has {
            if let Some(owner) = consumer.state.owners.get(*topic, *partition) {
                assert!(
                    *owner == id || consumer.state.member(&id).is_none(),
                    "{owner} and {id} have {partition}"
                );
            }
        }
    }

    fn check(&self) {
        let Some(group) = self.bench.shard.groups.get(&self.bench.group) else { return };
        let Some(consumer) = &group.consumer else { return };
        let state = &consumer.state;
        let mut owned = 0;
        for (id, member) in &state.members {
            for (topic, partitions) in member.assigned.iter().chain(&member.revoking) {
                assert!(!partitions.is_empty());
                for partition in partitions.keys() {
                    assert_eq!(state.owners.get(*topic, *partition), Some(id), "one owner");
                    owned += 1;
                }
            }
            let timer = crate::consumer::Timer::Session(id.clone());
            assert!(consumer.timers.get(&timer).is_some(), "nobody stays for ever");
            assert!(member.epoch <= state.epoch);
        }
        assert_eq!(state.owners.len(), owned);
        assert!(state.target_epoch <= state.epoch);
        let mut targets = BTreeSet::new();
        for (topic, partition) in state.targets.values().flat_map(|target| {
            target.iter().flat_map(|(topic, partitions)| partitions.iter().map(|p| (*topic, *p)))
        }) {
            assert!(targets.insert((topic, partition)), "one target");
        }
    }

    /// When nothing changes any more, everybody has what it is to have within a bounded number of heartbeats, and every
    /// partition that anyone wants has an owner.
    fn end(&mut self) {
        for client in 0..CLIENTS {
            self.play(&Move::Subscribe(client, self.clients[client].wish));
        }
        for round in 0..40 {
            for client in 0..CLIENTS {
                self.play(&Move::Beat(client));
                self.play(&Move::Durable);
                self.play(&Move::Durable);
            }
            self.bench.pass(Duration::from_secs(4));
            self.bench.flush(Ok(()));
            let stable = self.bench.shard.describe_consumer(&self.bench.group);
            let settled = stable.is_some_and(|group| {
                group.state == ConsumerGroupState::Stable && group.members.len() == CLIENTS
            });
            if settled && self.clients.iter().all(|client| !client.full) && self.agreed() {
                break;
            }
            assert!(
                round < 39,
                "it does not settle: {:?}",
                self.bench.shard.describe_consumer(&self.bench.group)
            );
        }
        let mut owners: BTreeMap<(Uuid, i32), usize> = BTreeMap::new();
        for (at, client) in self.clients.iter().enumerate() {
            for partition in &client.has {
                assert_eq!(owners.insert(*partition, at), None, "two clients have {partition:?}");
            }
        }
        for (topic, size) in &self.sizes {
            let wanted = self.clients.iter().any(|client| client.wish & (1 << topic) != 0);
            let id = consumer::topic_id(TOPICS[usize::from(*topic)]);
            for partition in 0..size.cast_signed() {
                assert_eq!(owners.contains_key(&(id, partition)), wanted, "{topic} {partition}");
            }
        }
    }

    /// Every client knows what the group thinks it has.
    fn agreed(&self) -> bool {
        let group = self.bench.shard.describe_consumer(&self.bench.group).expect("a consumer group");
        (0..CLIENTS).all(|at| {
            let id = self.id(at);
            let member = group.members.iter().find(|member| member.member_id == id.as_str());
            member.is_some_and(|member| {
                let has = member.assignment.iter();
                let has: BTreeSet<(Uuid, i32)> =
                    has.flat_map(|(t, ps)| ps.iter().map(|p| (*t, *p))).collect();
                has == self.clients[at].has && member.assignment == member.target
            })
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_members_do_partitions_have_one_owner(moves in moves()) {
        let mut run = Run::new();
        for step in &moves {
            run.play(step);
        }
        run.end();
    }
}
