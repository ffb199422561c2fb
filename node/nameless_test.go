package node

import (
	"errors"
	"net/netip"
	"regexp"
	"testing"

	"github.com/fjord-media/fjord/node/etf"
)

func TestNameFrom(t *testing.T) {
	l := newLab(t)
	a := l.start(t, "a@localhost")
	heard := record(a)
	nameless := func(o *Options) { o.NameFrom = a.Name() }
	x, y := l.start(t, "localhost", nameless), l.start(t, "localhost", nameless)
	for _, n := range []*Node{x, y} {
		if !regexp.MustCompile(`^[0-9a-z]+@localhost$`).MatchString(n.Name()) || n.Creation() < 4 || n.Port() != 0 || !n.Hidden() {
			t.Errorf("%s, creation %d, port %d", n.Name(), n.Creation(), n.Port())
		}
		if err := n.Ping(t.Context(), a.Name()); err != nil {
			t.Error(err)
		}
		if err := a.Ping(t.Context(), n.Name()); err != nil {
			t.Error(err)
		}
		box := mailbox(t, n, "box")
		if err := a.client.Send(t.Context(), box.Pid(), etf.Atom("hi")); err != nil {
			t.Error(err)
		}
		receive[Message](t, box)
	}
	if x.Name() == y.Name() {
		t.Error("twice the same name")
	}
	for _, e := range heard.all() {
		if !e.Up || !e.Hidden {
			t.Errorf("event %+v", e)
		}
	}
	if len(a.Nodes()) != 0 || len(a.HiddenNodes()) != 2 || len(x.HiddenNodes()) != 1 {
		t.Errorf("%v, %v, %v", a.Nodes(), a.HiddenNodes(), x.HiddenNodes())
	}
}

func TestNameFromErrors(t *testing.T) {
	l := newLab(t)
	a := l.start(t, "a@localhost")
	for name, tc := range map[string]struct {
		name, from string
		change     func(*Options)
		want       error
	}{
		"a whole name":      {"x@localhost", a.Name(), nil, ErrBadName},
		"no host":           {"", a.Name(), nil, ErrBadName},
		"the other kind":    {"10.0.0.1", a.Name(), nil, ErrNameKind},
		"of the other kind": {"localhost", "a@10.0.0.1", nil, ErrNameKind},
		"nobody there":      {"localhost", "b@localhost", nil, ErrNotRegistered},
		"another cookie":    {"localhost", a.Name(), func(o *Options) { o.Cookie = "other" }, ErrCookieMismatch},
	} {
		change := func(o *Options) {
			o.NameFrom = tc.from
			if tc.change != nil {
				tc.change(o)
			}
		}
		if n, err := l.try(t, tc.name, change); n != nil || !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestAllow(t *testing.T) {
	l := newLab(t)
	var asked []string
	a := l.start(t, "a@localhost", func(o *Options) {
		o.Allow = func(name string, from netip.Addr) bool {
			asked = append(asked, name+" "+from.String())
			return name == "good@localhost"
		}
	})
	good, bad := l.start(t, "good@localhost"), l.start(t, "bad@localhost")
	mustConnect(t, good, a.Name())
	var refused *NameRefusedError
	if _, err := bad.Connect(t.Context(), a.Name()); !errors.As(err, &refused) || refused.ByUs || refused.Status != "not_allowed" {
		t.Errorf("a stranger dials: %v", err)
	}
	if _, err := a.Connect(t.Context(), bad.Name()); !errors.As(err, &refused) || !refused.ByUs {
		t.Errorf("we dial a stranger: %v", err)
	}
	if len(asked) != 3 || asked[0] != "good@localhost 127.0.0.1" || asked[2] != "bad@localhost 127.0.0.1" {
		t.Errorf("asked %q", asked)
	}
}
