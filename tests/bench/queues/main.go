// The load of `make bench-queues`: the same publishers and consumers for every system, and one line of JSON about what they saw.
//
// A run is a failure (exit code 1) if not every message that was confirmed was received and acked, or if the queue has something
// left afterwards.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

func main() {
	kind := flag.String("system", "", "esker or rabbitmq")
	addresses := flag.String("addresses", "", "of the brokers, with commas; publishers and consumers take them in turn")
	ctl := flag.String("ctl", "", "rabbitmq: where rabbitmqctl is")
	node := flag.String("node", "", "rabbitmq: the node that it asks")
	queue := flag.String("queue", "", "its name; made if there is none")
	partitions := flag.Uint("partitions", 0, "esker: of the queue; 0 for the broker's default")
	scenario := flag.String("scenario", "throughput", "throughput, latency or drain")
	publishers := flag.Int("publishers", 6, "")
	window := flag.Int("window", 256, "unconfirmed messages of a publisher")
	consumers := flag.Int("consumers", 6, "")
	prefetch := flag.Int("prefetch", 256, "messages that a consumer has and that are not acked")
	bytes := flag.Int("bytes", 1024, "of a message")
	gather := flag.Duration("gather", 0, "collect acks for so long; 0 for one ack per message")
	seconds := flag.Float64("seconds", 5, "of publishing")
	rate := flag.Float64("rate", 2000, "latency: messages per second")
	messages := flag.Int("messages", 50_000, "drain: the backlog")
	flag.Parse()

	var under system
	at := strings.Split(*addresses, ",")
	switch *kind {
	case "esker":
		under = &esker{addresses: at, queue: *queue, partitions: uint32(*partitions)}
	case "rabbitmq":
		under = &rabbit{addresses: at, queue: *queue, ctl: *ctl, node: *node}
	default:
		end(fmt.Errorf("no such system: %q", *kind))
	}
	end(under.create())
	l := newLoad(under, shape{*publishers, *window, *consumers, *prefetch, max(*bytes, header), *gather})
	length := time.Duration(*seconds * 1e9)
	result := map[string]float64{}
	switch *scenario {
	case "throughput":
		end(throughput(l, length, result))
	case "latency":
		end(latency(l, length, *rate, result))
	case "drain":
		end(drain(l, *messages, result))
	default:
		end(fmt.Errorf("no such scenario: %q", *scenario))
	}
	result["messages"] = float64(l.acked.Load())
	result["again"] = float64(l.again.Load())
	result["client_cpu"] = cpu()
	line, err := json.Marshal(result)
	end(err)
	fmt.Println(string(line))
}

// throughput publishes and consumes at once as fast as it goes, and ends when the last message is acked.
func throughput(l *load, length time.Duration, result map[string]float64) error {
	if err := l.consume(); err != nil {
		return err
	}
	if err := l.open(); err != nil {
		return err
	}
	began := l.now()
	if err := l.publish(most, length, 0); err != nil {
		return err
	}
	if err := l.finish(); err != nil {
		return err
	}
	total := float64(l.acked.Load())
	result["per_second"] = total * 1e9 / float64(l.lastAck.Load()-began)
	result["confirmed_per_second"] = total * 1e9 / float64(l.lastConfirm.Load()-began)
	return nil
}

// latency publishes at a fixed rate. The first tenth of what each side saw is not counted.
func latency(l *load, length time.Duration, rate float64, result map[string]float64) error {
	l.paced = true
	if err := l.consume(); err != nil {
		return err
	}
	if err := l.open(); err != nil {
		return err
	}
	each := int(rate*length.Seconds()/float64(l.shape.publishers)) + 1
	for _, s := range l.sides {
		s.due = make([]int64, each)
	}
	began := l.now()
	if err := l.publish(each, 10*length, rate); err != nil {
		return err
	}
	if err := l.finish(); err != nil {
		return err
	}
	var confirms, latencies []int64
	for _, s := range l.sides {
		confirms = append(confirms, s.confirms[len(s.confirms)/10:]...)
	}
	for _, g := range l.gatherings {
		latencies = append(latencies, g.latencies[len(g.latencies)/10:]...)
	}
	percentiles("received_", latencies, result)
	percentiles("confirmed_", confirms, result)
	result["per_second"] = float64(l.acked.Load()) * 1e9 / float64(l.lastAck.Load()-began)
	return nil
}

// drain publishes with nobody to receive, and then works it off.
func drain(l *load, messages int, result map[string]float64) error {
	if err := l.open(); err != nil {
		return err
	}
	began := l.now()
	if err := l.publish(messages/l.shape.publishers, time.Hour, 0); err != nil {
		return err
	}
	result["confirmed_per_second"] = float64(l.confirmed.Load()) * 1e9 / float64(l.lastConfirm.Load()-began)
	began = l.now()
	if err := l.consume(); err != nil {
		return err
	}
	if err := l.finish(); err != nil {
		return err
	}
	result["per_second"] = float64(l.acked.Load()) * 1e9 / float64(l.lastAck.Load()-began)
	return nil
}

// cpu is this process's time so far, seconds.
func cpu() float64 {
	var usage syscall.Rusage
	end(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
