// Package dist is the Erlang distribution protocol on one connection: the
// handshake of version 6, and the link that carries control messages after it.
//
// A connection goes through two steps. Initiate or Respond runs the handshake
// on a net.Conn and tells who the peer is. NewLink then makes a Link of the
// same connection; Link.Run serves it until it ends and tells why.
//
//	peer, err := dist.Initiate(ctx, conn, local, "b@host", nil)
//	link := dist.NewLink(conn, local, peer, dist.LinkOptions{Deliver: deliver})
//	go func() { reason <- link.Run(ctx) }()
//	err = link.Send(ctx, dist.SigSend{From: me, To: you, Message: etf.Atom("hi")})
//
// A link has exactly one reader, which decodes and delivers in arrival order,
// at most one writer at a time, which drains a bounded queue, and one timer for
// ticks. Little is written by whoever sends it, more by a goroutine that exists
// while it is needed. Any net.Conn will do, TLS and net.Pipe too.
//
// The wire formats are those of the OTP documents "Distribution Protocol" and
// "External Term Format".
package dist
