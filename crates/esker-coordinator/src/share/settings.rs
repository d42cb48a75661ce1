//! Settings of share groups: plain data, defaults as in Kafka 4.3.

use std::time::Duration;

use esker_share::{Heeds, Limits};

/// What an operator may choose, and the bounds that keep memory finite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareConfig {
    /// How long a record stays with a member that does not answer (`group.share.record.lock.duration.ms`).
    pub lock: Duration,
    /// The least that a single group may be given (`group.share.min.record.lock.duration.ms`).
    pub min_lock: Duration,
    /// The most that a single group may be given (`group.share.max.record.lock.duration.ms`).
    pub max_lock: Duration,
    /// How often a record is given out before it is given up (`group.share.delivery.count.limit`).
    pub max_deliveries: u16,
    /// The least that a single group may be given (`group.share.min.delivery.count.limit`).
    pub min_delivery_limit: u16,
    /// The most that a single group may be given (`group.share.max.delivery.count.limit`).
    pub max_delivery_limit: u16,
    /// The most records of a partition that are not done with (`group.share.partition.max.record.locks`).
    pub max_locks: u32,
    /// The least that a single group may be given (`group.share.min.partition.max.record.locks`).
    pub min_lock_limit: u32,
    /// The most that a single group may be given (`group.share.max.partition.max.record.locks`).
    pub max_lock_limit: u32,
    /// Without a heartbeat for this long, a member is out (`group.share.session.timeout.ms`).
    pub session_timeout: Duration,
    /// The least that a single group may be given (`group.share.min.session.timeout.ms`).
    pub min_session_timeout: Duration,
    /// The most that a single group may be given (`group.share.max.session.timeout.ms`).
    pub max_session_timeout: Duration,
    /// How often members are told to send heartbeats (`group.share.heartbeat.interval.ms`).
    pub heartbeat_interval: Duration,
    /// The least that a single group may be given (`group.share.min.heartbeat.interval.ms`).
    pub min_heartbeat_interval: Duration,
    /// The most that a single group may be given (`group.share.max.heartbeat.interval.ms`).
    pub max_heartbeat_interval: Duration,
    /// The most members a group may have (`group.share.max.size`).
    pub max_members: usize,
    /// The most bytes of share partitions in memory, over all that this broker leads: beyond it there are no new ones.
    pub max_state: usize,
    /// Partitions of `__share_group_state` when it is created: the cluster's shards.
    pub topic_partitions: u32,
    /// After so many records (or 16 MiB), if they are four times as many bytes as there are to keep, what nobody needs any more of the
    /// log is cut off.
    pub checkpoint_records: u64,
    /// About how many bytes of records go into one batch.
    pub batch_bytes: usize,
}

impl Default for ShareConfig {
    fn default() -> Self {
        Self {
            lock: Duration::from_secs(30),
            min_lock: Duration::from_secs(15),
            max_lock: Duration::from_secs(60),
            max_deliveries: 5,
            min_delivery_limit: 2,
            max_delivery_limit: 10,
            max_locks: 2000,
            min_lock_limit: 100,
            max_lock_limit: 4000,
            session_timeout: Duration::from_secs(45),
            min_session_timeout: Duration::from_secs(45),
            max_session_timeout: Duration::from_secs(60),
            heartbeat_interval: Duration::from_secs(5),
            min_heartbeat_interval: Duration::from_secs(5),
            max_heartbeat_interval: Duration::from_secs(15),
            max_members: 200,
            max_state: 512 << 20,
            topic_partitions: 1,
            checkpoint_records: 10_000,
            batch_bytes: 1 << 20,
        }
    }
}

impl ShareConfig {
    /// What counts for a group of which this is set.
    #[must_use]
    pub fn limits(&self, own: &ShareOverrides) -> Limits {
        let lock = own.lock.map_or(self.lock, |own| own.clamp(self.min_lock, self.max_lock));
        let deliveries = own
            .max_deliveries
            .map_or(self.max_deliveries, |own| own.clamp(self.min_delivery_limit, self.max_delivery_limit));
        let locks =
            own.max_locks.map_or(self.max_locks, |own| own.clamp(self.min_lock_limit, self.max_lock_limit));
        Limits {
            lock,
            max_deliveries: deliveries.max(1),
            max_locks: locks,
            dead_letters: own.dead_letters,
            heeds: own.heeds,
        }
    }

    /// Without a sign of life for this long, a member is out.
    #[must_use]
    pub fn session_timeout(&self, own: &ShareOverrides) -> Duration {
        own.session_timeout
            .map_or(self.session_timeout, |own| own.clamp(self.min_session_timeout, self.max_session_timeout))
    }

    /// How often members are to send heartbeats.
    #[must_use]
    pub fn heartbeat_interval(&self, own: &ShareOverrides) -> Duration {
        own.heartbeat_interval.map_or(self.heartbeat_interval, |own| {
            own.clamp(self.min_heartbeat_interval, self.max_heartbeat_interval)
        })
    }
}

/// Where a share group begins in a partition that it has not read before (`share.auto.offset.reset`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShareReset {
    /// With what comes after its first fetch.
    #[default]
    Latest,
    /// With the first record there is.
    Earliest,
    /// With what is not older than this.
    ByDuration(Duration),
}

impl ShareReset {
    /// What a value of the config says: `latest`, `earliest`, or `by_duration:` with an ISO 8601 duration of days, hours,
    /// minutes and seconds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "latest" => Some(Self::Latest),
            "earliest" => Some(Self::Earliest),
            other => iso_duration(other.strip_prefix("by_duration:")?).map(Self::ByDuration),
        }
    }
}

/// `PnDTnHnMn.nS`, of which any part but one may be missing.
fn iso_duration(text: &str) -> Option<Duration> {
    let text = text.trim().to_ascii_uppercase();
    let rest = text.strip_prefix('P')?;
    let (days, time) = rest.split_once('T').map_or((rest, None), |(days, time)| (days, Some(time)));
    let mut seconds = 0.0_f64;
    let mut parts = 0;
    let mut take = |text: &str, units: &[(char, f64)]| -> Option<()> {
        let mut number = String::new();
        let mut units = units.iter();
        for letter in text.chars() {
            if letter.is_ascii_digit() || letter == '.' {
                number.push(letter);
                continue;
            }
            // Units come in this order, each once.
            let (_, each) = units.find(|(unit, _)| *unit == letter)?;
            seconds += std::mem::take(&mut number).parse::<f64>().ok()? * each;
            parts += 1;
        }
        number.is_empty().then_some(())
    };
    take(days, &[('D', 86_400.0)])?;
    if let Some(time) = time {
        if time.is_empty() {
            return None;
        }
        take(time, &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)])?;
    }
    if parts == 0 { None } else { Duration::try_from_secs_f64(seconds).ok() }
}

/// The config of a group that names the topic of its dead letters.
pub(crate) const DEAD_LETTERS: &str = "errors.deadletterqueue.topic.name";

/// The config of a group for which `esker.deliver-at` and `esker.expires-at` count.
pub const HEEDS_TIMES: &str = "esker.share.message.times.enable";
/// The config of a group for which `esker.priority` counts.
pub const HEEDS_PRIORITY: &str = "esker.share.message.priority.enable";
/// The config of a group whose members get records of a key one after another.
pub const HEEDS_ORDER: &str = "esker.share.key.order.enable";

/// What an operator has set for one share group; `None` where the broker's default counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShareOverrides {
    /// `share.record.lock.duration.ms`.
    pub lock: Option<Duration>,
    /// `share.delivery.count.limit`.
    pub max_deliveries: Option<u16>,
    /// `share.partition.max.record.locks`.
    pub max_locks: Option<u32>,
    /// `share.session.timeout.ms`.
    pub session_timeout: Option<Duration>,
    /// `share.heartbeat.interval.ms`.
    pub heartbeat_interval: Option<Duration>,
    /// `share.auto.offset.reset`.
    pub reset: Option<ShareReset>,
    /// `share.isolation.level` is `read_committed`.
    pub committed: Option<bool>,
    /// `share.renew.acknowledge.enable`.
    pub renew: Option<bool>,
    /// `errors.deadletterqueue.topic.name` names a topic.
    pub dead_letters: bool,
    /// `errors.deadletterqueue.copy.record.enable`.
    pub copy_dead_letters: bool,
    /// [`HEEDS_TIMES`], [`HEEDS_PRIORITY`], [`HEEDS_ORDER`].
    pub heeds: Heeds,
}

impl ShareOverrides {
    /// From what is set, `value` of each key.
    #[must_use]
    pub fn read(value: impl Fn(&str) -> Option<String>) -> Self {
        let yes = |key: &str| value(key).is_some_and(|text| text == "true");
        let millis = |key: &str| Some(Duration::from_millis(value(key)?.parse().ok()?));
        Self {
            lock: millis("share.record.lock.duration.ms"),
            max_deliveries: value("share.delivery.count.limit").and_then(|text| text.parse().ok()),
            max_locks: value("share.partition.max.record.locks").and_then(|text| text.parse().ok()),
            session_timeout: millis("share.session.timeout.ms"),
            heartbeat_interval: millis("share.heartbeat.interval.ms"),
            reset: value("share.auto.offset.reset").and_then(|text| ShareReset::parse(&text)),
            committed: value("share.isolation.level").map(|text| text == "read_committed"),
            renew: value("share.renew.acknowledge.enable").and_then(|text| text.parse().ok()),
            dead_letters: value(DEAD_LETTERS).is_some_and(|topic| !topic.is_empty()),
            copy_dead_letters: yes("errors.deadletterqueue.copy.record.enable"),
            heeds: Heeds { times: yes(HEEDS_TIMES), priority: yes(HEEDS_PRIORITY), order: yes(HEEDS_ORDER) },
        }
    }
}
