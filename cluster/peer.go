package cluster

import (
	"slices"
	"time"
)

// State is where the way to another node stands.
type State int

// The states of a peer.
const (
	Unknown  State = iota // wanted, not tried yet
	Dialling              // resolving, asking EPMD, connecting or in the handshake
	Up                    // linked
	Down                  // not linked; Reason says why
)

// String is the state's name as /cluster shows it.
func (s State) String() string {
	return [...]string{"unknown", "dialling", "up", "down"}[s]
}

// PeerStatus is what the reconciler knows about one node: for /cluster and metrics.
type PeerStatus struct {
	Node    string
	State   State
	Wanted  bool      // a strategy names it; else it was met or heard of
	Since   time.Time // of State
	Dialled bool      // Up: this node dialled
	Hidden  bool      // the peer is a hidden node, or was when it was last up
	Reason  Reason    // Down or Dialling: why it is not up
	// Attempts counts failed dials since the node was last up.
	Attempts int
	// Next is the time of the next dial; zero when none is planned.
	Next time.Time
}

// Times of the reconciler.
const (
	backoffMin = time.Second
	backoffMax = 30 * time.Second
	// dialLimit is a net below the node's own limit (FJ_DIST_CONNECT_TIMEOUT, at
	// most two minutes).
	dialLimit  = 3 * time.Minute
	dialMax    = 16 // dials at once
	visitEvery = 30 * time.Second
	visitLimit = 5 * time.Second
	// forgetAfter is how long a node that no strategy names is dialled after it
	// was last reported or linked. A hidden one is not dialled: tools and shells
	// come and go, and find us themselves.
	forgetAfter = 10 * time.Minute
	// A node that is not there yet may be starting, as this one is: the first
	// earlyTries failures of that kind are followed by a shorter pause.
	earlyMin   = 50 * time.Millisecond
	earlyMax   = 500 * time.Millisecond
	earlyTries = 9 // about three seconds
	// A failure that repeats is logged again when the back-off has reached its
	// maximum and then once in logEvery attempts (about ten minutes).
	logAtMax = 6
	logEvery = 20
)

// peer is one node in the reconciler.
type peer struct {
	PeerStatus
	reportedBy []string  // linked nodes that have it among their nodes
	lastSeen   time.Time // last moment at which it was up, reported or wanted
	visit      time.Time // next question for its nodes; Up only
	visiting   bool
	newLink    bool // a link came up during the visit: what it found is of the one before
	early      int  // of Attempts, those that were followed by a short pause
}

// relevant says whether the peer is still to be linked.
func (p *peer) relevant(now time.Time) bool {
	return p.State == Up || p.State == Dialling || p.Wanted || len(p.reportedBy) > 0 ||
		!p.Hidden && now.Sub(p.lastSeen) < forgetAfter
}

func (p *peer) set(s State, now time.Time) {
	if p.State != s {
		p.State, p.Since = s, now
	}
}

// failed plans the next attempt after one more failure and says whether the
// failure is worth a log line: a new reason, or a milestone.
func (p *peer) failed(r Reason, now time.Time, random float64) (worth bool) {
	changed := p.Attempts == 0 || p.Reason.Kind != r.Kind
	p.Attempts++
	p.Reason = r
	p.set(Down, now)
	if p.early < earlyTries && r.notThere() {
		p.early++
		p.Next = now.Add(earlyPause(p.early, random))
		return changed
	}
	late := p.Attempts - p.early
	p.Next = now.Add(backoff(late, random))
	return changed || late == logAtMax || late > logAtMax && (late-logAtMax)%logEvery == 0
}

// report notes that by has the peer among its nodes, or no longer. It says
// whether that is news which makes an attempt worth while now.
func (p *peer) report(by string, reported bool) (news bool) {
	i := slices.Index(p.reportedBy, by)
	switch {
	case reported && i < 0:
		p.reportedBy = append(p.reportedBy, by)
		return true
	case !reported && i >= 0:
		p.reportedBy = slices.Delete(p.reportedBy, i, i+1)
	}
	return false
}

// earlyPause is the pause after the n-th early failure: 50, 100, 200, 400 ms, then
// half a second.
func earlyPause(n int, random float64) time.Duration { return pause(earlyMin, earlyMax, n, random) }

// backoff is the pause after the n-th failure: 1, 2, 4 … 30 s, never below one
// second.
func backoff(n int, random float64) time.Duration {
	return max(backoffMin, pause(backoffMin, backoffMax, n, random))
}

// pause begins with least, doubles with each failure up to most, and leaves out up
// to a fifth at random. random is in [0, 1).
func pause(least, most time.Duration, n int, random float64) time.Duration {
	d := most
	if n < 6 { // no overflow
		d = min(d, least<<max(n-1, 0))
	}
	return d - time.Duration(random*float64(d)/5)
}
