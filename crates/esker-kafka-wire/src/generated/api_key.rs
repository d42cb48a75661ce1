//! The table of APIs. Generated from `proto/kafka`, not to be edited.

use crate::api_key::ApiInfo;

/// An API that the codec carries. The discriminant is the key on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i16)]
pub enum ApiKey {
    /// Versions 3-13.
    Produce = 0,
    /// Versions 4-18.
    Fetch = 1,
    /// Versions 1-11.
    ListOffsets = 2,
    /// Versions 0-13.
    Metadata = 3,
    /// Versions 2-10.
    OffsetCommit = 8,
    /// Versions 1-10.
    OffsetFetch = 9,
    /// Versions 0-6.
    FindCoordinator = 10,
    /// Versions 0-9.
    JoinGroup = 11,
    /// Versions 0-4.
    Heartbeat = 12,
    /// Versions 0-5.
    LeaveGroup = 13,
    /// Versions 0-5.
    SyncGroup = 14,
    /// Versions 0-6.
    DescribeGroups = 15,
    /// Versions 0-5.
    ListGroups = 16,
    /// Versions 0-1.
    SaslHandshake = 17,
    /// Versions 0-4.
    ApiVersions = 18,
    /// Versions 2-7.
    CreateTopics = 19,
    /// Versions 1-6.
    DeleteTopics = 20,
    /// Versions 0-2.
    DeleteRecords = 21,
    /// Versions 0-6.
    InitProducerId = 22,
    /// Versions 2-4.
    OffsetForLeaderEpoch = 23,
    /// Versions 0-5.
    AddPartitionsToTxn = 24,
    /// Versions 0-4.
    AddOffsetsToTxn = 25,
    /// Versions 0-5.
    EndTxn = 26,
    /// Versions 1-2.
    WriteTxnMarkers = 27,
    /// Versions 0-5.
    TxnOffsetCommit = 28,
    /// Versions 1-3.
    DescribeAcls = 29,
    /// Versions 1-3.
    CreateAcls = 30,
    /// Versions 1-3.
    DeleteAcls = 31,
    /// Versions 1-4.
    DescribeConfigs = 32,
    /// Versions 0-2.
    AlterConfigs = 33,
    /// Versions 1-2.
    AlterReplicaLogDirs = 34,
    /// Versions 1-5.
    DescribeLogDirs = 35,
    /// Versions 0-2.
    SaslAuthenticate = 36,
    /// Versions 0-3.
    CreatePartitions = 37,
    /// Versions 1-3.
    CreateDelegationToken = 38,
    /// Versions 1-2.
    RenewDelegationToken = 39,
    /// Versions 1-2.
    ExpireDelegationToken = 40,
    /// Versions 1-3.
    DescribeDelegationToken = 41,
    /// Versions 0-2.
    DeleteGroups = 42,
    /// Versions 0-2.
    ElectLeaders = 43,
    /// Versions 0-1.
    IncrementalAlterConfigs = 44,
    /// Versions 0-1.
    AlterPartitionReassignments = 45,
    /// Versions 0.
    ListPartitionReassignments = 46,
    /// Versions 0.
    OffsetDelete = 47,
    /// Versions 0-1.
    DescribeClientQuotas = 48,
    /// Versions 0-1.
    AlterClientQuotas = 49,
    /// Versions 0.
    DescribeUserScramCredentials = 50,
    /// Versions 0.
    AlterUserScramCredentials = 51,
    /// Versions 0-2.
    DescribeQuorum = 55,
    /// Versions 0-2.
    UpdateFeatures = 57,
    /// Versions 0-2.
    DescribeCluster = 60,
    /// Versions 0.
    DescribeProducers = 61,
    /// Versions 0.
    UnregisterBroker = 64,
    /// Versions 0.
    DescribeTransactions = 65,
    /// Versions 0-2.
    ListTransactions = 66,
    /// Versions 0-1.
    ConsumerGroupHeartbeat = 68,
    /// Versions 0-1.
    ConsumerGroupDescribe = 69,
    /// Versions 0-1.
    ListConfigResources = 74,
    /// Versions 0.
    DescribeTopicPartitions = 75,
    /// Versions 1.
    ShareGroupHeartbeat = 76,
    /// Versions 1.
    ShareGroupDescribe = 77,
    /// Versions 1-2.
    ShareFetch = 78,
    /// Versions 1-2.
    ShareAcknowledge = 79,
    /// Versions 0.
    InitializeShareGroupState = 83,
    /// Versions 0.
    ReadShareGroupState = 84,
    /// Versions 0-1.
    WriteShareGroupState = 85,
    /// Versions 0.
    DeleteShareGroupState = 86,
    /// Versions 0-1.
    ReadShareGroupStateSummary = 87,
    /// Versions 0.
    StreamsGroupHeartbeat = 88,
    /// Versions 0.
    StreamsGroupDescribe = 89,
    /// Versions 0-1.
    DescribeShareGroupOffsets = 90,
    /// Versions 0.
    AlterShareGroupOffsets = 91,
    /// Versions 0.
    DeleteShareGroupOffsets = 92,
}

impl ApiKey {
    /// Every API, by key.
    pub const ALL: &'static [ApiKey] = &[
        ApiKey::Produce,
        ApiKey::Fetch,
        ApiKey::ListOffsets,
        ApiKey::Metadata,
        ApiKey::OffsetCommit,
        ApiKey::OffsetFetch,
        ApiKey::FindCoordinator,
        ApiKey::JoinGroup,
        ApiKey::Heartbeat,
        ApiKey::LeaveGroup,
        ApiKey::SyncGroup,
        ApiKey::DescribeGroups,
        ApiKey::ListGroups,
        ApiKey::SaslHandshake,
        ApiKey::ApiVersions,
        ApiKey::CreateTopics,
        ApiKey::DeleteTopics,
        ApiKey::DeleteRecords,
        ApiKey::InitProducerId,
        ApiKey::OffsetForLeaderEpoch,
        ApiKey::AddPartitionsToTxn,
        ApiKey::AddOffsetsToTxn,
        ApiKey::EndTxn,
        ApiKey::WriteTxnMarkers,
        ApiKey::TxnOffsetCommit,
        ApiKey::DescribeAcls,
        ApiKey::CreateAcls,
        ApiKey::DeleteAcls,
        ApiKey::DescribeConfigs,
        ApiKey::AlterConfigs,
        ApiKey::AlterReplicaLogDirs,
        ApiKey::DescribeLogDirs,
        ApiKey::SaslAuthenticate,
        ApiKey::CreatePartitions,
        ApiKey::CreateDelegationToken,
        ApiKey::RenewDelegationToken,
        ApiKey::ExpireDelegationToken,
        ApiKey::DescribeDelegationToken,
        ApiKey::DeleteGroups,
        ApiKey::ElectLeaders,
        ApiKey::IncrementalAlterConfigs,
        ApiKey::AlterPartitionReassignments,
        ApiKey::ListPartitionReassignments,
        ApiKey::OffsetDelete,
        ApiKey::DescribeClientQuotas,
        ApiKey::AlterClientQuotas,
        ApiKey::DescribeUserScramCredentials,
        ApiKey::AlterUserScramCredentials,
        ApiKey::DescribeQuorum,
        ApiKey::UpdateFeatures,
        ApiKey::DescribeCluster,
        ApiKey::DescribeProducers,
        ApiKey::UnregisterBroker,
        ApiKey::DescribeTransactions,
        ApiKey::ListTransactions,
        ApiKey::ConsumerGroupHeartbeat,
        ApiKey::ConsumerGroupDescribe,
        ApiKey::ListConfigResources,
        ApiKey::DescribeTopicPartitions,
        ApiKey::ShareGroupHeartbeat,
        ApiKey::ShareGroupDescribe,
        ApiKey::ShareFetch,
        ApiKey::ShareAcknowledge,
        ApiKey::InitializeShareGroupState,
        ApiKey::ReadShareGroupState,
        ApiKey::WriteShareGroupState,
        ApiKey::DeleteShareGroupState,
        ApiKey::ReadShareGroupStateSummary,
        ApiKey::StreamsGroupHeartbeat,
        ApiKey::StreamsGroupDescribe,
        ApiKey::DescribeShareGroupOffsets,
        ApiKey::AlterShareGroupOffsets,
        ApiKey::DeleteShareGroupOffsets,
    ];

    /// The API with that key on the wire, if the codec carries it.
    pub fn from_code(code: i16) -> Option<ApiKey> {
        Some(match code {
            0 => ApiKey::Produce,
            1 => ApiKey::Fetch,
            2 => ApiKey::ListOffsets,
            3 => ApiKey::Metadata,
            8 => ApiKey::OffsetCommit,
            9 => ApiKey::OffsetFetch,
            10 => ApiKey::FindCoordinator,
            11 => ApiKey::JoinGroup,
            12 => ApiKey::Heartbeat,
            13 => ApiKey::LeaveGroup,
            14 => ApiKey::SyncGroup,
            15 => ApiKey::DescribeGroups,
            16 => ApiKey::ListGroups,
            17 => ApiKey::SaslHandshake,
            18 => ApiKey::ApiVersions,
            19 => ApiKey::CreateTopics,
            20 => ApiKey::DeleteTopics,
            21 => ApiKey::DeleteRecords,
            22 => ApiKey::InitProducerId,
            23 => ApiKey::OffsetForLeaderEpoch,
            24 => ApiKey::AddPartitionsToTxn,
            25 => ApiKey::AddOffsetsToTxn,
            26 => ApiKey::EndTxn,
            27 => ApiKey::WriteTxnMarkers,
            28 => ApiKey::TxnOffsetCommit,
            29 => ApiKey::DescribeAcls,
            30 => ApiKey::CreateAcls,
            31 => ApiKey::DeleteAcls,
            32 => ApiKey::DescribeConfigs,
            33 => ApiKey::AlterConfigs,
            34 => ApiKey::AlterReplicaLogDirs,
            35 => ApiKey::DescribeLogDirs,
            36 => ApiKey::SaslAuthenticate,
            37 => ApiKey::CreatePartitions,
            38 => ApiKey::CreateDelegationToken,
            39 => ApiKey::RenewDelegationToken,
            40 => ApiKey::ExpireDelegationToken,
            41 => ApiKey::DescribeDelegationToken,
            42 => ApiKey::DeleteGroups,
            43 => ApiKey::ElectLeaders,
            44 => ApiKey::IncrementalAlterConfigs,
            45 => ApiKey::AlterPartitionReassignments,
            46 => ApiKey::ListPartitionReassignments,
            47 => ApiKey::OffsetDelete,
            48 => ApiKey::DescribeClientQuotas,
            49 => ApiKey::AlterClientQuotas,
            50 => ApiKey::DescribeUserScramCredentials,
            51 => ApiKey::AlterUserScramCredentials,
            55 => ApiKey::DescribeQuorum,
            57 => ApiKey::UpdateFeatures,
            60 => ApiKey::DescribeCluster,
            61 => ApiKey::DescribeProducers,
            64 => ApiKey::UnregisterBroker,
            65 => ApiKey::DescribeTransactions,
            66 => ApiKey::ListTransactions,
            68 => ApiKey::ConsumerGroupHeartbeat,
            69 => ApiKey::ConsumerGroupDescribe,
            74 => ApiKey::ListConfigResources,
            75 => ApiKey::DescribeTopicPartitions,
            76 => ApiKey::ShareGroupHeartbeat,
            77 => ApiKey::ShareGroupDescribe,
            78 => ApiKey::ShareFetch,
            79 => ApiKey::ShareAcknowledge,
            83 => ApiKey::InitializeShareGroupState,
            84 => ApiKey::ReadShareGroupState,
            85 => ApiKey::WriteShareGroupState,
            86 => ApiKey::DeleteShareGroupState,
            87 => ApiKey::ReadShareGroupStateSummary,
            88 => ApiKey::StreamsGroupHeartbeat,
            89 => ApiKey::StreamsGroupDescribe,
            90 => ApiKey::DescribeShareGroupOffsets,
            91 => ApiKey::AlterShareGroupOffsets,
            92 => ApiKey::DeleteShareGroupOffsets,
            _ => return None,
        })
    }

    pub(crate) fn info(self) -> ApiInfo {
        match self {
            ApiKey::Produce => ApiInfo::new("Produce", 3, 13, 13, 9),
            ApiKey::Fetch => ApiInfo::new("Fetch", 4, 18, 18, 12),
            ApiKey::ListOffsets => ApiInfo::new("ListOffsets", 1, 11, 11, 6),
            ApiKey::Metadata => ApiInfo::new("Metadata", 0, 13, 13, 9),
            ApiKey::OffsetCommit => ApiInfo::new("OffsetCommit", 2, 10, 10, 8),
            ApiKey::OffsetFetch => ApiInfo::new("OffsetFetch", 1, 10, 10, 6),
            ApiKey::FindCoordinator => ApiInfo::new("FindCoordinator", 0, 6, 6, 3),
            ApiKey::JoinGroup => ApiInfo::new("JoinGroup", 0, 9, 9, 6),
            ApiKey::Heartbeat => ApiInfo::new("Heartbeat", 0, 4, 4, 4),
            ApiKey::LeaveGroup => ApiInfo::new("LeaveGroup", 0, 5, 5, 4),
            ApiKey::SyncGroup => ApiInfo::new("SyncGroup", 0, 5, 5, 4),
            ApiKey::DescribeGroups => ApiInfo::new("DescribeGroups", 0, 6, 6, 5),
            ApiKey::ListGroups => ApiInfo::new("ListGroups", 0, 5, 5, 3),
            ApiKey::SaslHandshake => ApiInfo::new("SaslHandshake", 0, 1, 1, i16::MAX),
            ApiKey::ApiVersions => ApiInfo::new("ApiVersions", 0, 4, 4, 3),
            ApiKey::CreateTopics => ApiInfo::new("CreateTopics", 2, 7, 7, 5),
            ApiKey::DeleteTopics => ApiInfo::new("DeleteTopics", 1, 6, 6, 4),
            ApiKey::DeleteRecords => ApiInfo::new("DeleteRecords", 0, 2, 2, 2),
            ApiKey::InitProducerId => ApiInfo::new("InitProducerId", 0, 6, 5, 2),
            ApiKey::OffsetForLeaderEpoch => ApiInfo::new("OffsetForLeaderEpoch", 2, 4, 4, 4),
            ApiKey::AddPartitionsToTxn => ApiInfo::new("AddPartitionsToTxn", 0, 5, 5, 3),
            ApiKey::AddOffsetsToTxn => ApiInfo::new("AddOffsetsToTxn", 0, 4, 4, 3),
            ApiKey::EndTxn => ApiInfo::new("EndTxn", 0, 5, 5, 3),
            ApiKey::WriteTxnMarkers => ApiInfo::new("WriteTxnMarkers", 1, 2, 2, 1),
            ApiKey::TxnOffsetCommit => ApiInfo::new("TxnOffsetCommit", 0, 5, 5, 3),
            ApiKey::DescribeAcls => ApiInfo::new("DescribeAcls", 1, 3, 3, 2),
            ApiKey::CreateAcls => ApiInfo::new("CreateAcls", 1, 3, 3, 2),
            ApiKey::DeleteAcls => ApiInfo::new("DeleteAcls", 1, 3, 3, 2),
            ApiKey::DescribeConfigs => ApiInfo::new("DescribeConfigs", 1, 4, 4, 4),
            ApiKey::AlterConfigs => ApiInfo::new("AlterConfigs", 0, 2, 2, 2),
            ApiKey::AlterReplicaLogDirs => ApiInfo::new("AlterReplicaLogDirs", 1, 2, 2, 2),
            ApiKey::DescribeLogDirs => ApiInfo::new("DescribeLogDirs", 1, 5, 5, 2),
            ApiKey::SaslAuthenticate => ApiInfo::new("SaslAuthenticate", 0, 2, 2, 2),
            ApiKey::CreatePartitions => ApiInfo::new("CreatePartitions", 0, 3, 3, 2),
            ApiKey::CreateDelegationToken => ApiInfo::new("CreateDelegationToken", 1, 3, 3, 2),
            ApiKey::RenewDelegationToken => ApiInfo::new("RenewDelegationToken", 1, 2, 2, 2),
            ApiKey::ExpireDelegationToken => ApiInfo::new("ExpireDelegationToken", 1, 2, 2, 2),
            ApiKey::DescribeDelegationToken => ApiInfo::new("DescribeDelegationToken", 1, 3, 3, 2),
            ApiKey::DeleteGroups => ApiInfo::new("DeleteGroups", 0, 2, 2, 2),
            ApiKey::ElectLeaders => ApiInfo::new("ElectLeaders", 0, 2, 2, 2),
            ApiKey::IncrementalAlterConfigs => ApiInfo::new("IncrementalAlterConfigs", 0, 1, 1, 1),
            ApiKey::AlterPartitionReassignments => ApiInfo::new("AlterPartitionReassignments", 0, 1, 1, 0),
            ApiKey::ListPartitionReassignments => ApiInfo::new("ListPartitionReassignments", 0, 0, 0, 0),
            ApiKey::OffsetDelete => ApiInfo::new("OffsetDelete", 0, 0, 0, i16::MAX),
            ApiKey::DescribeClientQuotas => ApiInfo::new("DescribeClientQuotas", 0, 1, 1, 1),
            ApiKey::AlterClientQuotas => ApiInfo::new("AlterClientQuotas", 0, 1, 1, 1),
            ApiKey::DescribeUserScramCredentials => ApiInfo::new("DescribeUserScramCredentials", 0, 0, 0, 0),
            ApiKey::AlterUserScramCredentials => ApiInfo::new("AlterUserScramCredentials", 0, 0, 0, 0),
            ApiKey::DescribeQuorum => ApiInfo::new("DescribeQuorum", 0, 2, 2, 0),
            ApiKey::UpdateFeatures => ApiInfo::new("UpdateFeatures", 0, 2, 2, 0),
            ApiKey::DescribeCluster => ApiInfo::new("DescribeCluster", 0, 2, 2, 0),
            ApiKey::DescribeProducers => ApiInfo::new("DescribeProducers", 0, 0, 0, 0),
            ApiKey::UnregisterBroker => ApiInfo::new("UnregisterBroker", 0, 0, 0, 0),
            ApiKey::DescribeTransactions => ApiInfo::new("DescribeTransactions", 0, 0, 0, 0),
            ApiKey::ListTransactions => ApiInfo::new("ListTransactions", 0, 2, 2, 0),
            ApiKey::ConsumerGroupHeartbeat => ApiInfo::new("ConsumerGroupHeartbeat", 0, 1, 1, 0),
            ApiKey::ConsumerGroupDescribe => ApiInfo::new("ConsumerGroupDescribe", 0, 1, 1, 0),
            ApiKey::ListConfigResources => ApiInfo::new("ListConfigResources", 0, 1, 1, 0),
            ApiKey::DescribeTopicPartitions => ApiInfo::new("DescribeTopicPartitions", 0, 0, 0, 0),
            ApiKey::ShareGroupHeartbeat => ApiInfo::new("ShareGroupHeartbeat", 1, 1, 1, 1),
            ApiKey::ShareGroupDescribe => ApiInfo::new("ShareGroupDescribe", 1, 1, 1, 1),
            ApiKey::ShareFetch => ApiInfo::new("ShareFetch", 1, 2, 2, 1),
            ApiKey::ShareAcknowledge => ApiInfo::new("ShareAcknowledge", 1, 2, 2, 1),
            ApiKey::InitializeShareGroupState => ApiInfo::new("InitializeShareGroupState", 0, 0, 0, 0),
            ApiKey::ReadShareGroupState => ApiInfo::new("ReadShareGroupState", 0, 0, 0, 0),
            ApiKey::WriteShareGroupState => ApiInfo::new("WriteShareGroupState", 0, 1, 1, 0),
            ApiKey::DeleteShareGroupState => ApiInfo::new("DeleteShareGroupState", 0, 0, 0, 0),
            ApiKey::ReadShareGroupStateSummary => ApiInfo::new("ReadShareGroupStateSummary", 0, 1, 1, 0),
            ApiKey::StreamsGroupHeartbeat => ApiInfo::new("StreamsGroupHeartbeat", 0, 0, 0, 0),
            ApiKey::StreamsGroupDescribe => ApiInfo::new("StreamsGroupDescribe", 0, 0, 0, 0),
            ApiKey::DescribeShareGroupOffsets => ApiInfo::new("DescribeShareGroupOffsets", 0, 1, 1, 0),
            ApiKey::AlterShareGroupOffsets => ApiInfo::new("AlterShareGroupOffsets", 0, 0, 0, 0),
            ApiKey::DeleteShareGroupOffsets => ApiInfo::new("DeleteShareGroupOffsets", 0, 0, 0, 0),
        }
    }
}
