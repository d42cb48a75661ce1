//! What is stored of a consumer group. It is only ever changed as a whole: a state that somebody looks at, or that has
//! to come back when the log refuses its successor, stays as it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_kafka_wire::KString;

use super::{
    member::Member,
    partitions::{Owned, Owners, Partitions},
};
use crate::usage::GROUP;

/// The topics that a regular expression stood for when it was last looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) topics: BTreeSet<KString>,
    /// The version of the cluster's topics.
    pub(crate) version: i64,
    /// Milliseconds since the Unix epoch.
    pub(crate) when_ms: i64,
}

/// The state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    /// Grows with every change that asks for another assignment.
    pub(crate) epoch: i32,
    /// Of the topics subscribed to, as they were at that epoch.
    pub(crate) hash: i64,
    /// The epoch that the target is made for.
    pub(crate) target_epoch: i32,
    /// When it was made, milliseconds since the Unix epoch.
    pub(crate) target_ms: i64,
    pub(crate) members: BTreeMap<KString, Arc<Member>>,
    /// What each member is to have; none is empty.
    pub(crate) targets: BTreeMap<KString, Arc<Partitions>>,
    pub(crate) regexes: BTreeMap<KString, Arc<Resolved>>,
    /// Member id by instance id.
    pub(crate) statics: BTreeMap<KString, KString>,
    pub(crate) owners: Owners,
}

impl State {
    pub(crate) fn member(&self, id: &str) -> Option<&Member> {
        self.members.get(id).map(|member| &**member)
    }

    /// What a member is to have.
    pub(crate) fn target(&self, id: &str) -> Arc<Partitions> {
        self.targets.get(id).cloned().unwrap_or_default()
    }

    /// Whether a member or its shadow has the partition.
    pub(crate) fn is_free(&self, topic: uuid::Uuid, partition: i32) -> bool {
        self.owners.get(topic, partition).is_none()
    }

    /// Adds a member, or puts it in place of what it was.
    ///
    /// # Panics
    /// When it has a partition that another member has: no rule here allows that.
    pub(crate) fn put_member(&mut self, id: &KString, member: Member) {
        self.release(id);
        for (topic, partition) in all_of(&member) {
            let alone = self.owners.claim(topic, partition, id);
            assert!(alone, "a partition has one owner");
        }
        if let Some(instance_id) = &member.instance_id {
            self.statics.insert(instance_id.clone(), id.clone());
        }
        self.members.insert(id.clone(), Arc::new(member));
    }

    /// Takes a member out; what it had is free.
    pub(crate) fn remove_member(&mut self, id: &KString) -> Option<Arc<Member>> {
        self.release(id);
        let member = self.members.remove(id)?;
        if let Some(instance_id) = &member.instance_id
            && self.statics.get(instance_id) == Some(id)
        {
            self.statics.remove(instance_id);
        }
        self.targets.remove(id);
        Some(member)
    }

    fn release(&mut self, id: &KString) {
        if let Some(member) = self.members.get(id) {
            for (topic, partition) in all_of(member) {
                self.owners.release(topic, partition, id);
            }
        }
    }

    /// The member's topics, by name and by pattern.
    pub(crate) fn topics_of<'a>(&'a self, member: &'a Member) -> impl Iterator<Item = &'a KString> {
        let resolved = member.regex.as_ref().and_then(|regex| self.regexes.get(regex));
        let by_pattern = resolved.into_iter().flat_map(|resolved| resolved.topics.iter());
        member.topics.iter().chain(by_pattern.filter(|topic| !member.topics.contains(*topic)))
    }

    /// The topics of all members.
    pub(crate) fn all_topics(&self) -> BTreeSet<&KString> {
        let names = self.members.values().flat_map(|member| member.topics.iter());
        names.chain(self.regexes.values().flat_map(|resolved| resolved.topics.iter())).collect()
    }

    /// Forgets patterns that no member has any more.
    pub(crate) fn drop_unused_regexes(&mut self) {
        if !self.regexes.is_empty() {
            let used: BTreeSet<&KString> =
                self.members.values().filter_map(|member| member.regex.as_ref()).collect();
            let unused: Vec<KString> =
                self.regexes.keys().filter(|regex| !used.contains(regex)).cloned().collect();
            for regex in unused {
                self.regexes.remove(&regex);
            }
        }
    }

    /// Bytes in memory.
    pub(crate) fn weight(&self) -> usize {
        let members: usize = self.members.iter().map(|(id, member)| 3 * id.len() + member.weight()).sum();
        let text = |topic: &KString| size_of::<KString>() + topic.len();
        let regexes: usize = self
            .regexes
            .iter()
            .map(|(regex, resolved)| regex.len() + resolved.topics.iter().map(text).sum::<usize>())
            .sum();
        GROUP + members + regexes
    }

    /// After a load: who has what. Of partitions that the log gives to two members, which no coordinator writes, the
    /// first keeps them.
    pub(crate) fn index(&mut self) {
        self.statics.clear();
        self.owners = Owners::default();
        for (id, member) in &mut self.members {
            if let Some(instance_id) = &member.instance_id {
                self.statics.insert(instance_id.clone(), id.clone());
            }
            let twice: Vec<_> = all_of(member)
                .filter(|(topic, partition)| !self.owners.claim(*topic, *partition, id))
                .collect();
            if !twice.is_empty() {
                tracing::error!(member = %id, ?twice, "partitions that another member has already");
                let member = Arc::make_mut(member);
                for (topic, partition) in twice {
                    take_out(&mut member.assigned, topic, partition);
                    take_out(&mut member.revoking, topic, partition);
                }
            }
        }
    }
}

fn take_out(owned: &mut Owned, topic: uuid::Uuid, partition: i32) {
    if let Some(partitions) = owned.get_mut(&topic) {
        partitions.remove(&partition);
        if partitions.is_empty() {
            owned.remove(&topic);
        }
    }
}

/// What a member has, whether it is to keep it or not.
fn all_of(member: &Member) -> impl Iterator<Item = (uuid::Uuid, i32)> {
    let of = |owned: &Owned| -> Vec<(uuid::Uuid, i32)> {
        owned
            .iter()
            .flat_map(|(topic, partitions)| partitions.keys().map(|partition| (*topic, *partition)))
            .collect()
    };
    let mut all = of(&member.assigned);
    all.extend(of(&member.revoking));
    all.into_iter()
}
