package cluster

import (
	"sync"
	"time"

	"github.com/fjord-media/fjord/room"
)

// Times of lastWords.
const (
	// youngFor: a notification that was sent so long before the death of its node
	// has reached everybody, or it never will.
	youngFor = 2 * time.Second
	// wordWait is the pause before the word of another node is acted upon: what is
	// still under way to this node has arrived by then.
	wordWait = time.Second
	// wordFor is how long such a word waits for the death to be noticed here.
	wordFor = 30 * time.Second
	// endedFor is how long it is remembered at least that a room has ended.
	endedFor = wordFor + time.Minute
	maxEnded = 1 << 16 // rooms so remembered, twice
	maxYoung = 1 << 14 // rooms of one node, and ids of words that wait
)

// lastWords makes the nodes agree about the rooms of one that was killed. It may
// have been killed after it had told some nodes, or a client, of a new room, and
// before it had told the others. So each survivor tells the others of the rooms
// that were young; who has not heard of one announces its end nevertheless.
type lastWords struct {
	mu     sync.Mutex
	young  map[string][]birth   // by node, in the order of time
	downs  map[string]time.Time // the last loss of a link
	words  []word
	ended  map[lostRoom]struct{} // those of the present period
	before map[lostRoom]struct{} // and those of the one before
	since  time.Time             // of the present period
}

type birth struct {
	id room.ID
	at time.Time
}

// word is what another node has told.
type word struct {
	lostRoom
	at time.Time
}

func newLastWords() *lastWords {
	return &lastWords{young: map[string][]birth{}, downs: map[string]time.Time{}, ended: map[lostRoom]struct{}{}}
}

// born notes a new room of another node; false when its end has been told already.
func (l *lastWords) born(node string, id room.ID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over(lostRoom{node, id}) {
		return false
	}
	list := l.young[node]
	for len(list) > 0 && (now.Sub(list[0].at) > youngFor || len(list) >= maxYoung) {
		list = list[1:]
	}
	l.young[node] = append(list, birth{id, now})
	return true
}

// end notes that the end of a room of another node was told here.
func (l *lastWords) end(x lostRoom, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(x, now)
}

func (l *lastWords) note(x lostRoom, now time.Time) {
	if now.Sub(l.since) > endedFor || len(l.ended) >= maxEnded {
		l.before, l.ended, l.since = l.ended, map[lostRoom]struct{}{}, now
	}
	l.ended[x] = struct{}{}
}

func (l *lastWords) over(x lostRoom) bool {
	_, now := l.ended[x]
	_, before := l.before[x]
	return now || before
}

// down notes the loss of a link.
func (l *lastWords) down(node string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.downs[node] = now
}

// lost notes that the end of rooms is told here, and returns those that were
// young when the link to their node was lost: others may not have heard of them.
func (l *lastWords) lost(node string, list []orphan, now time.Time) (young []room.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	births := map[room.ID]time.Time{}
	for _, b := range l.young[node] {
		births[b.id] = b.at
	}
	down := l.downs[node]
	for _, x := range list {
		l.note(x.lost(), now)
		if at, ok := births[x.id]; ok && down.Sub(at) <= youngFor {
			young = append(young, x.id)
		}
	}
	return young
}

// hear takes the word of another node that rooms went with their node.
func (l *lastWords) hear(node string, ids []room.ID, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if len(l.words) >= maxYoung {
			return
		}
		l.words = append(l.words, word{lostRoom{node, id}, now})
	}
}

// unheard returns rooms that went with their node, in the words of others, and
// that this node has not heard of: known tells of which it has. A word counts
// when this node has lost that link, too.
func (l *lastWords) unheard(now time.Time, known func(lostRoom) bool) (list []orphan) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.words[:0]
	for _, w := range l.words {
		down, was := l.downs[w.node]
		switch {
		case l.over(w.lostRoom), now.Sub(w.at) > wordFor:
		case now.Sub(w.at) < wordWait, !was, w.at.Sub(down) > wordFor, known(w.lostRoom):
			kept = append(kept, w)
		default:
			l.note(w.lostRoom, now)
			list = append(list, orphan{id: w.id, node: w.node})
		}
	}
	l.words = kept
	for node, at := range l.downs {
		if now.Sub(at) > 2*wordFor {
			delete(l.downs, node)
			delete(l.young, node)
		}
	}
	return list
}
