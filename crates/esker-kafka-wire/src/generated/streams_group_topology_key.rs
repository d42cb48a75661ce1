//! `StreamsGroupTopologyKey`: versions 0, flexible none. Generated from `proto/kafka/StreamsGroupTopologyKey.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupTopologyKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTopologyKey {
    /// Versions 0.
    pub group_id: KString,
}

impl Wire for StreamsGroupTopologyKey {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "StreamsGroupTopologyKey.GroupId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "StreamsGroupTopologyKey.GroupId")?;
        Ok(())
    }
}

impl Message for StreamsGroupTopologyKey {
    const NAME: &'static str = "StreamsGroupTopologyKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for StreamsGroupTopologyKey {
    const RECORD_TYPE: i16 = 23;
}
