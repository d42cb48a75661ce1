package main

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// shape is the same for every system.
type shape struct {
	publishers, window  int
	consumers, prefetch int
	bytes               int
	gather              time.Duration // acks are collected for so long; 0 for none
}

// How long nothing may happen before a run has failed.
const patience = 60 * time.Second

// load is one run: what every publisher and consumer does, whatever the system.
type load struct {
	system  system
	shape   shape
	begin   time.Time
	ledgers []*ledger
	paced   bool // times of publishing are kept

	published, confirmed, received, again, acked atomic.Int64
	lastConfirm, lastAck                         atomic.Int64 // nanoseconds since begin
	failure                                      atomic.Pointer[error]

	sides      []*sending
	gatherings []*gathering
	consumers  []consumer
}

func newLoad(system system, shape shape) *load {
	l := &load{system: system, shape: shape, begin: time.Now()}
	for range shape.publishers {
		l.ledgers = append(l.ledgers, newLedger())
	}
	return l
}

func (l *load) now() int64 { return int64(time.Since(l.begin)) }

func (l *load) failed(err error) { l.failure.CompareAndSwap(nil, &err) }

func (l *load) err() error {
	if failure := l.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

// sending is a publisher with its window.
type sending struct {
	publisher publisher
	slots     chan struct{}
	due       []int64 // when each message was to be published, of a paced run
	confirms  []int64 // how long each took until it was confirmed
}

// gathering is a consumer with what it has seen, and the acks that it collects.
type gathering struct {
	load      *load
	consumer  consumer
	lock      sync.Mutex
	pending   []receipt
	timer     *time.Timer
	latencies []int64
}

// A message begins with when it was due, nanoseconds since the run's beginning, and its identity: publisher and number.
const header = 16

func identity(publisher int, number uint64) uint64 { return uint64(publisher)<<48 | number }

func parts(id uint64) (publisher int, number uint64) { return int(id >> 48), id & (1<<48 - 1) }

// open connects publishers.
func (l *load) open() error {
	for i := range l.shape.publishers {
		s := &sending{slots: make(chan struct{}, l.shape.window)}
		publisher, err := l.system.publisher(i, func(number uint64) {
			at := l.now()
			if l.paced {
				s.confirms = append(s.confirms, at-atomic.LoadInt64(&s.due[number]))
			}
			note(l.ledgers[i].confirmed, number)
			l.confirmed.Add(1)
			l.lastConfirm.Store(at)
			<-s.slots
		}, l.failed)
		if err != nil {
			return err
		}
		s.publisher = publisher
		l.sides = append(l.sides, s)
	}
	return nil
}

// publish lets every publisher publish until `until` says so, and waits until all of it is confirmed. With a pace, messages
// are due at equal distances; one that is late, for whatever reason, counts from when it was due.
func (l *load) publish(count int, until time.Duration, perSecond float64) error {
	end := l.now() + int64(until)
	var publishing sync.WaitGroup
	for i, s := range l.sides {
		publishing.Go(func() {
			body := make([]byte, l.shape.bytes)
			for at := range body {
				body[at] = byte(at*7 + at>>3)
			}
			each, first := 0.0, l.now()
			if perSecond > 0 {
				each = 1e9 * float64(len(l.sides)) / perSecond
				first += int64(each * float64(i) / float64(len(l.sides)))
			}
			for number := range uint64(count) {
				due := l.now()
				if perSecond > 0 {
					due = first + int64(each*float64(number))
					if wait := due - l.now(); wait > 0 {
						time.Sleep(time.Duration(wait))
					}
					atomic.StoreInt64(&s.due[number], due)
				}
				if due >= end || l.failure.Load() != nil {
					return
				}
				s.slots <- struct{}{}
				if perSecond == 0 {
					due = l.now()
				}
				binary.LittleEndian.PutUint64(body, uint64(due))
				binary.LittleEndian.PutUint64(body[8:], identity(i, number))
				l.published.Add(1)
				if err := s.publisher.publish(number, body); err != nil {
					l.failed(err)
					return
				}
			}
		})
	}
	if err := l.patiently("publishing", &l.published, done(&publishing)); err != nil {
		return err
	}
	return l.patiently("confirms", &l.confirmed, func() bool { return l.confirmed.Load() == l.published.Load() })
}

// consume connects consumers, which then receive and ack.
func (l *load) consume() error {
	for i := range l.shape.consumers {
		g := &gathering{load: l}
		g.lock.Lock() // until it has its consumer
		consumer, err := l.system.consumer(i, l.shape.prefetch, g.received, g.acked, l.failed)
		g.consumer = consumer
		g.lock.Unlock()
		if err != nil {
			return err
		}
		l.consumers, l.gatherings = append(l.consumers, consumer), append(l.gatherings, g)
	}
	return nil
}

func (g *gathering) received(is receipt, body []byte) {
	l := g.load
	if len(body) != l.shape.bytes {
		l.failed(fmt.Errorf("a message of %d bytes", len(body)))
		return
	}
	if l.paced {
		g.latencies = append(g.latencies, l.now()-int64(binary.LittleEndian.Uint64(body)))
	}
	is.id = binary.LittleEndian.Uint64(body[8:])
	if publisher, number := parts(is.id); note(l.ledgers[publisher].received, number) {
		l.received.Add(1)
	} else {
		l.again.Add(1)
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	if l.shape.gather == 0 {
		if err := g.consumer.ack([]receipt{is}); err != nil {
			l.failed(err)
		}
		return
	}
	g.pending = append(g.pending, is)
	switch {
	case len(g.pending) >= max(1, l.shape.prefetch/2):
		g.settle()
	case len(g.pending) == 1 && g.timer == nil:
		g.timer = time.AfterFunc(l.shape.gather, g.late)
	case len(g.pending) == 1:
		g.timer.Reset(l.shape.gather)
	}
}

func (g *gathering) late() {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.settle()
}

func (g *gathering) settle() {
	if len(g.pending) == 0 {
		return
	}
	receipts := g.pending
	g.pending = nil
	if err := g.consumer.ack(receipts); err != nil {
		g.load.failed(err)
	}
}

func (g *gathering) acked(receipts []receipt) {
	l := g.load
	fresh := int64(0)
	for _, is := range receipts {
		if publisher, number := parts(is.id); note(l.ledgers[publisher].acked, number) {
			fresh++
		}
	}
	l.acked.Add(fresh)
	l.lastAck.Store(l.now())
}

// finish waits until all that was published was received and acked, closes everything and looks whether that is true.
func (l *load) finish() error {
	err := l.patiently("acks", &l.acked, func() bool { return l.acked.Load() >= l.published.Load() })
	if err != nil {
		return err
	}
	if err := l.empty(); err != nil {
		return err
	}
	for _, s := range l.sides {
		s.publisher.close()
	}
	for _, consumer := range l.consumers {
		consumer.close()
	}
	if err := l.err(); err != nil {
		return err
	}
	for i, ledger := range l.ledgers {
		if err := ledger.check(); err != nil {
			return fmt.Errorf("publisher %d: %w", i, err)
		}
	}
	return nil
}

// empty waits until the queue says that nothing is in it, which counts what was not acked.
func (l *load) empty() error {
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		left, err := l.system.left()
		if err != nil || left == 0 {
			return err
		}
		if time.Since(began) > patience/2 {
			return fmt.Errorf("%d messages are left in the queue", left)
		}
	}
}

// patiently waits for a condition as long as a counter moves.
func (l *load) patiently(what string, moves *atomic.Int64, condition func() bool) error {
	seen, since := moves.Load(), time.Now()
	for !condition() {
		if err := l.err(); err != nil {
			return err
		}
		if now := moves.Load(); now != seen {
			seen, since = now, time.Now()
		} else if time.Since(since) > patience {
			return fmt.Errorf("%s: nothing for %s; published %d, confirmed %d, received %d, acked %d", what, patience,
				l.published.Load(), l.confirmed.Load(), l.received.Load(), l.acked.Load())
		}
		time.Sleep(time.Millisecond)
	}
	return l.err()
}

func done(group *sync.WaitGroup) func() bool {
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	return func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}
}

// percentiles puts them into a result, in milliseconds, under their names.
func percentiles(prefix string, latencies []int64, into map[string]float64) {
	slices.Sort(latencies)
	for name, share := range map[string]float64{"p50": 0.5, "p99": 0.99, "p99.9": 0.999} {
		if len(latencies) > 0 {
			into[prefix+name] = float64(latencies[min(len(latencies)-1, int(share*float64(len(latencies))))]) / 1e6
		}
	}
}
