package tally

import "sync/atomic"

// shards is how many there are (a power of two): a few for each processor.
const shards = 16

// Set is the counters of a node. The zero value is ready.
type Set struct {
	next   atomic.Uint32
	shards [shards]Shard
}

// Shard picks the counters for somebody who will count.
func (s *Set) Shard() *Shard { return &s.shards[s.next.Add(1)%shards] }

// Shard is a part of the counters. The zero value is ready; all fields only
// grow, and may be changed from any goroutine.
type Shard struct {
	Missing    atomic.Int64 // packets of publishers that had not come when later ones did
	Lost       atomic.Int64 // those of them that never came
	Restored   atomic.Int64 // those that came as retransmissions (RFC 4588)
	Dropped    atomic.Int64 // packets of publishers that found the queue full
	Asked      atomic.Int64 // sequence numbers in NACKs to publishers (RFC 4585 §6.2.1)
	Wanted     atomic.Int64 // sequence numbers in NACKs of subscribers
	Repeated   atomic.Int64 // packets that were sent to a subscriber again
	Unreceived atomic.Int64 // packets that subscribers' reports call lost (RFC 3550 §6.4.1)
	KeyFrames  atomic.Int64 // requests of subscribers for key frames (RFC 4585 §6.3.1, RFC 5104 §4.3.1)

	Jitter  Histogram // of publishers' streams (RFC 3550 §6.4.1), once a second each
	Queue   Histogram // how long the oldest packet of a batch waited for its client's goroutine; a sample
	Latency Histogram // from its arrival until all of the batch was sent on; a sample

	_ [64]byte // the neighbour's counters are on another cache line
}

// Sums is what all shards count together.
type Sums struct {
	Missing, Lost, Restored, Dropped, Asked, Wanted, Repeated, Unreceived, KeyFrames int64
	Jitter, Queue, Latency                                                           Distribution
}

// Sum reads all shards.
func (s *Set) Sum() Sums {
	var t Sums
	for i := range s.shards {
		c := &s.shards[i]
		for total, count := range map[*int64]*atomic.Int64{
			&t.Missing: &c.Missing, &t.Lost: &c.Lost, &t.Restored: &c.Restored, &t.Dropped: &c.Dropped, &t.Asked: &c.Asked,
			&t.Wanted: &c.Wanted, &t.Repeated: &c.Repeated, &t.Unreceived: &c.Unreceived, &t.KeyFrames: &c.KeyFrames,
		} {
			*total += count.Load()
		}
		t.Jitter.add(&c.Jitter)
		t.Queue.add(&c.Queue)
		t.Latency.add(&c.Latency)
	}
	return t
}
