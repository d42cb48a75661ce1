package main

// receipt names a delivery in the system's own way.
type receipt struct {
	tag       uint64 // AMQP: the delivery's
	partition uint32 // Esker: partition, offset and count
	offset    int64
	count     uint32
	id        uint64 // of the message
}

// A system under test. Its calls are what its own client library makes of them, and block as that does.
type system interface {
	create() error
	// confirmed is called for each message that is durable; failed for what ends the run.
	publisher(number int, confirmed func(id uint64), failed func(error)) (publisher, error)
	// received is called for each message, by one goroutine, and the body is not kept; acked when the system has taken the ack.
	consumer(number int, prefetch int, received func(receipt, []byte), acked func([]receipt), failed func(error)) (consumer, error)
	// left says how many messages are in the queue, also those that receivers have.
	left() (int, error)
}

type publisher interface {
	// The body may be used again afterwards.
	publish(id uint64, body []byte) error
	close()
}

type consumer interface {
	// By one goroutine at a time.
	ack(receipts []receipt) error
	close()
}
