package main

import (
	"fmt"
	"math/bits"
	"sync/atomic"
)

// Most messages of one publisher in a run.
const most = 1 << 24

// ledger is what became of each message of one publisher. Numbers count from 0.
type ledger struct {
	confirmed, received, acked []atomic.Uint64
}

func newLedger() *ledger {
	return &ledger{make([]atomic.Uint64, most/64), make([]atomic.Uint64, most/64), make([]atomic.Uint64, most/64)}
}

// note sets a message's bit, and says whether it was not set before.
func note(set []atomic.Uint64, number uint64) bool {
	bit := uint64(1) << (number % 64)
	return set[number/64].Or(bit)&bit == 0
}

// check says what is wrong if not every message that was confirmed was received and acked.
func (l *ledger) check() error {
	missing, left := 0, 0
	for i := range l.confirmed {
		confirmed, received := l.confirmed[i].Load(), l.received[i].Load()
		missing += bits.OnesCount64(confirmed &^ received)
		left += bits.OnesCount64(confirmed &^ l.acked[i].Load())
	}
	if missing+left > 0 {
		return fmt.Errorf("%d confirmed messages were not received, %d not acked", missing, left)
	}
	return nil
}
