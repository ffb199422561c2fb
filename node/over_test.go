package node

import (
	"errors"
	"testing"

	"github.com/fjord-media/fjord/node/etf"
)

// TestPostOver sends over the link that an event told of: not when that has been
// replaced by another.
func TestPostOver(t *testing.T) {
	l := newLab(t)
	a, b := l.start(t, "a@localhost"), l.start(t, "b@localhost")
	ups := make(chan NodeEvent, 16)
	cancel := a.Subscribe(func(e NodeEvent) { ups <- e })
	defer cancel()
	box := mailbox(t, b, "box")
	p := mailbox(t, a, "")
	to := etf.Tuple{etf.Atom("box"), etf.Atom("b@localhost")}

	mustConnect(t, a, "b@localhost")
	first := <-ups
	if err := p.PostOver(first.Link, to, etf.Atom("one")); err != nil {
		t.Fatal(err)
	}
	if got := receive[Message](t, box).Term; got != etf.Term(etf.Atom("one")) {
		t.Fatalf("got %v", got)
	}
	a.Disconnect("b@localhost", ErrLeaving)
	if down := <-ups; down.Up || down.Link != first.Link || first.Link == 0 {
		t.Fatalf("first %+v, then %+v", first, down)
	}
	mustConnect(t, a, "b@localhost")
	second := <-ups
	if !second.Up || second.Link == first.Link {
		t.Fatalf("first %+v, second %+v", first, second)
	}
	if err := p.PostOver(first.Link, to, etf.Atom("two")); !errors.Is(err, ErrNoConnection) {
		t.Errorf("over the first link: %v", err)
	}
	if _, err := p.MonitorOver(first.Link, to); !errors.Is(err, ErrNoConnection) {
		t.Errorf("over the first link: %v", err)
	}
	if _, err := p.MonitorOver(second.Link, to); err != nil {
		t.Error(err)
	}
	if err := p.PostOver(second.Link, to, etf.Atom("three")); err != nil {
		t.Error(err)
	}
	if got := receive[Message](t, box).Term; got != etf.Term(etf.Atom("three")) {
		t.Errorf("got %v", got)
	}
	if err := p.PostOver(0, p.Pid(), etf.Atom("here")); err != nil {
		t.Error(err)
	}
	if err := p.PostOver(second.Link, p.Pid(), etf.Atom("here")); !errors.Is(err, ErrNoConnection) {
		t.Errorf("to ourselves over a link: %v", err)
	}
}
