package main

import (
	"encoding/json"
	"strings"

	"github.com/fjord-media/fjord/node/pubsub"
)

// maxTopic bounds the length of a topic.
const maxTopic = 255

// handlers is the table of events; any other in a joined room ends the room
// with phx_error, as an exception in a Phoenix channel does.
func handlers() map[string]func(s *socket, r *room, f frame) {
	return map[string]func(s *socket, r *room, f frame){
		"phx_leave": leaveRoom,
		"ping":      func(s *socket, _ *room, f frame) { s.push(f.reply("ok", f.filled().Payload)) },
		"shout":     shout,
	}
}

// handle serves one frame.
func (s *socket) handle(f frame) {
	r := s.rooms[f.Topic]
	switch {
	case f.Topic == "phoenix" && f.Event == "heartbeat":
		s.push(f.reply("ok", json.RawMessage("{}")))
	case f.Event == "phx_join":
		s.joinRoom(f)
	case r == nil:
		s.refuse(f, "unmatched topic")
	default:
		serve := handlers()[f.Event]
		if serve == nil {
			serve = crash
		}
		serve(s, r, f)
	}
}

func (s *socket) refuse(f frame, reason string) {
	response, _ := json.Marshal(map[string]string{"reason": reason}) // cannot fail
	s.push(f.reply("error", response))
}

// joinRoom serves phx_join. Joining again replaces the first joining, whose
// page is told.
func (s *socket) joinRoom(f frame) {
	name, ok := strings.CutPrefix(f.Topic, "room:")
	if !ok || name == "" || len(f.Topic) > maxTopic {
		s.refuse(f, "unmatched topic")
		return
	}
	if old := s.rooms[f.Topic]; old != nil {
		s.drop(f.Topic, old)
		s.push(frame{JoinRef: old.joinRef, Ref: old.joinRef, Topic: f.Topic, Event: "phx_close"})
	}
	if len(s.rooms) >= maxRooms {
		s.refuse(f, "too many rooms")
		return
	}
	sub, err := s.pubsub.Subscribe(f.Topic, s.deliver, pubsub.OnEnd(func(error) { s.cancel(errSlow) }))
	if err != nil { // the server stops
		s.refuse(f, "unavailable")
		return
	}
	ref := f.JoinRef
	if len(ref) == 0 || string(ref) == "null" {
		ref = f.Ref
	}
	s.rooms[f.Topic] = &room{joinRef: ref, sub: sub}
	s.push(f.reply("ok", json.RawMessage("{}")))
}

// deliver gets the broadcasts of a room.
func (s *socket) deliver(m pubsub.Message) {
	if f, ok := received(m); ok {
		s.push(f)
	}
}

// drop forgets a room.
func (s *socket) drop(topic string, r *room) {
	r.sub.Cancel()
	delete(s.rooms, topic)
}

func leaveRoom(s *socket, r *room, f frame) {
	s.drop(f.Topic, r)
	s.push(f.reply("ok", json.RawMessage("{}")))
	s.push(frame{JoinRef: r.joinRef, Ref: r.joinRef, Topic: f.Topic, Event: "phx_close"})
}

// shout goes to everybody in the room, the sender too, and gets no reply.
func shout(s *socket, r *room, f frame) {
	if err := broadcast(s.pubsub, f.Topic, f.Event, f.filled().Payload); err != nil {
		s.log.Debug("A shout is refused", "topic", f.Topic, "error", err)
		crash(s, r, f)
	}
}

// crash ends a room; the page's client joins again.
func crash(s *socket, r *room, f frame) {
	s.drop(f.Topic, r)
	s.push(frame{JoinRef: r.joinRef, Ref: r.joinRef, Topic: f.Topic, Event: "phx_error"})
}
