//! Bodies of the entries that are not frames.

use esker_core::{FrameIndex, LedgerId, Mode};

use super::{
    Kind,
    codec::{Put, Take},
};

/// What a checkpoint says about one ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LedgerMark {
    pub(crate) ledger: LedgerId,
    pub(crate) mode: Mode,
    pub(crate) sealed: bool,
    /// The store may not deny frames beyond the tail.
    pub(crate) doubt: bool,
    pub(crate) trim: FrameIndex,
    pub(crate) tail: FrameIndex,
}

/// All state of a store but its frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// The kernel's boot id of the process that wrote it; empty when unknown.
    pub(crate) boot_id: String,
    /// The store has lost power at some time, so it may have lost `received` ledgers altogether.
    pub(crate) lost_power: bool,
    /// Where the store lost entries that it cannot name; empty when it never did.
    pub(crate) lost_entries: String,
    pub(crate) ledgers: Vec<LedgerMark>,
    /// Forgotten ledgers: broker, first number, last number.
    pub(crate) forgotten: Vec<(i32, u64, u64)>,
}

impl Checkpoint {
    /// Bytes that one ledger, or one range of forgotten ledgers, takes at most.
    pub(crate) const ENTRY_BOUND: u64 = MARK_SIZE as u64;
}

/// The body of an entry that is not a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Seal(LedgerMark),
    Trim { ledger: LedgerId, before: FrameIndex },
    Forget(LedgerId),
    Checkpoint(Checkpoint),
    Mark,
    Clean,
    End,
}

const SEALED: u8 = 1;
const DOUBT: u8 = 2;
const LOST_POWER: u8 = 1;
const MARK_SIZE: usize = 12 + 2 + 16;
const RANGE_SIZE: usize = 20;
/// Longest text in a checkpoint.
const MAX_TEXT: usize = 1024;

impl Record {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Seal(_) => Kind::Seal,
            Self::Trim { .. } => Kind::Trim,
            Self::Forget(_) => Kind::Forget,
            Self::Checkpoint(_) => Kind::Checkpoint,
            Self::Mark => Kind::Mark,
            Self::Clean => Kind::Clean,
            Self::End => Kind::End,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Put::default();
        match self {
            Self::Seal(mark) => put_mark(&mut out, mark),
            Self::Trim { ledger, before } => {
                out.ledger(*ledger);
                out.u64(before.0);
            }
            Self::Forget(ledger) => out.ledger(*ledger),
            Self::Checkpoint(checkpoint) => put_checkpoint(&mut out, checkpoint),
            Self::Mark | Self::Clean | Self::End => {}
        }
        out.0
    }

    /// `None` when the body does not fit its kind; a frame's kind never does.
    pub(crate) fn decode(kind: Kind, body: &[u8]) -> Option<Self> {
        let mut fields = Take(body);
        let record = match kind {
            Kind::Frame => return None,
            Kind::Seal => Self::Seal(take_mark(&mut fields)?),
            Kind::Trim => Self::Trim { ledger: fields.ledger()?, before: FrameIndex(fields.u64()?) },
            Kind::Forget => Self::Forget(fields.ledger()?),
            Kind::Checkpoint => Self::Checkpoint(take_checkpoint(&mut fields)?),
            Kind::Mark => Self::Mark,
            Kind::Clean => Self::Clean,
            Kind::End => Self::End,
        };
        fields.0.is_empty().then_some(record)
    }
}

fn put_mark(out: &mut Put, mark: &LedgerMark) {
    out.ledger(mark.ledger);
    out.u8(mark.mode.number());
    out.u8(if mark.sealed { SEALED } else { 0 } | if mark.doubt { DOUBT } else { 0 });
    out.u64(mark.trim.0);
    out.u64(mark.tail.0);
}

fn take_mark(fields: &mut Take<'_>) -> Option<LedgerMark> {
    let ledger = fields.ledger()?;
    let mode = Mode::from_number(fields.u8()?)?;
    let flags = fields.u8()?;
    let (trim, tail) = (FrameIndex(fields.u64()?), FrameIndex(fields.u64()?));
    let mark =
        LedgerMark { ledger, mode, sealed: flags & SEALED != 0, doubt: flags & DOUBT != 0, trim, tail };
    (trim <= tail).then_some(mark)
}

fn put_text(out: &mut Put, text: &str) {
    let text = &text.as_bytes()[..text.floor_char_boundary(MAX_TEXT)];
    out.u32(text.len() as u32);
    out.0.extend_from_slice(text);
}

fn take_text(fields: &mut Take<'_>) -> Option<String> {
    let length = fields.count(1)?;
    String::from_utf8(fields.bytes(length)?.to_vec()).ok()
}

fn put_checkpoint(out: &mut Put, checkpoint: &Checkpoint) {
    put_text(out, &checkpoint.boot_id);
    out.u8(if checkpoint.lost_power { LOST_POWER } else { 0 });
    put_text(out, &checkpoint.lost_entries);
    out.u32(checkpoint.ledgers.len() as u32);
    for mark in &checkpoint.ledgers {
        put_mark(out, mark);
    }
    out.u32(checkpoint.forgotten.len() as u32);
    for (broker, first, last) in &checkpoint.forgotten {
        out.u32(broker.cast_unsigned());
        out.u64(*first);
        out.u64(*last);
    }
}

fn take_checkpoint(fields: &mut Take<'_>) -> Option<Checkpoint> {
    let boot_id = take_text(fields)?;
    let lost_power = fields.u8()? & LOST_POWER != 0;
    let lost_entries = take_text(fields)?;
    let count = fields.count(MARK_SIZE)?;
    let ledgers = (0..count).map(|_| take_mark(fields)).collect::<Option<_>>()?;
    let count = fields.count(RANGE_SIZE)?;
    let forgotten = (0..count)
        .map(|_| Some((fields.u32()?.cast_signed(), fields.u64()?, fields.u64()?)))
        .collect::<Option<Vec<_>>>()?;
    let ordered = forgotten.iter().all(|(_, first, last)| first <= last);
    ordered.then_some(Checkpoint { boot_id, lost_power, lost_entries, ledgers, forgotten })
}
