//! Random members that join, sync, commit, fall silent, leave and come back, against what always holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use proptest::prelude::*;

use super::*;

/// What a client does, or what happens to it. Numbers pick a client, or an amount of time.
#[derive(Clone, Debug)]
enum Move {
    Join(usize),
    Sync(usize),
    Heartbeat(usize),
    Leave(usize),
    Commit(usize),
    /// The process is gone: it forgets its id and listens to no answer.
    Crash(usize),
    Pass(u64),
    Durable,
    LogFails,
    Reload,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        6 => (0..CLIENTS).prop_map(Move::Join),
        6 => (0..CLIENTS).prop_map(Move::Sync),
        2 => (0..CLIENTS).prop_map(Move::Heartbeat),
        1 => (0..CLIENTS).prop_map(Move::Leave),
        2 => (0..CLIENTS).prop_map(Move::Commit),
        1 => (0..CLIENTS).prop_map(Move::Crash),
        4 => (1_u64..8_000).prop_map(Move::Pass),
        6 => Just(Move::Durable),
        1 => Just(Move::LogFails),
        1 => Just(Move::Reload),
    ];
    proptest::collection::vec(one, 1..120)
}

const CLIENTS: usize = 5;

/// A client as it knows itself. The last two are static.
#[derive(Default)]
struct Client {
    member_id: String,
    generation: i32,
    leads: Vec<KString>,
    join: Option<Token>,
    sync: Option<Token>,
}

struct Run {
    bench: Bench,
    clients: Vec<Client>,
    generation: i32,
    committed: Option<i64>,
    in_flight: BTreeMap<Token, i64>,
    next_offset: i64,
}

impl Run {
    fn new() -> Self {
        let config =
            GroupConfig { initial_rebalance_delay: Duration::from_secs(1), ..GroupConfig::default() };
        let mut bench = Bench::with(config);
        bench.durable = false;
        let clients = (0..CLIENTS).map(|_| Client::default()).collect();
        Self { bench, clients, generation: 0, committed: None, in_flight: BTreeMap::new(), next_offset: 0 }
    }

    fn request(&self, client: usize) -> JoinRequest {
        let id = &self.clients[client].member_id;
        let request = if client < CLIENTS - 2 { consumer(id) } else { fixed(id, &format!("i{client}")) };
        JoinRequest { rebalance_timeout: Duration::from_secs(20), ..request }
    }

    fn member(&self, client: usize) -> MemberRef {
        let known = &self.clients[client];
        let instance_id = (client >= CLIENTS - 2).then(|| s(&format!("i{client}")));
        MemberRef { member_id: s(&known.member_id), instance_id, generation: known.generation }
    }

    fn play(&mut self, step: &Move) {
        match *step {
            Move::Join(client) if self.clients[client].join.is_none() => {
                let request = self.request(client);
                self.clients[client].join = Some(self.bench.join(&request));
            }
            Move::Sync(client) if self.clients[client].generation > 0 => {
                let member = self.member(client);
                let assignments = self.clients[client].leads.iter();
                let assignments = assignments.map(|id| (id.clone(), id.clone().into_bytes())).collect();
                let request = SyncRequest { member, protocol_type: None, protocol: None, assignments };
                let (_, token) =
                    self.bench.act(|shard, cx, group, token| shard.sync(cx, group, &request, token));
                self.clients[client].sync = Some(token);
            }
            Move::Heartbeat(client) => {
                let member = self.member(client);
                if self.bench.heartbeat(&member) == Err(GroupError::UnknownMember) {
                    self.clients[client] = Client::default();
                }
            }
            Move::Leave(client) if !self.clients[client].member_id.is_empty() => {
                let member = self.member(client);
                let leavers = [Leaver { member_id: member.member_id, instance_id: member.instance_id }];
                self.bench.act(|shard, cx, group, token| shard.leave(cx, group, &leavers, token));
                self.clients[client] = Client::default();
            }
            Move::Commit(client) => {
                self.next_offset += 1;
                let request = commit_of(&self.member(client), "t", 0, self.next_offset);
                let (results, token) =
                    self.bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
                if results == [Ok(())] {
                    self.in_flight.insert(token, self.next_offset);
                }
            }
            Move::Crash(client) => self.clients[client] = Client::default(),
            Move::Pass(millis) => self.bench.pass(Duration::from_millis(millis)),
            Move::Durable => self.flush(Ok(())),
            Move::LogFails => self.flush(Err(GroupError::Unavailable)),
            Move::Reload => self.reload(),
            _ => {}
        }
        self.listen();
        self.check();
    }

    fn flush(&mut self, result: Result<(), GroupError>) {
        self.bench.flush(result);
        for (token, offset) in std::mem::take(&mut self.in_flight) {
            assert_eq!(self.bench.written(token), result);
            if result.is_ok() {
                self.committed = Some(offset);
            }
        }
    }

    /// Another broker takes over: memory is lost, what was durable is read back.
    fn reload(&mut self) {
        self.flush(Ok(()));
        self.flush(Ok(()));
        self.bench.reload();
        for client in &mut self.clients {
            client.join = None;
            client.sync = None;
        }
        // Generations that nothing was stored of may come again.
        self.generation = self.bench.shard.groups.get(&self.bench.group).map_or(0, |group| group.generation);
    }

    /// Clients read their answers.
    fn listen(&mut self) {
        for client in &mut self.clients {
            if let Some(token) = client.join.filter(|token| !self.bench.waits(*token)) {
                client.join = None;
                let answer = self.bench.joined(token);
                match answer.error {
                    None => {
                        assert!(answer.generation > 0);
                        client.member_id = answer.member_id.as_str().to_owned();
                        client.generation = answer.generation;
                        client.leads = answer.members.into_iter().map(|member| member.member_id).collect();
                    }
                    Some(GroupError::MemberIdRequired) => {
                        client.member_id = answer.member_id.as_str().to_owned();
                    }
                    Some(GroupError::UnknownMember | GroupError::FencedInstance) => {
                        *client = Client::default()
                    }
                    Some(GroupError::Unavailable) => {}
                    Some(other) => panic!("{other:?}"),
                }
            }
            if let Some(token) = client.sync.filter(|token| !self.bench.waits(*token)) {
                client.sync = None;
                match self.bench.synced(token) {
                    Ok(answer) => {
                        let own = answer.assignment == client.member_id.as_bytes();
                        assert!(own || answer.assignment.is_empty() || client.member_id.contains("i"));
                    }
                    Err(GroupError::UnknownMember | GroupError::FencedInstance) => {
                        *client = Client::default()
                    }
                    Err(_) => {}
                }
            }
        }
    }

    fn check(&mut self) {
        let Some(group) = self.bench.shard.groups.get(&self.bench.group) else { return };
        assert!(group.generation >= self.generation, "generations grow");
        self.generation = group.generation;
        assert_eq!(self.bench.offset("t", 0), self.committed, "the last durable commit, and no other");
        let ids: BTreeSet<_> = group.members.keys().collect();
        match group.state {
            GroupState::Empty => assert!(ids.is_empty()),
            GroupState::Dead => panic!("nobody deletes it"),
            GroupState::PreparingRebalance => {
                assert!(group.timers.get(&crate::group::Timer::Join).is_some(), "the join phase ends");
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                assert!(group.leader.as_ref().is_some_and(|leader| ids.contains(leader)), "a member leads");
                assert!(group.protocol.is_some() && !ids.is_empty());
                let waits = !group.pending_syncs.is_empty();
                assert!(!waits || group.timers.get(&crate::group::Timer::Sync).is_some(), "syncs end");
            }
        }
        for (id, member) in &group.members {
            let timed = group.timers.get(&crate::group::Timer::Member(id.clone())).is_some();
            assert!(
                timed || member.awaiting_join.is_some() || member.awaiting_sync.is_some(),
                "nobody stays for ever"
            );
            let fixed = member.instance_id.as_ref().map(|instance| &group.statics[instance]);
            assert!(fixed.is_none_or(|mapped| mapped == id));
        }
        assert!(group.pending_syncs.iter().all(|id| ids.contains(id)));
        let earliest = group.next_deadline();
        assert!(
            earliest.is_none() || self.bench.shard.next_deadline() <= earliest,
            "the shard wakes in time"
        );
    }

    /// Everyone falls silent. In the end nothing waits and nobody is left.
    fn end(&mut self) {
        for _ in 0..6 {
            self.flush(Ok(()));
            self.bench.pass(Duration::from_secs(400));
        }
        self.flush(Ok(()));
        self.listen();
        self.check();
        assert!(
            self.clients.iter().all(|client| client.join.is_none() && client.sync.is_none()),
            "all are answered"
        );
        if let Some(group) = self.bench.shard.groups.get(&self.bench.group) {
            assert!(group.is_vacant() && group.next_deadline().is_none());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_clients_do_the_group_stays_sound(moves in moves()) {
        let mut run = Run::new();
        for step in &moves {
            run.play(step);
        }
        run.end();
    }
}

#[test]
fn four_hundred_random_runs_reach_every_state() {
    // The property above would be worth little if its moves never got anywhere.
    let mut run = Run::new();
    let mut seen = BTreeSet::new();
    for round in 0..200 {
        for client in 0..CLIENTS {
            for step in [Move::Join(client), Move::Durable, Move::Sync(client), Move::Commit(client)] {
                run.play(&step);
                seen.extend(run.bench.shard.groups.get(&run.bench.group).map(|group| group.state));
            }
            run.play(&Move::Pass(300 + round));
        }
    }
    let all = [
        GroupState::Empty,
        GroupState::PreparingRebalance,
        GroupState::CompletingRebalance,
        GroupState::Stable,
    ];
    assert!(all.iter().all(|state| seen.contains(state)), "{seen:?}");
    assert!(run.committed.is_some());
    run.end();
}
