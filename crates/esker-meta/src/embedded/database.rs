//! The database file. Its format is part of docs/formats/metadata.md.

use std::{
    collections::BTreeMap,
    fmt::Display,
    fs::{self, File, OpenOptions, TryLockError},
    path::Path,
};

use bytes::Bytes;
use redb::{ReadableDatabase, ReadableTable, TableDefinition};

use crate::{
    EmbeddedState, Event, KeyValue, LeaseId, MetaError, Revision,
    engine::{Entry, FIRST},
};

/// Key to revisions, version, lease (8 bytes each, little-endian) and value.
const ENTRIES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("entries");
/// `format` and `revision`.
const FACTS: TableDefinition<'_, &str, u64> = TableDefinition::new("facts");
/// The version of this layout.
const FORMAT: u64 = 1;
/// Bytes before an entry's value.
const HEAD: usize = 32;
/// Everything is in memory anyway: the database's own cache is for its inner pages.
const CACHE_BYTES: usize = 4 << 20;

pub(super) struct Database {
    redb: redb::Database,
    /// Held, and with it the lock on it, as long as the database is open. Dropped last.
    _lock: File,
}

impl Database {
    /// Opens or creates the database below `dir`.
    pub(super) fn open(dir: &Path) -> Result<(Self, Revision, BTreeMap<String, Entry>), MetaError> {
        let fail = |error: &dyn Display| MetaError::Broken(format!("{}: {error}", dir.display()));
        fs::create_dir_all(dir).map_err(|error| fail(&error))?;
        let lock = lock(dir)?;
        let path = dir.join("meta.redb");
        if !path.try_exists().map_err(|error| fail(&error))? {
            create(dir, &path).map_err(|error| fail(&error))?;
        }
        let redb =
            redb::Builder::new().set_cache_size(CACHE_BYTES).open(&path).map_err(|error| fail(&error))?;
        let (revision, entries) = load(&redb).map_err(|error| fail(&error))?;
        Ok((Self { redb, _lock: lock }, revision, entries))
    }

    /// Makes one revision's changes durable.
    pub(super) fn write(&self, events: &[Event]) -> Result<(), MetaError> {
        let revision = events.first().expect("a revision changes something").revision();
        // redb syncs each commit unless told otherwise, which nobody here does.
        self.try_write(revision, events).map_err(|error| MetaError::Broken(error.to_string()))
    }

    #[allow(clippy::result_large_err, reason = "redb's error; one per process life")]
    fn try_write(&self, revision: Revision, events: &[Event]) -> Result<(), redb::Error> {
        let txn = self.redb.begin_write()?;
        {
            let mut entries = txn.open_table(ENTRIES)?;
            for event in events {
                match event {
                    Event::Put(put) => entries.insert(put.key.as_str(), encode(put).as_slice())?,
                    Event::Delete { key, .. } => entries.remove(key.as_str())?,
                };
            }
            txn.open_table(FACTS)?.insert("revision", revision.0.cast_unsigned())?;
        }
        txn.commit()?;
        Ok(())
    }
}

/// What is below `dir`, without creating or opening anything.
pub(super) fn look(dir: &Path) -> Result<EmbeddedState, MetaError> {
    let fail = |error: &dyn Display| MetaError::Broken(format!("{}: {error}", dir.display()));
    if !dir.join("meta.redb").try_exists().map_err(|error| fail(&error))? {
        return Ok(EmbeddedState::Absent);
    }
    let lock = match OpenOptions::new().write(true).open(dir.join("lock")) {
        Ok(lock) => lock,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(EmbeddedState::Free),
        Err(error) => return Err(fail(&error)),
    };
    match lock.try_lock() {
        Ok(()) => Ok(EmbeddedState::Free),
        Err(TryLockError::WouldBlock) => Ok(EmbeddedState::Held),
        Err(TryLockError::Error(error)) => Err(fail(&error)),
    }
}

/// Takes the directory for this process. The lock goes with the file, however the process ends.
fn lock(dir: &Path) -> Result<File, MetaError> {
    let path = dir.join("lock");
    let fail = |error: &dyn Display| MetaError::Broken(format!("{}: {error}", path.display()));
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| fail(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(MetaError::Broken(format!(
            "{}: another process has this metadata directory open; stop it, or use another data directory",
            dir.display()
        ))),
        Err(TryLockError::Error(error)) => Err(fail(&error)),
    }
}

/// Creates the database under another name first: a file of the right name is always a whole one.
#[allow(clippy::result_large_err, reason = "redb's error; one per process life")]
fn create(dir: &Path, path: &Path) -> Result<(), redb::Error> {
    let draft = dir.join("meta.redb.new");
    if draft.try_exists()? {
        // Left behind by a process that ended here; the lock says that it is gone.
        fs::remove_file(&draft)?;
    }
    let redb = redb::Builder::new().set_cache_size(CACHE_BYTES).create(&draft)?;
    let txn = redb.begin_write()?;
    {
        txn.open_table(ENTRIES)?;
        let mut facts = txn.open_table(FACTS)?;
        facts.insert("format", FORMAT)?;
        facts.insert("revision", FIRST.0.cast_unsigned())?;
    }
    txn.commit()?;
    drop(redb);
    fs::rename(&draft, path)?;
    sync_dir(dir)?;
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        sync_dir(parent)?;
    }
    Ok(())
}

fn sync_dir(dir: &Path) -> std::io::Result<()> {
    OpenOptions::new().read(true).open(dir)?.sync_all()
}

/// Reads everything.
fn load(redb: &redb::Database) -> Result<(Revision, BTreeMap<String, Entry>), Box<dyn std::error::Error>> {
    let txn = redb.begin_read()?;
    let facts = txn.open_table(FACTS)?;
    let fact = |name: &str| -> Result<u64, Box<dyn std::error::Error>> {
        Ok(facts.get(name)?.ok_or_else(|| format!("no {name} in the database"))?.value())
    };
    let format = fact("format")?;
    if format != FORMAT {
        return Err(format!("the database has format {format}; this build knows {FORMAT}").into());
    }
    let revision = Revision(i64::try_from(fact("revision")?)?);
    if revision < FIRST {
        return Err("the database has no revision".into());
    }
    let mut entries = BTreeMap::new();
    for item in txn.open_table(ENTRIES)?.iter()? {
        let (key, value) = item?;
        let entry = decode(value.value(), revision).ok_or_else(|| format!("bad entry {:?}", key.value()))?;
        entries.insert(key.value().to_owned(), entry);
    }
    Ok((revision, entries))
}

fn encode(put: &KeyValue) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + put.value.len());
    out.extend_from_slice(&put.created.0.to_le_bytes());
    out.extend_from_slice(&put.modified.0.to_le_bytes());
    out.extend_from_slice(&put.version.to_le_bytes());
    out.extend_from_slice(&put.lease.map_or(0, |lease| lease.0).to_le_bytes());
    out.extend_from_slice(&put.value);
    out
}

/// `None` when it is none that a store at `revision` could hold.
fn decode(bytes: &[u8], revision: Revision) -> Option<Entry> {
    let (head, value) = bytes.split_at_checked(HEAD)?;
    let (words, _) = head.as_chunks::<8>();
    let [created, modified, version, lease] = words else { return None };
    let entry = Entry {
        value: Bytes::copy_from_slice(value),
        created: Revision(i64::from_le_bytes(*created)),
        modified: Revision(i64::from_le_bytes(*modified)),
        version: u64::from_le_bytes(*version),
        lease: Some(i64::from_le_bytes(*lease)).filter(|lease| *lease != 0).map(LeaseId),
    };
    let ordered =
        Revision::NONE < entry.created && entry.created <= entry.modified && entry.modified <= revision;
    (ordered && entry.version > 0).then_some(entry)
}
