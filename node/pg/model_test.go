package pg_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pg"
	"pgregory.net/rapid"
)

const (
	modelNodes  = 3
	modelChecks = "60"
)

// site is one node of the model, with what should be in its scope.
type site struct {
	name   string
	node   *node.Node
	scope  *pg.Scope
	procs  []*node.Process
	joined map[string][]etf.Pid // by group
}

// model is a cluster and what its scopes should know. Beside the sites there is
// a strict scope that looks on.
type model struct {
	t     testing.TB
	lab   *lab.Lab
	sites []*site
	judge *strict
	at    *node.Node // the judge's node
}

// TestModel changes groups, processes, links, scopes and nodes at random; all
// scopes come to know the same.
func TestModel(t *testing.T) {
	old := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", modelChecks); err != nil {
		t.Fatal(err)
	}
	defer flag.Set("rapid.checks", old) //nolint:errcheck // it was its value
	l := lab.New(t)
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		m := &model{t: t, lab: l}
		defer m.end()
		m.at = m.startNode(fmt.Sprintf("judge%d@localhost", run))
		m.judge = newStrict(t, m.at, "chat")
		for i := range modelNodes {
			s := &site{name: fmt.Sprintf("n%dx%d@localhost", run, i)}
			m.sites = append(m.sites, s)
			m.startSite(s)
		}
		m.connect()
		r.Repeat(map[string]func(*rapid.T){
			"join": m.join, "leave": m.leave, "end process": m.endProcess, "cut link": m.cut,
			"connect": func(*rapid.T) { m.connect() }, "restart scope": m.restartScope,
			"restart node": m.restartNode, "converge": m.converge,
			"join again": m.join, "leave again": m.leave, // more often
		})
		m.converge(r)
	})
}

func (m *model) startNode(name string) *node.Node {
	var n *node.Node
	lab.Within(m.t, limit, name+" starts", func() (ok bool) {
		var err error
		n, err = node.Start(context.Background(), node.Options{
			Name: name, Cookie: lab.Cookie, EPMD: node.EPMDExternal, EPMDPort: m.lab.EPMDPort,
		})
		if err != nil && !errors.Is(err, node.ErrNameTaken) { // EPMD may learn late of the end of the last run
			m.t.Fatal(err)
		}
		return err == nil
	})
	return n
}

func (m *model) startSite(s *site) {
	s.node = m.startNode(s.name)
	s.procs = nil
	for range 3 {
		s.procs = append(s.procs, spawn(m.t, s.node))
	}
	m.startScope(s)
}

func (m *model) startScope(s *site) {
	scope, err := pg.Start(s.node, "chat")
	if err != nil {
		m.t.Fatal(err)
	}
	s.scope, s.joined = scope, map[string][]etf.Pid{}
}

func (m *model) end() {
	for _, s := range m.sites {
		lab.Stop(m.t, "scope", s.scope.Stop)
		lab.Stop(m.t, s.name, s.node.Stop)
	}
	lab.Stop(m.t, "judge", m.at.Stop)
}

// connect makes all links. A simultaneous dial of the other side is no failure.
func (m *model) connect() {
	for i, s := range m.sites {
		names := []string{m.at.Name()}
		for _, o := range m.sites[i+1:] {
			names = append(names, o.name)
		}
		for _, name := range names {
			lab.Within(m.t, limit, "connected to "+name, func() bool {
				_, err := s.node.Connect(context.Background(), name)
				return err == nil
			})
		}
	}
}

func (m *model) site(r *rapid.T) *site {
	return m.sites[rapid.IntRange(0, modelNodes-1).Draw(r, "site")]
}

// process draws a number: rapid prints what it draws.
func (s *site) process(r *rapid.T) *node.Process {
	return s.procs[rapid.IntRange(0, len(s.procs)-1).Draw(r, "process")]
}

func group(r *rapid.T) string { return rapid.SampledFrom([]string{"g", "h", "i"}).Draw(r, "group") }

func (m *model) join(r *rapid.T) {
	s, g := m.site(r), group(r)
	var pids []etf.Pid
	for range rapid.IntRange(1, 4).Draw(r, "count") {
		pids = append(pids, s.process(r).Pid())
	}
	if err := s.scope.Join(atom(g), pids...); err != nil {
		r.Fatal(err)
	}
	s.joined[g] = append(s.joined[g], pids...)
}

func (m *model) leave(r *rapid.T) {
	s, g := m.site(r), group(r)
	var pids []etf.Pid
	found := false
	for range rapid.IntRange(1, 3).Draw(r, "count") {
		pid := s.process(r).Pid()
		pids = append(pids, pid)
		if i := slices.Index(s.joined[g], pid); i >= 0 {
			found = true
			s.joined[g] = slices.Delete(s.joined[g], i, i+1)
		}
	}
	if err := s.scope.Leave(atom(g), pids...); err != nil && (found || !errors.Is(err, pg.ErrNotJoined)) {
		r.Fatal(err)
	}
}

func (m *model) endProcess(r *rapid.T) {
	s := m.site(r)
	i := rapid.IntRange(0, len(s.procs)-1).Draw(r, "process")
	gone := s.procs[i].Pid()
	s.procs[i].Terminate(atom("normal"))
	s.procs[i] = spawn(m.t, s.node)
	for g := range s.joined {
		s.joined[g] = slices.DeleteFunc(s.joined[g], func(p etf.Pid) bool { return p == gone })
	}
	// The scope is told by a signal; until then the model would know more.
	lab.Within(m.t, limit, "the process has left", func() bool {
		for _, g := range s.scope.Groups() {
			if slices.Contains(s.scope.LocalMembers(g), gone) {
				return false
			}
		}
		return true
	})
}

func (m *model) cut(r *rapid.T) {
	s, other := m.site(r), m.site(r)
	s.node.Disconnect(other.name, errors.New("cut by the test"))
}

func (m *model) restartScope(r *rapid.T) {
	s := m.site(r)
	lab.Stop(m.t, "scope", s.scope.Stop)
	m.startScope(s)
}

func (m *model) restartNode(r *rapid.T) {
	s := m.site(r)
	lab.Stop(m.t, "scope", s.scope.Stop)
	lab.Stop(m.t, s.name, s.node.Stop)
	m.startSite(s)
}

// converge connects all and waits until all know the same.
func (m *model) converge(r *rapid.T) {
	m.connect()
	for _, g := range []string{"g", "h", "i"} {
		var all []etf.Pid
		for _, s := range m.sites {
			all = append(all, s.joined[g]...)
		}
		want := printed(all)
		for _, s := range m.sites {
			m.await(r, s.name, g, want, func() string { return members(s.scope, atom(g)) })
		}
		m.await(r, "judge", g, want, func() string { return m.judge.members(atom(g)) })
	}
	if faults := m.judge.faults(); len(faults) > 0 {
		r.Fatalf("OTP's scope would have ended:\n%s", strings.Join(faults, "\n"))
	}
}

func (m *model) await(r *rapid.T, where, g, want string, get func() string) {
	begin := time.Now()
	for got := get(); got != want; got = get() {
		if time.Since(begin) > lab.Slack*limit {
			r.Fatalf("%s: group %s is\n%s\nwant\n%s", where, g, got, want)
		}
		m.connect() // one side may have seen a cut later than the other
		time.Sleep(time.Millisecond)
	}
}
