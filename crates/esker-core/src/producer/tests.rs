use super::*;

fn batch(number: i32) -> ProducerBatch {
    ProducerBatch {
        base_sequence: number,
        last_sequence: number,
        base_offset: Offset(i64::from(number) * 10),
        last_offset: Offset(i64::from(number) * 10 + 3),
        timestamp: i64::from(number),
    }
}

#[test]
fn the_oldest_batch_is_forgotten_and_repeats_are_found() {
    let mut state = ProducerState::new(ProducerId(1), 0);
    for number in 0..7 {
        state.remember(batch(number));
    }
    assert_eq!(state.batches.len(), REMEMBERED_BATCHES);
    assert_eq!(state.duplicate(1, 1), None);
    assert_eq!(state.duplicate(2, 2), Some(&batch(2)));
    assert_eq!(state.duplicate(2, 3), None);
    assert_eq!(state.last_timestamp, 6);
}
