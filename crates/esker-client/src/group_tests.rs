use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use esker_core::batch::{BatchBuilder, Compression, NewRecord};
use esker_kafka_wire::messages::join_group_response::JoinGroupResponseMember;
use esker_kafka_wire::messages::*;
use esker_kafka_wire::{ErrorCode, KString, decode_prefixed};
use parking_lot::Mutex;

use crate::testing::{FakeBroker, answer};
use crate::*;

/// What the coordinator of the script was told.
#[derive(Default)]
struct Told {
    assignments: Vec<(String, ConsumerProtocolAssignment)>,
    commits: Vec<OffsetCommitRequest>,
    left: bool,
}

fn broker() -> FakeBroker {
    let broker = FakeBroker::new(&[("t", 3)]);
    for partition in 0..3 {
        let mut builder = BatchBuilder::new(Compression::None);
        builder.push(&NewRecord { value: Some(b"x"), ..NewRecord::default() }).unwrap();
        broker.append("t", partition, &builder.build().unwrap());
    }
    broker
}

/// A join as leader together with another member, in this generation.
fn join_as_leader(broker: &FakeBroker, told: &Arc<Mutex<Told>>, generation: i32) {
    let mut state = broker.state.lock();
    state.script.push_back(answer(move |request: JoinGroupRequest| {
        assert_eq!(request.member_id.as_str(), "me");
        let member = |id: &str| JoinGroupResponseMember {
            member_id: KString::from(id),
            metadata: request.protocols[0].metadata.clone(),
            ..Default::default()
        };
        JoinGroupResponse {
            generation_id: generation,
            protocol_type: Some(KString::from("consumer")),
            protocol_name: Some(KString::from("range")),
            leader: KString::from("me"),
            member_id: KString::from("me"),
            members: vec![member("me"), member("other")],
            ..Default::default()
        }
    }));
    let told = Arc::clone(told);
    state.script.push_back(answer(move |request: SyncGroupRequest| {
        assert_eq!(request.generation_id, generation);
        let mut mine = Bytes::new();
        for one in request.assignments {
            if one.member_id.as_str() == "me" {
                mine = one.assignment.clone();
            }
            let decoded = decode_prefixed::<ConsumerProtocolAssignment>(one.assignment).unwrap().1;
            told.lock().assignments.push((one.member_id.as_str().to_owned(), decoded));
        }
        SyncGroupResponse { assignment: mine, ..Default::default() }
    }));
    // Partition 1 was read before, partition 0 never.
    state.script.push_back(answer(|request: OffsetFetchRequest| {
        let topics = request.groups[0].topics.clone().unwrap();
        assert_eq!(topics[0].partition_indexes, [0, 1]);
        let offset =
            |partition_index, committed_offset| offset_fetch_response::OffsetFetchResponsePartitions {
                partition_index,
                committed_offset,
                ..Default::default()
            };
        let topic = offset_fetch_response::OffsetFetchResponseTopics {
            name: KString::from("t"),
            partitions: vec![offset(0, -1), offset(1, 1)],
            ..Default::default()
        };
        let group = offset_fetch_response::OffsetFetchResponseGroup {
            group_id: KString::from("g"),
            topics: vec![topic],
            ..Default::default()
        };
        OffsetFetchResponse { groups: vec![group], ..Default::default() }
    }));
}

fn take_commit(broker: &FakeBroker, told: &Arc<Mutex<Told>>) {
    let told = Arc::clone(told);
    broker.state.lock().script.push_back(answer(move |request: OffsetCommitRequest| {
        told.lock().commits.push(request);
        OffsetCommitResponse::default()
    }));
}

async fn member(broker: &FakeBroker) -> GroupConsumer {
    let config = GroupConfig {
        start: StartAt::Earliest,
        heartbeat: Duration::from_millis(5),
        auto_commit: None,
        ..GroupConfig::new("g", ["t"])
    };
    let consumer = ConsumerConfig { max_wait: Duration::ZERO, ..ConsumerConfig::default() };
    GroupConsumer::new(&broker.client().await, consumer, config).unwrap()
}

/// Polls until a record comes.
async fn poll(member: &mut GroupConsumer) -> Polled {
    for _ in 0..100 {
        let mut polled = member.poll(Duration::from_millis(100)).await.unwrap();
        if !polled.is_empty() {
            return polled.remove(0);
        }
    }
    panic!("no record came");
}

#[tokio::test]
async fn a_member_joins_assigns_reads_commits_rejoins_and_leaves() {
    let (broker, told) = (broker(), Arc::new(Mutex::new(Told::default())));
    broker.state.lock().script.push_back(answer(|request: JoinGroupRequest| {
        assert!(request.member_id.is_empty());
        let error_code = ErrorCode::MemberIdRequired.code();
        JoinGroupResponse { error_code, member_id: KString::from("me"), ..Default::default() }
    }));
    join_as_leader(&broker, &told, 1);
    let mut member = member(&broker).await;
    let polled = poll(&mut member).await;
    // Three partitions for two members: partition 1 is committed up to its end, so partition 0 has the one record.
    assert_eq!((polled.partition, polled.first_offset()), (0, 0));
    assert_eq!(told.lock().assignments.len(), 2);
    assert_eq!(told.lock().assignments[1].1.assigned_partitions[0].partitions, [2]);

    member.mark_done(&polled.topic, 0, 1);
    take_commit(&broker, &told);
    member.commit().await.unwrap();
    {
        let told = told.lock();
        let commit = &told.commits[0];
        assert_eq!((commit.generation_id_or_member_epoch, commit.member_id.as_str()), (1, "me"));
        let partition = &commit.topics[0].partitions[0];
        assert_eq!((partition.partition_index, partition.committed_offset), (0, 1));
    }

    // A heartbeat says that the group rebalances: what is done is committed before the next join.
    member.mark_done(&polled.topic, 0, 1);
    {
        let error_code = ErrorCode::RebalanceInProgress.code();
        let rebalance =
            answer(move |_: HeartbeatRequest| HeartbeatResponse { error_code, ..Default::default() });
        broker.state.lock().script.push_back(rebalance);
    }
    take_commit(&broker, &told);
    join_as_leader(&broker, &told, 2);
    assert_eq!(poll(&mut member).await.partition, 0);
    assert_eq!(told.lock().commits.len(), 2);

    let leaving = Arc::clone(&told);
    broker.state.lock().script.push_back(answer(move |request: LeaveGroupRequest| {
        leaving.lock().left = request.members[0].member_id.as_str() == "me";
        LeaveGroupResponse::default()
    }));
    member.close().await.unwrap();
    assert!(told.lock().left);
}
