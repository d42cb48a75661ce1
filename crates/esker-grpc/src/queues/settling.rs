//! What a receiver has said and is not answered yet: each word is taken apart by partition, and answered as one.

use std::collections::BTreeMap;

use crate::{
    convert,
    fault::Fault,
    proto::esker::{
        forward::v1::{Mark, Refused},
        v1 as api,
    },
};

/// Words under way.
#[derive(Default)]
pub(super) struct Settling {
    next: u64,
    words: BTreeMap<u64, Word>,
    parts: BTreeMap<u64, Part>,
    receipts: usize,
}

/// What the client said.
struct Word {
    /// Its number for it.
    id: u64,
    /// Parts without an answer.
    left: usize,
    failed: Vec<api::Unsettled>,
}

/// What of it went to one partition.
struct Part {
    word: u64,
    line: u64,
    partition: u32,
    marks: Vec<Mark>,
}

impl Settling {
    /// Receipts that are not answered.
    pub(super) const fn receipts(&self) -> usize {
        self.receipts
    }

    /// Whether a line has something to answer.
    pub(super) fn is_asked(&self, line: u64) -> bool {
        self.parts.values().any(|part| part.line == line)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Begins a word of the client's number. To be ended by [`Settling::complete`] once it is taken apart.
    pub(super) fn begin(&mut self, id: u64) -> u64 {
        self.next += 1;
        self.words.insert(self.next, Word { id, left: 1, failed: Vec::new() });
        self.next
    }

    /// A part of a word goes to a line, under the number that is returned.
    pub(super) fn ask(&mut self, word: u64, line: u64, partition: u32, marks: Vec<Mark>) -> u64 {
        self.next += 1;
        self.receipts += marks.len();
        if let Some(word) = self.words.get_mut(&word) {
            word.left += 1;
        }
        self.parts.insert(self.next, Part { word, line, partition, marks });
        self.next
    }

    /// A part of a word cannot be asked for.
    pub(super) fn fail(&mut self, word: u64, partition: u32, marks: &[Mark], fault: &Fault) {
        if let Some(word) = self.words.get_mut(&word) {
            word.failed.extend(marks.iter().map(|mark| unsettled(partition, *mark, fault)));
        }
    }

    /// A word is taken apart, or one of its parts is answered. Its answer, if it was the last one.
    pub(super) fn complete(&mut self, word: u64) -> Option<api::Settled> {
        let known = self.words.get_mut(&word)?;
        known.left -= 1;
        if known.left > 0 {
            return None;
        }
        let Word { id, failed, .. } = self.words.remove(&word)?;
        Some(api::Settled { id, failed })
    }

    /// A part is answered.
    pub(super) fn answered(&mut self, number: u64, refused: Vec<Refused>) -> Option<api::Settled> {
        let part = self.parts.remove(&number)?;
        self.receipts -= part.marks.len();
        for Refused { mark, fault } in refused {
            let fault = fault.map_or_else(|| Fault::internal("refused without a reason"), convert::fault);
            self.fail(part.word, part.partition, mark.as_slice(), &fault);
        }
        self.complete(part.word)
    }

    /// A line has ended: what was asked there counts or not.
    pub(super) fn ended(&mut self, line: u64) -> Vec<api::Settled> {
        let gone: Vec<u64> =
            self.parts.iter().filter(|(_, part)| part.line == line).map(|(number, _)| *number).collect();
        let fault = Fault::unknown("the broker that had the message did not answer");
        let mut answers = Vec::new();
        for number in gone {
            let Some(part) = self.parts.remove(&number) else { continue };
            self.receipts -= part.marks.len();
            self.fail(part.word, part.partition, &part.marks, &fault);
            answers.extend(self.complete(part.word));
        }
        answers
    }
}

fn unsettled(partition: u32, mark: Mark, fault: &Fault) -> api::Unsettled {
    let receipt = api::Receipt { partition, offset: mark.offset, delivery_count: mark.count };
    api::Unsettled { receipt: Some(receipt), error: Some(fault.rpc()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_answered_once_all_its_parts_are() {
        let mut settling = Settling::default();
        let word = settling.begin(7);
        let mark = Mark { offset: 3, count: 1 };
        let (one, two) = (settling.ask(word, 1, 0, vec![mark]), settling.ask(word, 2, 1, vec![mark, mark]));
        settling.fail(word, 5, &[mark], &Fault::internal("x"));
        assert_eq!(settling.complete(word), None);
        assert_eq!((settling.receipts(), settling.is_asked(2), settling.is_asked(3)), (3, true, false));
        assert_eq!(settling.answered(one, Vec::new()), None);
        assert_eq!(settling.answered(one, Vec::new()), None, "once");
        let settled = settling.ended(2).pop().expect("the last part");
        assert_eq!((settled.id, settled.failed.len()), (7, 3));
        assert!(settling.is_empty() && settling.receipts() == 0);
        assert!(settling.answered(two, Vec::new()).is_none());
    }
}
