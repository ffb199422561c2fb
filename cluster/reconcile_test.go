package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node"
)

// rig runs a reconciler in a bubble: a goroutine in place of its actor.
type rig struct {
	r     *reconciler
	board *board
	links *links
	log   *logBook
	group *run.Group
	inbox chan any

	mu    sync.Mutex
	dials []string // "name after 1s"
	fails map[string]error
	knows map[string][]string
	start time.Time
	most  int // dials at once
	now   int
	takes time.Duration

	visits     int
	visitTakes time.Duration
}

func newRig(t *testing.T, targets ...string) *rig {
	t.Helper()
	book := &logBook{}
	g := &rig{
		board: newBoard(), log: book, inbox: make(chan any, 1000), start: time.Now(),
		links: newLinks(linkLog{slog.New(book), TopologyNodesList}),
		group: run.NewGroup(t.Context(), "rig", nil), fails: map[string]error{}, knows: map[string][]string{},
	}
	g.board.put("NODES_LIST", Targets{Nodes: targets, Complete: true})
	g.r = &reconciler{
		self: "me@h", log: g.links.log, board: g.board, links: g.links, dial: g.dial, visit: g.visit,
		post: func(msg any) { g.inbox <- msg }, run: g.group.Go, random: func() float64 { return 0.5 },
		status: &atomic.Pointer[[]PeerStatus]{},
	}
	ctx := t.Context()
	g.group.Go("actor", func(context.Context) error {
		g.r.start()
		defer g.r.stop()
		for {
			select {
			case msg := <-g.inbox:
				if fn, ok := msg.(func()); ok {
					fn()
					continue
				}
				g.r.handle(msg)
			case <-ctx.Done():
				return nil
			}
		}
	})
	return g
}

func (g *rig) dial(_ context.Context, name string) error {
	g.mu.Lock()
	g.dials = append(g.dials, fmt.Sprintf("%s after %s", name, time.Since(g.start).Round(100*time.Millisecond)))
	g.now++
	g.most = max(g.most, g.now)
	takes := g.takes
	g.mu.Unlock()
	time.Sleep(takes)
	g.mu.Lock()
	g.now--
	err, ok := g.fails[name]
	g.mu.Unlock()
	switch {
	case !ok:
		g.up(name, true)
		return nil
	case err == nil:
		return nil
	}
	return fmt.Errorf("connect to %s: %w", name, err)
}

func (g *rig) visit(_ context.Context, name string) ([]string, error) {
	g.mu.Lock()
	g.visits++
	takes := g.visitTakes
	g.mu.Unlock()
	time.Sleep(takes)
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.knows[name], nil
}

func (g *rig) up(name string, dialled bool) {
	g.links.note(node.NodeEvent{Node: name, Up: true, Dialled: dialled})
	g.inbox <- linkUp{name}
}

func (g *rig) down(name string, reason error) {
	g.links.note(node.NodeEvent{Node: name, Reason: reason})
	g.inbox <- linkDown{name, reason}
}

// want has the strategy publish.
func (g *rig) want(names ...string) {
	g.board.put("NODES_LIST", Targets{Nodes: names, Complete: true})
	g.inbox <- wake{}
}

func (g *rig) set(fn func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	fn()
}

func (g *rig) dialsOf(name string) (list []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range g.dials {
		if strings.HasPrefix(d, name+" ") {
			list = append(list, strings.TrimPrefix(d, name+" after "))
		}
	}
	return list
}

func (g *rig) status(name string) PeerStatus {
	for _, p := range *g.r.status.Load() {
		if p.Node == name {
			return p
		}
	}
	return PeerStatus{}
}

// bubble runs fn with a rig and ends the rig's goroutines.
func bubble(t *testing.T, fn func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, fn)
}

func TestDialsWhatIsWanted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, "me@h", "f1@h", "f2@127.0.0.1")
		synctest.Wait()
		if len(g.dials) != 2 {
			t.Errorf("dials %q", g.dials)
		}
		want := []string{
			`INFO [libcluster:epmd_cluster] connected to :"f2@127.0.0.1"`,
			`INFO [libcluster:epmd_cluster] connected to :f1@h`,
		}
		lines := g.log.all()
		slices.Sort(lines)
		if !slices.Equal(lines, want) {
			t.Errorf("log %q", lines)
		}
		if p := g.status("f1@h"); p.State != Up || !p.Wanted || !p.Dialled {
			t.Errorf("status %+v", p)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(g.dials) != 2 {
			t.Errorf("dials after an hour %q", g.dials)
		}
	})
}

func TestAcceptedLinkHasItsOwnLine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t)
		g.up("f2@h", false)
		synctest.Wait()
		if lines := g.log.all(); !slices.Equal(lines, []string{"INFO [libcluster:epmd_cluster] accepted connection from :f2@h"}) {
			t.Errorf("log %q", lines)
		}
	})
}

// A tool that comes and goes leaves no trace: nobody dials it, nothing warns.
func TestHiddenNodesAreForgotten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, "f1@h")
		g.links.note(node.NodeEvent{Node: "tool@h", Up: true, Hidden: true})
		g.inbox <- linkUp{"tool@h"}
		synctest.Wait()
		if p := g.status("tool@h"); p.State != Up || !p.Hidden {
			t.Errorf("status %+v", p)
		}
		g.down("tool@h", node.ErrClosedByPeer)
		time.Sleep(time.Hour)
		synctest.Wait()
		if p := g.status("tool@h"); p.Node != "" || len(g.dialsOf("tool@h")) != 0 {
			t.Errorf("status %+v, dials %q", p, g.dials)
		}
		if lines := g.log.containing("disconnected from :tool@h"); len(lines) != 1 || !strings.HasPrefix(lines[0], "INFO") {
			t.Errorf("log %q", g.log.all())
		}
	})
}

// Back-off from 1 s to 30 s for ever after nine quick tries, with a line at the
// first failure, at each new reason and at milestones.
func TestBackoff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t)
		g.set(func() { g.fails["f1@h"] = node.ErrEPMDRefused })
		g.want("f1@h")
		time.Sleep(2 * time.Minute)
		want := []string{"0s", "0s", "100ms", "300ms", "700ms", "1.1s", "1.6s", "2s", "2.5s", "2.9s", // nine pauses of 0.05 to 0.5 s
			"3.9s", "5.7s", "9.3s", "16.5s", "30.9s", "57.9s", "1m24.9s", "1m51.9s"}
		if got := g.dialsOf("f1@h"); !slices.Equal(got, want) {
			t.Errorf("dials at %v, want %v", got, want)
		}
		if lines := g.log.containing("unable to connect to :f1@h: epmd_refused: "); len(lines) != 2 || !strings.HasPrefix(lines[0], "WARN") {
			t.Errorf("log %q", g.log.all())
		}
		p := g.status("f1@h")
		if p.State != Down || p.Reason.Kind != "epmd_refused" || p.Attempts != len(want) || !p.Next.After(time.Now()) {
			t.Errorf("status %+v", p)
		}
		g.set(func() { g.fails["f1@h"] = node.ErrCookieMismatch })
		time.Sleep(30 * time.Second)
		if lines := g.log.containing("cookie_mismatch"); len(lines) != 1 {
			t.Errorf("log %q", g.log.all())
		}
		time.Sleep(24 * time.Hour)
		n := len(g.dialsOf("f1@h"))
		if n < 24*60*2 || n > 24*60*3 {
			t.Errorf("%d attempts in a day", n)
		}
		if lines := g.log.containing("unable"); len(lines) > n/15 {
			t.Errorf("%d lines in a day", len(lines))
		}
		g.set(func() { delete(g.fails, "f1@h") })
		time.Sleep(30 * time.Second)
		if p := g.status("f1@h"); p.State != Up || p.Attempts != 0 || p.Reason.Err != nil {
			t.Errorf("status %+v", p)
		}
	})
}

// What costs the other side something, or is a decision, is not tried in haste.
func TestHasteOnlyForWhatMayBeStarting(t *testing.T) {
	for reason, want := range map[error]int{
		node.ErrHostUnresolvable: 10 + 7, node.ErrEPMDRefused: 10 + 7, node.ErrNotRegistered: 10 + 7, node.ErrDialRefused: 10 + 7,
		node.ErrCookieMismatch: 8, node.ErrNameRefused: 8, node.ErrEPMDTimeout: 8, node.ErrDialTimeout: 8, node.ErrClosedByPeer: 8,
	} {
		bubble(t, func(t *testing.T) {
			g := newRig(t)
			g.set(func() { g.fails["f1@h"] = reason })
			g.want("f1@h")
			time.Sleep(100 * time.Second)
			if got := g.dialsOf("f1@h"); len(got) != want {
				t.Errorf("%v: %d dials in 100 s, want %d: %v", reason, len(got), want, got)
			}
		})
	}
}

// Nodes that start while others do are found at once: whenever f1 comes, within
// its first seconds it is linked half a second later at the latest.
func TestNodesThatStartTogether(t *testing.T) {
	for starts := time.Duration(0); starts < 3*time.Second; starts += 100 * time.Millisecond {
		bubble(t, func(t *testing.T) {
			g := newRig(t)
			g.set(func() { g.fails["f1@h"] = node.ErrNotRegistered })
			g.want("f1@h")
			time.Sleep(starts)
			g.set(func() { delete(g.fails, "f1@h") })
			time.Sleep(earlyMax)
			synctest.Wait()
			if p := g.status("f1@h"); starts < 2900*time.Millisecond && p.State != Up {
				t.Errorf("f1 started after %s: %+v, dials %v", starts, p, g.dialsOf("f1@h"))
			}
		})
	}
}

// A crowd of nodes that are gone for good costs a few dials each at first, and
// then what it costs at the long pauses; a link that was gives the haste back.
func TestHasteEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t)
		var gone []string
		for i := range 20 {
			gone = append(gone, fmt.Sprintf("gone%d@h", i))
		}
		g.set(func() {
			for _, name := range gone {
				g.fails[name] = node.ErrNotRegistered
			}
		})
		g.want(gone...)
		time.Sleep(10 * time.Minute)
		g.set(func() {
			if most := len(gone) * (earlyTries + 5 + 600/24); len(g.dials) > most {
				t.Errorf("%d dials in ten minutes, want at most %d", len(g.dials), most)
			}
			delete(g.fails, "gone0@h")
		})
		time.Sleep(backoffMax)
		g.set(func() { g.fails["gone0@h"] = node.ErrNotRegistered })
		before := len(g.dialsOf("gone0@h"))
		g.down("gone0@h", node.ErrClosedByPeer)
		time.Sleep(5 * time.Second)
		if n := len(g.dialsOf("gone0@h")) - before; n != earlyTries+1 {
			t.Errorf("%d dials after the link was lost", n)
		}
	})
}

func TestBackoffBounds(t *testing.T) {
	for n := range 100 {
		for _, random := range []float64{0, 0.5, 0.999} {
			if d := backoff(n, random); d < backoffMin || d > backoffMax {
				t.Errorf("backoff(%d, %g) = %s", n, random, d)
			}
			if d := earlyPause(n, random); d < earlyMin*4/5 || d > earlyMax {
				t.Errorf("earlyPause(%d, %g) = %s", n, random, d)
			}
		}
	}
	if backoff(50, 0) != backoffMax || backoff(50, 0.999) < 24*time.Second {
		t.Error("the maximum is not kept")
	}
}

func TestLostLinkIsDialledAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, "f1@h")
		synctest.Wait()
		g.down("f1@h", fmt.Errorf("link to f1@h: %w", node.ErrTickedOut))
		synctest.Wait()
		if p := g.status("f1@h"); p.State != Down || p.Reason.Kind != "ticked_out" {
			t.Errorf("status %+v", p)
		}
		time.Sleep(999 * time.Millisecond)
		if got := g.dialsOf("f1@h"); len(got) != 1 {
			t.Errorf("dialled within a second: %v", got)
		}
		time.Sleep(time.Second)
		if p := g.status("f1@h"); p.State != Up {
			t.Errorf("status %+v", p)
		}
		if lines := g.log.containing("disconnected from :f1@h: ticked_out"); len(lines) != 1 {
			t.Errorf("log %q", g.log.all())
		}
	})
}

// What is known of a node ends with its link: when a newer one takes its place
// during a visit, there is another visit at once.
func TestNewLinkDuringAVisit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t)
		g.set(func() { g.visitTakes = time.Second })
		g.up("f1@h", false)
		time.Sleep(500 * time.Millisecond)
		g.up("f1@h", false)
		time.Sleep(5 * time.Second)
		g.set(func() {
			if g.visits != 2 {
				t.Errorf("%d visits", g.visits)
			}
		})
	})
}

func TestLearnsFromWhomItMeets(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t)
		g.set(func() {
			g.knows["f1@h"] = []string{"me@h", "f3@h"}
			g.knows["f2@h"] = []string{"me@h", "f4@h"}
			g.knows["f4@h"] = []string{"f5@h"}
		})
		g.want("f1@h")
		synctest.Wait()
		g.up("f2@h", false) // one that dialled us is asked too
		synctest.Wait()
		for _, name := range []string{"f1@h", "f2@h", "f3@h", "f4@h", "f5@h"} {
			if p := g.status(name); p.State != Up || p.Wanted != (name == "f1@h") {
				t.Errorf("%s: %+v", name, p)
			}
		}
	})
}

func TestHiddenNodeIsNotAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t)
		g.set(func() { g.knows["tool@h"] = []string{"f3@h"} })
		g.links.note(node.NodeEvent{Node: "tool@h", Up: true, Hidden: true})
		g.inbox <- linkUp{"tool@h"}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if len(g.dials) != 0 {
			t.Errorf("dials %q", g.dials)
		}
	})
}

// A node that was only heard of is given up some time after the last report.
func TestForgetsWhatNobodyReports(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t)
		g.set(func() {
			g.fails["dead@h"] = node.ErrNotRegistered
			g.knows["f1@h"] = []string{"dead@h"}
		})
		g.want("f1@h")
		time.Sleep(30 * time.Minute)
		if n := len(g.dialsOf("dead@h")); n < 60 {
			t.Errorf("while reported it was dialled %d times", n)
		}
		if lines := g.log.containing("WARN"); len(lines) != 0 {
			t.Errorf("warnings for a node that nobody listed: %q", lines)
		}
		g.set(func() { g.knows["f1@h"] = nil })
		time.Sleep(visitEvery + forgetAfter + backoffMax)
		n := len(g.dialsOf("dead@h"))
		time.Sleep(time.Hour)
		if more := len(g.dialsOf("dead@h")) - n; more != 0 {
			t.Errorf("dialled %d times after it was forgotten", more)
		}
		if p := g.status("dead@h"); p.Node != "" {
			t.Errorf("still known: %+v", p)
		}
	})
}

// A fresh report of a node that is backing off is a reason to try at once.
func TestReportWakes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t)
		g.set(func() { g.fails["f3@h"] = node.ErrNotRegistered })
		g.want("f1@h", "f3@h")
		time.Sleep(5 * time.Minute)
		g.set(func() { delete(g.fails, "f3@h"); g.knows["f2@h"] = []string{"f3@h"} })
		g.up("f2@h", false)
		synctest.Wait()
		if p := g.status("f3@h"); p.State != Up {
			t.Errorf("%+v", p)
		}
	})
}

// Targets that vanish end no link; there is nothing that could.
func TestAbsenceDisconnectsNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, "f1@h", "f2@h")
		synctest.Wait()
		g.want()
		time.Sleep(24 * time.Hour)
		for _, name := range []string{"f1@h", "f2@h"} {
			if p := g.status(name); p.State != Up {
				t.Errorf("%+v", p)
			}
		}
		g.down("f1@h", errors.New("gone"))
		time.Sleep(2 * time.Second)
		if p := g.status("f1@h"); p.State != Up {
			t.Errorf("a link that was lost is not made again: %+v", p)
		}
	})
}

func TestDialsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var many []string
		for i := range 100 {
			many = append(many, fmt.Sprintf("f%d@h", i))
		}
		g := newRig(t)
		g.set(func() { g.takes = 7 * time.Second })
		g.want(many...)
		time.Sleep(time.Minute)
		synctest.Wait()
		if g.most != dialMax {
			t.Errorf("%d dials at once", g.most)
		}
		if n := len(g.links.visible()); n != 100 {
			t.Errorf("%d links", n)
		}
	})
}

// A successor of a crashed actor goes on from the board and logs nothing twice.
func TestReconcilerRestarts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, "f1@h")
		synctest.Wait()
		before := len(g.log.all())
		g.inbox <- wake{}
		synctest.Wait()
		g.inbox <- g.r.start
		synctest.Wait()
		if p := g.status("f1@h"); p.State != Up || len(g.dials) != 1 || len(g.log.all()) != before {
			t.Errorf("%+v, dials %q, log %q", p, g.dials, g.log.all())
		}
	})
}

func TestBoard(t *testing.T) {
	b := newBoard()
	if !b.put("DNS", Targets{Nodes: []string{"b", "a", "a"}, Complete: true}) || b.put("DNS", Targets{Nodes: []string{"a", "b"}, Complete: true}) {
		t.Error("changes are not told from repetitions")
	}
	b.put("DNS", Targets{Nodes: []string{"c"}})
	b.put("NODES_LIST", Targets{Nodes: []string{"d"}, Complete: true})
	if u := b.union(); len(u) != 4 {
		t.Errorf("a partial answer dropped names: %v", u)
	}
	b.put("DNS", Targets{Nodes: []string{"c"}, Complete: true})
	if u := b.union(); len(u) != 2 {
		t.Errorf("a complete answer kept names: %v", u)
	}
}
