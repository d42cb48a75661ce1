//! Scripts against the state machine: time, writes and answers are in the test's hands.

mod admin;
mod bounds;
mod consumer;
mod consumer_random;
mod membership;
mod migration;
mod offsets;
mod random;
mod rebalancing;
mod reload;
mod share;
mod statics;
mod transactional;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::Offset;
use esker_env::{Monotonic, SeededRandom};
use esker_kafka_wire::{KString, encode_prefixed, messages::ConsumerProtocolSubscription};
use uuid::Uuid;

use super::Shard;
use crate::{
    GroupConfig, GroupError,
    effects::{Answer, Cx, Now, Token, Write},
    facts::ClusterFacts,
    runtime::{replay_chunk, to_batches},
    types::{
        CommitRequest, GroupState, JoinAnswer, JoinRequest, Leaver, MemberRef, OffsetToCommit, Protocol,
        SyncAnswer, SyncRequest,
    },
};

pub(crate) fn s(text: &str) -> KString {
    KString::from(text)
}

/// A consumer's metadata for these topics.
pub(crate) fn subscription(topics: &[&str]) -> Bytes {
    let topics = topics.iter().map(|topic| s(topic)).collect();
    encode_prefixed(&ConsumerProtocolSubscription { topics, ..Default::default() }, 1).expect("encodes")
}

/// A join as a consumer of topic `t` sends it; tests change what they are about.
pub(crate) fn consumer(member_id: &str) -> JoinRequest {
    JoinRequest {
        member_id: s(member_id),
        instance_id: None,
        client_id: s("client"),
        client_host: s("/127.0.0.1"),
        session_timeout: Duration::from_secs(10),
        rebalance_timeout: Duration::from_secs(60),
        protocol_type: s("consumer"),
        protocols: vec![protocol("range")],
        knows_member_id_required: true,
        knows_skip_assignment: true,
    }
}

pub(crate) fn protocol(name: &str) -> Protocol {
    Protocol { name: s(name), metadata: subscription(&["t"]) }
}

/// As a static member.
pub(crate) fn fixed(member_id: &str, instance_id: &str) -> JoinRequest {
    JoinRequest { instance_id: Some(s(instance_id)), ..consumer(member_id) }
}

/// A shard, its group `g`, and the world around it.
pub(crate) struct Bench {
    pub(crate) config: GroupConfig,
    pub(crate) shard: Shard,
    pub(crate) now: Now,
    random: SeededRandom,
    tokens: u64,
    answers: BTreeMap<Token, Answer>,
    /// Writes that the log has not answered.
    pub(crate) writes: Vec<Write>,
    /// Writes become durable by themselves.
    pub(crate) durable: bool,
    pub(crate) group: KString,
    /// Everything that is durable.
    pub(crate) log: Vec<Write>,
    /// The cluster, where groups need one.
    around: Option<Arc<dyn ClusterFacts>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(GroupConfig { initial_rebalance_delay: Duration::ZERO, ..GroupConfig::default() })
    }

    pub(crate) fn with(config: GroupConfig) -> Self {
        Self {
            config,
            shard: Shard::default(),
            now: Now { monotonic: Monotonic::default(), wall_ms: 1_000_000 },
            random: SeededRandom::new(7),
            tokens: 0,
            answers: BTreeMap::new(),
            writes: Vec::new(),
            durable: true,
            group: s("g"),
            log: Vec::new(),
            around: None,
        }
    }

    /// Memory is lost, and read back from what is durable.
    pub(crate) fn reload(&mut self) {
        self.shard = Shard::default();
        self.writes.clear();
        // Small batches, so that a write may be in many.
        for batch in to_batches(&self.log, 100) {
            replay_chunk(&mut self.shard, &batch, self.now).expect("was just written");
        }
        self.act(|shard, cx, _, _| shard.wake(cx));
    }

    pub(crate) fn act<T>(
        &mut self,
        act: impl FnOnce(&mut Shard, &mut Cx<'_>, &KString, Token) -> T,
    ) -> (T, Token) {
        let token = Token(self.tokens);
        self.tokens += 1;
        let config = self.config.clone();
        let mut cx = Cx::new(&config, self.now, &self.random);
        cx.around.clone_from(&self.around);
        let result = act(&mut self.shard, &mut cx, &self.group, token);
        let Cx { answers, writes, .. } = cx;
        for (token, answer) in answers {
            let before = self.answers.insert(token, answer);
            assert!(before.is_none(), "a request is answered once");
        }
        self.writes.extend(writes);
        if self.durable {
            self.flush(Ok(()));
        }
        self.check_usage();
        (result, token)
    }

    /// What is counted is what there is.
    fn check_usage(&self) {
        let mut all = 0;
        for group in self.shard.groups.values() {
            let mut weighed = group.clone();
            weighed.weigh_members();
            assert_eq!(weighed.weight(), group.weight(), "of {}", group.id);
            all += group.weight();
        }
        all += self.shard.transactional.weight();
        all += self.shard.share_weight();
        assert_eq!(all, self.shard.usage.here());
    }

    /// The log answers everything that was written.
    pub(crate) fn flush(&mut self, result: Result<(), GroupError>) {
        for write in std::mem::take(&mut self.writes) {
            if result.is_ok() {
                self.log.push(write.clone());
            }
            self.act(|shard, cx, _, _| shard.written(cx, write, result));
        }
    }

    /// Time passes, deadline by deadline.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now.monotonic + time;
        while let Some(next) = self.shard.next_deadline().filter(|next| *next <= end) {
            self.jump(next.max(self.now.monotonic));
            self.act(|shard, cx, _, _| shard.expire(cx));
        }
        self.jump(end);
    }

    fn jump(&mut self, to: Monotonic) {
        self.now.wall_ms += i64::try_from((to - self.now.monotonic).as_millis()).expect("short");
        self.now.monotonic = to;
    }

    pub(crate) fn join(&mut self, request: &JoinRequest) -> Token {
        self.act(|shard, cx, group, token| shard.join(cx, group, request, token)).1
    }

    pub(crate) fn joined(&mut self, token: Token) -> JoinAnswer {
        match self.answers.remove(&token) {
            Some(Answer::Join(answer)) => answer,
            other => panic!("not the answer to a join: {other:?}"),
        }
    }

    pub(crate) fn waits(&self, token: Token) -> bool {
        !self.answers.contains_key(&token)
    }

    /// A member id, by a first join that is sent back.
    pub(crate) fn member_id(&mut self) -> String {
        let token = self.join(&consumer(""));
        let answer = self.joined(token);
        assert_eq!(answer.error, Some(GroupError::MemberIdRequired));
        answer.member_id.as_str().to_owned()
    }

    pub(crate) fn sync(&mut self, member: &MemberRef, assignments: &[(&str, &'static str)]) -> Token {
        let assignments =
            assignments.iter().map(|(id, bytes)| (s(id), Bytes::from_static(bytes.as_bytes()))).collect();
        let request =
            SyncRequest { member: member.clone(), protocol_type: None, protocol: None, assignments };
        self.act(|shard, cx, group, token| shard.sync(cx, group, &request, token)).1
    }

    pub(crate) fn synced(&mut self, token: Token) -> Result<SyncAnswer, GroupError> {
        match self.answers.remove(&token) {
            Some(Answer::Sync(answer)) => answer,
            other => panic!("not the answer to a sync: {other:?}"),
        }
    }

    pub(crate) fn written(&mut self, token: Token) -> Result<(), GroupError> {
        match self.answers.remove(&token) {
            Some(Answer::Written(answer)) => answer,
            other => panic!("not the answer to a write: {other:?}"),
        }
    }

    pub(crate) fn heartbeat(&mut self, member: &MemberRef) -> Result<(), GroupError> {
        self.act(|shard, cx, group, _| shard.heartbeat(cx, group, member)).0
    }

    pub(crate) fn leave(&mut self, member_id: &str, instance_id: Option<&str>) -> Result<(), GroupError> {
        let leavers = [Leaver { member_id: s(member_id), instance_id: instance_id.map(s) }];
        let (results, token) = self.act(|shard, cx, group, token| shard.leave(cx, group, &leavers, token));
        self.written(token)?;
        results[0]
    }

    pub(crate) fn commit(&mut self, member: &MemberRef, offset: i64) -> Result<(), GroupError> {
        let request = commit_of(member, "t", 0, offset);
        let (results, token) = self.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
        self.written(token)?;
        results[0]
    }

    pub(crate) fn offset(&self, topic: &str, partition: i32) -> Option<i64> {
        let found = self.shard.fetch(&self.group, &[(s(topic), partition)]);
        found[0].as_ref().map(|commit| commit.offset.0)
    }

    pub(crate) fn state(&self) -> GroupState {
        self.shard.groups[&self.group].state
    }

    /// A stable group of so many members; the first leads.
    pub(crate) fn stable(&mut self, members: usize) -> Vec<MemberRef> {
        let ids: Vec<String> = (0..members).map(|_| self.member_id()).collect();
        let tokens: Vec<Token> = ids.iter().map(|id| self.join(&consumer(id))).collect();
        self.pass(Duration::from_millis(1));
        self.settle(&tokens)
    }

    /// Ends a rebalance whose joins are answered: everyone syncs, the leader assigns each member its own id.
    pub(crate) fn settle(&mut self, joins: &[Token]) -> Vec<MemberRef> {
        let answers: Vec<JoinAnswer> = joins.iter().map(|token| self.joined(*token)).collect();
        for answer in &answers {
            assert_eq!(answer.error, None);
            assert_eq!(answer.leader, answers[0].leader);
        }
        let members: Vec<MemberRef> = answers
            .iter()
            .map(|answer| {
                let instance = self.shard.groups[&self.group].members[&answer.member_id].instance_id.clone();
                MemberRef {
                    member_id: answer.member_id.clone(),
                    instance_id: instance,
                    generation: answer.generation,
                }
            })
            .collect();
        let syncs: Vec<Token> = members
            .iter()
            .map(|member| {
                let leads = member.member_id == answers[0].leader;
                let assignments = members
                    .iter()
                    .filter(|_| leads)
                    .map(|m| (m.member_id.clone(), m.member_id.clone().into_bytes()));
                let request = SyncRequest {
                    member: member.clone(),
                    protocol_type: Some(s("consumer")),
                    protocol: Some(s("range")),
                    assignments: assignments.collect(),
                };
                self.act(|shard, cx, group, token| shard.sync(cx, group, &request, token)).1
            })
            .collect();
        for (sync, member) in syncs.into_iter().zip(&members) {
            let answer = self.synced(sync).expect("the leader has assigned");
            assert_eq!(answer.assignment, member.member_id.clone().into_bytes());
        }
        assert_eq!(self.state(), GroupState::Stable);
        members
    }
}

pub(crate) fn member(member_id: &str, generation: i32) -> MemberRef {
    MemberRef { member_id: s(member_id), instance_id: None, generation }
}

/// A consumer outside of any membership.
pub(crate) fn nobody() -> MemberRef {
    member("", -1)
}

pub(crate) fn commit_of(member: &MemberRef, topic: &str, partition: i32, offset: i64) -> CommitRequest {
    CommitRequest {
        member: member.clone(),
        retention: None,
        knows_group_not_found: true,
        offsets: vec![OffsetToCommit {
            topic: s(topic),
            partition,
            offset: Offset(offset),
            leader_epoch: None,
            metadata: s(""),
            topic_id: Uuid::nil(),
        }],
    }
}
