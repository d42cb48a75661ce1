//! `DescribeLogDirsRequest`: versions 1-5, flexible 2-5. Generated from `proto/kafka/DescribeLogDirsRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeLogDirsRequest`: a message of versions 1-5.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeLogDirsRequest {
    /// Versions 1-5, null in 1-5.
    pub topics: Option<Vec<DescribableLogDirTopic>>,
}

impl Default for DescribeLogDirsRequest {
    fn default() -> Self {
        Self {
            topics: Some(Vec::new()),
        }
    }
}

impl Wire for DescribeLogDirsRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topics = r.nullable(true, "DescribeLogDirsRequest.Topics")?;
        r.skip_tagged("DescribeLogDirsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        w.nullable(self.topics.as_ref(), true, "DescribeLogDirsRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeLogDirsRequest.Topics`: a structure of versions 1-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribableLogDirTopic {
    /// Versions 1-5.
    pub topic: KString,
    /// Versions 1-5.
    pub partitions: Vec<i32>,
}

impl Wire for DescribableLogDirTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic = Wire::read(r, "DescribeLogDirsRequest.Topics.Topic")?;
        m.partitions = Wire::read(r, "DescribeLogDirsRequest.Topics.Partitions")?;
        r.skip_tagged("DescribeLogDirsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic.write(w, "DescribeLogDirsRequest.Topics.Topic")?;
        self.partitions.write(w, "DescribeLogDirsRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeLogDirsRequest {
    const NAME: &'static str = "DescribeLogDirsRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for DescribeLogDirsRequest {
    const KEY: ApiKey = ApiKey::DescribeLogDirs;
    type Response = super::describe_log_dirs_response::DescribeLogDirsResponse;
}
