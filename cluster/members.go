package cluster

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Times for which a linked node is not asked.
const (
	leftOutFor  = 10 * time.Second // after a missed deadline
	notServerIn = 60 * time.Second // after undef: a node, but no media server
	// After the first probe on a link that did not find a media server, once.
	probeSoon  = 250 * time.Millisecond
	probeAgain = 5 * time.Second
)

// members knows of each linked visible node whether it is a media server, in
// which dialect, and whether it is to be left out for a while. What it knows
// ends with the link.
type members struct {
	mu    sync.Mutex
	nodes map[string]*member
}

type member struct {
	name    string
	probed  bool      // asked for what it is
	dialect int       // how to talk to it; the 0.6.3 dialect before the probe
	fjord   bool      // a Fjord node: it knows our own calls
	info    fjordInfo // of a Fjord node
	leftOut time.Time // not asked before
	server  bool      // it has answered as a media server on this link
	quiet   time.Time // not a media server; not asked before
	unread  bool      // the list of its rooms could not be read yet
	again   bool      // it has had its second chance on this link
}

// candidate is a member that may be asked now.
type candidate struct {
	name    string
	dialect int
	fjord   bool
}

func newMembers() *members { return &members{nodes: map[string]*member{}} }

func (m *members) up(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nodes[name] = &member{name: name}
}

func (m *members) down(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.nodes, name)
}

// candidates lists the members that may be asked for their usage, sorted by name.
func (m *members) candidates(now time.Time) []candidate {
	return m.list(func(x *member) bool { return !x.quiet.After(now) && !x.leftOut.After(now) })
}

// fjords lists the Fjord members that may be asked, sorted. Nodes that were not
// probed yet count: who is none answers undef.
func (m *members) fjords(now time.Time) []string {
	var names []string
	for _, c := range m.list(func(x *member) bool { return (x.fjord || !x.probed) && !x.leftOut.After(now) }) {
		names = append(names, c.name)
	}
	return names
}

// arbiters lists the nodes that can be the arbiter of an id: known Fjord members.
func (m *members) arbiters(now time.Time) []string {
	var names []string
	for _, c := range m.list(func(x *member) bool { return x.fjord && !x.leftOut.After(now) }) {
		names = append(names, c.name)
	}
	return names
}

func (m *members) list(want func(*member) bool) []candidate {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.nodes) == 0 {
		return nil
	}
	list := make([]candidate, 0, len(m.nodes))
	for _, x := range m.nodes {
		if want(x) {
			list = append(list, candidate{name: x.name, dialect: x.dialect, fjord: x.fjord})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Compare(a.name, b.name) })
	return list
}

// missed leaves a member out after a deadline; first is false when it already was.
func (m *members) missed(name string, now time.Time) (first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.nodes[name]
	if x == nil {
		return false
	}
	first = !x.leftOut.After(now)
	x.leftOut = now.Add(leftOutFor)
	if !x.server && !x.probed {
		x.quiet = now.Add(notServerIn) // the probe may find a server yet
	}
	return first
}

// answered notes a correct usage answer.
func (m *members) answered(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if x := m.nodes[name]; x != nil {
		x.server, x.quiet = true, time.Time{}
	}
}

// notServer leaves a node alone that answered undef in a dialect; first is
// false when that is known, or when a probe has found another dialect meanwhile.
func (m *members) notServer(name string, dialect int, now time.Time) (first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.nodes[name]
	if x == nil || x.dialect != dialect {
		return false
	}
	first = x.quiet.IsZero()
	x.server, x.quiet = false, now.Add(notServerIn)
	return first
}

// probe notes what a node is.
func (m *members) probe(name string, dialect int, fjord *fjordInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.nodes[name]
	if x == nil {
		return
	}
	if !x.probed {
		x.leftOut = time.Time{} // it was starting then
	}
	x.probed, x.dialect, x.quiet = true, dialect, time.Time{}
	if fjord != nil {
		x.fjord, x.info = true, *fjord
	}
}

// listed notes whether the list of a member's rooms could be read. If not, the
// member is probed again.
func (m *members) listed(name string, read bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if x := m.nodes[name]; x != nil {
		x.unread = !read
	}
}

// probedNone notes that a node speaks no dialect.
func (m *members) probedNone(name string, now time.Time) (first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.nodes[name]
	if x == nil {
		return false
	}
	first = x.quiet.IsZero()
	x.probed, x.fjord, x.server, x.quiet = true, false, false, now.Add(notServerIn)
	return first
}

// startsLate says, once on a link, that a node was probed and is not known to be a
// media server: it may not have started its services yet.
func (m *members) startsLate(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.nodes[name]
	if x == nil || x.again || x.known() {
		return false
	}
	x.again = true
	return true
}

// known says whether it is known of a linked node that it is a media server, and
// how to talk to it; true for nodes that are not linked.
func (m *members) known(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.nodes[name]
	return x == nil || x.known()
}

// proven says whether a linked node has shown on this link that it is a media
// server. Of others, such as a shell that is busy, there is no reason to warn.
func (m *members) proven(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.nodes[name]
	return x != nil && (x.fjord || x.server)
}

func (x *member) known() bool { return x.fjord || x.probed && x.server }

// needsProbe says whether it is time to find out what a node is.
func (m *members) needsProbe(name string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.nodes[name]
	return x != nil && (!x.probed || x.unread || !x.quiet.IsZero() && !x.quiet.After(now))
}

// find gives a member as a candidate, left out or not.
func (m *members) find(name string) (candidate, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.nodes[name]
	if x == nil {
		return candidate{}, false
	}
	return candidate{name: x.name, dialect: x.dialect, fjord: x.fjord}, true
}

// fjordNames lists the linked Fjord members, left out or not, sorted.
func (m *members) fjordNames() []string {
	var names []string
	for _, c := range m.list(func(x *member) bool { return x.fjord }) {
		names = append(names, c.name)
	}
	return names
}

// fjordInfo is what a Fjord member has said of itself.
func (m *members) fjordInfo(name string) (fjordInfo, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.nodes[name]
	if x == nil || !x.fjord {
		return fjordInfo{}, false
	}
	return x.info, true
}

// MemberStatus is what is known of a linked node as a member: for /cluster and
// metrics.
type MemberStatus struct {
	Node   string
	Server bool // it has answered for its usage on this link
	// NoServer says that it is known to be no media server.
	NoServer bool
	Fjord    bool   // a Fjord node
	Version  string // of a Fjord node
	Address  string // FJ_HOST of a Fjord node
	Dialect  string // fishjam-0.6, fishjam-main or jellyfish-0.5
	LeftOut  bool   // not asked at present, since it missed a deadline
}

// status lists all linked visible nodes, sorted.
func (m *members) status(now time.Time) []MemberStatus {
	names := dialects()
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]MemberStatus, 0, len(m.nodes))
	for _, x := range m.nodes {
		list = append(list, MemberStatus{
			Node: x.name, Server: x.server, NoServer: !x.server && !x.quiet.IsZero(), Fjord: x.fjord, Version: x.info.Version,
			Address: x.info.Address, Dialect: names[x.dialect].name, LeftOut: x.leftOut.After(now),
		})
	}
	slices.SortFunc(list, func(a, b MemberStatus) int { return cmp.Compare(a.Node, b.Node) })
	return list
}
