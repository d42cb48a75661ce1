//! `ConsumerGroupMemberMetadataValue`: versions 0, flexible 0. Generated from `proto/kafka/ConsumerGroupMemberMetadataValue.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupMemberMetadataValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsumerGroupMemberMetadataValue {
    /// Versions 0, null in 0.
    pub instance_id: Option<KString>,
    /// Versions 0, null in 0.
    pub rack_id: Option<KString>,
    /// Versions 0.
    pub client_id: KString,
    /// Versions 0.
    pub client_host: KString,
    /// Versions 0.
    pub subscribed_topic_names: Vec<KString>,
    /// Versions 0, null in 0.
    pub subscribed_topic_regex: Option<KString>,
    /// Versions 0, default -1.
    pub rebalance_timeout_ms: i32,
    /// Versions 0, null in 0.
    pub server_assignor: Option<KString>,
    /// Versions 0, null in 0, tag 0.
    pub classic_member_metadata: Option<ClassicMemberMetadata>,
}

impl Default for ConsumerGroupMemberMetadataValue {
    fn default() -> Self {
        Self {
            instance_id: Some(KString::default()),
            rack_id: Some(KString::default()),
            client_id: KString::default(),
            client_host: KString::default(),
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: Some(KString::default()),
            rebalance_timeout_ms: -1,
            server_assignor: Some(KString::default()),
            classic_member_metadata: Some(ClassicMemberMetadata::default()),
        }
    }
}

impl Wire for ConsumerGroupMemberMetadataValue {
    const MIN: usize = 12;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.instance_id = r.nullable(true, "ConsumerGroupMemberMetadataValue.InstanceId")?;
        m.rack_id = r.nullable(true, "ConsumerGroupMemberMetadataValue.RackId")?;
        m.client_id = Wire::read(r, "ConsumerGroupMemberMetadataValue.ClientId")?;
        m.client_host = Wire::read(r, "ConsumerGroupMemberMetadataValue.ClientHost")?;
        m.subscribed_topic_names = Wire::read(r, "ConsumerGroupMemberMetadataValue.SubscribedTopicNames")?;
        m.subscribed_topic_regex = r.nullable(true, "ConsumerGroupMemberMetadataValue.SubscribedTopicRegex")?;
        m.rebalance_timeout_ms = Wire::read(r, "ConsumerGroupMemberMetadataValue.RebalanceTimeoutMs")?;
        m.server_assignor = r.nullable(true, "ConsumerGroupMemberMetadataValue.ServerAssignor")?;
        r.tagged("ConsumerGroupMemberMetadataValue", &mut |r, tag| {
            match tag {
                0 => m.classic_member_metadata = r.tagged_struct("ConsumerGroupMemberMetadataValue.ClassicMemberMetadata")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        w.nullable(self.instance_id.as_ref(), true, "ConsumerGroupMemberMetadataValue.InstanceId")?;
        w.nullable(self.rack_id.as_ref(), true, "ConsumerGroupMemberMetadataValue.RackId")?;
        self.client_id.write(w, "ConsumerGroupMemberMetadataValue.ClientId")?;
        self.client_host.write(w, "ConsumerGroupMemberMetadataValue.ClientHost")?;
        self.subscribed_topic_names.write(w, "ConsumerGroupMemberMetadataValue.SubscribedTopicNames")?;
        w.nullable(self.subscribed_topic_regex.as_ref(), true, "ConsumerGroupMemberMetadataValue.SubscribedTopicRegex")?;
        self.rebalance_timeout_ms.write(w, "ConsumerGroupMemberMetadataValue.RebalanceTimeoutMs")?;
        w.nullable(self.server_assignor.as_ref(), true, "ConsumerGroupMemberMetadataValue.ServerAssignor")?;
        let tag0 = self.classic_member_metadata.as_ref() != Some(&ClassicMemberMetadata::default());
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            w.tagged_struct(self.classic_member_metadata.as_ref(), "ConsumerGroupMemberMetadataValue.ClassicMemberMetadata")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `ConsumerGroupMemberMetadataValue.ClassicMemberMetadata`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClassicMemberMetadata {
    /// Versions 0.
    pub session_timeout_ms: i32,
    /// Versions 0.
    pub supported_protocols: Vec<ClassicProtocol>,
}

impl Wire for ClassicMemberMetadata {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.session_timeout_ms = Wire::read(r, "ConsumerGroupMemberMetadataValue.ClassicMemberMetadata.SessionTimeoutMs")?;
        m.supported_protocols = Wire::read(r, "ConsumerGroupMemberMetadataValue.ClassicMemberMetadata.SupportedProtocols")?;
        r.skip_tagged("ConsumerGroupMemberMetadataValue.ClassicMemberMetadata")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.session_timeout_ms.write(w, "ConsumerGroupMemberMetadataValue.ClassicMemberMetadata.SessionTimeoutMs")?;
        self.supported_protocols.write(w, "ConsumerGroupMemberMetadataValue.ClassicMemberMetadata.SupportedProtocols")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupMemberMetadataValue.ClassicMemberMetadata.SupportedProtocols`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClassicProtocol {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub metadata: Bytes,
}

impl Wire for ClassicProtocol {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "ConsumerGroupMemberMetadataValue.ClassicMemberMetadata.SupportedProtocols.Name")?;
        m.metadata = Wire::read(r, "ConsumerGroupMemberMetadataValue.ClassicMemberMetadata.SupportedProtocols.Metadata")?;
        r.skip_tagged("ConsumerGroupMemberMetadataValue.ClassicMemberMetadata.SupportedProtocols")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "ConsumerGroupMemberMetadataValue.ClassicMemberMetadata.SupportedProtocols.Name")?;
        self.metadata.write(w, "ConsumerGroupMemberMetadataValue.ClassicMemberMetadata.SupportedProtocols.Metadata")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ConsumerGroupMemberMetadataValue {
    const NAME: &'static str = "ConsumerGroupMemberMetadataValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
