package epmd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"
)

// session is one accepted connection: one request, one answer.
type session struct {
	*Server
	ctx  context.Context
	conn net.Conn
}

// serveConn reads the one request of conn, answers it and closes conn. A
// connection that registered a name stays until it is closed or a byte arrives
// on it.
func (s *Server) serveConn(ctx context.Context, conn net.Conn) {
	s.count.connections.Add(1)
	defer s.count.connections.Add(-1)
	defer conn.Close()
	if !s.open.add(conn) {
		return
	}
	defer s.open.remove(conn)

	c := &session{Server: s, ctx: ctx, conn: conn}
	request, err := c.read()
	if err != nil {
		if errors.Is(err, ErrMalformed) {
			s.count.malformed.Add(1)
		}
		s.log.Debug("closing connection", "peer", conn.RemoteAddr(), "error", err)
		return
	}
	s.count.requests[request.Kind].Add(1)
	if s.log.Enabled(ctx, slog.LevelDebug) {
		s.log.Debug("request", "kind", request.Kind, "peer", conn.RemoteAddr())
	}
	c.handle(request)
}

// read reads and decodes the request. Each read has the packet timeout anew.
func (c *session) read() (Request, error) {
	a := c.assembler()
	defer c.assemblers.Put(a) // a decoded request has nothing of its buffer
	a.got = 0
	for {
		if err := c.conn.SetReadDeadline(c.silenceLimit()); err != nil {
			return Request{}, err
		}
		n, err := c.conn.Read(a.space())
		body, malformed := a.added(n)
		switch {
		case malformed != nil:
			return Request{}, malformed
		case body != nil:
			return DecodeRequest(body)
		case err != nil:
			return Request{}, err
		}
	}
}

// assembler gives one that was used before, or a new one.
func (s *Server) assembler() *assembler {
	if a, ok := s.assemblers.Get().(*assembler); ok {
		return a
	}
	return &assembler{}
}

func (c *session) silenceLimit() time.Time {
	return time.Now().Add(c.opts.PacketTimeout + time.Second)
}

// handle answers r. What only local clients may ask is closed without an
// answer for others.
func (c *session) handle(r Request) {
	if r.Kind != KindPort && r.Kind != KindNames && !localPeer(c.conn) {
		c.refuse(r.Kind, "client is not local")
		return
	}
	switch r.Kind {
	case KindAlive:
		c.alive(r.Entry)
	case KindPort:
		c.lookup(r.Name)
	case KindNames:
		c.list()
	case KindDump:
		c.dump()
	case KindKill:
		c.killServer()
	case KindStop:
		c.stopName(r.Name)
	}
}

func (c *session) refuse(kind Kind, why string) {
	c.count.refused.Add(1)
	c.log.Debug("refused", "kind", kind, "peer", c.conn.RemoteAddr(), "reason", why)
}

// atOnce is the size of answers that a new connection takes without waiting.
const atOnce = 2 << 10

// write sends b in one piece: BEAM nodes cannot read a registration's answer
// that arrives in two.
func (c *session) write(b []byte) error {
	sleep(c.ctx, c.opts.DelayWrite)
	if len(b) > atOnce {
		if err := c.conn.SetWriteDeadline(c.silenceLimit()); err != nil {
			return err
		}
	}
	if _, err := c.conn.Write(b); err != nil {
		c.log.Debug("cannot answer", "peer", c.conn.RemoteAddr(), "error", err)
		return err
	}
	return nil
}
