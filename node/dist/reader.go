package dist

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fjord-media/fjord/node/etf"
)

// Sizes of reading.
const (
	idleRead     = 256      // of the buffer of a quiet link: there may be thousands
	minRead      = 4 << 10  // of the buffer once it is used
	maxRead      = 64 << 10 // of the buffer of a busy one
	patientReads = 512      // in a row that find more than they have room for, before they get more
	maxInPlace   = 32 << 10 // of a frame that is decoded in the buffer
	fragmentUp   = 2 + fragmentIDs
	extraRead    = 512 // after a frame that is read to its place: what is there is copied twice
)

// reader takes frames from the connection and delivers their signals. Small
// frames are decoded where they were read to, their binaries copied; others
// get memory of their own, of which their binaries are parts.
type reader struct {
	link       *Link
	in         io.Reader
	buf        []byte
	start, end int // unread part of buf
	window     int // bytes to read beyond a frame that is needed
	behind     int // reads in a row that found more than that
	large      int // small frames until buf may be filled again: large ones are better read to their place
	blocks     *blocks

	table    *[38]operation // made when needed
	control  control        // of the message at hand
	cache    atomCacheIn
	assembly assembly
	copying  *etf.Decoder
	sharing  *etf.Decoder // made when needed
	reported map[string]bool
	watch    watch
}

func newReader(l *Link) *reader {
	r := &reader{link: l, in: readerOf(l.conn), blocks: &blocks{}, reported: map[string]bool{}}
	r.buf, r.window = make([]byte, idleRead), idleRead
	r.assembly.maxMessage = l.opts.MaxMessage
	r.copying = etf.NewDecoder(r.decoderOptions(false))
	return r
}

func (r *reader) decoderOptions(noCopy bool) etf.DecoderOptions {
	return etf.DecoderOptions{NoCopy: noCopy, Limits: etf.Limits{Bytes: r.link.opts.MaxMessage}}
}

// serve reads for a link until it is over, or another goroutine goes on. Its stack
// is what a quiet link costs most: the fewer frames below that of the waiting read,
// the smaller the collector makes it.
func (r *reader) serve(context.Context) error {
	handed := false
	defer func() {
		if !handed {
			r.link.ended()
		}
	}()
	if err := r.run(&handed); err != nil {
		r.link.Close(err)
	}
	return nil
}

// run reads until the connection or framing is lost, or until reading is handed to
// another goroutine: then it returns nil.
func (r *reader) run(handed *bool) error {
	for {
		r.link.out.hurry()
		if err := r.frame(); err != nil {
			r.blocks.quiet()
			return connError("read", err)
		}
		if fn := r.link.aside; fn != nil {
			r.link.aside = nil
			if r.watch.during(fn, handed); *handed {
				return nil
			}
		}
	}
}

// frame reads one frame and delivers what it completes.
func (r *reader) frame() error {
	if err := r.need(4); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint32(r.buf[r.start:]))
	r.start += 4
	r.foresee(n)
	switch {
	case n == 0:
		r.link.stats.ticks.Add(1)
		r.shrink()
		return nil
	case n > r.link.opts.MaxMessage:
		return fmt.Errorf("%w: frame of %d bytes", ErrLimit, n)
	case n > min(max(len(r.buf), minRead), maxInPlace):
		return r.largeFrame(n)
	}
	if err := r.need(n); err != nil {
		return err
	}
	body := r.buf[r.start : r.start+n : r.start+n]
	r.start += n
	return r.body(body, false)
}

// foresee notes the size of a frame: the next ones are taken to be alike.
func (r *reader) foresee(n int) {
	if n > maxInPlace {
		r.large = 4
	} else if r.large > 0 {
		r.large--
	}
}

// largeFrame reads a frame into memory of its own, a later fragment into that
// of its message.
func (r *reader) largeFrame(n int) error {
	if err := r.need(fragmentUp); err != nil {
		return err
	}
	f, err := parseFrame(r.buf[r.start : r.start+fragmentUp])
	if err != nil {
		return err
	}
	if f.kind == frameNext {
		r.start += fragmentUp
		return r.nextFragment(f, n-fragmentUp)
	}
	if n > minBlock && n <= maxInBlock && !(f.kind == frameFirst && f.fragment > 2) {
		return r.middleFrame(n)
	}
	body, err := r.own(n, r.ahead(f, n))
	if err != nil {
		return err
	}
	return r.body(body, true)
}

// middleFrame reads a frame into recycled memory.
func (r *reader) middleFrame(n int) error {
	b := r.blocks.take()
	if err := r.block(b, n); err != nil {
		return err
	}
	lender := &r.link.lender
	lender.block = b
	err := r.body(b[:n], true)
	lender.block = nil
	return err
}

// block reads n bytes into b, with a little of what comes after them in the same
// read: mostly that is the last fragment of the message, if it has two, and the
// beginning of the next one.
func (r *reader) block(b *block, n int) error {
	got := copy(b[:n], r.buf[r.start:r.end])
	r.start += got
	for got < n {
		more, err := r.read(b[got:min(len(b), n+extraRead, n+len(r.buf))])
		if got += more; err != nil && got < n {
			return err
		}
	}
	if got > n {
		r.start, r.end = 0, copy(r.buf, b[n:got])
	}
	return nil
}

// nextFragment reads the n bytes of fragment f straight to where they belong.
func (r *reader) nextFragment(f frame, n int) error {
	s, room, err := r.assembly.extend(f, n)
	if err != nil {
		return err
	}
	if room == nil {
		err = r.discard(n)
	} else {
		err = r.full(room)
	}
	if err != nil || s.left > 0 {
		return err
	}
	return r.complete(s)
}

// complete delivers the message of a sequence whose last fragment came.
func (r *reader) complete(s *sequence) error {
	r.assembly.done(s)
	if s.tooBig {
		r.drop("message over the limit", ErrLimit)
		return nil
	}
	r.link.lender.block = s.block
	r.message(s.atoms, s.data, true)
	r.link.lender.block = nil
	return nil
}

// body handles a frame that was read whole; own says that its memory is not
// used again. Errors mean that framing or the atom cache is lost.
func (r *reader) body(b []byte, own bool) error {
	f, err := parseFrame(b)
	if err != nil {
		return err
	}
	switch f.kind {
	case framePass:
		r.passed(f.data, own)
		return nil
	case frameNext:
		s, room, err := r.assembly.extend(f, len(f.data))
		if err != nil {
			return err
		}
		copy(room, f.data)
		if s.left > 0 {
			return nil
		}
		return r.complete(s)
	}
	atoms, data, err := r.cache.refs(f.data)
	if err != nil {
		return err
	}
	if f.kind == frameWhole || f.fragment == 1 {
		r.message(atoms, data, own)
		return nil
	}
	if !own {
		data = append([]byte(nil), data...)
	}
	if err := r.assembly.begin(f, atoms, data); err != nil {
		return err
	}
	r.assembly.open[f.seq].block = r.link.lender.block
	return nil
}

// need fills buf until it has n unread bytes, at most minRead or len(buf).
func (r *reader) need(n int) error {
	if n > len(r.buf) {
		r.grow(minRead)
	}
	for r.end-r.start < n {
		if r.start == r.end {
			r.start, r.end = 0, 0
		}
		switch {
		case r.window > len(r.buf):
			r.grow(max(minRead, 2*len(r.buf)))
		case len(r.buf)-r.start < n || r.end == len(r.buf):
			r.end = copy(r.buf, r.buf[r.start:r.end])
			r.start = 0
		}
		room := r.buf[r.end:min(len(r.buf), max(r.end, r.start+n-4)+r.window)]
		if r.large > 0 {
			room = room[:min(len(room), minRead)]
		}
		got, err := r.read(room)
		r.end += got
		r.adapt(got == len(room))
		if err != nil && r.end-r.start < n {
			return err
		}
	}
	return nil
}

// adapt changes the window after a read that took all it had room for, or not. A
// reader that keeps up reads little at a time: one that falls asleep between
// messages costs a sender that is no faster than it the waking, which is more
// than the message. Only who falls behind for long reads more at a time.
func (r *reader) adapt(full bool) {
	switch {
	case !full:
		r.window, r.behind = idleRead, 0
	case r.window < maxRead:
		if r.behind++; r.behind == patientReads {
			r.window, r.behind = 2*r.window, 0
		}
	}
}

// grow makes buf larger and keeps what is unread.
func (r *reader) grow(size int) {
	b := make([]byte, size)
	r.end = copy(b, r.buf[r.start:r.end])
	r.buf, r.start = b, 0
}

// shrink gives the buffer of a busy link back once it is quiet.
func (r *reader) shrink() {
	if r.start == r.end && len(r.buf) > idleRead {
		r.buf, r.start, r.end, r.window = make([]byte, idleRead), 0, 0, idleRead
	}
	r.blocks.quiet()
}

// read reads once.
func (r *reader) read(b []byte) (int, error) {
	r.link.clock.beginRead()
	n, err := r.in.Read(b)
	r.link.clock.endRead()
	r.link.stats.bytesIn.Add(uint64(n))
	return n, err
}

// full fills b.
func (r *reader) full(b []byte) error {
	n := copy(b, r.buf[r.start:r.end])
	r.start += n
	for n < len(b) {
		got, err := r.read(b[n:])
		if n += got; err != nil && n < len(b) {
			return err
		}
	}
	return nil
}

// ahead is the room to make for the fragments after f, a frame of n bytes.
func (r *reader) ahead(f frame, n int) int {
	if f.kind != frameFirst || f.fragment == 0 || n > r.link.opts.MaxMessage {
		return 0
	}
	rest := int(min(f.fragment-1, aheadFactor)) * fragmentSize
	return min(rest, (aheadFactor-1)*n, r.link.opts.MaxMessage-n)
}

// own reads n bytes to new memory, which grows as they arrive, and has room
// for more.
func (r *reader) own(n, more int) ([]byte, error) {
	first := min(n, 4*fragmentSize)
	b := make([]byte, first, first+more)
	if err := r.full(b); err != nil {
		return nil, err
	}
	for len(b) < n {
		old := len(b)
		bigger := make([]byte, min(n, 2*old))
		copy(bigger, b)
		b = bigger
		if err := r.full(b[old:]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// discard reads n bytes and forgets them.
func (r *reader) discard(n int) error {
	for n > 0 {
		if err := r.need(1); err != nil {
			return err
		}
		skip := min(n, r.end-r.start)
		r.start += skip
		n -= skip
	}
	return nil
}
