//! `AlterReplicaLogDirsRequest`: versions 1-2, flexible 2. Generated from `proto/kafka/AlterReplicaLogDirsRequest.json`, not to be edited.

use crate::codec::*;

/// `AlterReplicaLogDirsRequest`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterReplicaLogDirsRequest {
    /// Versions 1-2.
    pub dirs: Vec<AlterReplicaLogDir>,
}

impl Wire for AlterReplicaLogDirsRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.dirs = Wire::read(r, "AlterReplicaLogDirsRequest.Dirs")?;
        r.skip_tagged("AlterReplicaLogDirsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.dirs.write(w, "AlterReplicaLogDirsRequest.Dirs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterReplicaLogDirsRequest.Dirs`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterReplicaLogDir {
    /// Versions 1-2.
    pub path: KString,
    /// Versions 1-2.
    pub topics: Vec<AlterReplicaLogDirTopic>,
}

impl Wire for AlterReplicaLogDir {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.path = Wire::read(r, "AlterReplicaLogDirsRequest.Dirs.Path")?;
        m.topics = Wire::read(r, "AlterReplicaLogDirsRequest.Dirs.Topics")?;
        r.skip_tagged("AlterReplicaLogDirsRequest.Dirs")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.path.write(w, "AlterReplicaLogDirsRequest.Dirs.Path")?;
        self.topics.write(w, "AlterReplicaLogDirsRequest.Dirs.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterReplicaLogDirsRequest.Dirs.Topics`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterReplicaLogDirTopic {
    /// Versions 1-2.
    pub name: KString,
    /// Versions 1-2.
    pub partitions: Vec<i32>,
}

impl Wire for AlterReplicaLogDirTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "AlterReplicaLogDirsRequest.Dirs.Topics.Name")?;
        m.partitions = Wire::read(r, "AlterReplicaLogDirsRequest.Dirs.Topics.Partitions")?;
        r.skip_tagged("AlterReplicaLogDirsRequest.Dirs.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "AlterReplicaLogDirsRequest.Dirs.Topics.Name")?;
        self.partitions.write(w, "AlterReplicaLogDirsRequest.Dirs.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterReplicaLogDirsRequest {
    const NAME: &'static str = "AlterReplicaLogDirsRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for AlterReplicaLogDirsRequest {
    const KEY: ApiKey = ApiKey::AlterReplicaLogDirs;
    type Response = super::alter_replica_log_dirs_response::AlterReplicaLogDirsResponse;
}
