//! What members subscribe to, by name and by pattern, and whether the cluster's topics have changed under them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_kafka_wire::KString;
use regex::{Regex, RegexBuilder};
use uuid::Uuid;

use super::{
    assign::{Assignor, Candidate, Topics, assign},
    member::Member,
    state::{Resolved, State},
};
use crate::{effects::Now, error::GroupError, facts::ClusterFacts};

/// The longest pattern, bytes.
const MAX_PATTERN: usize = 4096;
/// The most memory that a compiled pattern may take, bytes. Matching is linear in the topic's name.
const MAX_PROGRAM: usize = 1 << 20;

/// A pattern of RE2's syntax, which must match a whole name. Quoting with `\Q` and `\E`, which the engine does not know,
/// is translated.
///
/// # Errors
/// [`GroupError::InvalidRegularExpression`], also for one that would take much memory.
pub(super) fn compile(pattern: &str) -> Result<Regex, GroupError> {
    if pattern.len() > MAX_PATTERN {
        return Err(GroupError::InvalidRegularExpression);
    }
    // A pattern must be sound by itself: brackets of its own must not pair with those around it.
    let pattern = unquote(pattern);
    let check =
        |text: &str| RegexBuilder::new(text).size_limit(MAX_PROGRAM).dfa_size_limit(MAX_PROGRAM).build();
    check(&pattern)
        .and_then(|_| check(&format!("^(?:{pattern})$")))
        .map_err(|_| GroupError::InvalidRegularExpression)
}

fn unquote(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut rest = pattern;
    loop {
        // A backslash that is itself escaped begins nothing.
        let mut start = None;
        let bytes = rest.as_bytes();
        let mut at = 0;
        while at + 1 < bytes.len() {
            if bytes[at] == b'\\' {
                if bytes[at + 1] == b'Q' {
                    start = Some(at);
                    break;
                }
                at += 1;
            }
            at += 1;
        }
        let Some(start) = start else {
            plain.push_str(rest);
            return plain;
        };
        plain.push_str(&rest[..start]);
        let quoted = &rest[start + 2..];
        let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
        plain.push_str(&regex::escape(literal));
        rest = after;
    }
}

/// The topics that a pattern stands for now.
pub(super) fn resolve(pattern: &str, facts: &dyn ClusterFacts, now: Now) -> Result<Resolved, GroupError> {
    let regex = compile(pattern)?;
    let names = facts.topic_names().into_iter();
    let topics = names.filter(|name| regex.is_match(name)).map(|name| name.compact()).collect();
    Ok(Resolved { topics, version: facts.version(), when_ms: now.wall_ms })
}

/// Names, and a pattern.
type Subscription<'a> = (&'a BTreeSet<KString>, Option<&'a KString>);

impl State {
    /// A number that changes when any of the topics subscribed to has come, gone, grown, or been made anew (FNV-1a).
    pub(super) fn topics_hash(&self, facts: &dyn ClusterFacts) -> i64 {
        const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut hash = BASIS;
        let mut add = |bytes: &[u8]| {
            for byte in bytes {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
            }
        };
        for name in self.all_topics() {
            if let Some(topic) = facts.topic(name) {
                add(name.as_bytes());
                add(topic.id.as_bytes());
                add(&topic.partitions.to_be_bytes());
            }
        }
        hash.cast_signed()
    }

    /// Ids of a member's topics that exist.
    pub(super) fn topic_ids(&self, member: &Member, facts: &dyn ClusterFacts) -> BTreeSet<Uuid> {
        self.topics_of(member).filter_map(|name| facts.topic(name)).map(|topic| topic.id).collect()
    }

    /// The assignor that most members would like, among those that say.
    pub(crate) fn assignor(&self) -> Assignor {
        let mut votes: BTreeMap<Assignor, usize> = BTreeMap::new();
        for member in self.members.values() {
            if let Some(assignor) = member.assignor.as_deref().and_then(Assignor::named) {
                *votes.entry(assignor).or_default() += 1;
            }
        }
        let winner = votes.into_iter().rev().max_by_key(|(_, count)| *count);
        winner.map(|(assignor, _)| assignor).unwrap_or_default()
    }

    /// Makes a new target for the group's epoch.
    pub(super) fn make_target(&mut self, facts: &dyn ClusterFacts, now: Now) {
        let mut topics = Topics::new();
        // Members mostly subscribe to the same topics: look each set up once.
        let mut ids: BTreeMap<Subscription<'_>, Arc<BTreeSet<Uuid>>> = BTreeMap::new();
        let mut candidates = Vec::with_capacity(self.members.len());
        for (id, member) in &self.members {
            let subscription = (&member.topics, member.regex.as_ref());
            let found = ids.entry(subscription).or_insert_with(|| {
                let known = self.topics_of(member).filter_map(|name| facts.topic(name));
                let known = known.inspect(|topic| {
                    topics.insert(topic.id, topic.partitions);
                });
                Arc::new(known.map(|topic| topic.id).collect())
            });
            candidates.push(Candidate {
                id: id.clone(),
                instance_id: member.instance_id.clone(),
                topics: Arc::clone(found),
                before: self.targets.get(id).cloned().unwrap_or_default(),
            });
        }
        let targets = assign(self.assignor(), &candidates, &topics);
        self.targets = candidates
            .into_iter()
            .zip(targets)
            .filter(|(_, target)| !target.is_empty())
            .map(|(candidate, target)| {
                // What stays the same stays where it is, and is not written again.
                let same = *candidate.before == target;
                (candidate.id, if same { candidate.before } else { Arc::new(target) })
            })
            .collect();
        self.target_epoch = self.epoch;
        self.target_ms = now.wall_ms;
    }
}
