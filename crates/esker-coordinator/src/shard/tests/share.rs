//! Share groups: who is in one, and who reads what.

use std::collections::BTreeMap;

use super::{
    consumer::{joining, topic_id},
    *,
};
use crate::types::{HeartbeatAnswer, ShareHeartbeat, TopicPartitions};

fn hello(member_id: &str, topics: &[&str]) -> ShareHeartbeat {
    ShareHeartbeat {
        member_id: s(member_id),
        epoch: 0,
        rack: None,
        topics: Some(topics.iter().map(|topic| s(topic)).collect()),
        client_id: s("client"),
        client_host: s("/127.0.0.1"),
    }
}

fn again(member_id: &str, epoch: i32) -> ShareHeartbeat {
    ShareHeartbeat { epoch, topics: None, ..hello(member_id, &[]) }
}

impl Bench {
    fn share_ask(&mut self, request: ShareHeartbeat) -> Token {
        self.act(|shard, cx, group, token| shard.share_heartbeat(cx, group, request, token)).1
    }

    fn share(&mut self, request: ShareHeartbeat) -> Result<HeartbeatAnswer, GroupError> {
        let token = self.share_ask(request);
        self.told(token)
    }

    /// What each member reads, by name.
    fn readers(&self) -> BTreeMap<String, TopicPartitions> {
        let found = self.shard.describe_share(&self.group).expect("a share group");
        found.members.into_iter().map(|member| (member.member_id.to_string(), member.assignment)).collect()
    }

    /// Every member hears what it is to read.
    fn all_hear(&mut self) {
        let found = self.shard.describe_share(&self.group).expect("a share group");
        for member in found.members {
            self.share(again(&member.member_id, member.epoch)).expect("a member");
        }
    }
}

fn of(topic: &str, partitions: &[i32]) -> TopicPartitions {
    vec![(topic_id(topic), partitions.to_vec())]
}

#[test]
fn members_share_partitions() {
    let (mut bench, _facts) = Bench::in_cluster(&[("t", 2)]);
    let first = bench.share(hello("a", &["t"])).unwrap();
    assert_eq!((first.epoch, first.assignment), (1, Some(of("t", &[0, 1]))));
    let second = bench.share(hello("b", &["t"])).unwrap();
    assert_eq!((second.epoch, second.assignment), (2, Some(of("t", &[1]))));
    let told = bench.share(again("a", 1)).unwrap();
    assert_eq!((told.epoch, told.assignment), (2, Some(of("t", &[0]))));
    assert_eq!(bench.share(again("a", 2)).unwrap().assignment, None);
    // More members than partitions: some read the same.
    bench.share(hello("c", &["t"])).unwrap();
    bench.all_hear();
    let readers: Vec<TopicPartitions> = bench.readers().into_values().collect();
    assert_eq!(readers, [of("t", &[0]), of("t", &[1]), of("t", &[0])]);
    bench.share(again("b", -1)).unwrap();
    bench.all_hear();
    assert_eq!(bench.readers().len(), 2);
    assert!(bench.readers().values().any(|read| *read == of("t", &[1])));
}

#[test]
fn every_partition_has_a_reader_and_nobody_has_everything() {
    let topics = [("a", 1), ("b", 1), ("c", 1), ("d", 5), ("e", 7)];
    let (mut bench, _facts) = Bench::in_cluster(&topics);
    for member in ["m", "n", "o"] {
        bench.share(hello(member, &["a", "b", "c", "d", "e", "missing"])).unwrap();
    }
    bench.share(hello("p", &["d"])).unwrap();
    bench.all_hear();
    let readers = bench.readers();
    for (topic, partitions) in topics {
        for partition in 0..partitions {
            let has = |read: &TopicPartitions| {
                read.iter().any(|(id, of)| *id == topic_id(topic) && of.contains(&partition.cast_signed()))
            };
            assert!(readers.values().any(has), "{topic}-{partition}");
        }
    }
    let sizes = readers.values().map(|read| read.iter().map(|(_, of)| of.len()).sum::<usize>());
    assert!(sizes.max() <= Some(7));
}

#[test]
fn epochs_are_checked() {
    let (mut bench, _facts) = Bench::in_cluster(&[("t", 2)]);
    assert_eq!(bench.share(again("a", 1)), Err(GroupError::GroupNotFound));
    bench.share(hello("a", &["t"])).unwrap();
    assert_eq!(bench.share(again("x", 1)), Err(GroupError::UnknownMember));
    assert_eq!(bench.share(again("x", -1)), Err(GroupError::UnknownMember));
    assert_eq!(bench.share(again("a", 5)), Err(GroupError::FencedMemberEpoch));
    bench.share(hello("b", &["t"])).unwrap();
    assert_eq!(bench.share(again("a", 1)).unwrap().epoch, 2);
    // That answer was lost.
    assert_eq!(bench.share(again("a", 1)).unwrap().epoch, 2);
    bench.share(hello("c", &["t"])).unwrap();
    bench.share(again("a", 2)).unwrap();
    assert_eq!(bench.share(again("a", 1)), Err(GroupError::FencedMemberEpoch));
}

#[test]
fn who_is_silent_is_out_and_topics_may_change() {
    let (mut bench, facts) = Bench::in_cluster(&[("t", 1)]);
    bench.share(hello("a", &["t", "later"])).unwrap();
    bench.share(hello("b", &["t", "later"])).unwrap();
    facts.set("later", 1);
    bench.all_hear();
    bench.all_hear();
    assert!(bench.readers().values().flatten().any(|(id, _)| *id == topic_id("later")));
    bench.pass(Duration::from_secs(30));
    let epoch = bench.shard.describe_share(&bench.group).unwrap().epoch;
    bench.share(again("a", epoch)).unwrap();
    bench.pass(Duration::from_secs(20));
    assert_eq!(bench.readers().keys().collect::<Vec<_>>(), ["a"]);
    bench.pass(Duration::from_secs(60));
    assert_eq!(bench.shard.describe_share(&bench.group).unwrap().state, "Empty");
}

#[test]
fn what_could_not_be_stored_did_not_happen() {
    let (mut bench, _facts) = Bench::in_cluster(&[("t", 2)]);
    bench.share(hello("a", &["t"])).unwrap();
    bench.durable = false;
    let joins = bench.share_ask(hello("b", &["t"]));
    let waits = bench.share_ask(hello("c", &["t"]));
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.told(joins), Err(GroupError::Unavailable));
    bench.flush(Ok(()));
    assert_eq!(bench.told(waits).unwrap().epoch, 2);
    assert_eq!(bench.readers().keys().collect::<Vec<_>>(), ["a", "c"]);
    // A group that nothing came of is none.
    bench.group = s("h");
    let joins = bench.share_ask(hello("a", &["t"]));
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.told(joins), Err(GroupError::Unavailable));
    assert_eq!(bench.shard.describe_share(&bench.group), None);
}

#[test]
fn a_group_survives_its_coordinator() {
    let (mut bench, facts) = Bench::in_cluster(&[("t", 3)]);
    for member in ["a", "b"] {
        bench.share(ShareHeartbeat { rack: Some(s("here")), ..hello(member, &["t"]) }).unwrap();
    }
    bench.all_hear();
    let before = bench.shard.describe_share(&bench.group);
    bench.reload();
    bench.surround(&facts);
    assert_eq!(bench.shard.describe_share(&bench.group), before);
    assert_eq!(bench.share(again("a", 2)).unwrap().epoch, 2);
    // Sessions are watched anew.
    bench.pass(Duration::from_secs(46));
    assert_eq!(bench.shard.describe_share(&bench.group).unwrap().state, "Empty");
}

#[test]
fn an_id_belongs_to_one_kind_of_group() {
    let (mut bench, _facts) = Bench::in_cluster(&[("t", 1)]);
    bench.share(hello("a", &["t"])).unwrap();
    assert_eq!(bench.beat(joining("b")), Err(GroupError::InconsistentProtocol));
    let token = bench.join(&consumer(""));
    assert_eq!(bench.joined(token).error, Some(GroupError::InconsistentProtocol));
    bench.group = s("h");
    bench.beat(joining("b")).unwrap();
    assert_eq!(bench.share(hello("a", &["t"])), Err(GroupError::GroupNotFound));
    let kinds: Vec<_> =
        bench.shard.list().map(|group| (group.group.to_string(), group.kind.as_str())).collect();
    assert_eq!(kinds, [("h".to_owned(), "consumer"), ("g".to_owned(), "share")]);
}

#[test]
fn an_empty_group_can_be_deleted() {
    let (mut bench, facts) = Bench::in_cluster(&[("t", 1)]);
    bench.share(hello("a", &["t"])).unwrap();
    let token = bench.act(|shard, cx, group, token| shard.delete(cx, group, token)).1;
    assert_eq!(bench.written(token), Err(GroupError::NonEmptyGroup));
    bench.share(again("a", -1)).unwrap();
    let token = bench.act(|shard, cx, group, token| shard.delete(cx, group, token)).1;
    assert_eq!(bench.written(token), Ok(()));
    let token = bench.act(|shard, cx, group, token| shard.delete(cx, group, token)).1;
    assert_eq!(bench.written(token), Err(GroupError::GroupNotFound));
    bench.reload();
    bench.surround(&facts);
    assert_eq!(bench.shard.describe_share(&bench.group), None);
    // The name is free.
    bench.beat(joining("b")).unwrap();
}

#[test]
fn groups_are_bounded() {
    let (mut bench, _facts) = Bench::in_cluster(&[("t", 1)]);
    bench.config.share.max_members = 1;
    bench.share(hello("a", &["t"])).unwrap();
    assert_eq!(bench.share(hello("b", &["t"])), Err(GroupError::GroupFull));
    bench.config.max_member_metadata = 2000;
    let many: Vec<String> = (0..100).map(|n| format!("topic-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(bench.share(hello("a", &many)), Err(GroupError::Limit));
    bench.config.max_groups_per_partition = 1;
    bench.group = s("h");
    assert_eq!(bench.share(hello("a", &["t"])), Err(GroupError::Limit));
}
