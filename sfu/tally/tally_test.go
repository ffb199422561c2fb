package tally

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestSum: nothing that several goroutines count is lost.
func TestSum(t *testing.T) {
	const goroutines, each = 2 * shards, 100
	var s Set
	var wait sync.WaitGroup
	for range goroutines {
		wait.Go(func() {
			c := s.Shard()
			for i := range int64(each) {
				c.Missing.Add(1)
				c.Lost.Add(2)
				c.Restored.Add(3)
				c.Dropped.Add(4)
				c.Asked.Add(5)
				c.Wanted.Add(6)
				c.Repeated.Add(7)
				c.Unreceived.Add(8)
				c.KeyFrames.Add(9)
				c.Jitter.Observe(i)
				c.Queue.Observe(i)
				c.Latency.Observe(i)
			}
		})
	}
	wait.Wait()
	const n = goroutines * each
	got := s.Sum()
	numbers := []int64{
		got.Missing, got.Lost, got.Restored, got.Dropped, got.Asked, got.Wanted, got.Repeated, got.Unreceived, got.KeyFrames,
		got.Jitter.Count(), got.Queue.Count(), got.Latency.Count(),
	}
	if want := []int64{n, 2 * n, 3 * n, 4 * n, 5 * n, 6 * n, 7 * n, 8 * n, 9 * n, n, n, n}; !slices.Equal(numbers, want) {
		t.Errorf("%v, want %v", numbers, want)
	}
}

func TestHistogram(t *testing.T) {
	bounds := Bounds()
	if !slices.IsSorted(bounds[:]) {
		t.Error("bounds do not ascend")
	}
	var h Histogram
	h.Observe(-5)
	for _, b := range bounds {
		h.Observe(int64(b))
		h.Observe(int64(b) + 1)
	}
	h.Observe(math.MaxInt64 / 4)
	var d Distribution
	d.add(&h)
	for i, n := range d.Counts {
		want := int64(2)
		if n != want {
			t.Errorf("bucket %d has %d, want %d", i, n, want)
		}
	}
	if m := d.Cumulative(); len(m) != buckets || m[0.00005] != 2 || m[1] != 2*buckets || d.Count() != 2*buckets+2 {
		t.Errorf("%v of %d", m, d.Count())
	}
	if d.Sum < time.Second {
		t.Errorf("sum %v", d.Sum)
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	var s Set
	c := s.Shard()
	if n := testing.AllocsPerRun(100, func() { c.Lost.Add(1); c.Latency.Observe(12345) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
