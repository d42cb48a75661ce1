//! What goes wrong: faults come, last for a while, and go.

use std::time::Duration;

use esker_archive::faults::{FaultRates, FaultyStore};
use esker_env::{Env, sim_disk::Fault};
use esker_meta::MemoryMeta;

use crate::{
    history::History,
    host::{Command, Host},
    scenario::Scenario,
};

/// What faults act on.
pub(crate) struct Faults {
    pub(crate) env: Env,
    pub(crate) host: Host,
    pub(crate) objects: FaultyStore,
    pub(crate) meta: MemoryMeta,
    pub(crate) history: History,
}

impl Faults {
    /// Lets faults come and go for as long as the scenario says, then heals everything but the broker.
    pub(crate) async fn run(&self, scenario: &Scenario) {
        let end = self.env.clock.now() + scenario.duration;
        while self.env.clock.now() < end {
            self.sleep_up_to(scenario.calm).await;
            self.one(scenario).await;
        }
        self.heal(scenario);
    }

    /// No fault goes on.
    pub(crate) fn heal(&self, scenario: &Scenario) {
        self.objects.set(FaultRates::default());
        self.meta.faults().set_ambiguity(0);
        self.meta.faults().set_latency(None);
        self.meta.faults().set_unreachable(false);
        let disk = self.host.disk();
        disk.set_slow(scenario.disk_latency);
        disk.set_capacity(scenario.disk_bytes);
        self.history.note(format_args!("healed"));
    }

    async fn sleep_up_to(&self, longest: Duration) {
        let millis = self.env.random.below(longest.as_millis() as u64 + 1);
        self.env.clock.sleep(Duration::from_millis(millis)).await;
    }

    /// Lets a fault last; now and then the broker or the machine dies in the middle of it.
    async fn last_up_to(&self, scenario: &Scenario, longest: Duration) {
        self.sleep_up_to(longest).await;
        match self.env.random.below(6) {
            0 => self.host.send(Command::Crash),
            1 if scenario.power_loss => self.host.send(Command::PowerLoss),
            2 => self.host.send(Command::Restart),
            _ => return,
        }
        self.sleep_up_to(longest).await;
    }

    async fn one(&self, scenario: &Scenario) {
        let random = self.env.random.as_ref();
        match random.below(16) {
            0 | 1 => self.host.send(Command::Crash),
            2..=4 if scenario.power_loss => self.host.send(Command::PowerLoss),
            2..=4 => self.host.send(Command::Crash),
            5 => self.host.send(Command::Restart),
            6 => self.host.send(Command::Move),
            7 => {
                let kinds = [Fault::Write, Fault::Sync, Fault::Sync, Fault::Read, Fault::Metadata];
                let kind = kinds[random.below(kinds.len() as u64) as usize];
                let after = random.below(20);
                self.history.note(format_args!("disk: {kind:?} fails after {after}"));
                self.history.count("disk errors");
                self.host.disk().fail_after(kind, after);
            }
            8 => {
                let longest = Duration::from_millis(1 + random.below(2_000));
                self.history.note(format_args!("disk: up to {longest:?} slow"));
                self.host.disk().set_slow(Some((longest, 1 + random.below(20))));
                self.last_up_to(scenario, Duration::from_secs(5)).await;
                self.host.disk().set_slow(scenario.disk_latency);
            }
            9 => {
                self.history.note(format_args!("disk: full"));
                self.history.count("disk full");
                self.host.disk().set_capacity(random.below(scenario.disk_bytes / 2));
                self.last_up_to(scenario, Duration::from_secs(5)).await;
                self.host.disk().set_capacity(scenario.disk_bytes);
            }
            10..=13 => self.objects_fail(scenario).await,
            _ => self.meta_fails(scenario).await,
        }
    }

    async fn objects_fail(&self, scenario: &Scenario) {
        let random = self.env.random.as_ref();
        let rate = || if random.below(2) == 0 { 0 } else { random.below(300) as u32 };
        let rates = FaultRates {
            outage: rate() > 200,
            refuse: rate(),
            stall: rate() / 4,
            lose_answer: rate(),
            stall_answer: rate() / 4,
            cut: rate() / 2,
            flip: rate() / 4,
            latency: Duration::from_millis(random.below(3) * random.below(800)),
        };
        self.history.note(format_args!("objects: {rates:?}"));
        self.history.count("object store faults");
        self.objects.set(rates);
        self.last_up_to(scenario, Duration::from_secs(15)).await;
        if random.below(4) > 0 {
            self.objects.set(FaultRates::default());
            self.history.note(format_args!("objects: well again"));
        }
    }

    async fn meta_fails(&self, scenario: &Scenario) {
        let random = self.env.random.as_ref();
        let faults = self.meta.faults();
        self.history.count("metadata faults");
        match random.below(4) {
            0 => {
                self.history.note(format_args!("metadata: unreachable"));
                faults.set_unreachable(true);
                self.last_up_to(scenario, Duration::from_secs(12)).await;
                faults.set_unreachable(false);
            }
            1 => {
                let latency = Duration::from_millis(1 + random.below(1_500));
                self.history.note(format_args!("metadata: {latency:?} late"));
                faults.set_latency(Some(latency));
                self.last_up_to(scenario, Duration::from_secs(10)).await;
                faults.set_latency(None);
            }
            2 => {
                self.history.note(format_args!("metadata: down"));
                self.meta.set_down(true);
                self.last_up_to(scenario, Duration::from_secs(12)).await;
                self.meta.set_down(false);
            }
            _ => {
                let rate = random.below(400) as u32;
                self.history.note(format_args!("metadata: {rate} of 1000 answers lost"));
                faults.set_ambiguity(rate);
                self.last_up_to(scenario, Duration::from_secs(15)).await;
                faults.set_ambiguity(0);
            }
        }
        self.history.note(format_args!("metadata: well again"));
    }
}
