package pubsub

import (
	"log/slog"

	"github.com/fjord-media/fjord/node/etf"
)

// Defaults of Options.
const (
	DefaultQueue     = 1024
	DefaultPeerQueue = 8192
	DefaultPeerBytes = 16 << 20
)

// Options configure a PubSub. Name is required.
type Options struct {
	Name      string       // the PubSub's name, such as "Chat.PubSub"
	PoolSize  int          // workers (pool_size of Phoenix); default 1
	Queue     int          // messages that may wait for a subscriber; default 1,024
	PeerQueue int          // messages that may wait for a peer; default 8,192
	PeerBytes int          // bytes that may wait for a peer; default 16 MiB
	Logger    *slog.Logger // nil = no log
}

func (o Options) withDefaults() Options {
	o.PoolSize = orDefault(o.PoolSize, 1)
	o.Queue = orDefault(o.Queue, DefaultQueue)
	o.PeerQueue = orDefault(o.PeerQueue, DefaultPeerQueue)
	o.PeerBytes = orDefault(o.PeerBytes, DefaultPeerBytes)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func orDefault(n, def int) int {
	if n <= 0 {
		return def
	}
	return n
}

// BroadcastOption changes one broadcast.
type BroadcastOption func(*sending)

// sending is one broadcast.
type sending struct {
	dispatcher etf.Atom
	except     *Subscription
}

// Via names the module that hands the message to subscribers on the other
// nodes. It must exist there: their worker calls it.
func Via(dispatcher etf.Atom) BroadcastOption {
	return func(s *sending) { s.dispatcher = dispatcher }
}

// Except leaves out one subscriber of this node: broadcast_from.
func Except(sub *Subscription) BroadcastOption { return func(s *sending) { s.except = sub } }

func sendingOf(opts []BroadcastOption) sending {
	s := sending{dispatcher: Dispatcher}
	for _, option := range opts {
		option(&s)
	}
	return s
}
