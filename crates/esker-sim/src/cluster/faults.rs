//! What goes wrong in a cluster. Each fault is a task of its own: faults come, overlap, and go.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use esker_archive::faults::FaultRates;
use esker_core::{BrokerId, ShardId};
use esker_env::{Env, Monotonic, sim_disk::Fault};
use esker_meta::MemoryMeta;
use esker_node::Node;

use super::{
    audit::Audit,
    clients::Checks,
    machine::{Command, Machine, Reach},
    network::Network,
    rot,
    scenario::ClusterScenario,
};
use crate::history::History;

/// What faults act on. Cheap to clone.
#[derive(Clone)]
pub(super) struct Faults {
    pub(super) env: Env,
    pub(super) scenario: Arc<ClusterScenario>,
    pub(super) machines: Arc<Vec<Machine>>,
    pub(super) network: Network,
    pub(super) meta: MemoryMeta,
    pub(super) audit: Arc<Audit>,
    pub(super) checks: Arc<Checks>,
    pub(super) history: History,
}

impl Faults {
    /// Lets faults come for as long as the scenario says, then heals everything and starts every broker.
    pub(super) async fn run(&self) {
        let end = self.env.clock.now() + self.scenario.duration;
        while self.env.clock.now() < end {
            self.sleep_up_to(self.scenario.calm).await;
            let (faults, number) = (self.clone(), self.below(29));
            self.env.tasks.spawn(async move { faults.one(number, end).await });
        }
        self.heal();
    }

    /// No fault goes on. What comes of commands under way is left to the supervisors.
    pub(super) fn heal(&self) {
        self.network.heal();
        self.meta.set_unsettled(false);
        self.meta.set_down(false);
        for machine in self.machines.iter() {
            machine.set_reach(Reach::Whole);
            let shared = &machine.shared;
            shared.gate.open();
            shared.objects.set(FaultRates::default());
            shared.meta.faults().set_ambiguity(0);
            shared.meta.faults().set_latency(None);
            shared.meta.faults().set_unreachable(false);
            let disk = machine.disk();
            disk.set_slow(self.scenario.disk_latency);
            disk.set_capacity(self.scenario.disk_bytes);
            machine.send(Command::Start);
        }
        self.history.note(format_args!("healed"));
    }

    fn below(&self, bound: u64) -> u64 {
        self.env.random.below(bound)
    }

    fn any(&self) -> &Machine {
        &self.machines[self.below(self.machines.len() as u64) as usize]
    }

    async fn sleep_up_to(&self, longest: Duration) {
        let millis = self.below(longest.as_millis() as u64 + 1);
        self.env.clock.sleep(Duration::from_millis(millis)).await;
    }

    /// How long a fault lasts: so long at most, and not beyond the time of faults.
    async fn last(&self, longest: Duration, end: Monotonic) {
        let millis = Duration::from_millis(self.below(longest.as_millis() as u64 + 1));
        let left = end - self.env.clock.now();
        self.env.clock.sleep(millis.min(left)).await;
    }

    fn say(&self, count: &'static str, what: std::fmt::Arguments<'_>) {
        self.history.count(count);
        self.history.note(what);
    }

    async fn one(&self, number: u64, end: Monotonic) {
        let machine = self.any();
        let id = machine.id;
        match number {
            0 | 1 => {
                self.say("crashes", format_args!("crash of broker {id}"));
                machine.send(Command::Crash);
            }
            2 => self.lose_power(machine),
            3 if !self.scenario.received => {
                self.say("power losses of all", format_args!("power loss of all"));
                for machine in self.machines.iter() {
                    machine.send(Command::PowerLoss(Duration::from_millis(self.below(3_000))));
                }
            }
            3 | 4 => {
                self.say("restarts", format_args!("restart of broker {id}"));
                machine.send(Command::Restart);
            }
            5 => self.rolling_restart(end).await,
            6 | 7 => {
                self.say("pauses", format_args!("pause of broker {id}"));
                machine.shared.gate.close();
                self.last(Duration::from_secs(8), end).await;
                machine.shared.gate.open();
                self.history.note(format_args!("broker {id} goes on"));
            }
            8 | 9 => self.partition(machine, end).await,
            10 => self.slow_link(machine, end).await,
            11 => {
                let longest = Duration::from_millis(1 + self.below(1_500));
                self.say("slow disks", format_args!("disk of broker {id} up to {longest:?} slow"));
                machine.disk().set_slow(Some((longest, 1 + self.below(10))));
                self.last(Duration::from_secs(5), end).await;
                machine.disk().set_slow(self.scenario.disk_latency);
            }
            12 if !self.scenario.received => self.disk_fails(machine, end).await,
            12 | 13 => self.lose_disk(machine).await,
            14 => self.objects_fail(end).await,
            15 | 16 => self.meta_fails(machine, end).await,
            17 => {
                self.say("scale ins", format_args!("broker {id} leaves"));
                machine.send(Command::Leave);
                self.last(Duration::from_secs(10), end).await;
                machine.send(Command::Start);
            }
            18 => {
                let skew = self.below(6_000).cast_signed() - 3_000;
                self.say("clock skews", format_args!("clock of broker {id} {skew} ms ahead"));
                machine.shared.clock.set_skew(skew);
            }
            19 | 20 => self.planned_move().await,
            21 => self.clients_cut_off(machine, end).await,
            22 => self.connections_break(machine, end).await,
            23 => self.rot(machine).await,
            24 => self.leader_changes(end).await,
            25 | 26 => self.zombie(machine, end).await,
            27 => self.two_losses(machine, end).await,
            _ => {
                self.say("compactions", format_args!("the metadata store forgets the past"));
                self.meta.compact();
            }
        }
    }

    /// Where acknowledgements promise no more than the page cache of W machines, one machine may lose it and no other.
    fn lose_power(&self, machine: &Machine) {
        if self.scenario.received && machine.id.0 != 1 {
            return;
        }
        self.say("power losses", format_args!("power loss of broker {}", machine.id));
        machine.send(Command::PowerLoss(Duration::from_millis(self.below(6_000))));
    }

    async fn rolling_restart(&self, end: Monotonic) {
        self.say("rolling restarts", format_args!("rolling restart"));
        for machine in self.machines.iter() {
            if self.env.clock.now() >= end {
                return;
            }
            machine.send(Command::Restart);
            self.last(Duration::from_secs(4), end).await;
        }
    }

    async fn partition(&self, machine: &Machine, end: Monotonic) {
        let id = machine.id;
        let others: Vec<BrokerId> =
            self.machines.iter().map(|other| other.id).filter(|other| *other != id).collect();
        let mut cuts = Vec::new();
        let kind = self.below(4);
        let count = if kind == 3 { 1 } else { others.len() };
        for other in others.into_iter().take(count) {
            // Both ways, what it sends, what it is sent, or both ways with one other alone.
            if kind != 2 {
                cuts.push((id, other));
            }
            if kind != 1 {
                cuts.push((other, id));
            }
        }
        let meta = self.below(2) == 0;
        self.say("partitions", format_args!("cut {cuts:?}, metadata too: {meta}"));
        cuts.iter().for_each(|(from, to)| self.network.cut(*from, *to));
        machine.shared.meta.faults().set_unreachable(meta);
        self.last(Duration::from_secs(10), end).await;
        cuts.iter().for_each(|(from, to)| self.network.mend(*from, *to));
        machine.shared.meta.faults().set_unreachable(false);
        self.history.note(format_args!("mended {cuts:?}"));
    }

    async fn slow_link(&self, machine: &Machine, end: Monotonic) {
        let longest = Duration::from_millis(1 + self.below(2_000));
        let id = machine.id;
        self.say("slow links", format_args!("links of broker {id} up to {longest:?} slow"));
        for other in self.machines.iter().map(|other| other.id).filter(|other| *other != id) {
            self.network.slow(id, other, longest);
            self.network.slow(other, id, longest);
        }
        self.last(Duration::from_secs(6), end).await;
        for other in self.machines.iter().map(|other| other.id) {
            self.network.mend(id, other);
            self.network.mend(other, id);
        }
    }

    async fn disk_fails(&self, machine: &Machine, end: Monotonic) {
        let id = machine.id;
        if self.below(3) == 0 {
            self.say("full disks", format_args!("disk of broker {id} full"));
            machine.disk().set_capacity(self.below(self.scenario.disk_bytes / 2));
            self.last(Duration::from_secs(5), end).await;
            machine.disk().set_capacity(self.scenario.disk_bytes);
            return;
        }
        let kinds = [Fault::Write, Fault::Sync, Fault::Sync, Fault::Read, Fault::Metadata];
        let kind = kinds[self.below(kinds.len() as u64) as usize];
        let after = self.below(20);
        self.say("disk errors", format_args!("disk of broker {id}: {kind:?} fails after {after}"));
        machine.disk().fail_after(kind, after);
    }

    /// Only as much as the copysets bear: what more does is another test's.
    async fn lose_disk(&self, machine: &Machine) {
        if self.scenario.received {
            return; // the one that loses power is enough
        }
        let Some(store) = machine.store() else { return };
        if self.audit.lose(store).await {
            self.checks.lost_disks.fetch_add(1, Ordering::Relaxed);
            self.say("disk losses", format_args!("disk loss of broker {}", machine.id));
            machine.send(Command::LoseDisk);
        } else {
            self.history.count("disk losses not borne");
        }
    }

    /// A writer loses its disk while one of its stores lags behind; once that is recovered, and what the other store had is
    /// copied, that one loses power and the other its disk.
    async fn two_losses(&self, machine: &Machine, end: Monotonic) {
        if self.scenario.received {
            return;
        }
        let first = self.below(self.machines.len() as u64) as usize;
        let mut others = self.machines.iter().cycle().skip(first).filter(|other| other.id != machine.id);
        let (Some(lagging), Some(other)) = (others.next(), others.next()) else { return };
        self.say("double losses", format_args!("{} lags behind {} and {}", lagging.id, machine.id, other.id));
        self.network.cut(machine.id, lagging.id);
        self.last(Duration::from_millis(900), end).await;
        self.lose_disk(machine).await;
        self.last(Duration::from_secs(6), end).await;
        if self.below(2) == 0 {
            lagging.send(Command::PowerLoss(Duration::from_millis(self.below(300))));
            self.last(Duration::from_secs(1), end).await;
        }
        self.lose_disk(other).await;
        self.network.mend(machine.id, lagging.id);
    }

    /// As with lost disks, only as much as the copysets bear.
    async fn rot(&self, machine: &Machine) {
        if self.scenario.received {
            return;
        }
        let Some(store) = machine.store() else { return };
        let headers = self.below(3) == 0;
        if !self.audit.rot(store, headers).await {
            return self.history.count("bit rot not borne");
        }
        // What it holds may turn out not to count.
        self.checks.lost_disks.fetch_add(1, Ordering::Relaxed);
        for _ in 0..=self.below(3) {
            if let Some(place) = rot::flip(&machine.disk(), headers, &*self.env.random) {
                self.say("flipped bits", format_args!("disk of broker {}: a bit of {place}", machine.id));
            }
        }
    }

    /// What clients send does not arrive, or what they are answered.
    async fn clients_cut_off(&self, machine: &Machine, end: Monotonic) {
        let reach = if self.below(2) == 0 { Reach::Deaf } else { Reach::Mute };
        self.say("client cuts", format_args!("broker {} is {reach:?} to clients", machine.id));
        machine.set_reach(reach);
        self.last(Duration::from_secs(8), end).await;
        machine.set_reach(Reach::Whole);
    }

    /// A broker that was cut off for longer than its lease comes back before it has heard that it was replaced, and some
    /// clients with it. Its stores may have lost power meanwhile.
    async fn zombie(&self, machine: &Machine, end: Monotonic) {
        let id = machine.id;
        let dark = !self.scenario.received && self.below(2) == 0;
        self.say("zombies", format_args!("broker {id} is cut off from all; others lose power: {dark}"));
        let others = || self.machines.iter().filter(|other| other.id != id);
        machine.set_reach(Reach::Deaf);
        // What is under way comes to its end: its writer has nothing to miss.
        self.last(Duration::from_millis(500), end).await;
        machine.shared.meta.faults().set_unreachable(true);
        for other in others() {
            self.network.cut(id, other.id);
            self.network.cut(other.id, id);
        }
        let gone = self.scenario.config.session_ttl + Duration::from_secs(2);
        self.env.clock.sleep(gone.min(end - self.env.clock.now())).await;
        if dark {
            others().for_each(|other| other.send(Command::PowerLoss(Duration::from_millis(self.below(500)))));
            self.last(Duration::from_millis(1_500), end).await;
        }
        for other in others() {
            self.network.mend(id, other.id);
            self.network.mend(other.id, id);
        }
        machine.set_reach(Reach::Whole);
        self.last(Duration::from_secs(4), end).await;
        machine.shared.meta.faults().set_unreachable(false);
        self.history.note(format_args!("broker {id} hears of what happened"));
    }

    async fn connections_break(&self, machine: &Machine, end: Monotonic) {
        let (id, times) = (machine.id, 1 + self.below(10));
        self.say("broken connections", format_args!("connections of broker {id} break {times} times"));
        for _ in 0..times {
            for other in self.machines.iter().map(|other| other.id).filter(|other| *other != id) {
                if self.below(2) == 0 {
                    self.network.reset(id, other);
                } else {
                    self.network.reset(other, id);
                }
            }
            self.last(Duration::from_millis(400), end).await;
        }
    }

    /// What all brokers ask for is lost on the way back, then nobody answers, then all watches begin anew.
    async fn leader_changes(&self, end: Monotonic) {
        let compacts = self.below(2) == 0;
        self.say("metadata leader changes", format_args!("metadata leader goes, compaction: {compacts}"));
        self.meta.set_unsettled(true);
        self.last(Duration::from_millis(300), end).await;
        self.meta.set_down(true);
        if compacts {
            self.meta.compact();
        }
        self.last(Duration::from_secs(2), end).await;
        self.meta.set_unsettled(false);
        self.meta.set_down(false);
        self.history.note(format_args!("metadata has a leader again"));
    }

    async fn objects_fail(&self, end: Monotonic) {
        let rate = || if self.below(2) == 0 { 0 } else { self.below(300) as u32 };
        let rates = FaultRates {
            outage: rate() > 200,
            refuse: rate(),
            stall: rate() / 4,
            lose_answer: rate(),
            stall_answer: rate() / 4,
            cut: rate() / 2,
            flip: rate() / 4,
            latency: Duration::from_millis(self.below(3) * self.below(500)),
        };
        let all = self.below(2) == 0;
        let only = self.any().id;
        self.say("object store faults", format_args!("objects of broker {only} (all: {all}): {rates:?}"));
        let hit = || self.machines.iter().filter(|machine| all || machine.id == only);
        hit().for_each(|machine| machine.shared.objects.set(rates));
        self.last(Duration::from_secs(10), end).await;
        hit().for_each(|machine| machine.shared.objects.set(FaultRates::default()));
    }

    async fn meta_fails(&self, machine: &Machine, end: Monotonic) {
        let id = machine.id;
        let faults = machine.shared.meta.faults();
        let kind = self.below(4);
        self.say("metadata faults", format_args!("metadata fault {kind} of broker {id}"));
        match kind {
            0 => {
                faults.set_unreachable(true);
                self.last(Duration::from_secs(8), end).await;
                faults.set_unreachable(false);
            }
            1 => {
                faults.set_latency(Some(Duration::from_millis(1 + self.below(1_000))));
                self.last(Duration::from_secs(8), end).await;
                faults.set_latency(None);
            }
            2 => {
                self.meta.set_down(true);
                self.last(Duration::from_secs(8), end).await;
                self.meta.set_down(false);
            }
            _ => {
                let rate = self.below(400) as u32;
                let all = || self.machines.iter().map(|machine| machine.shared.meta.faults());
                all().for_each(|faults| faults.set_ambiguity(rate));
                self.last(Duration::from_secs(8), end).await;
                all().for_each(|faults| faults.set_ambiguity(0));
            }
        }
        self.history.note(format_args!("metadata well again"));
    }

    async fn planned_move(&self) {
        let (owners, living) = (self.audit.owners().await, self.audit.living().await);
        let shard = ShardId(self.below(u64::from(self.scenario.config.shards)) as u32);
        let Some(owner) = owners.get(&shard) else { return };
        let others: Vec<_> = living.values().filter(|other| other.broker != owner.broker).copied().collect();
        if others.is_empty() {
            return;
        }
        let to = others[self.below(others.len() as u64) as usize];
        let Some(machine) = self.machines.iter().find(|machine| machine.id == owner.broker) else { return };
        self.say("planned moves", format_args!("shard {shard} from {owner} to {to}"));
        let asked = machine.ask(async move |node: Arc<Node>| node.move_shard(shard, to).await);
        let moved = self.env.timeout(Duration::from_secs(30), asked).await;
        self.history.note(format_args!("shard {shard} to {to}: {moved:?}"));
    }
}
