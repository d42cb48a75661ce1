//! `ShareGroupMemberMetadataValue`: versions 0, flexible 0. Generated from `proto/kafka/ShareGroupMemberMetadataValue.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupMemberMetadataValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareGroupMemberMetadataValue {
    /// Versions 0, null in 0.
    pub rack_id: Option<KString>,
    /// Versions 0.
    pub client_id: KString,
    /// Versions 0.
    pub client_host: KString,
    /// Versions 0.
    pub subscribed_topic_names: Vec<KString>,
}

impl Default for ShareGroupMemberMetadataValue {
    fn default() -> Self {
        Self {
            rack_id: Some(KString::default()),
            client_id: KString::default(),
            client_host: KString::default(),
            subscribed_topic_names: Vec::new(),
        }
    }
}

impl Wire for ShareGroupMemberMetadataValue {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.rack_id = r.nullable(true, "ShareGroupMemberMetadataValue.RackId")?;
        m.client_id = Wire::read(r, "ShareGroupMemberMetadataValue.ClientId")?;
        m.client_host = Wire::read(r, "ShareGroupMemberMetadataValue.ClientHost")?;
        m.subscribed_topic_names = Wire::read(r, "ShareGroupMemberMetadataValue.SubscribedTopicNames")?;
        r.skip_tagged("ShareGroupMemberMetadataValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        w.nullable(self.rack_id.as_ref(), true, "ShareGroupMemberMetadataValue.RackId")?;
        self.client_id.write(w, "ShareGroupMemberMetadataValue.ClientId")?;
        self.client_host.write(w, "ShareGroupMemberMetadataValue.ClientHost")?;
        self.subscribed_topic_names.write(w, "ShareGroupMemberMetadataValue.SubscribedTopicNames")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareGroupMemberMetadataValue {
    const NAME: &'static str = "ShareGroupMemberMetadataValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
