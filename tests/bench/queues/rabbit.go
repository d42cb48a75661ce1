package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"

	amqp "github.com/rabbitmq/amqp091-go"
)

// rabbit is a quorum queue with three members.
type rabbit struct {
	addresses []string
	queue     string
	ctl, node string // rabbitmqctl, and the node to ask
}

func (r *rabbit) channel(number int) (*amqp.Connection, *amqp.Channel, error) {
	connection, err := amqp.Dial("amqp://guest:guest@" + r.addresses[number%len(r.addresses)] + "/")
	if err != nil {
		return nil, nil, err
	}
	channel, err := connection.Channel()
	return connection, channel, err
}

func (r *rabbit) create() error {
	connection, channel, err := r.channel(0)
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = channel.QueueDeclare(r.queue, true, false, false, false, amqp.Table{"x-queue-type": "quorum", "x-quorum-initial-group-size": 3})
	return err
}

var total = regexp.MustCompile(`^\{ok,\{\{\d+,\d+\},(\d+)\}`)

// left asks the queue's leader for its own count: list_queues has one that may be seconds old, AMQP only that of ready messages.
func (r *rabbit) left() (int, error) {
	ask := fmt.Sprintf("ra:leader_query({'%%2F_%s', node()}, fun rabbit_fifo:query_messages_total/1).", r.queue)
	said, err := exec.Command(r.ctl, "-n", r.node, "--quiet", "eval", ask).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, said)
	}
	found := total.FindSubmatch(said)
	if found == nil {
		return 0, fmt.Errorf("not a count: %s", said)
	}
	return strconv.Atoi(string(found[1]))
}

type rabbitPublisher struct {
	rabbit     *rabbit
	connection *amqp.Connection
	channel    *amqp.Channel
}

func (r *rabbit) publisher(number int, confirmed func(uint64), failed func(error)) (publisher, error) {
	connection, channel, err := r.channel(number)
	if err != nil {
		return nil, err
	}
	if err := channel.Confirm(false); err != nil {
		return nil, err
	}
	confirms := channel.NotifyPublish(make(chan amqp.Confirmation, 1024))
	go func() {
		// Tags count from 1 in the order of publishing, which is that of the numbers.
		for confirm := range confirms {
			if !confirm.Ack {
				failed(fmt.Errorf("message %d was not taken", confirm.DeliveryTag))
			}
			confirmed(confirm.DeliveryTag - 1)
		}
	}()
	return &rabbitPublisher{rabbit: r, connection: connection, channel: channel}, nil
}

func (p *rabbitPublisher) publish(_ uint64, body []byte) error {
	return p.channel.PublishWithContext(context.Background(), "", p.rabbit.queue, false, false,
		amqp.Publishing{DeliveryMode: amqp.Persistent, Body: body})
}

func (p *rabbitPublisher) close() { p.connection.Close() }

type rabbitConsumer struct {
	connection *amqp.Connection
	channel    *amqp.Channel
	acked      func([]receipt)
	done       sync.WaitGroup
	closing    atomic.Bool
}

func (r *rabbit) consumer(number, prefetch int, received func(receipt, []byte), acked func([]receipt), failed func(error)) (consumer, error) {
	connection, channel, err := r.channel(number)
	if err != nil {
		return nil, err
	}
	if err := channel.Qos(prefetch, 0, false); err != nil {
		return nil, err
	}
	deliveries, err := channel.Consume(r.queue, "", false, false, false, false, nil)
	if err != nil {
		return nil, err
	}
	c := &rabbitConsumer{connection: connection, channel: channel, acked: acked}
	c.done.Go(func() {
		for delivery := range deliveries {
			received(receipt{tag: delivery.DeliveryTag}, delivery.Body)
		}
		if !c.closing.Load() {
			failed(fmt.Errorf("the receiver's channel has ended"))
		}
	})
	return c, nil
}

// ack: AMQP has no answer to it. Whether all were taken is seen at the end, when the queue is asked what it has.
func (c *rabbitConsumer) ack(receipts []receipt) error {
	last := receipts[len(receipts)-1].tag
	if err := c.channel.Ack(last, len(receipts) > 1); err != nil {
		return err
	}
	c.acked(receipts)
	return nil
}

func (c *rabbitConsumer) close() {
	c.closing.Store(true)
	c.connection.Close()
	c.done.Wait()
}
