package pubsub_test

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pubsub"
)

// FuzzMessage gives a worker any message. Nothing panics; a subscriber gets
// those of its topic, once, and nothing else.
func FuzzMessage(f *testing.F) {
	s := startSite(f, lab.New(f), "a@localhost", pubsub.Options{})
	got := make(chan pubsub.Message, 10)
	if _, err := s.Subscribe("t", func(m pubsub.Message) { got <- m }); err != nil {
		f.Fatal(err)
	}
	peer := etf.Pid{Node: "b@localhost", ID: 1, Creation: 1}
	alias := etf.ImproperList{Head: []etf.Term{etf.Atom("alias")}, Tail: etf.MakeRef("b@localhost", 1, 1, 2, 3)}
	forward, module := etf.Atom("forward_to_local"), pubsub.Dispatcher
	for _, seed := range []etf.Term{
		etf.Tuple{forward, "t", etf.Tuple{etf.Atom("shout"), "hi"}, module},
		etf.Tuple{forward, "other", 1, pubsub.ChannelDispatcher},
		etf.Tuple{forward, "t", 1},
		etf.Tuple{forward, etf.Charlist("t"), 1, module},
		etf.Tuple{forward, "t", 1, "no module"},
		etf.Tuple{etf.Atom("$gen_call"), etf.Tuple{peer, alias}, 1},
		etf.Tuple{etf.Atom("$gen_cast"), etf.Tuple{forward, "t", 1, module}},
		etf.List{forward},
	} {
		b, err := etf.Encode(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		term, _, err := etf.Decode(b)
		if err != nil {
			return
		}
		pubsub.Deliver(s.PubSub, peer, term)
		end := etf.Tuple{etf.Atom("end of"), etf.MakeRef("a@localhost", 1, 7)}
		check(t, s.LocalBroadcast("t", end))
		var list []etf.Term
		for m := next(t, got); !etf.Equal(m.Term, end); m = next(t, got) {
			if m.Topic != "t" || m.Node != string(peer.Node) {
				t.Errorf("got %+v", m)
			}
			list = append(list, m.Term)
		}
		if want := forwarded(term); len(list) != len(want) || len(want) == 1 && !etf.Equal(list[0], want[0]) {
			t.Errorf("%s: got %v, want %v", etf.String(term), list, want)
		}
	})
}

// next takes a message that must come.
func next(t *testing.T, got <-chan pubsub.Message) pubsub.Message {
	t.Helper()
	select {
	case m := <-got:
		return m
	case <-time.After(lab.Slack * limit):
		t.Fatal("the subscriber gets nothing any more")
		return pubsub.Message{}
	}
}

// forwarded is what a message brings the subscribers of topic t.
func forwarded(term etf.Term) []etf.Term {
	tuple, ok := term.(etf.Tuple)
	if !ok || len(tuple) != 4 || tuple[0] != etf.Term(etf.Atom("forward_to_local")) {
		return nil
	}
	topic, isBinary := tuple[1].([]byte)
	_, isAtom := tuple[3].(etf.Atom)
	if !isBinary || !isAtom || string(topic) != "t" {
		return nil
	}
	return []etf.Term{tuple[2]}
}
