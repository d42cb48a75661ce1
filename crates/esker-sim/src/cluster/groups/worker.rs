//! Members of share groups: they join, fetch, hold records, say what became of them or do not, and go in every way that
//! there is.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use esker_coordinator::{GroupError, HeartbeatAnswer, ShareHeartbeat};
use esker_core::{Classified, PartitionId, TopicId, batch::BatchView};
use esker_env::Monotonic;
use esker_kafka_wire::KString;
use esker_share::{Ack, Member, Mode, Release};

use super::{
    super::{
        clients::{Client, Route},
        machine::Machine,
    },
    leader::{Asker, Given, LIMIT, Refusal},
    settings::{INTERVAL, ShareGroup},
    workload::Crowd,
};

/// How a member goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    /// It closes its session and leaves.
    Closes,
    /// Its connections break.
    Breaks,
    /// Nobody hears of it.
    Vanishes,
}

/// One member's life.
pub(super) struct Worker {
    crowd: Crowd,
    client: Client,
    group: ShareGroup,
    member: Member,
    epoch: i32,
    next_heartbeat: Monotonic,
    coordinator: Option<Machine>,
    assigned: BTreeSet<PartitionId>,
    routes: BTreeMap<PartitionId, Route>,
    /// What it has, by partition.
    held: BTreeMap<PartitionId, Vec<i64>>,
}

impl Worker {
    pub(super) fn new(crowd: &Crowd, group: &ShareGroup, name: &str) -> Self {
        let client = crowd.client();
        Self {
            crowd: crowd.clone(),
            next_heartbeat: client.env.clock.now(),
            client,
            group: group.clone(),
            member: Member::from(name),
            epoch: 0,
            coordinator: None,
            assigned: BTreeSet::new(),
            routes: BTreeMap::new(),
            held: BTreeMap::new(),
        }
    }

    /// Works until its time is over, or the world winds down.
    pub(super) async fn live(mut self) {
        let env = self.client.env.clone();
        let end = env.clock.now() + Duration::from_millis(env.random.below(12_000));
        while env.clock.now() < end && !self.client.stopping() {
            self.heartbeat().await;
            let assigned: Vec<PartitionId> = self.assigned.iter().copied().collect();
            if !assigned.is_empty() {
                let partition = assigned[env.random.below(assigned.len() as u64) as usize];
                self.fetch(partition, 1 + env.random.below(30)).await;
                self.say_something(partition).await;
            }
            self.client.pause(Duration::from_millis(300)).await;
        }
        let going = match env.random.below(3) {
            0 => Going::Closes,
            1 => Going::Breaks,
            _ => Going::Vanishes,
        };
        self.go(going).await;
    }

    /// When nothing fails any more: takes everything that is left of a partition, and accepts it.
    pub(super) async fn drain(mut self, partition: PartitionId) {
        let mut idle = 0;
        while idle < 2 {
            self.fetch(partition, 500).await;
            if let Some(left) = self.held.remove(&partition) {
                self.say(partition, left.into_iter().map(|offset| (offset, Ack::Accept)).collect()).await;
                continue;
            }
            let asker = self.asker(partition);
            let answer = self.ask(partition, |node, asked| asker.stand(node, asked)).await;
            if let Some((Some(summary), end)) = answer
                && summary.start >= end.0
            {
                idle += 1;
            } else {
                self.client.env.clock.sleep(Duration::from_millis(300)).await;
            }
        }
    }

    fn asker(&self, data: PartitionId) -> Asker {
        Asker { book: self.crowd.book.clone(), group: self.group.clone(), member: self.member.clone(), data }
    }

    /// Asks a partition's leader; `None` when nothing comes of it.
    async fn ask<T, F>(
        &mut self,
        partition: PartitionId,
        ask: impl FnOnce(
            std::sync::Arc<esker_node::Node>,
            std::sync::Arc<super::super::coordination::Coordinators>,
        ) -> F
        + Send
        + 'static,
    ) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Refusal>> + Send + 'static,
    {
        let client = self.client.clone();
        let route = self.routes.entry(partition).or_insert_with(|| client.route(partition));
        let (_, machine) = client.leader(route).await;
        match client.ask_coordinators(&machine, ask).await {
            Some(Ok(answer)) => Some(answer),
            Some(Err(error)) => {
                let broker = machine.id;
                self.note(format_args!("{partition}: broker {broker} refuses: {error}"));
                if !matches!(error, Refusal::Share(error) if error.action() == esker_core::Action::GiveUp) {
                    self.forget_leader(partition);
                }
                None
            }
            None => {
                self.crowd.book.history.count("share requests unanswered");
                self.forget_leader(partition);
                None
            }
        }
    }

    fn forget_leader(&mut self, partition: PartitionId) {
        if let Some(route) = self.routes.get_mut(&partition) {
            route.leader = None;
        }
    }

    fn note(&self, what: std::fmt::Arguments<'_>) {
        self.crowd.book.history.note(format_args!("{}: {what}", self.member));
    }

    async fn fetch(&mut self, partition: PartitionId, records: u64) {
        let random = self.client.env.random.clone();
        let mode = if random.below(2) == 0 { Mode::Batches } else { Mode::Records };
        let max_bytes = 1 + random.below(16_000) as usize;
        let asker = self.asker(partition);
        let answer = self
            .ask(partition, move |node, asked| asker.fetch(node, asked, (records, mode), max_bytes))
            .await;
        let Some(given) = answer.filter(|given: &Given| !given.runs.is_empty()) else { return };
        self.note(format_args!("{partition}: is given {:?}", given.runs));
        self.look_at(partition, &given);
        let offsets = given.runs.iter().flat_map(|run| run.first..=run.last);
        let held = self.held.entry(partition).or_default();
        held.extend(offsets);
        held.sort_unstable();
        held.dedup();
    }

    /// What it was given is what anybody may see.
    fn look_at(&self, partition: PartitionId, given: &Given) {
        let history = &self.crowd.book.history;
        let mut seen = BTreeSet::new();
        for view in given.batches.iter().flat_map(BatchView::all).flatten() {
            if view.fields.attributes.is_control() {
                let at = view.fields.base_offset;
                history.violation(format!("{partition}: {} is given a marker at {at}", self.member));
                continue;
            }
            let Ok(records) = view.records(LIMIT) else {
                history.violation(format!("{partition}: {} is given a broken batch", self.member));
                continue;
            };
            for record in (&records).into_iter().flatten() {
                seen.insert(record.offset);
                let mine = given.runs.iter().any(|run| (run.first..=run.last).contains(&record.offset));
                let may_be_open = !view.fields.attributes.is_transactional() || !self.group.committed;
                if !mine || may_be_open {
                    continue;
                }
                let never = self.crowd.source.never(record.value.unwrap_or_default());
                if let Some(why) = never {
                    let at = record.offset;
                    history.violation(format!("{partition}: {} is given {at}: {why}", self.member));
                }
            }
        }
        let mut offsets = given.runs.iter().flat_map(|run| run.first..=run.last);
        if let Some(missing) = offsets.find(|offset| !seen.contains(offset)) {
            history.violation(format!("{partition}: {} is given {missing} without a record", self.member));
        }
    }

    /// Says something of some of what it has, or sits on it.
    async fn say_something(&mut self, partition: PartitionId) {
        let random = self.client.env.random.clone();
        match random.below(12) {
            // Its locks end.
            0 => return self.client.pause(self.group.lock * 2).await,
            1 => return,
            _ => {}
        }
        let held = self.held.remove(&partition).unwrap_or_default();
        let renews = random.below(6) == 0;
        let (mut acks, mut kept) = (Vec::new(), Vec::new());
        for offset in held {
            match random.below(20) {
                0 => kept.push(offset),
                1 | 2 => acks.push((offset, Ack::Release)),
                3 => acks.push((offset, Ack::Reject)),
                _ if renews => {
                    acks.push((offset, Ack::Renew));
                    kept.push(offset);
                }
                _ => acks.push((offset, Ack::Accept)),
            }
        }
        if !kept.is_empty() {
            self.held.insert(partition, kept);
        }
        let all = acks.len() as u64;
        let first = random.below(all + 1) as usize;
        let rest = acks.split_off(first);
        self.say(partition, acks).await;
        self.say(partition, rest).await;
    }

    async fn say(&mut self, partition: PartitionId, acks: Vec<(i64, Ack)>) {
        if acks.is_empty() {
            return;
        }
        // Who hears nothing says it again, or believes that it was heard.
        for _ in 0..1 + self.client.env.random.below(2) {
            let (asker, acks) = (self.asker(partition), acks.clone());
            if self.ask(partition, move |node, asked| asker.acknowledge(node, asked, acks)).await.is_some() {
                return;
            }
        }
    }

    async fn heartbeat(&mut self) {
        let now = self.client.env.clock.now();
        if now < self.next_heartbeat {
            return;
        }
        self.next_heartbeat = now + INTERVAL;
        let topics = (self.epoch == 0).then(|| vec![KString::from_static("source")]);
        match self.send(self.epoch, topics).await {
            Some(Ok((answer, assigned))) => {
                if answer.epoch < self.epoch {
                    let (member, before, epoch) = (&self.member, self.epoch, answer.epoch);
                    self.crowd
                        .book
                        .history
                        .violation(format!("{member}: its epoch goes from {before} back to {epoch}"));
                }
                self.epoch = answer.epoch;
                self.assigned = assigned.unwrap_or_else(|| std::mem::take(&mut self.assigned));
            }
            Some(Err(GroupError::UnknownMember | GroupError::FencedMemberEpoch)) => {
                self.crowd.book.history.count("share members fenced");
                self.epoch = 0;
                self.next_heartbeat = now;
            }
            Some(Err(error)) => {
                self.note(format_args!("heartbeat refused: {error}"));
                self.coordinator = None;
            }
            None => self.coordinator = None,
        }
    }

    async fn send(
        &mut self,
        epoch: i32,
        topics: Option<Vec<KString>>,
    ) -> Option<Result<(HeartbeatAnswer, Option<BTreeSet<PartitionId>>), GroupError>> {
        if self.coordinator.is_none() {
            let kept = super::super::asking::Kept::Group(self.group.name.clone());
            self.coordinator = self.client.coordinator_once(kept).await;
        }
        let machine = self.coordinator.clone()?;
        let request = ShareHeartbeat {
            member_id: KString::from(&*self.member),
            epoch,
            rack: None,
            topics,
            client_id: KString::from_static("worker"),
            client_host: KString::new(),
        };
        let group = self.group.name.clone();
        let ask = self.client.ask_coordinators(&machine, async move |node, asked| {
            let answer = asked.here.groups.share_heartbeat(&group, request).await?;
            let numbers = answer.assignment.as_ref().map(|assignment| {
                let named = assignment.iter().flat_map(|(topic, partitions)| {
                    let number = node.catalog.by_id(TopicId(*topic)).map(|topic| topic.record.number);
                    partitions.iter().filter_map(move |index| {
                        Some(PartitionId { topic: number?, index: index.cast_unsigned() })
                    })
                });
                named.collect()
            });
            Ok((answer, numbers))
        });
        ask.await
    }

    async fn go(mut self, going: Going) {
        self.note(format_args!("{going:?}"));
        if going == Going::Vanishes {
            return self.crowd.book.history.count("share members gone");
        }
        let how = if going == Going::Closes { Release::Unseen } else { Release::Counted };
        let partitions: Vec<PartitionId> = self.routes.keys().copied().collect();
        for partition in partitions {
            let asker = self.asker(partition);
            self.ask(partition, async move |node, asked| {
                asker.release(node, asked, how).await;
                Ok(())
            })
            .await;
        }
        if going == Going::Closes {
            self.send(-1, None).await;
        }
    }
}
