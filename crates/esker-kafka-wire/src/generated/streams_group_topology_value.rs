//! `StreamsGroupTopologyValue`: versions 0, flexible 0. Generated from `proto/kafka/StreamsGroupTopologyValue.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupTopologyValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTopologyValue {
    /// Versions 0.
    pub epoch: i32,
    /// Versions 0.
    pub subtopologies: Vec<Subtopology>,
}

impl Wire for StreamsGroupTopologyValue {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.epoch = Wire::read(r, "StreamsGroupTopologyValue.Epoch")?;
        m.subtopologies = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies")?;
        r.skip_tagged("StreamsGroupTopologyValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.epoch.write(w, "StreamsGroupTopologyValue.Epoch")?;
        self.subtopologies.write(w, "StreamsGroupTopologyValue.Subtopologies")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupTopologyValue.Subtopologies`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subtopology {
    /// Versions 0.
    pub subtopology_id: KString,
    /// Versions 0.
    pub source_topics: Vec<KString>,
    /// Versions 0.
    pub source_topic_regex: Vec<KString>,
    /// Versions 0.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// Versions 0.
    pub repartition_sink_topics: Vec<KString>,
    /// Versions 0.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// Versions 0.
    pub copartition_groups: Vec<CopartitionGroup>,
}

impl Wire for Subtopology {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.subtopology_id = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies.SubtopologyId")?;
        m.source_topics = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies.SourceTopics")?;
        m.source_topic_regex = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies.SourceTopicRegex")?;
        m.state_changelog_topics = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies.StateChangelogTopics")?;
        m.repartition_sink_topics = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies.RepartitionSinkTopics")?;
        m.repartition_source_topics = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies.RepartitionSourceTopics")?;
        m.copartition_groups = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies.CopartitionGroups")?;
        r.skip_tagged("StreamsGroupTopologyValue.Subtopologies")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.subtopology_id.write(w, "StreamsGroupTopologyValue.Subtopologies.SubtopologyId")?;
        self.source_topics.write(w, "StreamsGroupTopologyValue.Subtopologies.SourceTopics")?;
        self.source_topic_regex.write(w, "StreamsGroupTopologyValue.Subtopologies.SourceTopicRegex")?;
        self.state_changelog_topics.write(w, "StreamsGroupTopologyValue.Subtopologies.StateChangelogTopics")?;
        self.repartition_sink_topics.write(w, "StreamsGroupTopologyValue.Subtopologies.RepartitionSinkTopics")?;
        self.repartition_source_topics.write(w, "StreamsGroupTopologyValue.Subtopologies.RepartitionSourceTopics")?;
        self.copartition_groups.write(w, "StreamsGroupTopologyValue.Subtopologies.CopartitionGroups")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupTopologyValue.Subtopologies.CopartitionGroups`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CopartitionGroup {
    /// Versions 0.
    pub source_topics: Vec<i16>,
    /// Versions 0.
    pub source_topic_regex: Vec<i16>,
    /// Versions 0.
    pub repartition_source_topics: Vec<i16>,
}

impl Wire for CopartitionGroup {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.source_topics = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies.CopartitionGroups.SourceTopics")?;
        m.source_topic_regex = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies.CopartitionGroups.SourceTopicRegex")?;
        m.repartition_source_topics = Wire::read(r, "StreamsGroupTopologyValue.Subtopologies.CopartitionGroups.RepartitionSourceTopics")?;
        r.skip_tagged("StreamsGroupTopologyValue.Subtopologies.CopartitionGroups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.source_topics.write(w, "StreamsGroupTopologyValue.Subtopologies.CopartitionGroups.SourceTopics")?;
        self.source_topic_regex.write(w, "StreamsGroupTopologyValue.Subtopologies.CopartitionGroups.SourceTopicRegex")?;
        self.repartition_source_topics.write(w, "StreamsGroupTopologyValue.Subtopologies.CopartitionGroups.RepartitionSourceTopics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupTopologyValue.TopicConfig`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicConfig {
    /// Versions 0.
    pub key: KString,
    /// Versions 0.
    pub value: KString,
}

impl Wire for TopicConfig {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.key = Wire::read(r, "StreamsGroupTopologyValue.TopicConfig.Key")?;
        m.value = Wire::read(r, "StreamsGroupTopologyValue.TopicConfig.Value")?;
        r.skip_tagged("StreamsGroupTopologyValue.TopicConfig")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.key.write(w, "StreamsGroupTopologyValue.TopicConfig.Key")?;
        self.value.write(w, "StreamsGroupTopologyValue.TopicConfig.Value")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupTopologyValue.TopicInfo`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicInfo {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub partitions: i32,
    /// Versions 0.
    pub replication_factor: i16,
    /// Versions 0.
    pub topic_configs: Vec<TopicConfig>,
}

impl Wire for TopicInfo {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "StreamsGroupTopologyValue.TopicInfo.Name")?;
        m.partitions = Wire::read(r, "StreamsGroupTopologyValue.TopicInfo.Partitions")?;
        m.replication_factor = Wire::read(r, "StreamsGroupTopologyValue.TopicInfo.ReplicationFactor")?;
        m.topic_configs = Wire::read(r, "StreamsGroupTopologyValue.TopicInfo.TopicConfigs")?;
        r.skip_tagged("StreamsGroupTopologyValue.TopicInfo")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "StreamsGroupTopologyValue.TopicInfo.Name")?;
        self.partitions.write(w, "StreamsGroupTopologyValue.TopicInfo.Partitions")?;
        self.replication_factor.write(w, "StreamsGroupTopologyValue.TopicInfo.ReplicationFactor")?;
        self.topic_configs.write(w, "StreamsGroupTopologyValue.TopicInfo.TopicConfigs")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for StreamsGroupTopologyValue {
    const NAME: &'static str = "StreamsGroupTopologyValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
