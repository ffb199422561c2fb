package dist

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/fjord-media/fjord/node/etf"
)

// feed gives a reader the bytes of in and returns what it delivered.
func feed(in io.Reader, opts LinkOptions) (got []Signal, l *Link, err error) {
	opts.Deliver = func(s Signal) { got = append(got, s) }
	l = NewLink(&scripted{in: in}, localB, Peer{Name: "a@h", Flags: DefaultFlags}, opts)
	err = newReader(l).run(new(bool))
	return got, l, err
}

// fataler is *testing.T, *testing.B or *rapid.T.
type fataler interface {
	Helper()
	Fatal(...any)
}

// lengths puts lengths before frames.
func lengths(frames ...[]byte) []byte {
	var b []byte
	for _, f := range frames {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(f))), f...)
	}
	return b
}

// passFrame is a pass-through frame of terms.
func passFrame(t fataler, terms ...etf.Term) []byte {
	t.Helper()
	b := []byte{typePass}
	for _, term := range terms {
		var err error
		if b, err = etf.Append(b, term); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// outbox is a writer that writes to memory.
type outbox struct {
	*writer
	out  *bytes.Buffer
	link *Link
}

func newOutbox(flags Flags) *outbox {
	conn := &scripted{in: bytes.NewReader(nil)}
	l := NewLink(conn, localA, Peer{Name: "b@h", Flags: flags}, LinkOptions{Buffer: 1 << 30})
	return &outbox{writer: l.out, out: &conn.out, link: l}
}

// step makes one write. False: nothing is queued.
func (o *outbox) step(t fataler) bool {
	o.queue.mu.Lock()
	empty := o.queue.ready.len() == 0 && len(o.queue.large) == 0
	o.queue.mu.Unlock()
	if empty {
		return false
	}
	if !o.take() {
		t.Fatal("queue closed")
	}
	n, err := o.write()
	if err != nil {
		t.Fatal(err)
	}
	o.done(n)
	return true
}

func (o *outbox) post(t fataler, sigs ...Signal) {
	t.Helper()
	for _, s := range sigs {
		if err := o.link.Post(s); err != nil {
			t.Fatal(err)
		}
	}
}

// drain writes all that is queued.
func (o *outbox) drain(t fataler) []byte {
	for o.step(t) {
	}
	return o.out.Bytes()
}

// split cuts a stream into frames.
func split(t fataler, b []byte) (frames [][]byte) {
	t.Helper()
	for len(b) > 0 {
		n := int(binary.BigEndian.Uint32(b))
		frames = append(frames, b[4:4+n])
		b = b[4+n:]
	}
	return frames
}
