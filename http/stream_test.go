package httpapi

import (
	"bytes"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Every feed gets all frames since it began, in order and whole, whenever it
// takes them.
func TestStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type reader struct {
			*feed
			want, got []byte
		}
		var s stream
		var readers []*reader
		take := func(r *reader) {
			if n := int64(len(r.want) - len(r.got)); r.behind() != n {
				t.Fatalf("behind by %d, %d wait", r.behind(), n)
			}
			for b := r.take(); b != nil; b = r.take() {
				r.got = append(r.got, b...)
			}
			if !bytes.Equal(r.got, r.want) || r.behind() != 0 {
				t.Fatalf("%d bytes of %d", len(r.got), len(r.want))
			}
		}
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				readers = append(readers, &reader{feed: s.here(nil)})
			case 1:
				if len(readers) > 0 {
					take(readers[rapid.IntRange(0, len(readers)-1).Draw(t, "reader")])
				}
			default:
				size := rapid.SampledFrom([]int{0, 1, 20, 5000, chunkSize - 1, chunkSize, chunkSize + 1, 3 * chunkSize}).Draw(t, "size")
				f := bytes.Repeat([]byte{byte(i)}, size)
				s.append(f)
				for _, r := range readers {
					r.want = append(r.want, f...)
				}
			}
		}
		for _, r := range readers {
			take(r)
			s.append([]byte("x"))
			r.drop()
			if r.take() != nil || r.behind() != 0 {
				t.Fatal("a dropped feed goes on")
			}
			for _, r := range readers {
				r.want = append(r.want, 'x')
			}
		}
	})
}

// Reading and writing go on at the same time.
func TestStreamIsShared(t *testing.T) {
	const frames, readers = 5000, 4
	var s stream
	var wg sync.WaitGroup
	for range readers {
		f := s.here(nil)
		wg.Go(func() {
			var got []byte
			for len(got) < 10*frames {
				got = append(got, f.take()...)
			}
			for i := range frames {
				if got[10*i] != byte(i) || got[10*i+9] != byte(i) {
					t.Errorf("frame %d is %x", i, got[10*i:10*i+10])
					return
				}
			}
		})
	}
	for i := range frames {
		s.append(bytes.Repeat([]byte{byte(i)}, 10))
	}
	wg.Wait()
}
