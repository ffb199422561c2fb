package dist

import (
	"bytes"
	"io"
	"testing"

	"github.com/fjord-media/fjord/node/etf"
)

// TestLoans: memory that is returned in time is used for the next message, and
// no other memory is: not that of the messages between, and not because of a
// word that comes too late.
func TestLoans(t *testing.T) {
	for name, sizes := range map[string][]int{"whole": {60_000}, "two fragments": {64 << 10}, "mixed": {60_000, 100, 64 << 10, 200_000}} {
		t.Run(name, func(t *testing.T) {
			const count = 60
			var stream []byte
			for k := range count {
				stream = append(stream, cut(t, byte(k), patterned(k, sizes[k%len(sizes)]))...)
			}
			kept := map[int][]byte{}
			places := map[*byte]int{}
			var late []Loan
			seen := 0
			feedLoans(bytes.NewReader(stream), func(loan Loan, msg etf.Term) {
				b := msg.([]byte)
				if !bytes.Equal(b, patterned(seen, sizes[seen%len(sizes)])) {
					t.Errorf("message %d differs", seen)
				}
				for _, l := range late {
					l.Return()
				}
				if seen%3 == 0 {
					kept[seen] = b
					late = append(late, loan)
				} else {
					places[&b[0]]++
					loan.Return()
				}
				seen++
			})
			if seen != count {
				t.Fatalf("%d of %d messages", seen, count)
			}
			for k, b := range kept {
				if !bytes.Equal(b, patterned(k, sizes[k%len(sizes)])) {
					t.Errorf("kept message %d has changed", k)
				}
			}
			if name != "mixed" && len(places) > count/2 {
				t.Errorf("%d places for %d messages", len(places), count)
			}
		})
	}
}

// feedLoans is feed for binaries and their memory.
func feedLoans(in io.Reader, deliver func(Loan, etf.Term)) {
	var l *Link
	opts := LinkOptions{Deliver: func(s Signal) { deliver(l.Loan(), s.(SigSend).Message) }}
	l = NewLink(&scripted{in: in}, localB, Peer{Name: "a@h", Flags: DefaultFlags}, opts)
	_ = newReader(l).run(new(bool)) // the end of in
}
