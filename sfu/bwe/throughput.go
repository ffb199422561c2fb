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

// cellOf is the number of the cell of a time, which may be before the receiver's
// first one.
func cellOf(at int64) int64 {
	cell := at / cellWidth
	if at%cellWidth < 0 {
		cell--
	}
	return cell
}

// cell is where the bytes of a cell are counted.
func (t *throughput) cell(number int64) *int {
	return &t.cells[(number%cellCount+cellCount)%cellCount]
}

// add notes bytes that arrived at a time.
func (t *throughput) add(at int64, size int) {
	cell := cellOf(at)
	switch {
	case !t.begun:
		t.begun, t.newest, t.oldest = true, cell, cell
	case cell > t.newest:
		for i := max(t.newest+1, cell-cellCount+1); i <= cell; i++ {
			*t.cell(i) = 0
		}
		t.newest = cell
		t.oldest = max(t.oldest, cell-cellCount+1)
	case cell <= t.newest-cellCount || cell < t.oldest:
		return // too late to count
	}
	*t.cell(cell) += size
}

// rate is in bit/s over the full cells; 0 until there are four of them.
func (t *throughput) rate() int {
	full := t.newest - t.oldest // the newest is still filling
	if !t.begun || full < 4 {
		return 0
	}
	sum := 0
	for i := t.oldest; i < t.newest; i++ {
		sum += *t.cell(i)
	}
	return int(int64(sum) * 8 * int64(time.Second) / (full * cellWidth))
}
