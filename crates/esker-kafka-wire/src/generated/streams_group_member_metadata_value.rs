//! `StreamsGroupMemberMetadataValue`: versions 0, flexible 0. Generated from `proto/kafka/StreamsGroupMemberMetadataValue.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupMemberMetadataValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamsGroupMemberMetadataValue {
    /// Versions 0, null in 0.
    pub instance_id: Option<KString>,
    /// Versions 0, null in 0.
    pub rack_id: Option<KString>,
    /// Versions 0.
    pub client_id: KString,
    /// Versions 0.
    pub client_host: KString,
    /// Versions 0, default -1.
    pub rebalance_timeout_ms: i32,
    /// Versions 0.
    pub topology_epoch: i32,
    /// Versions 0.
    pub process_id: KString,
    /// Versions 0, null in 0, default null.
    pub user_endpoint: Option<Endpoint>,
    /// Versions 0.
    pub client_tags: Vec<KeyValue>,
}

impl Default for StreamsGroupMemberMetadataValue {
    fn default() -> Self {
        Self {
            instance_id: Some(KString::default()),
            rack_id: Some(KString::default()),
            client_id: KString::default(),
            client_host: KString::default(),
            rebalance_timeout_ms: -1,
            topology_epoch: 0,
            process_id: KString::default(),
            user_endpoint: None,
            client_tags: Vec::new(),
        }
    }
}

impl Wire for StreamsGroupMemberMetadataValue {
    const MIN: usize = 16;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.instance_id = r.nullable(true, "StreamsGroupMemberMetadataValue.InstanceId")?;
        m.rack_id = r.nullable(true, "StreamsGroupMemberMetadataValue.RackId")?;
        m.client_id = Wire::read(r, "StreamsGroupMemberMetadataValue.ClientId")?;
        m.client_host = Wire::read(r, "StreamsGroupMemberMetadataValue.ClientHost")?;
        m.rebalance_timeout_ms = Wire::read(r, "StreamsGroupMemberMetadataValue.RebalanceTimeoutMs")?;
        m.topology_epoch = Wire::read(r, "StreamsGroupMemberMetadataValue.TopologyEpoch")?;
        m.process_id = Wire::read(r, "StreamsGroupMemberMetadataValue.ProcessId")?;
        m.user_endpoint = r.nullable(true, "StreamsGroupMemberMetadataValue.UserEndpoint")?;
        m.client_tags = Wire::read(r, "StreamsGroupMemberMetadataValue.ClientTags")?;
        r.skip_tagged("StreamsGroupMemberMetadataValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        w.nullable(self.instance_id.as_ref(), true, "StreamsGroupMemberMetadataValue.InstanceId")?;
        w.nullable(self.rack_id.as_ref(), true, "StreamsGroupMemberMetadataValue.RackId")?;
        self.client_id.write(w, "StreamsGroupMemberMetadataValue.ClientId")?;
        self.client_host.write(w, "StreamsGroupMemberMetadataValue.ClientHost")?;
        self.rebalance_timeout_ms.write(w, "StreamsGroupMemberMetadataValue.RebalanceTimeoutMs")?;
        self.topology_epoch.write(w, "StreamsGroupMemberMetadataValue.TopologyEpoch")?;
        self.process_id.write(w, "StreamsGroupMemberMetadataValue.ProcessId")?;
        w.nullable(self.user_endpoint.as_ref(), true, "StreamsGroupMemberMetadataValue.UserEndpoint")?;
        self.client_tags.write(w, "StreamsGroupMemberMetadataValue.ClientTags")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupMemberMetadataValue.Endpoint`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Endpoint {
    /// Versions 0.
    pub host: KString,
    /// Versions 0.
    pub port: u16,
}

impl Wire for Endpoint {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.host = Wire::read(r, "StreamsGroupMemberMetadataValue.Endpoint.Host")?;
        m.port = Wire::read(r, "StreamsGroupMemberMetadataValue.Endpoint.Port")?;
        r.skip_tagged("StreamsGroupMemberMetadataValue.Endpoint")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.host.write(w, "StreamsGroupMemberMetadataValue.Endpoint.Host")?;
        self.port.write(w, "StreamsGroupMemberMetadataValue.Endpoint.Port")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupMemberMetadataValue.KeyValue`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeyValue {
    /// Versions 0.
    pub key: KString,
    /// Versions 0.
    pub value: KString,
}

impl Wire for KeyValue {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.key = Wire::read(r, "StreamsGroupMemberMetadataValue.KeyValue.Key")?;
        m.value = Wire::read(r, "StreamsGroupMemberMetadataValue.KeyValue.Value")?;
        r.skip_tagged("StreamsGroupMemberMetadataValue.KeyValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.key.write(w, "StreamsGroupMemberMetadataValue.KeyValue.Key")?;
        self.value.write(w, "StreamsGroupMemberMetadataValue.KeyValue.Value")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for StreamsGroupMemberMetadataValue {
    const NAME: &'static str = "StreamsGroupMemberMetadataValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
