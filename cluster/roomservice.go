package cluster

import (
	"context"
	"log/slog"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/node/etf"
)

// roomService is the actor behind a registered name that takes
// {create_room, Config}. It makes one room after the other: an order that was
// taken is answered even when the actor is killed meanwhile.
type roomService struct {
	dialect dialect
	server  *roomServer
	gateway *Gateway
	log     *slog.Logger
}

func (a *roomService) Init(self *actor.Self) error {
	a.gateway.Expose(a.dialect.registered, self.PID())
	return nil
}

// Handle answers calls and ignores other messages. An unknown call, at which
// the original's process crashes, is answered with an error: silence would
// hang the caller, and a crash would let one peer wear the supervisor out.
func (a *roomService) Handle(_ *actor.Self, msg any) error {
	e, ok := msg.(Envelope)
	if !ok || e.Gen == nil || e.Gen.Cast {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), serveLimit)
	defer cancel()
	answer, ok := a.server.request(ctx, string(e.From.Node), e.Gen.Request, a.dialect)
	if !ok {
		a.log.Warn("unknown call", "name", a.dialect.registered, "from", string(e.From.Node))
		answer = etf.Tuple{etf.Atom("error"), etf.Atom("unknown_call")}
	}
	if err := e.Reply(ctx, answer); err != nil {
		a.log.Warn("answer to a call not sent", "name", a.dialect.registered, "error", err)
	}
	return nil
}

func (a *roomService) Terminate(*actor.Self, error) {}
