package node

import (
	"bytes"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// TestRelease: a callback that releases each second message sees all as they
// were sent, and so does who has kept the others.
func TestRelease(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		const count = 50
		type item struct {
			number int
			binary []byte
		}
		content := func(k int) []byte { return bytes.Repeat([]byte{byte(k + 1)}, 40_000+100*k) }
		got := make(chan item, count)
		seen := 0
		sink, err := p.far.Spawn("", Callbacks{Message: func(m Message) {
			b := m.Term.([]byte)
			if !bytes.Equal(b, content(seen)) {
				t.Errorf("message %d differs", seen)
			}
			if seen%2 == 0 {
				got <- item{seen, b}
			} else {
				m.Release()
				got <- item{seen, nil}
			}
			seen++
		}})
		if err != nil {
			t.Fatal(err)
		}
		from := mailbox(t, p.near, "")
		for k := range count {
			if err := from.Send(t.Context(), etf.Term(sink.Pid()), content(k)); err != nil {
				t.Fatal(err)
			}
		}
		var kept []item
		for range count {
			select {
			case i := <-got:
				kept = append(kept, i)
			case <-time.After(15 * time.Second):
				t.Fatalf("%d of %d messages", len(kept), count)
			}
		}
		for _, i := range kept {
			if i.binary != nil && !bytes.Equal(i.binary, content(i.number)) {
				t.Errorf("kept message %d has changed", i.number)
			}
		}
	})
}
