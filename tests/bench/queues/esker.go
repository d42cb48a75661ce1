package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"esker.test/queues/pb"
)

// esker is a queue of the native API.
type esker struct {
	addresses  []string
	queue      string
	partitions uint32
}

func (e *esker) client(number int) (*grpc.ClientConn, pb.QueuesClient, error) {
	connection, err := grpc.NewClient(e.addresses[number%len(e.addresses)], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, nil, err
	}
	return connection, pb.NewQueuesClient(connection), nil
}

func (e *esker) create() error {
	connection, client, err := e.client(0)
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = client.CreateQueue(context.Background(), &pb.CreateQueueRequest{Name: e.queue, Partitions: e.partitions})
	return err
}

func (e *esker) left() (int, error) {
	connection, client, err := e.client(0)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	queue, err := client.GetQueue(context.Background(), &pb.GetQueueRequest{Name: e.queue})
	total := 0
	for _, depth := range queue.GetPartitions() {
		total += int(depth.Ready + depth.Leased + depth.Dying + depth.Delayed)
	}
	return total, err
}

type eskerPublisher struct {
	esker      *esker
	connection *grpc.ClientConn
	stream     grpc.BidiStreamingClient[pb.PublishRequest, pb.PublishResponse]
	done       sync.WaitGroup
	request    pb.PublishRequest
}

func (e *esker) publisher(number int, confirmed func(uint64), failed func(error)) (publisher, error) {
	connection, client, err := e.client(number)
	if err != nil {
		return nil, err
	}
	stream, err := client.Publish(context.Background())
	if err != nil {
		return nil, err
	}
	p := &eskerPublisher{esker: e, connection: connection, stream: stream}
	p.request.Queue, p.request.Message = e.queue, &pb.Message{}
	p.done.Go(func() {
		for {
			answer, err := stream.Recv()
			if err == io.EOF {
				return
			}
			if err != nil {
				failed(err)
				return
			}
			if answer.GetPublished() == nil {
				failed(fmt.Errorf("message %d was not taken: %v", answer.GetId(), answer.GetError()))
			}
			confirmed(answer.GetId())
		}
	})
	return p, nil
}

func (p *eskerPublisher) publish(id uint64, body []byte) error {
	// It is in bytes when the call returns.
	p.request.Id, p.request.Message.Value = id, body
	return p.stream.Send(&p.request)
}

func (p *eskerPublisher) close() {
	p.stream.CloseSend()
	p.done.Wait()
	p.connection.Close()
}

type eskerConsumer struct {
	connection *grpc.ClientConn
	stream     grpc.BidiStreamingClient[pb.ReceiveRequest, pb.ReceiveResponse]
	sending    sync.Mutex
	done       sync.WaitGroup
	number     uint64
	waiting    map[uint64][]receipt
	// What was done with since credit was last given back.
	messages atomic.Uint32
	octets   atomic.Uint64
	prefetch uint32
}

// Bytes a message may take on average before credit for bytes counts: the messages are to count.
const room = 16 << 10

func (e *esker) consumer(number, prefetch int, received func(receipt, []byte), acked func([]receipt), failed func(error)) (consumer, error) {
	connection, client, err := e.client(number)
	if err != nil {
		return nil, err
	}
	stream, err := client.Receive(context.Background())
	if err != nil {
		return nil, err
	}
	credit := &pb.ReceiveCredit{Messages: uint32(prefetch), Bytes: uint64(prefetch) * room}
	open := &pb.ReceiveRequest{Request: &pb.ReceiveRequest_Open{Open: &pb.ReceiveOpen{Queue: e.queue, Credit: credit}}}
	if err := stream.Send(open); err != nil {
		return nil, err
	}
	if _, err := stream.Recv(); err != nil {
		return nil, err
	}
	c := &eskerConsumer{connection: connection, stream: stream, waiting: map[uint64][]receipt{}, prefetch: uint32(prefetch)}
	c.done.Go(func() {
		for {
			answer, err := stream.Recv()
			if err == io.EOF {
				return
			}
			if err != nil {
				failed(err)
				return
			}
			if messages := answer.GetMessages(); messages != nil {
				for _, delivery := range messages.Deliveries {
					c.octets.Add(delivery.Cost)
					is := delivery.Receipt
					received(receipt{partition: is.Partition, offset: is.Offset, count: is.DeliveryCount}, delivery.Value)
				}
			}
			if settled := answer.GetSettled(); settled != nil {
				if len(settled.Failed) > 0 {
					failed(fmt.Errorf("%d acks were not taken: %v", len(settled.Failed), settled.Failed[0]))
				}
				if err := c.settled(settled.Id, acked); err != nil {
					failed(err)
				}
			}
		}
	})
	return c, nil
}

// settled: what was acked is done with when that is durable; credit for it goes back in quarters.
func (c *eskerConsumer) settled(id uint64, acked func([]receipt)) error {
	c.sending.Lock()
	receipts := c.waiting[id]
	delete(c.waiting, id)
	c.sending.Unlock()
	acked(receipts)
	if done := c.messages.Add(uint32(len(receipts))); done < max(1, c.prefetch/4) {
		return nil
	}
	credit := &pb.ReceiveCredit{Messages: c.messages.Swap(0), Bytes: c.octets.Swap(0)}
	c.sending.Lock()
	defer c.sending.Unlock()
	return c.stream.Send(&pb.ReceiveRequest{Request: &pb.ReceiveRequest_Credit{Credit: credit}})
}

func (c *eskerConsumer) ack(receipts []receipt) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	c.number++
	c.waiting[c.number] = receipts
	settle := &pb.Settle{Id: c.number, Verdict: pb.Verdict_VERDICT_ACK, Receipts: make([]*pb.Receipt, len(receipts))}
	for i, receipt := range receipts {
		settle.Receipts[i] = &pb.Receipt{Partition: receipt.partition, Offset: receipt.offset, DeliveryCount: receipt.count}
	}
	return c.stream.Send(&pb.ReceiveRequest{Request: &pb.ReceiveRequest_Settle{Settle: settle}})
}

func (c *eskerConsumer) close() {
	c.sending.Lock()
	c.stream.CloseSend()
	c.sending.Unlock()
	ended := time.AfterFunc(time.Minute, func() { c.connection.Close() })
	c.done.Wait()
	ended.Stop()
	c.connection.Close()
}
