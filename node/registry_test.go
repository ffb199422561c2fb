package node

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/dist"
)

func TestArbitrate(t *testing.T) {
	tests := []struct {
		what string
		name string
		set  func(r *registry)
		want dist.Status
	}{
		{"stranger", "a@h", func(*registry) {}, dist.StatusOK},
		{"ourselves", "m@h", func(*registry) {}, dist.StatusNotAllowed},
		{"stopping", "a@h", func(r *registry) { r.stopping = true }, dist.StatusNotAllowed},
		{"linked", "a@h", func(r *registry) { r.slot("a@h").link = &link{name: "a@h"} }, dist.StatusAlive},
		{"smaller, we have not said our name", "a@h", func(r *registry) { r.slot("a@h").attempt = &attempt{} }, dist.StatusOK},
		{"smaller, both dial", "a@h", func(r *registry) { r.slot("a@h").attempt = &attempt{named: true} }, dist.StatusNOK},
		{"greater, both dial", "z@h", func(r *registry) { r.slot("z@h").attempt = &attempt{named: true} }, dist.StatusOKSimultaneous},
		{"another handshake of the same name", "a@h", func(r *registry) { r.slot("a@h").incoming = 1 }, dist.StatusOK},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			r := newRegistry("m@h")
			tt.set(r)
			before := r.slot(tt.name).incoming
			if got := r.arbitrate(tt.name); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			going := tt.want != dist.StatusNOK && tt.want != dist.StatusNotAllowed
			if counted := r.slot(tt.name).incoming - before; (counted == 1) != going {
				t.Errorf("counted %d", counted)
			}
		})
	}
}

// TestBothSidesKeepTheSameLink: of two connections, one dialled by each side,
// both sides must keep the same.
func TestBothSidesKeepTheSameLink(t *testing.T) {
	for _, names := range [][2]string{{"a@h", "z@h"}, {"z@h", "a@h"}} {
		for _, order := range [][2]uint64{{1, 2}, {2, 1}} {
			mine := &link{name: names[1], dialled: true, order: order[0]}
			theirs := &link{name: names[1], order: order[1], told: dist.StatusOKSimultaneous}
			keepMine := names[0] > names[1]
			if mine.beats(theirs, names[0]) != keepMine || theirs.beats(mine, names[0]) == keepMine {
				t.Errorf("%v %v: the greater name's connection does not stay", names, order)
			}
		}
	}
	old, fresh := &link{name: "a@h", order: 1}, &link{name: "a@h", order: 2}
	if !fresh.beats(old, "m@h") || old.beats(fresh, "m@h") {
		t.Error("of two connections of the peer the later one does not stay")
	}
	replace := &link{name: "a@h", order: 3, told: dist.StatusAlive}
	if !replace.beats(&link{name: "a@h", dialled: true, order: 2}, "m@h") {
		t.Error("a peer that has lost our link cannot replace it")
	}
}

// TestSimultaneousByTheLetter dials a peer that does not answer while it dials
// us.
func TestSimultaneousByTheLetter(t *testing.T) {
	l := newLab(t)
	n := l.start(t, "go@localhost", func(o *Options) { o.SetupTime = 2 * time.Second })
	for _, alive := range []string{"aa", "zz"} {
		hold(t, l, alive, deafPort(t))
		name := alive + "@localhost"
		type result struct {
			made bool
			err  error
		}
		done := make(chan result, 1)
		go func() {
			made, err := n.Connect(context.Background(), name)
			done <- result{made, err}
		}()
		within(t, time.Second, "our name is out", func() bool {
			n.reg.mu.Lock()
			defer n.reg.mu.Unlock()
			s := n.reg.slots[name]
			return s != nil && s.attempt != nil && s.attempt.named
		})
		_, err := handshake(t, n, dist.Local{Name: name, Creation: 9, Flags: dist.DefaultFlags, Cookie: testCookie}, nil)
		var refused *dist.RefusedError
		if alive == "aa" {
			if !errors.As(err, &refused) || refused.Status != dist.StatusNOK {
				t.Errorf("the smaller name got %v, want nok", err)
			}
			if r := <-done; !errors.Is(r.err, ErrDialTimeout) {
				t.Errorf("our attempt: %+v", r)
			}
			continue
		}
		if err != nil {
			t.Errorf("the greater name got %v", err)
		}
		if r := <-done; r.err != nil || r.made {
			t.Errorf("our attempt: %+v, want the link that the peer made", r)
		}
	}
}
