//! `OffsetFetchRequest`: versions 1-10, flexible 6-10. Generated from `proto/kafka/OffsetFetchRequest.json`, not to be edited.

use crate::codec::*;

/// `OffsetFetchRequest`: a message of versions 1-10.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetFetchRequest {
    /// Versions 1-7.
    pub group_id: KString,
    /// Versions 1-7, null in 2-7.
    pub topics: Option<Vec<OffsetFetchRequestTopic>>,
    /// Versions 8-10.
    pub groups: Vec<OffsetFetchRequestGroup>,
    /// Versions 7-10, default false.
    pub require_stable: bool,
}

impl Default for OffsetFetchRequest {
    fn default() -> Self {
        Self {
            group_id: KString::default(),
            topics: Some(Vec::new()),
            groups: Vec::new(),
            require_stable: false,
        }
    }
}

impl Wire for OffsetFetchRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 7 { m.group_id = Wire::read(r, "OffsetFetchRequest.GroupId")?; }
        if v <= 7 { m.topics = r.nullable(v >= 2, "OffsetFetchRequest.Topics")?; }
        if v >= 8 { m.groups = Wire::read(r, "OffsetFetchRequest.Groups")?; }
        if v >= 7 { m.require_stable = Wire::read(r, "OffsetFetchRequest.RequireStable")?; }
        r.skip_tagged("OffsetFetchRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 7 { self.group_id.write(w, "OffsetFetchRequest.GroupId")?; } else if !self.group_id.is_empty() { return w.lacks("OffsetFetchRequest.GroupId"); }
        if v <= 7 { w.nullable(self.topics.as_ref(), v >= 2, "OffsetFetchRequest.Topics")?; } else if self.topics.as_ref().is_none_or(|x| !x.is_empty()) { return w.lacks("OffsetFetchRequest.Topics"); }
        if v >= 8 { self.groups.write(w, "OffsetFetchRequest.Groups")?; } else if !self.groups.is_empty() { return w.lacks("OffsetFetchRequest.Groups"); }
        if v >= 7 { self.require_stable.write(w, "OffsetFetchRequest.RequireStable")?; } else if self.require_stable { return w.lacks("OffsetFetchRequest.RequireStable"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetFetchRequest.Topics`: a structure of versions 1-7.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchRequestTopic {
    /// Versions 1-7.
    pub name: KString,
    /// Versions 1-7.
    pub partition_indexes: Vec<i32>,
}

impl Wire for OffsetFetchRequestTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "OffsetFetchRequest.Topics.Name")?;
        m.partition_indexes = Wire::read(r, "OffsetFetchRequest.Topics.PartitionIndexes")?;
        r.skip_tagged("OffsetFetchRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "OffsetFetchRequest.Topics.Name")?;
        self.partition_indexes.write(w, "OffsetFetchRequest.Topics.PartitionIndexes")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetFetchRequest.Groups`: a structure of versions 8-10.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetFetchRequestGroup {
    /// Versions 8-10.
    pub group_id: KString,
    /// Versions 9-10, null in 9-10, default null, ignorable.
    pub member_id: Option<KString>,
    /// Versions 9-10, default -1, ignorable.
    pub member_epoch: i32,
    /// Versions 8-10, null in 8-10.
    pub topics: Option<Vec<OffsetFetchRequestTopics>>,
}

impl Default for OffsetFetchRequestGroup {
    fn default() -> Self {
        Self {
            group_id: KString::default(),
            member_id: None,
            member_epoch: -1,
            topics: Some(Vec::new()),
        }
    }
}

impl Wire for OffsetFetchRequestGroup {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.group_id = Wire::read(r, "OffsetFetchRequest.Groups.GroupId")?;
        if v >= 9 { m.member_id = r.nullable(true, "OffsetFetchRequest.Groups.MemberId")?; }
        if v >= 9 { m.member_epoch = Wire::read(r, "OffsetFetchRequest.Groups.MemberEpoch")?; }
        m.topics = r.nullable(true, "OffsetFetchRequest.Groups.Topics")?;
        r.skip_tagged("OffsetFetchRequest.Groups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.group_id.write(w, "OffsetFetchRequest.Groups.GroupId")?;
        if v >= 9 { w.nullable(self.member_id.as_ref(), true, "OffsetFetchRequest.Groups.MemberId")?; }
        if v >= 9 { self.member_epoch.write(w, "OffsetFetchRequest.Groups.MemberEpoch")?; }
        w.nullable(self.topics.as_ref(), true, "OffsetFetchRequest.Groups.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetFetchRequest.Groups.Topics`: a structure of versions 8-10.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchRequestTopics {
    /// Versions 8-9, ignorable.
    pub name: KString,
    /// Versions 10, ignorable.
    pub topic_id: Uuid,
    /// Versions 8-10.
    pub partition_indexes: Vec<i32>,
}

impl Wire for OffsetFetchRequestTopics {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 9 { m.name = Wire::read(r, "OffsetFetchRequest.Groups.Topics.Name")?; }
        if v >= 10 { m.topic_id = Wire::read(r, "OffsetFetchRequest.Groups.Topics.TopicId")?; }
        m.partition_indexes = Wire::read(r, "OffsetFetchRequest.Groups.Topics.PartitionIndexes")?;
        r.skip_tagged("OffsetFetchRequest.Groups.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 9 { self.name.write(w, "OffsetFetchRequest.Groups.Topics.Name")?; }
        if v >= 10 { self.topic_id.write(w, "OffsetFetchRequest.Groups.Topics.TopicId")?; }
        self.partition_indexes.write(w, "OffsetFetchRequest.Groups.Topics.PartitionIndexes")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for OffsetFetchRequest {
    const NAME: &'static str = "OffsetFetchRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 10;
    const FLEXIBLE_FROM: i16 = 6;
}

impl Request for OffsetFetchRequest {
    const KEY: ApiKey = ApiKey::OffsetFetch;
    type Response = super::offset_fetch_response::OffsetFetchResponse;
}
