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

/// What went to one partition together, of one word or of several.
struct Part {
    line: u64,
    partition: u32,
    words: Vec<(u64, Vec<Mark>)>,
}

impl Part {
    fn receipts(&self) -> usize {
        self.words.iter().map(|(_, marks)| marks.len()).sum()
    }
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

    /// A part of a word will be asked for.
    pub(super) fn await_part(&mut self, word: u64) {
        if let Some(word) = self.words.get_mut(&word) {
            word.left += 1;
        }
    }

    /// Parts of words, each of which is awaited, go to a line together, under the number that is returned.
    pub(super) fn ask(&mut self, line: u64, partition: u32, words: Vec<(u64, Vec<Mark>)>) -> u64 {
        self.next += 1;
        let part = Part { line, partition, words };
        self.receipts += part.receipts();
        self.parts.insert(self.next, part);
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

    /// Parts that went together are answered: the words of which that was the last.
    pub(super) fn answered(&mut self, number: u64, refused: Vec<Refused>) -> Vec<api::Settled> {
        let Some(part) = self.parts.remove(&number) else { return Vec::new() };
        self.receipts -= part.receipts();
        for Refused { mark, fault } in refused {
            let fault = fault.map_or_else(|| Fault::internal("refused without a reason"), convert::fault);
            let said = |(_, marks): &&(u64, Vec<Mark>)| mark.is_some_and(|mark| marks.contains(&mark));
            if let Some((word, _)) = part.words.iter().find(said) {
                self.fail(*word, part.partition, mark.as_slice(), &fault);
            }
        }
        part.words.iter().filter_map(|(word, _)| self.complete(*word)).collect()
    }

    /// A line has ended: what was asked there counts or not.
    pub(super) fn ended(&mut self, line: u64) -> Vec<api::Settled> {
        let gone: Vec<u64> =
            self.parts.iter().filter(|(_, part)| part.line == line).map(|(number, _)| *number).collect();
        let fault = Fault::unknown("the broker that had the message did not answer");
        let mut answers = Vec::new();
        for part in gone.into_iter().filter_map(|number| self.parts.remove(&number)).collect::<Vec<_>>() {
            self.receipts -= part.receipts();
            for (word, marks) in &part.words {
                self.fail(*word, part.partition, marks, &fault);
                answers.extend(self.complete(*word));
            }
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
        let (word, other) = (settling.begin(7), settling.begin(8));
        let mark = |offset| Mark { offset, count: 1 };
        for word in [word, word, other] {
            settling.await_part(word);
        }
        let one = settling.ask(1, 0, vec![(word, vec![mark(3)]), (other, vec![mark(4), mark(5)])]);
        let two = settling.ask(2, 1, vec![(word, vec![mark(3), mark(9)])]);
        settling.fail(word, 5, &[mark(1)], &Fault::internal("x"));
        assert_eq!(settling.complete(word), None);
        assert_eq!(settling.complete(other), None);
        assert_eq!((settling.receipts(), settling.is_asked(2), settling.is_asked(3)), (5, true, false));
        let answered = settling.answered(one, vec![Refused { mark: Some(mark(5)), fault: None }]);
        assert_eq!(answered.len(), 1);
        assert_eq!((answered[0].id, answered[0].failed.len()), (8, 1), "its own, and that alone");
        assert_eq!(answered[0].failed[0].receipt.map(|receipt| receipt.offset), Some(5));
        assert!(settling.answered(one, Vec::new()).is_empty(), "once");
        let settled = settling.ended(2).pop().expect("the last part");
        assert_eq!((settled.id, settled.failed.len()), (7, 3));
        assert!(settling.is_empty() && settling.receipts() == 0);
        assert!(settling.answered(two, Vec::new()).is_empty());
    }
}
