package dist

import (
	"encoding/binary"
	"testing"
)

// TestWindow checks how much is read at a time: little while the reader keeps up,
// more the longer it is behind, whatever is left over from read to read.
func TestWindow(t *testing.T) {
	for _, size := range []int{60, 146, 150, 252, 300, 1000} {
		body := append([]byte{typePass, version, 106}, make([]byte, size)...) // makes no sense: dropped
		frame := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
		in := &endless{frame: frame}
		r := newReader(NewLink(in, localB, Peer{Flags: DefaultFlags}, LinkOptions{}))
		reads := &counted{endless: in}
		r.in = reads
		for range 2 * patientReads {
			if err := r.frame(); err != nil {
				t.Fatal(err)
			}
		}
		if reads.most >= minRead {
			t.Errorf("%d bytes: read %d at once so soon", size, reads.most)
		}
		for range 150 * patientReads {
			if err := r.frame(); err != nil {
				t.Fatal(err)
			}
		}
		if reads.most <= minRead {
			t.Errorf("%d bytes: behind for long, and reads %d at once", size, reads.most)
		}
		r.in, reads.most, in.short = reads, 0, true
		for range 4 * maxRead / size {
			if err := r.frame(); err != nil {
				t.Fatal(err)
			}
		}
		if r.window != idleRead {
			t.Errorf("%d bytes: a window of %d though it keeps up", size, r.window)
		}
	}
}

// counted notes how much was asked for at once.
type counted struct {
	*endless
	most int
}

func (c *counted) Read(b []byte) (int, error) {
	c.most = max(c.most, len(b))
	return c.endless.Read(b)
}
