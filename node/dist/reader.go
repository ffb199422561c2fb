package dist

import (
	"encoding/binary"
	"fmt"
	"net"

	"github.com/fjord-media/fjord/node/etf"
)

// Sizes of reading.
const (
	minRead    = 4 << 10   // of the buffer of a quiet link
	maxRead    = 256 << 10 // of the buffer of a busy one
	fragmentUp = 2 + fragmentIDs
	maxJoined  = 4 // fragments of a message that is put together in the buffer
)

// reader takes frames from the connection and delivers their signals. What
// fits into its buffer, which stays in the processor's cache, is decoded there
// and its binaries copied, which costs less than new memory that has to be
// cleared before it is read into. Others get a buffer of their own, of which
// their binaries are parts.
type reader struct {
	link       *Link
	conn       net.Conn
	buf        []byte
	start, end int  // unread part of buf
	busy       bool // the last read filled buf

	table    [38]operation
	control  control // of the message at hand
	cache    atomCacheIn
	assembly assembly
	copying  *etf.Decoder
	sharing  *etf.Decoder // made when needed
	reported map[string]bool
}

func newReader(l *Link) *reader {
	r := &reader{link: l, conn: l.conn, table: operations(), reported: map[string]bool{}}
	r.buf = make([]byte, minRead)
	r.assembly.maxMessage = l.opts.MaxMessage
	r.copying = etf.NewDecoder(r.decoderOptions(false))
	return r
}

func (r *reader) decoderOptions(noCopy bool) etf.DecoderOptions {
	return etf.DecoderOptions{NoCopy: noCopy, Limits: etf.Limits{Bytes: r.link.opts.MaxMessage}}
}

// run reads until the connection or framing is lost. Never nil.
func (r *reader) run() error {
	for {
		if err := r.frame(); err != nil {
			return connError("read", err)
		}
	}
}

// frame reads one frame and delivers what it completes.
func (r *reader) frame() error {
	if err := r.need(4); err != nil {
		return err
	}
	n := r.length(0)
	switch {
	case n == 0:
		r.start += 4
		r.link.stats.ticks.Add(1)
		r.shrink()
		return nil
	case n > r.link.opts.MaxMessage:
		return fmt.Errorf("%w: frame of %d bytes", ErrLimit, n)
	case n <= minRead-4:
		return r.inPlace(n)
	}
	if err := r.need(4 + fragmentUp); err != nil {
		return err
	}
	f, err := parseFrame(r.buf[r.start+4 : r.start+4+fragmentUp])
	switch {
	case err != nil:
		return err
	case 4+n > len(r.buf), f.kind == frameNext, f.kind == frameFirst && f.fragment > maxJoined:
		r.start += 4
		return r.largeFrame(f, n)
	}
	return r.inPlace(n)
}

// length is that of the frame that begins off bytes into what is unread.
func (r *reader) length(off int) int {
	return int(binary.BigEndian.Uint32(r.buf[r.start+off:]))
}

// inPlace handles a frame of n bytes, which fits into the buffer, in it.
func (r *reader) inPlace(n int) error {
	if err := r.need(4 + n); err != nil {
		return err
	}
	f, err := parseFrame(r.unread(4, 4+n))
	if err != nil {
		return err
	}
	if f.kind == frameFirst && f.fragment > 1 && f.fragment <= maxJoined {
		return r.join(f, n)
	}
	r.start += 4 + n
	return r.body(f, false)
}

// unread is a section of what is unread.
func (r *reader) unread(from, to int) []byte {
	return r.buf[r.start+from : r.start+to : r.start+to]
}

// join puts a message together whose first fragment f, of n bytes, is in the
// buffer, as long as the other fragments follow at once and fit. It looks at
// most one frame ahead: what it cannot use, frame reads again.
func (r *reader) join(f frame, n int) error {
	next, end := 4+n, 4+n // of the frames, of the message
	seq, left := f.seq, f.fragment-1
	for ; left > 0; left-- {
		data := r.follower(next, seq, left)
		if data == nil {
			break
		}
		next += 4 + fragmentUp + len(data)
		end += copy(r.buf[r.start+end:], data)
	}
	f, err := parseFrame(r.unread(4, end))
	if err != nil {
		return err
	}
	r.start += next
	f.fragment = left + 1
	return r.body(f, false)
}

// follower reads the frame that begins off bytes into what is unread. It gives
// the bytes of fragment left of sequence seq, nil if the frame is another, does
// not fit or does not come: frame will find the reason.
func (r *reader) follower(off int, seq, left uint64) []byte {
	if off+4 > len(r.buf) || r.need(off+4) != nil {
		return nil
	}
	n := r.length(off)
	if n < fragmentUp || n > len(r.buf)-off-4 || r.need(off+4+n) != nil {
		return nil
	}
	f, err := parseFrame(r.unread(off+4, off+4+n))
	if err != nil || f.kind != frameNext || f.seq != seq || f.fragment != left {
		return nil
	}
	return f.data
}

// largeFrame reads a frame of n bytes, whose beginning is f, into a buffer of
// its own, a later fragment into that of its message.
func (r *reader) largeFrame(f frame, n int) error {
	r.busy = true // the next ones may fit
	if f.kind == frameNext {
		r.start += fragmentUp
		return r.nextFragment(f, n-fragmentUp)
	}
	b, err := r.own(n, r.ahead(f, n))
	if err != nil {
		return err
	}
	if f, err = parseFrame(b); err != nil {
		return err
	}
	return r.body(f, true)
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
	r.message(s.atoms, s.data, true)
	return nil
}

// body handles a frame that was read whole; own says that its memory is not
// used again. Errors mean that framing or the atom cache is lost.
func (r *reader) body(f frame, own bool) error {
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
	return r.assembly.begin(f, atoms, data)
}

// need fills buf until it has n unread bytes, at most len(buf).
func (r *reader) need(n int) error {
	for r.end-r.start < n {
		if r.start == r.end {
			r.start, r.end = 0, 0
			if r.busy && len(r.buf) < maxRead {
				r.buf = make([]byte, 2*len(r.buf))
			}
		}
		if len(r.buf)-r.start < n || r.end == len(r.buf) {
			r.end = copy(r.buf, r.buf[r.start:r.end])
			r.start = 0
		}
		room := r.buf[r.end:]
		if len(r.assembly.open) > 0 && n <= minRead {
			room = room[:min(len(room), minRead)] // most of what comes is better read to its place
		}
		got, err := r.read(room)
		r.end += got
		r.busy = got == len(room)
		if err != nil && r.end-r.start < n {
			return err
		}
	}
	return nil
}

// shrink gives the buffer of a busy link back once it is quiet.
func (r *reader) shrink() {
	if r.start == r.end && len(r.buf) > minRead {
		r.buf, r.start, r.end, r.busy = make([]byte, minRead), 0, 0, false
	}
}

// read reads once.
func (r *reader) read(b []byte) (int, error) {
	r.link.clock.beginRead()
	n, err := r.conn.Read(b)
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
