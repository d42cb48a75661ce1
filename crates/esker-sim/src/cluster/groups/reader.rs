//! Members of groups of the consumer protocol (KIP-848): they subscribe by name or by pattern, take partitions on and let go
//! of them, commit offsets, fall asleep, leave for now or for good, or die.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
    time::Duration,
};

use esker_coordinator::{
    CommitRequest, ConsumerHeartbeat, GroupError, HeartbeatAnswer, MemberRef, OffsetToCommit, TopicPartitions,
};
use esker_core::{Offset, PartitionId, TopicId};
use esker_env::Monotonic;
use esker_kafka_wire::KString;
use esker_node::Node;
use uuid::Uuid;

use super::{
    super::{asking::Kept, clients::Client, machine::Machine},
    owners::{Committed, Told},
    settings::{INTERVAL, ReaderGroup},
    workload::Crowd,
};

/// The epoch of a member that leaves, and of a static one that will come back.
const LEAVES: i32 = -1;
const LEAVES_FOR_NOW: i32 = -2;

/// What a heartbeat brings.
struct Heard {
    answer: HeartbeatAnswer,
    assigned: Option<BTreeSet<PartitionId>>,
    /// The stores have said that whoever answered is the coordinator.
    sure: bool,
}

/// One member's life.
pub(super) struct Reader {
    crowd: Crowd,
    client: Client,
    group: ReaderGroup,
    id: KString,
    instance: Option<KString>,
    epoch: i32,
    /// With where it is in each; `None` while it does not know.
    owned: BTreeMap<PartitionId, Option<i64>>,
    /// What it is to let go of.
    revoking: BTreeMap<PartitionId, Option<i64>>,
    /// The next heartbeat says everything: nobody knows what came of the one before.
    full: bool,
    /// It has not said yet what it has.
    changed: bool,
    next_heartbeat: Monotonic,
    coordinator: Option<Machine>,
    /// It was answered by the coordinator for certain.
    pub(super) is_in: bool,
}

fn named(node: &Node, partitions: &[PartitionId]) -> TopicPartitions {
    let mut topics: BTreeMap<Uuid, Vec<i32>> = BTreeMap::new();
    for partition in partitions {
        if let Some(topic) = node.catalog.by_number(partition.topic) {
            topics.entry(topic.record.id.0).or_default().push(partition.index.cast_signed());
        }
    }
    topics.into_iter().collect()
}

fn numbered(node: &Node, named: &TopicPartitions) -> BTreeSet<PartitionId> {
    let all = named.iter().flat_map(|(topic, partitions)| {
        let number = node.catalog.by_id(TopicId(*topic)).map(|topic| topic.record.number);
        let id = move |index: &i32| Some(PartitionId { topic: number?, index: index.cast_unsigned() });
        partitions.iter().filter_map(id)
    });
    all.collect()
}

impl Reader {
    pub(super) fn new(crowd: &Crowd, group: &ReaderGroup, number: u64, id: String) -> Self {
        let client = crowd.client();
        Self {
            crowd: crowd.clone(),
            next_heartbeat: client.env.clock.now(),
            client,
            group: group.clone(),
            id: id.into(),
            instance: (number < group.statics).then(|| format!("{}/{number}", group.name).into()),
            epoch: 0,
            owned: BTreeMap::new(),
            revoking: BTreeMap::new(),
            full: true,
            changed: false,
            coordinator: None,
            is_in: false,
        }
    }

    /// Reads until its time is over, or the world winds down.
    pub(super) async fn live(mut self) {
        let env = self.client.env.clone();
        let end = env.clock.now() + Duration::from_millis(env.random.below(15_000));
        while env.clock.now() < end && !self.client.stopping() {
            self.heartbeat().await;
            if !self.revoking.is_empty() && env.random.below(3) == 0 {
                self.let_go(env.random.below(2) == 0).await;
            }
            self.go_on().await;
            match env.random.below(60) {
                0 => {
                    self.note(format_args!("falls asleep"));
                    self.client.pause(self.group.session * 2).await;
                }
                _ => self.client.pause(Duration::from_millis(300)).await,
            }
        }
        self.leave().await;
    }

    /// One step of a member that is there when nothing fails any more.
    pub(super) async fn step(&mut self) {
        self.heartbeat().await;
        if !self.revoking.is_empty() {
            self.let_go(true).await;
        }
        self.go_on().await;
        self.client.env.clock.sleep(Duration::from_millis(100)).await;
    }

    fn note(&self, what: std::fmt::Arguments<'_>) {
        self.crowd.book.history.note(format_args!("{}: {what}", self.id));
    }

    fn count(&self, what: &'static str) {
        self.crowd.book.history.count(what);
    }

    fn held(&self) -> Vec<PartitionId> {
        self.owned.keys().chain(self.revoking.keys()).copied().collect()
    }

    async fn machine(&mut self) -> Option<Machine> {
        if self.coordinator.is_none() {
            self.coordinator = self.client.coordinator_once(Kept::Group(self.group.name.clone())).await;
        }
        self.coordinator.clone()
    }

    fn request(&self, epoch: i32) -> ConsumerHeartbeat {
        let full = self.full && epoch >= 0;
        let group = &self.group;
        ConsumerHeartbeat {
            member_id: self.id.clone(),
            epoch,
            instance_id: self.instance.clone(),
            rack: None,
            rebalance_timeout: full.then_some(group.rebalance),
            topics: (full && group.regex.is_none()).then(|| group.topics.clone()),
            regex: group.regex.clone().filter(|_| full),
            assignor: full.then(|| KString::from_static(group.assignor)),
            owned: None,
            client_id: KString::from_static("reader"),
            client_host: KString::new(),
        }
    }

    async fn send(&mut self, epoch: i32) -> Option<Result<Heard, GroupError>> {
        let machine = self.machine().await?;
        let mut request = self.request(epoch);
        let says = (epoch >= 0 && (self.full || self.changed)).then(|| self.held());
        let group = self.group.name.clone();
        let ask = self.client.ask_coordinators(&machine, async move |node: Arc<Node>, asked| {
            request.owned = says.map(|held| named(&node, &held));
            let answer = asked.here.groups.consumer_heartbeat(&group, request).await?;
            let assigned = answer.assignment.as_ref().map(|assignment| numbered(&node, assignment));
            drop(node);
            let sure = asked.here.groups.fetch(&group, &[]).await.is_ok();
            Ok(Heard { answer, assigned, sure })
        });
        ask.await
    }

    async fn heartbeat(&mut self) {
        let sent = self.client.env.clock.now();
        if sent < self.next_heartbeat {
            return;
        }
        self.next_heartbeat = sent + INTERVAL;
        match self.send(self.epoch).await {
            Some(Ok(heard)) => self.hear(heard, sent),
            Some(Err(
                error @ (GroupError::FencedMemberEpoch
                | GroupError::UnknownMember
                | GroupError::GroupNotFound),
            )) => {
                self.note(format_args!("is out: {error}"));
                self.count("readers fenced");
                self.drop_all();
                self.next_heartbeat = sent;
                self.client.pause(Duration::from_millis(100)).await;
            }
            Some(Err(GroupError::UnreleasedInstance)) => {
                self.count("readers whose place is taken");
                self.full = true;
            }
            Some(Err(error)) => {
                self.note(format_args!("heartbeat refused: {error}"));
                (self.full, self.coordinator) = (true, None);
            }
            None => (self.full, self.coordinator) = (true, None),
        }
    }

    fn hear(&mut self, heard: Heard, sent: Monotonic) {
        let Heard { answer, assigned, sure } = heard;
        if answer.epoch < self.epoch && sure {
            let (id, before) = (&self.id, self.epoch);
            let history = &self.crowd.book.history;
            history.violation(format!("{id}: its epoch goes from {before} back to {}", answer.epoch));
        }
        (self.full, self.changed) = (false, false);
        self.epoch = answer.epoch;
        self.is_in |= sure;
        let mut gained = BTreeSet::new();
        if let Some(target) = assigned {
            let gone: Vec<PartitionId> =
                self.owned.keys().filter(|partition| !target.contains(partition)).copied().collect();
            for partition in gone {
                let at = self.owned.remove(&partition).flatten();
                self.revoking.insert(partition, at);
            }
            for partition in target {
                if let Some(at) = self.revoking.remove(&partition) {
                    self.owned.insert(partition, at);
                } else if let Entry::Vacant(place) = self.owned.entry(partition) {
                    place.insert(None);
                    gained.insert(partition);
                    self.changed = true;
                }
            }
            self.note(format_args!("epoch {} has {:?}, sure: {sure}", self.epoch, self.owned.keys()));
        }
        let kept = self.owned.keys().filter(|partition| !gained.contains(partition)).copied().collect();
        let now = self.client.env.clock.now();
        let told = Told {
            group: &self.group.name,
            member: &self.id,
            sure,
            // Who has not let go in time is out, with all that it has.
            until: if self.revoking.is_empty() {
                sent + self.group.session.min(self.group.rebalance)
            } else {
                now
            },
            gained: &gained,
            kept: &kept,
        };
        self.crowd.owners.told(&told, now);
    }

    fn drop_all(&mut self) {
        self.crowd.owners.lets_go(&self.group.name, &self.id, self.held().into_iter());
        self.owned.clear();
        self.revoking.clear();
        (self.epoch, self.full) = (0, true);
    }

    /// Lets go of what it is to let go of, mostly with a last commit.
    async fn let_go(&mut self, commits: bool) {
        let gone: Vec<(PartitionId, Option<i64>)> = self.revoking.iter().map(|(id, at)| (*id, *at)).collect();
        for (partition, at) in &gone {
            if let Some(at) = at.filter(|_| commits) {
                self.commit(*partition, at + 1, self.epoch).await;
            }
        }
        self.crowd.owners.lets_go(&self.group.name, &self.id, gone.iter().map(|(partition, _)| *partition));
        self.revoking.clear();
        self.changed = true;
        self.next_heartbeat = self.client.env.clock.now();
        self.count("readers' revocations");
        // Something may still be on its way to be committed, which nobody waits for.
        if let Some((partition, Some(at))) = gone.first()
            && self.client.env.random.below(8) == 0
        {
            let epoch = self.epoch;
            self.heartbeat().await;
            self.client.pause(Duration::from_millis(800)).await;
            self.commit(*partition, at + 2, epoch).await;
        }
    }

    /// Reads a bit in one of its partitions.
    async fn go_on(&mut self) {
        let owned: Vec<PartitionId> = self.owned.keys().copied().collect();
        let Some(&partition) = owned.get(self.client.env.random.below(owned.len().max(1) as u64) as usize)
        else {
            return;
        };
        let Some(at) = self.owned[&partition] else {
            let offset = self.offset(partition).await;
            if let (Some(at), Some(place)) = (offset, self.owned.get_mut(&partition)) {
                *place = Some(at);
            }
            return;
        };
        let next = at + 1 + self.client.env.random.below(5).cast_signed();
        if self.commit(partition, next, self.epoch).await != Committed::No {
            self.owned.insert(partition, Some(next));
        }
    }

    /// Where the group is in a partition.
    pub(super) async fn offset(&mut self, partition: PartitionId) -> Option<i64> {
        let machine = self.machine().await?;
        let place = (self.group.name.clone(), partition);
        let floor = self.crowd.owners.floor(&place);
        let group = self.group.name.clone();
        let ask = self.client.ask_coordinators(&machine, async move |node: Arc<Node>, asked| {
            let name = node.catalog.by_number(partition.topic)?.record.name.as_str().into();
            drop(node);
            let found = asked.here.groups.fetch(&group, &[(name, partition.index.cast_signed())]).await;
            Some(found.ok()?.pop().flatten().map(|commit| commit.offset.0))
        });
        let Some(offset) = ask.await.flatten() else {
            self.coordinator = None;
            return None;
        };
        self.crowd.owners.told_offset(&place, floor, offset);
        Some(offset.unwrap_or(0))
    }

    /// Commits an offset of a partition that it had at `epoch`.
    async fn commit(&mut self, partition: PartitionId, offset: i64, epoch: i32) -> Committed {
        let Some(machine) = self.machine().await else { return Committed::No };
        let member =
            MemberRef { member_id: self.id.clone(), instance_id: self.instance.clone(), generation: epoch };
        let group = self.group.name.clone();
        // At its own epoch a member may commit whatever it likes, as in Kafka.
        let judged = epoch != self.epoch
            || self.owned.contains_key(&partition)
            || self.revoking.contains_key(&partition);
        let asked_at = if judged { self.crowd.owners.mark() } else { 0 };
        let ask = self.client.ask_coordinators(&machine, async move |node: Arc<Node>, asked| {
            // Nobody has heard of the topic: nothing is asked.
            let topic = node.catalog.by_number(partition.topic).ok_or(GroupError::Loading)?;
            drop(node);
            let offset = OffsetToCommit {
                topic: topic.record.name.as_str().into(),
                partition: partition.index.cast_signed(),
                offset: Offset(offset),
                leader_epoch: None,
                metadata: KString::new(),
                topic_id: topic.record.id.0,
            };
            let request =
                CommitRequest { member, retention: None, knows_group_not_found: true, offsets: vec![offset] };
            asked.here.groups.commit(&group, &request).await?.into_iter().collect()
        });
        let answer: Option<Result<(), GroupError>> = ask.await;
        let result = match &answer {
            Some(Ok(())) => Committed::Yes,
            None | Some(Err(GroupError::NotCoordinator | GroupError::Unavailable)) => Committed::Unknown,
            Some(Err(_)) => Committed::No,
        };
        if result == Committed::Unknown {
            self.coordinator = None;
        }
        let place = (self.group.name.clone(), partition);
        self.crowd.owners.committed(&place, &self.id, asked_at, offset, result);
        result
    }

    async fn leave(mut self) {
        let epoch = match (self.client.env.random.below(3), &self.instance) {
            (0, _) => {
                self.note(format_args!("is gone"));
                return self.count("readers gone");
            }
            (1, Some(_)) => LEAVES_FOR_NOW,
            _ => LEAVES,
        };
        self.drop_all();
        self.note(format_args!("leaves with {epoch}"));
        self.count(if epoch == LEAVES { "readers left" } else { "readers left for now" });
        self.send(epoch).await;
    }
}
