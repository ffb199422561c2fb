package bwe

import "time"

// Throughput is measured in cells of 50 ms over the last half second.
const (
	cellWidth = int64(50 * time.Millisecond)
	cellCount = 10
)

// throughput is how much arrives, by the receiver's clock.
type throughput struct {
	cells  [cellCount]int
	newest int64 // number of the newest cell
	oldest int64
	begun  bool
}

// add notes bytes that arrived at a time.
func (t *throughput) add(at int64, size int) {
	cell := at / cellWidth
	switch {
	case !t.begun:
		t.begun, t.newest, t.oldest = true, cell, cell
	case cell > t.newest:
		for i := max(t.newest+1, cell-cellCount+1); i <= cell; i++ {
			t.cells[i%cellCount] = 0
		}
		t.newest = cell
		t.oldest = max(t.oldest, cell-cellCount+1)
	case cell <= t.newest-cellCount || cell < t.oldest:
		return // too late to count
	}
	t.cells[cell%cellCount] += size
}

// rate is in bit/s over the full cells; 0 until there are four of them.
func (t *throughput) rate() int {
	full := t.newest - t.oldest // the newest is still filling
	if !t.begun || full < 4 {
		return 0
	}
	sum := 0
	for i := t.oldest; i < t.newest; i++ {
		sum += t.cells[i%cellCount]
	}
	return int(int64(sum) * 8 * int64(time.Second) / (full * cellWidth))
}
