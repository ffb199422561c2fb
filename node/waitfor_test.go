package node

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestWaitForNodesThatAreThere(t *testing.T) {
	l := newLab(t)
	a, b, c := l.start(t, "a@localhost"), l.start(t, "b@localhost"), l.start(t, "c@localhost")
	names := []string{"a@localhost", "b@localhost", "c@localhost", "b@localhost"}
	if err := a.WaitFor(t.Context(), names...); err != nil {
		t.Fatal(err)
	}
	if got := len(a.Nodes()); got != 2 {
		t.Errorf("%d links", got)
	}
	mustConnect(t, b, c.Name())
	if err := b.WaitFor(t.Context()); err != nil {
		t.Errorf("for nobody: %v", err)
	}
}

func TestWaitForANodeThatComesLater(t *testing.T) {
	l := newLab(t)
	a := l.start(t, "a@localhost")
	ctx, cancel := context.WithTimeout(t.Context(), slack*10*time.Second)
	defer cancel()
	done := make(chan error, 2)
	for _, names := range [][]string{{"b@localhost"}, {"b@localhost", "c@localhost"}} {
		go func() { done <- a.WaitFor(ctx, names...) }()
	}
	b := l.start(t, "b@localhost")
	c := l.start(t, "c@localhost")
	mustConnect(t, c, a.Name()) // whichever side dials
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := a.Nodes(); len(got) != 2 {
		t.Errorf("linked with %v, not with %s and %s", got, b.Name(), c.Name())
	}
}

func TestWaitForInVain(t *testing.T) {
	l := newLab(t)
	a, b := l.start(t, "a@localhost"), l.start(t, "b@localhost")
	names := []string{"none@localhost", b.Name(), "bad", "long@127.0.0.1"}
	var err error
	for limit := 400 * time.Millisecond; limit < 15*time.Second; limit *= 3 {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		err = a.WaitFor(ctx, names...)
		cancel()
		if errors.Is(err, ErrNotRegistered) && len(a.Nodes()) == 1 {
			break // else the machine was too busy for one attempt
		}
	}
	var missing *AbsentError
	if !errors.As(err, &missing) || strings.Join(missing.Nodes, " ") != "none@localhost bad long@127.0.0.1" {
		t.Fatalf("got %v", err)
	}
	for _, want := range []error{ErrNotRegistered, ErrBadName, ErrNameKind} {
		if !errors.Is(err, want) {
			t.Errorf("%v is not in %v", want, err)
		}
	}
	if len(a.Nodes()) != 1 {
		t.Errorf("linked with %v", a.Nodes())
	}
}

func TestWaitForEndsWithTheNode(t *testing.T) {
	l := newLab(t)
	a := l.start(t, "a@localhost")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- a.WaitFor(ctx, "none@localhost") }()
	time.Sleep(20 * time.Millisecond) // now or a moment later: both must end it
	stop(t, a)
	if err := <-done; !errors.Is(err, ErrLeaving) {
		t.Errorf("got %v", err)
	}
	if err := a.WaitFor(ctx, "none@localhost"); !errors.Is(err, ErrLeaving) {
		t.Errorf("afterwards: %v", err)
	}
}
