package global

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
	"pgregory.net/rapid"
)

// TestSimulation lets random things happen to a cluster: delays, registrations,
// ends of processes, of links and of nodes. When it is left alone, and links that
// are missing are dialled again, all are in sync, no lock is left, and the names
// are the same everywhere and of living processes. Some nodes do as OTP does. Two of
// these may lack each other's names when a link between members was cut (OTP cuts off
// a whole node to prevent that, but not in each case); none of ours ever does.
func TestSimulation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &scenario{
			seed:   rapid.Uint64().Draw(t, "seed"),
			nodes:  rapid.IntRange(2, 6).Draw(t, "nodes"),
			steps:  rapid.IntRange(0, 600).Draw(t, "steps"),
			cuts:   rapid.IntRange(0, 3).Draw(t, "cuts"),
			crash:  rapid.IntRange(0, 2).Draw(t, "crashes"),
			naming: rapid.IntRange(0, 12).Draw(t, "changes"),
			otp:    max(0, rapid.IntRange(-3, 4).Draw(t, "otp")),
		}
		if err := s.run(); err != nil {
			t.Fatalf("%+v: %v", *s, err)
		}
	})
}

// quietLimit is how many steps a cluster may take until nothing is on its way.
const quietLimit = 100_000

// TestSimulationAgain repeats what went wrong once.
func TestSimulationAgain(t *testing.T) {
	for _, s := range []scenario{
		{seed: 498, nodes: 2, steps: 319, cuts: 3, crash: 1, naming: 12}, // two began anew because of each other, without end
		{seed: 413, nodes: 4, steps: 37, cuts: 3, naming: 2},             // a member's names were dropped by a late cancel_connect
		{seed: 1382, nodes: 3, steps: 77, cuts: 2, naming: 3},            // a lock was set over a link that was not known yet
		{seed: 2869, nodes: 2, steps: 447, cuts: 2, crash: 1, naming: 10},
		{seed: 12682, nodes: 3, steps: 153, cuts: 2, naming: 2},                        // a node that was adopted had names that nobody told
		{seed: 2672, nodes: 3, steps: 255, crash: 1, naming: 8},                        // names that were asked for were older than those here
		{seed: 4456, nodes: 6, steps: 203, cuts: 3, naming: 10, otp: 4},                // two asked each other to leave at once
		{seed: 6810646081, nodes: 5, steps: 598, cuts: 3, crash: 1, naming: 6, otp: 2}, // one was asked to leave before it knew of us
	} {
		t.Run(fmt.Sprint(s.seed), func(t *testing.T) {
			if err := s.run(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// scenario says how much happens.
type scenario struct {
	seed                 uint64
	nodes, steps         int
	otp                  int // how many of the nodes do as OTP does; one at least does not
	cuts, crash, naming  int
	w                    *simWorld
	registered, finished int
}

func (s *scenario) run() error {
	var names []etf.Atom
	for i := range s.nodes {
		names = append(names, etf.Atom(fmt.Sprintf("n%d@sim", i)))
	}
	s.w = newSimWorld(s.seed, names...)
	if s.otp > 0 {
		for _, i := range s.w.rand.Perm(s.nodes)[:min(s.otp, s.nodes-1)] {
			s.w.otp[names[i]] = true
		}
	}
	if os.Getenv("FJORD_TEST_LOG") != "" {
		s.w.trace = func(format string, args ...any) {
			fmt.Printf(s.w.now.Format("05.000 ")+format+"\n", args...)
		}
	}
	s.chaos()
	return s.heal()
}

// chaos lets random things happen for a number of steps.
func (s *scenario) chaos() {
	w := s.w
	for range s.steps {
		w.step()
		a, b := w.names[w.rand.IntN(s.nodes)], w.names[w.rand.IntN(s.nodes)]
		switch w.rand.IntN(12) {
		case 0:
			w.link(a, b)
		case 1:
			if s.naming > 0 && w.nodes[a].alive {
				s.naming--
				s.change(w.nodes[a])
			}
		case 2:
			if s.cuts > 0 && a != b && w.links[pair(a, b)] {
				s.cuts--
				w.cuts++
				w.cut(a, b)
			}
		case 3:
			if s.crash > 0 && w.nodes[a].alive {
				s.crash--
				w.crash(a)
			}
		case 4:
			if !w.nodes[a].alive {
				w.start(a)
			}
		case 5:
			w.pass(time.Duration(w.rand.IntN(300)) * time.Millisecond)
		}
	}
}

// change registers, re-registers or unregisters one of few names, or ends a
// process that has one.
func (s *scenario) change(n *simNode) {
	name := etf.Term(etf.Atom(fmt.Sprintf("name%d", s.w.rand.IntN(3))))
	s.registered++
	done := func(error) { s.finished++ }
	n.core.in(s.w.now, func() {
		switch s.w.rand.IntN(4) {
		case 0:
			n.core.unregister(name, done)
		case 1:
			n.core.register(op{name: name, pid: n.spawn(), method: atom("m")}, true, done)
		case 2:
			if e, ok := n.core.names.get(name); ok && e.pid.Node == n.name {
				n.kill(e.pid)
			}
			done(nil)
		default:
			n.core.register(op{name: name, pid: n.spawn(), method: atom("m")}, false, done)
		}
	})
}

// heal starts all nodes, dials what is missing, and waits until all is well, for
// two minutes of the cluster's time.
func (s *scenario) heal() error {
	w := s.w
	for _, name := range w.names {
		if !w.nodes[name].alive {
			w.start(name)
		}
	}
	end := w.now.Add(2 * time.Minute)
	dial := w.now
	var err error
	for w.now.Before(end) {
		if !w.now.Before(dial) {
			dial = w.now.Add(1500 * time.Millisecond)
			for i, a := range w.names {
				for _, b := range w.names[i+1:] {
					w.link(a, b)
				}
			}
		}
		for n := 0; !w.quiet(); n++ {
			if n == quietLimit {
				return errors.New("messages without end")
			}
			w.step()
		}
		if err = s.check(); err == nil {
			return nil
		}
		w.pass(50 * time.Millisecond)
	}
	return err
}

// check looks whether all is well.
func (s *scenario) check() error {
	w := s.w
	first := w.nodes[w.names[0]].core
	for _, name := range w.names {
		c := w.nodes[name].core
		others := without(w.names, name)
		switch {
		case !slices.Equal(c.members(), others):
			return fmt.Errorf("%s knows %v", name, c.members())
		case !slices.Equal(slices.Sorted(maps.Keys(c.synced)), others):
			return fmt.Errorf("%s is in sync with %v", name, slices.Sorted(maps.Keys(c.synced)))
		case len(c.locks.table) > 0:
			return fmt.Errorf("%s has a lock: %v", name, c.locks.table)
		case len(c.sessions)+len(c.pending)+len(c.calls)+len(c.outbox)+len(c.resolving) > 0 || c.lk.phase != idle || c.rg.busy:
			return fmt.Errorf("%s is not done: %d sessions, %d pending, %d calls, %d waiting, locker %d, registrar %v", name,
				len(c.sessions), len(c.pending), len(c.calls), len(c.outbox), c.lk.phase, c.rg.busy)
		case len(c.lk.mail) > 0 || len(c.syncers) > 0 || len(c.parked) > 0:
			return fmt.Errorf("%s has left overs: %v", name, c.lk.mail)
		case w.cuts == 0 && !slices.Equal(table(c), table(first)):
			return fmt.Errorf("%s has names %v, %s has %v", name, table(c), w.names[0], table(first))
		}
		if err := s.owned(name); err != nil {
			return err
		}
		for _, e := range c.names.sorted() {
			if other, ok := first.names.get(e.name); ok && other.pid != e.pid {
				return fmt.Errorf("%s has %v at %v, %s has it at %v", name, e.name, e.pid, w.names[0], other.pid)
			}
			if _, alive := w.nodes[e.pid.Node].procs[e.pid]; !alive {
				return fmt.Errorf("%s has the name %v of a dead process", name, e.name)
			}
		}
	}
	return nil
}

// owned checks that all know the names of a node's processes, and no others, when
// they or the node are ours.
func (s *scenario) owned(owner etf.Atom) error {
	for _, name := range s.w.names {
		if s.w.otp[owner] && s.w.otp[name] {
			continue
		}
		if theirs, its := namesOf(s.w.nodes[name].core, owner), namesOf(s.w.nodes[owner].core, owner); !slices.Equal(theirs, its) {
			return fmt.Errorf("%s has names %v of %s, which has %v", name, theirs, owner, its)
		}
	}
	return nil
}

// namesOf lists the names of a node's processes, as another node knows them.
func namesOf(c *core, owner etf.Atom) []string {
	return slices.DeleteFunc(table(c), func(e string) bool { return !strings.HasSuffix(e, "@"+string(owner)) })
}

func table(c *core) []string {
	var out []string
	for _, e := range c.names.sorted() {
		out = append(out, fmt.Sprintf("%s=%v@%s", etf.String(e.name), e.pid, e.pid.Node))
	}
	return out
}
