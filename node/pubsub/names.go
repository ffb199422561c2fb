package pubsub

import (
	"strconv"
	"strings"

	"github.com/fjord-media/fjord/node/etf"
)

// Names that Phoenix.PubSub gives things on the wire.
const (
	// Scope is the name of its pg scope.
	Scope = "Elixir.Phoenix.PubSub"
	// Dispatcher is the module that hands a message to local subscribers unless
	// the sender names another.
	Dispatcher etf.Atom = "Elixir.Phoenix.PubSub"
	// ChannelDispatcher is the module that Phoenix channels name; their messages
	// are Phoenix.Socket.Broadcast structs.
	ChannelDispatcher etf.Atom = "Elixir.Phoenix.Channel.Server"

	elixirPrefix  = "Elixir."
	adapterSuffix = ".Adapter"
)

// groups are the pg groups of a PubSub with a pool: Name.Adapter,
// Name.Adapter_2, …. The prefix of Elixir's modules may be left out of name.
func groups(name string, pool int) []etf.Atom {
	first := elixirPrefix + strings.TrimPrefix(name, elixirPrefix) + adapterSuffix
	list := []etf.Atom{etf.Atom(first)}
	for i := 2; i <= pool; i++ {
		list = append(list, etf.Atom(first+"_"+strconv.Itoa(i)))
	}
	return list
}
