package dist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scripted is a connection whose peer has said all in advance.
type scripted struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func (c *scripted) Read(b []byte) (int, error)  { return c.in.Read(b) }
func (c *scripted) Write(b []byte) (int, error) { return c.out.Write(b) }
func (c *scripted) SetDeadline(time.Time) error { return nil }

// framed puts lengths before messages.
func framed(msgs ...[]byte) []byte {
	var b []byte
	for _, m := range msgs {
		b = append(append(b, byte(len(m)>>8), byte(len(m))), m...)
	}
	return b
}

// wideFramed puts lengths of 4 bytes before messages.
func wideFramed(msgs ...[]byte) []byte {
	var b []byte
	for _, m := range msgs {
		b = append(append(b, 0, 0, byte(len(m)>>8), byte(len(m))), m...)
	}
	return b
}

const (
	ours   = 1111 // our challenge in scripted handshakes
	theirs = 2222
)

var (
	localA = Local{Name: "a@h", Creation: 5, Flags: DefaultFlags, Cookie: "c"}
	localB = Local{Name: "b@h", Creation: 6, Flags: DefaultFlags, Cookie: "c"}
)

func fixed() (uint32, error) { return ours, nil }

// verdict is an Arbiter.
type verdict struct {
	status Status
	err    error
	asked  []string
}

func (v *verdict) Arbitrate(name string, _ Flags) Status {
	v.asked = append(v.asked, name)
	return v.status
}

func (v *verdict) Authenticated(_ context.Context, peer Peer) error {
	v.asked = append(v.asked, "authenticated "+peer.Name)
	return v.err
}

// baptist is an Arbiter that names peers.
type baptist struct{ verdict }

func (baptist) NewName(host string, _ Flags) (string, uint32, bool) {
	return "dyn@" + host, 99, host != "bad"
}

func status(s string) []byte { return appendStatus(nil, Status(s)) }

func TestInitiate(t *testing.T) {
	good := challenge{DefaultFlags, theirs, 6, "b@h"}.append(nil)
	ack := appendAck(nil, digest("c", ours))
	few := challenge{Mandatory25 &^ MapTag &^ BigCreation, theirs, 6, "b@h"}.append(nil)
	digestOnly := challenge{Mandatory25Digest | Spawn, theirs, 6, "b@h"}.append(nil)
	hugeName := append(challenge{DefaultFlags, theirs, 6, ""}.append(nil)[:17], 0xff, 0xff)
	tests := map[string]struct {
		in    [][]byte
		alive bool
		want  string // of the error; "" none
		is    error
		sent  string // last message sent begins with
	}{
		"ok":                {in: [][]byte{status("ok"), good, ack}, sent: "r"},
		"simultaneous":      {in: [][]byte{status("ok_simultaneous"), good, ack}, sent: "r"},
		"nok":               {in: [][]byte{status("nok")}, want: `"b@h" refused us: nok`, sent: "N"},
		"not allowed":       {in: [][]byte{status("not_allowed")}, want: `"b@h" refused us: not_allowed`},
		"unknown status":    {in: [][]byte{status("maybe")}, want: `"b@h" refused us: maybe`},
		"named unasked":     {in: [][]byte{appendNamed(nil, "x@h", 1)}, want: "refused us: named:"},
		"alive, replace":    {in: [][]byte{status("alive"), good, ack}, alive: true, sent: "r"},
		"alive, give up":    {in: [][]byte{status("alive")}, want: "refused us: alive", sent: "sfalse"},
		"digest flag":       {in: [][]byte{status("ok"), digestOnly, ack}, sent: "r"},
		"missing flags":     {in: [][]byte{status("ok"), few}, want: `"b@h" lacks mandatory flags: MAP_TAG|BIG_CREATION`},
		"other name":        {in: [][]byte{status("ok"), challenge{DefaultFlags, 1, 1, "x@h"}.append(nil)}, is: ErrNameMismatch},
		"closed at once":    {is: io.EOF},
		"closed in status":  {in: [][]byte{status("ok")[:1]}, is: ErrBadHandshake},
		"closed at reply":   {in: [][]byte{status("ok"), good}, is: ErrClosedAfterReply},
		"bad digest":        {in: [][]byte{status("ok"), good, appendAck(nil, digest("x", ours))}, is: ErrCookie},
		"short ack":         {in: [][]byte{status("ok"), good, ack[:16]}, is: ErrBadHandshake},
		"old challenge":     {in: [][]byte{status("ok"), append([]byte{'n'}, good[1:]...)}, is: ErrBadHandshake},
		"name over the end": {in: [][]byte{status("ok"), hugeName}, is: ErrBadHandshake},
		"empty message":     {in: [][]byte{{}}, is: ErrBadHandshake},
		"large message":     {in: [][]byte{make([]byte, maxHandshakeMessage+1)}, is: ErrBadHandshake},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rest := "next phase"
			conn := &scripted{in: strings.NewReader(string(framed(tt.in...)) + map[bool]string{true: rest}[tt.want == "" && tt.is == nil])}
			s := newSession(conn, localA)
			s.challenge = fixed
			s.peer.Name = "b@h"
			peer, err := s.run(t.Context(), func(context.Context) error {
				return s.initiate(func() bool { return tt.alive })
			})
			checkError(t, err, tt.want, tt.is)
			if err == nil {
				checkLeft(t, conn.in, rest)
				if peer.Name != "b@h" || peer.Creation != 6 {
					t.Errorf("peer %+v", peer)
				}
			}
			checkSent(t, conn.out.Bytes(), tt.sent)
		})
	}
}

func TestRespond(t *testing.T) {
	name := hello{false, DefaultFlags, 5, "a@h"}.append(nil)
	reply := appendReply(nil, theirs, digest("c", ours))
	old := append([]byte{'n', 0, 5, 0x07, 0xdf, 0x7f, 0xbd}, "a@h"...)
	nameMe := hello{false, DefaultFlags | NameMe, 5, "host"}.append(nil)
	bad := func(n string) [][]byte { return [][]byte{hello{false, DefaultFlags, 5, n}.append(nil)} }
	tests := map[string]struct {
		in      [][]byte
		arbiter Arbiter
		want    string
		is      error
		sent    string
	}{
		"ok":               {in: [][]byte{name, reply}, arbiter: &verdict{status: StatusOK}, sent: "a"},
		"simultaneous":     {in: [][]byte{name, reply}, arbiter: &verdict{status: StatusOKSimultaneous}, sent: "a"},
		"more after name":  {in: [][]byte{append(name, "extra"...), reply}, arbiter: &verdict{status: StatusOK}, sent: "a"},
		"nok":              {in: [][]byte{name}, arbiter: &verdict{status: StatusNOK}, want: `we refused "a@h": nok`, sent: "snok"},
		"not allowed":      {in: [][]byte{name}, arbiter: &verdict{status: StatusNotAllowed}, want: "not_allowed", sent: "snot_allowed"},
		"odd verdict":      {in: [][]byte{name}, arbiter: &verdict{status: "?"}, want: "not_allowed", sent: "snot_allowed"},
		"alive true":       {in: [][]byte{name, status("true"), reply}, arbiter: &verdict{status: StatusAlive}, sent: "a"},
		"alive false":      {in: [][]byte{name, status("false")}, arbiter: &verdict{status: StatusAlive}, want: `we refused "a@h": alive`},
		"alive else":       {in: [][]byte{name, status("what")}, arbiter: &verdict{status: StatusAlive}, is: ErrBadHandshake},
		"alive silence":    {in: [][]byte{name}, arbiter: &verdict{status: StatusAlive}, is: io.EOF, sent: "salive"},
		"missing flags":    {in: [][]byte{hello{false, DefaultFlags &^ Mandatory25Digest &^ FunTags, 5, "a@h"}.append(nil)}, want: "lacks mandatory flags: FUN_TAGS", sent: "snot_allowed"},
		"old name":         {in: [][]byte{old, appendComplement(nil, DefaultFlags, 5), reply}, arbiter: &verdict{status: StatusOK}, sent: "a"},
		"old, no rest":     {in: [][]byte{old, reply}, arbiter: &verdict{status: StatusOK}, is: ErrBadHandshake},
		"cookie":           {in: [][]byte{name, appendReply(nil, theirs, digest("x", ours))}, arbiter: &verdict{status: StatusOK}, is: ErrCookie, sent: "N"},
		"replayed":         {in: [][]byte{name, appendReply(nil, theirs, digest("c", ours+1))}, arbiter: &verdict{status: StatusOK}, is: ErrCookie},
		"veto":             {in: [][]byte{name, reply}, arbiter: &verdict{status: StatusOK, err: io.ErrNoProgress}, is: io.ErrNoProgress, sent: "N"},
		"named":            {in: [][]byte{nameMe, reply}, arbiter: &baptist{}, sent: "a"},
		"unnamed":          {in: [][]byte{nameMe}, arbiter: &verdict{status: StatusOK}, want: "not_allowed", sent: "snot_allowed"},
		"not to be named":  {in: [][]byte{hello{false, DefaultFlags | NameMe, 5, "bad"}.append(nil)}, arbiter: &baptist{}, want: "not_allowed"},
		"no host":          {in: bad("a"), is: ErrBadHandshake, sent: "snot_allowed"},
		"empty parts":      {in: bad("@"), is: ErrBadHandshake},
		"two hosts":        {in: bad("a@b@c"), is: ErrBadHandshake},
		"control in name":  {in: bad("a\n@h"), is: ErrBadHandshake},
		"not UTF-8":        {in: bad("a\xff@h"), is: ErrBadHandshake},
		"name too long":    {in: bad(strings.Repeat("a", 256) + "@h"), is: ErrBadHandshake},
		"unknown tag":      {in: [][]byte{[]byte("xyz")}, is: ErrBadHandshake},
		"name cut short":   {in: [][]byte{name[:len(name)-1]}, is: ErrBadHandshake},
		"only a tag":       {in: [][]byte{{'N'}}, is: ErrBadHandshake},
		"HTTP":             {in: [][]byte{}, is: io.EOF},
		"reply cut short":  {in: [][]byte{name, reply[:20]}, arbiter: &verdict{status: StatusOK}, is: ErrBadHandshake},
		"closed mid-reply": {in: [][]byte{name}, arbiter: &verdict{status: StatusOK}, is: io.EOF},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rest := "next phase"
			conn := &scripted{in: strings.NewReader(string(framed(tt.in...)) + map[bool]string{true: rest}[tt.want == "" && tt.is == nil])}
			s := newSession(conn, localB)
			s.challenge = fixed
			peer, err := s.run(t.Context(), func(ctx context.Context) error { return s.respond(ctx, tt.arbiter) })
			checkError(t, err, tt.want, tt.is)
			if err == nil {
				checkLeft(t, conn.in, rest)
				if peer.Flags != DefaultFlags {
					t.Errorf("effective flags %v", peer.Flags^DefaultFlags)
				}
			}
			checkSent(t, conn.out.Bytes(), tt.sent)
		})
	}
}

func checkError(t *testing.T, err error, want string, is error) {
	t.Helper()
	switch {
	case want == "" && is == nil && err != nil:
		t.Errorf("error %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error %v, want %q", err, want)
	case is != nil && !errors.Is(err, is):
		t.Errorf("error %v, want %v", err, is)
	}
}

// checkLeft checks that the handshake took not one byte too many.
func checkLeft(t *testing.T, in io.Reader, rest string) {
	t.Helper()
	if left, _ := io.ReadAll(in); string(left) != rest {
		t.Errorf("left for the next phase: %q", left)
	}
}

// checkSent checks what the last message sent begins with.
func checkSent(t *testing.T, out []byte, prefix string) {
	t.Helper()
	var last []byte
	for len(out) >= 2 {
		n := int(out[0])<<8 | int(out[1])
		last, out = out[2:2+n], out[2+n:]
	}
	if !strings.HasPrefix(string(last), prefix) {
		t.Errorf("last message sent is %q", last)
	}
}

// choppy writes in pieces.
type choppy struct {
	net.Conn
	cut  int // the first write boundary, in bytes of the stream; 0: after each byte
	sent int
}

func (c *choppy) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n := len(b) - done
		if c.cut == 0 {
			n = 1
		} else if c.sent < c.cut && c.sent+n > c.cut {
			n = c.cut - c.sent
		}
		if _, err := c.Conn.Write(b[done : done+n]); err != nil {
			return done, err
		}
		done += n
		c.sent += n
	}
	return done, nil
}

// shake runs a handshake between two ends.
func shake(t *testing.T, a, b net.Conn, from, to Local, arbiter Arbiter) (x, y Peer, errX, errY error) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		y, errY = Respond(t.Context(), b, to, arbiter)
		if errY != nil {
			b.Close()
		}
	}()
	x, errX = Initiate(t.Context(), a, from, to.Name, func() bool { return true })
	if errX != nil {
		a.Close()
	}
	<-done
	return x, y, errX, errY
}

func TestHandshakeInPieces(t *testing.T) {
	for i := range 180 {
		from, to, cut := localA, localB, i/2
		from.Wide, to.Wide = i%2 == 1, i%2 == 1
		a, b := net.Pipe()
		x, y, errX, errY := shake(t, &choppy{Conn: a, cut: cut}, &choppy{Conn: b, cut: cut}, from, to, &verdict{status: StatusAlive})
		if errX != nil || errY != nil {
			t.Fatalf("cut at %d: %v, %v", cut, errX, errY)
		}
		wantX := Peer{Name: "b@h", Creation: 6, Flags: DefaultFlags, Offered: DefaultFlags}
		wantY := Peer{Name: "a@h", Creation: 5, Flags: DefaultFlags, Offered: DefaultFlags}
		if d := cmp.Diff([]Peer{wantX, wantY}, []Peer{x, y}); d != "" {
			t.Fatalf("cut at %d: (-want +got)\n%s", cut, d)
		}
		a.Close()
		b.Close()
	}
}

func TestHandshakeCookie(t *testing.T) {
	a, b := net.Pipe()
	other := localA
	other.Cookie = "wrong"
	_, _, errX, errY := shake(t, a, b, other, localB, &verdict{status: StatusOK})
	if !errors.Is(errX, ErrClosedAfterReply) || !errors.Is(errY, ErrCookie) {
		t.Errorf("%v, %v", errX, errY)
	}
	if !strings.Contains(errX.Error(), "cookie") {
		t.Errorf("%q does not speak of cookies", errX)
	}
}

func TestHandshakeNameMe(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	nameless := Local{Name: "somewhere", Flags: DefaultFlags | NameMe, Cookie: "c"}
	x, y, errX, errY := shake(t, a, b, nameless, localB, &baptist{})
	if errX != nil || errY != nil {
		t.Fatal(errX, errY)
	}
	if x.OurName != "dyn@somewhere" || x.OurCreation != 99 || y.Name != "dyn@somewhere" || y.Creation != 99 {
		t.Errorf("%+v, %+v", x, y)
	}
}

// TestNamedPeerIsToldSo: OTP looks for the flag in the challenge, too.
func TestNamedPeerIsToldSo(t *testing.T) {
	nameMe := hello{false, DefaultFlags | NameMe, 5, "host"}.append(nil)
	conn := &scripted{in: strings.NewReader(string(framed(nameMe, appendReply(nil, theirs, digest("c", ours)))))}
	s := newSession(conn, localB)
	s.challenge = fixed
	peer, err := s.run(t.Context(), func(ctx context.Context) error { return s.respond(ctx, &baptist{}) })
	if err != nil || peer.Flags.Has(NameMe) {
		t.Fatal(peer.Flags, err)
	}
	out := conn.out.Bytes()
	c, err := parseChallenge(out[4+int(out[0])<<8+int(out[1]):])
	if err != nil || c.flags != DefaultFlags|NameMe {
		t.Errorf("%v, %v", c.flags, err)
	}
}

// TestHandshakeFraming: lengths of 4 bytes are those of TLS, and a TLS greeting
// is told from a message.
func TestHandshakeFraming(t *testing.T) {
	conn := &scripted{in: strings.NewReader("\x16\x03\x01\x02\x00\x01")}
	_, err := newSession(conn, localB).receive("name")
	checkError(t, err, "receive name", ErrTLS)
	wide := localB
	wide.Wide = true
	for in, is := range map[string]error{"\x00\x00\x00\x01x": nil, "\x00\x01\x00\x01x": ErrBadHandshake, "\x00\x00\x00\x00": ErrBadHandshake, "\x00\x00\x00": io.ErrUnexpectedEOF} {
		_, err := newSession(&scripted{in: strings.NewReader(in)}, wide).receive("name")
		checkError(t, err, "", is)
	}
	for in, want := range map[string]bool{"\x00\x17N": true, "\x00\x09n": true, "GET": false, "\x16\x03\x01": false, "\x00": false} {
		if got := LooksLikeHandshake([]byte(in)); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestArbiterIsAskedInOrder(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	v := &verdict{status: StatusOK}
	if _, _, errX, errY := shake(t, a, b, localA, localB, v); errX != nil || errY != nil {
		t.Fatal(errX, errY)
	}
	if d := cmp.Diff([]string{"a@h", "authenticated a@h"}, v.asked); d != "" {
		t.Error(d)
	}
}

func TestChallengeIsFresh(t *testing.T) {
	seen := map[uint32]bool{}
	for range 100 {
		c, err := randomChallenge()
		if err != nil || seen[c] {
			t.Fatalf("challenge %d: %v", c, err)
		}
		seen[c] = true
	}
}

// TestHandshakeDeadlines has peers that say nothing, or only a part.
func TestHandshakeDeadlines(t *testing.T) {
	for said := range 3 {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			defer b.Close()
			defer a.Close()
			go func() { _, _ = b.Write([]byte{0, 9, 'N'}[:said+1]) }()
			begin := time.Now()
			_, err := Respond(context.Background(), a, localB, &verdict{})
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != setupTime {
				t.Errorf("%v after %v", err, time.Since(begin))
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(io.ErrNoProgress) })
			c, d := net.Pipe()
			defer c.Close()
			defer d.Close()
			if _, err := Initiate(ctx, c, localA, "b@h", nil); !errors.Is(err, io.ErrNoProgress) {
				t.Errorf("cancelled: %v", err)
			}
		})
	}
}

// TestHandshakeDeadlineIsOfTheWhole has a peer that sends a byte each second.
func TestHandshakeDeadlineIsOfTheWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		name := framed(hello{false, DefaultFlags, 5, "peer@host"}.append(nil))
		sent := make(chan int)
		go func() {
			n := 0
			for err := error(nil); err == nil && n < len(name); n++ {
				_, err = b.Write(name[n : n+1])
				time.Sleep(time.Second)
			}
			sent <- n
		}()
		begin := time.Now()
		_, err := Respond(context.Background(), a, localB, &verdict{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != setupTime {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		_ = a.Close()
		if n := <-sent; n < 6 {
			t.Errorf("only %d bytes were sent", n)
		}
	})
}

func TestDigest(t *testing.T) {
	// Of the OTP documentation's recipe: MD5 of cookie and decimal challenge.
	if got := fmt.Sprintf("%x", digest("monster", 4294967295)); got != "9dffd90a48c46a8277429bfdefc02ebe" {
		t.Errorf("digest %s", got)
	}
}

func TestFlags(t *testing.T) {
	if DefaultFlags != 0x2d07df7fbd {
		t.Errorf("default %#x", uint64(DefaultFlags))
	}
	for f, want := range map[Flags]string{
		0: "none", Published: "PUBLISHED", Alias | V4NC: "V4_NC|ALIAS", 1 << 63: "bit63",
	} {
		if got := f.String(); got != want {
			t.Errorf("%#x is %q, want %q", uint64(f), got, want)
		}
	}
	if m := Mandatory25Digest.Missing(); m != 0 {
		t.Errorf("digest lacks %v", m)
	}
	if m := Flags(0).Missing(); m != MandatoryFlags {
		t.Errorf("nothing lacks %v", m)
	}
	if HiddenFlags.Has(Published) || HiddenFlags|Published != DefaultFlags {
		t.Errorf("hidden %v", HiddenFlags)
	}
}
