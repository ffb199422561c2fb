package main

import (
	"encoding/json"
	"fmt"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/pubsub"
)

// broadcastStruct is what Phoenix channels put on the wire, so that nodes of a
// Phoenix application can be in the same cluster.
const broadcastStruct etf.Atom = "Elixir.Phoenix.Socket.Broadcast"

// broadcast sends an event to everybody in a room, on all nodes.
func broadcast(ps *pubsub.PubSub, topic, event string, payload json.RawMessage) error {
	term, err := fromJSON(payload)
	if err != nil {
		return fmt.Errorf("broadcast to %s: %w", topic, err)
	}
	if _, ok := etf.AsMap(term); !ok {
		return fmt.Errorf("broadcast to %s: %w: the payload is no object", topic, errValue)
	}
	message := etf.Struct(broadcastStruct,
		etf.Atom("topic"), []byte(topic), etf.Atom("event"), []byte(event), etf.Atom("payload"), term)
	return ps.Broadcast(topic, message, pubsub.Via(pubsub.ChannelDispatcher))
}

// received makes a frame of a broadcast; false for what is none.
func received(m pubsub.Message) (frame, bool) {
	message, ok := etf.AsMap(m.Term)
	if !ok {
		return frame{}, false
	}
	kind, _ := message.Get(etf.Atom("__struct__"))
	topic, _ := message.Get(etf.Atom("topic"))
	event, _ := message.Get(etf.Atom("event"))
	payload, _ := message.Get(etf.Atom("payload"))
	f := frame{}
	var okTopic, okEvent bool
	f.Topic, okTopic = etf.AsString(topic)
	f.Event, okEvent = etf.AsString(event)
	text, err := toJSON(payload)
	f.Payload = text
	return f, kind == etf.Term(broadcastStruct) && okTopic && okEvent && err == nil
}
