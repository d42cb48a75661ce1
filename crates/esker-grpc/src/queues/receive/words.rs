//! What a client says of its messages at about the same time, put together: one question to each leader for many words.

use std::collections::BTreeSet;

use esker_core::PartitionId;

use super::RECEIPTS;
use crate::{
    fault::Fault,
    proto::esker::{forward::v1::Mark, v1 as api},
};

/// The same, said of messages of one partition.
pub(super) struct Together {
    pub(super) partition: PartitionId,
    pub(super) line: u64,
    pub(super) verdict: i32,
    pub(super) delay_ms: u32,
    /// By whose number, of which messages.
    pub(super) words: Vec<(u64, Vec<Mark>)>,
    offsets: BTreeSet<i64>,
}

impl Together {
    /// Of which messages, ascending by offset.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = self.words.iter().flat_map(|(_, marks)| marks).copied().collect();
        marks.sort_by_key(|mark| (mark.offset, mark.count));
        marks
    }
}

/// What was said, in order for each partition.
#[derive(Default)]
pub(super) struct Gathered(Vec<Together>);

impl Gathered {
    /// Adds what a word says of messages of a partition, which is to go by a line.
    pub(super) fn add(
        &mut self,
        word: u64,
        (partition, line): (PartitionId, u64),
        (verdict, delay_ms): (i32, u32),
        marks: Vec<Mark>,
    ) {
        let offsets = marks.iter().map(|mark| mark.offset);
        let last = self.0.iter_mut().rev().find(|known| known.partition == partition);
        if let Some(known) = last
            && (known.line, known.verdict, known.delay_ms) == (line, verdict, delay_ms)
            && known.offsets.len() + marks.len() <= RECEIPTS
            // What is said twice is answered twice.
            && offsets.clone().all(|offset| !known.offsets.contains(&offset))
        {
            known.offsets.extend(offsets);
            known.words.push((word, marks));
            return;
        }
        let offsets = offsets.collect();
        self.0.push(Together { partition, line, verdict, delay_ms, words: vec![(word, marks)], offsets });
    }

    /// Messages of which something is said.
    pub(super) fn receipts(&self) -> usize {
        self.0.iter().map(|known| known.offsets.len()).sum()
    }

    pub(super) fn into_questions(self) -> Vec<Together> {
        self.0
    }
}

/// Whether a word makes sense.
///
/// # Errors
/// What does not.
pub(super) fn check(said: &api::Settle) -> Result<(), Fault> {
    match api::Verdict::try_from(said.verdict) {
        Ok(api::Verdict::Unspecified) | Err(_) => {
            return Err(Fault::invalid("settle.verdict", "it says nothing that is known"));
        }
        Ok(api::Verdict::Nack) => {}
        Ok(_) if said.delay_ms > 0 => {
            return Err(Fault::invalid("settle.delay_ms", "only what is put back can be for later"));
        }
        Ok(_) => {}
    }
    if said.receipts.is_empty() || said.receipts.len() > RECEIPTS {
        return Err(Fault::invalid("settle.receipts", format!("one to {RECEIPTS} receipts")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use esker_core::TopicNumber;

    use super::*;

    fn gathered(said: &[(u64, u32, i32, &[i64])]) -> Vec<(u32, i32, Vec<u64>, Vec<i64>)> {
        let mut gathered = Gathered::default();
        for (word, index, verdict, offsets) in said {
            let partition = PartitionId { topic: TopicNumber(1), index: *index };
            let marks = offsets.iter().map(|offset| Mark { offset: *offset, count: 1 }).collect();
            gathered.add(*word, (partition, 7), (*verdict, 0), marks);
        }
        let questions = gathered.into_questions().into_iter().map(|question| {
            let marks = question.marks().iter().map(|mark| mark.offset).collect();
            let words = question.words.iter().map(|(word, _)| *word).collect();
            (question.partition.index, question.verdict, words, marks)
        });
        questions.collect()
    }

    #[test]
    fn the_same_of_one_partition_goes_together() {
        let said: [(u64, u32, i32, &[i64]); 4] =
            [(1, 0, 1, &[5, 6]), (2, 1, 1, &[3]), (3, 0, 1, &[2]), (4, 1, 1, &[9])];
        assert_eq!(gathered(&said), [(0, 1, vec![1, 3], vec![2, 5, 6]), (1, 1, vec![2, 4], vec![3, 9])]);
    }

    #[test]
    fn what_differs_or_is_said_again_keeps_its_place() {
        let said: [(u64, u32, i32, &[i64]); 4] =
            [(1, 0, 1, &[5]), (2, 0, 2, &[6]), (3, 0, 1, &[7]), (4, 0, 1, &[7])];
        let places: Vec<_> =
            gathered(&said).into_iter().map(|(_, verdict, words, _)| (verdict, words)).collect();
        assert_eq!(places, [(1, vec![1]), (2, vec![2]), (1, vec![3]), (1, vec![4])]);
    }
}
