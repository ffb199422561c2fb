//go:build e2e

package mixed

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
)

// place is one member of the chaos: a node that may be killed and started again.
type place struct {
	name, address string
	start         func() *testkit.Fjord
	mortal        bool

	mu    sync.RWMutex // written while the node is killed and started
	node  *testkit.Fjord
	kills atomic.Int64
}

// now is the node and how often it was killed before.
func (p *place) now() (*testkit.Fjord, int64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.node, p.kills.Load()
}

// kept is a room that was answered with 201.
type kept struct {
	owner *place
	life  int64 // of the owner: how often it was killed before
	gone  bool  // deleted by us
}

// chaos keeps the accounts.
type chaos struct {
	t       *testing.T
	places  map[string]*place // by address
	entries []*place
	ears    []*listener

	mu     sync.Mutex
	rooms  map[string]*kept
	inHand int // requests without an answer, because their node was killed
	worst  time.Duration
}

// Rooms are made and deleted through all nodes while nodes are killed and
// started again. The accounts must be right in the end: see the checks.
func TestChaos(t *testing.T) {
	if testkit.Soak() {
		t.Parallel() // others wait even longer
	}
	w := newWorld(t)
	names := []string{"f1@localhost", "f2@localhost", "f3@localhost", "f4@localhost", "f5@localhost"}
	c := &chaos{t: t, places: map[string]*place{}, rooms: map[string]*kept{}}
	for i, name := range names {
		ports := testkit.FreePorts(t, 2)
		p := &place{name: name, address: addressOf(name), mortal: i >= 2}
		p.start = func() *testkit.Fjord {
			return w.Node(t, name, "FJ_HOST", p.address, "FJ_DIST_NODES", strings.Join(names, " "),
				"FJ_PORT", fmt.Sprint(ports[0]), "FJ_METRICS_PORT", fmt.Sprint(ports[1]))
		}
		p.node = p.start()
		c.places[p.address] = p
		c.entries = append(c.entries, p)
	}
	for _, p := range c.entries {
		p.node.WaitUp(t)
	}
	d := w.double("d1@localhost", elixir.Fishjam, names...)
	c.places[d.Address] = &place{name: d.Node, address: d.Address, node: d.REST}
	stable := []*testkit.Fjord{c.entries[0].node, c.entries[1].node}
	members(t, 3*time.Second, 6, stable...)
	c.ears = []*listener{listen(t, stable[0]), listen(t, stable[1])}

	length, pause := 15*time.Second, 50*time.Millisecond
	if testkit.Soak() {
		length = 3 * time.Minute
	}
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() { c.work(stop, pause) })
	}
	workers.Go(func() { c.reap(stop) })
	time.Sleep(length)
	close(stop)
	workers.Wait()
	testkit.WaitMesh(t, 10*time.Second, append([]*testkit.Fjord{d.REST}, c.nodes()...)...)
	c.audit()
	d.Clean(t)
}

func (c *chaos) nodes() []*testkit.Fjord {
	var all []*testkit.Fjord
	for _, p := range c.entries {
		f, _ := p.now()
		all = append(all, f)
	}
	return all
}

// work posts, looks, and now and then deletes.
func (c *chaos) work(stop chan struct{}, pause time.Duration) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(rand.N(2 * pause)):
		}
		if rand.N(5) == 0 {
			c.remove()
		} else {
			c.post()
		}
	}
}

// post makes a room and looks whether its owner has it.
func (c *chaos) post() {
	entry := c.entries[rand.N(len(c.entries))]
	f, life := entry.now()
	lives := map[string]int64{}
	for address, p := range c.places {
		lives[address] = p.kills.Load()
	}
	begin := time.Now()
	r, err := f.PostRoom("")
	took := time.Since(begin)
	c.mu.Lock()
	c.worst = max(c.worst, took)
	c.mu.Unlock()
	if err != nil {
		if entry.kills.Load() == life {
			c.t.Errorf("%s lives and failed a request after %s: %v", entry.name, took, err)
		}
		c.mu.Lock()
		c.inHand++
		c.mu.Unlock()
		return
	}
	owner := c.places[r.Address]
	if owner == nil {
		c.t.Errorf("room %s at the unknown address %s", r.ID, r.Address)
		return
	}
	c.look(owner, lives[r.Address], r)
}

// look asks the owner for a new room. If the owner was killed since the request
// began, the room is of its old life or of its new one.
func (c *chaos) look(owner *place, before int64, r testkit.Room) {
	owner.mu.RLock() // it is not killed now
	defer owner.mu.RUnlock()
	life := owner.kills.Load()
	there := has(owner.node, r.ID)
	switch {
	case !there && life == before:
		c.t.Errorf("room %s was answered, but %s does not have it", r.ID, owner.name)
	case !there:
		life = before // it went with the old life, whichever of them
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rooms[r.ID] = &kept{owner: owner, life: life}
}

// remove deletes a room that lives.
func (c *chaos) remove() {
	c.mu.Lock()
	var id string
	var k *kept
	for id, k = range c.rooms { // any
		if !k.gone && k.life == k.owner.kills.Load() {
			break
		}
		k = nil
	}
	if k != nil {
		k.gone = true
	}
	c.mu.Unlock()
	if k == nil {
		return
	}
	k.owner.mu.RLock()
	defer k.owner.mu.RUnlock()
	if k.life != k.owner.kills.Load() {
		c.mu.Lock()
		k.gone = false // it went with its owner
		c.mu.Unlock()
		return
	}
	if status, body, err := k.owner.node.Do(http.MethodDelete, "/room/"+id, ""); err != nil || status != http.StatusNoContent {
		c.t.Errorf("delete %s on %s: %d %s %v", id, k.owner.name, status, body, err)
	}
	// Killed at once, the owner may not have told of it: then some hear that the
	// room crashed with it.
	for end := time.Now().Add(time.Second); time.Now().Before(end) && !c.told(id); {
		time.Sleep(time.Millisecond)
	}
}

// told says whether all listeners have heard that a room was deleted.
func (c *chaos) told(id string) bool {
	for _, l := range c.ears {
		if l.count("room_deleted "+id) == 0 {
			return false
		}
	}
	return true
}

// reap kills nodes at random and starts them again.
func (c *chaos) reap(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(200*time.Millisecond + rand.N(1500*time.Millisecond)):
		}
		p := c.entries[rand.N(len(c.entries))]
		if !p.mortal {
			continue
		}
		p.mu.Lock()
		p.kills.Add(1)
		p.node.Kill(c.t)
		time.Sleep(rand.N(time.Second))
		p.node = p.start()
		p.node.WaitUp(c.t)
		p.mu.Unlock()
	}
}

// audit checks the accounts.
func (c *chaos) audit() {
	t := c.t
	alive, lost, deleted, sum := map[string]bool{}, 0, 0, 0
	for id, k := range c.rooms {
		switch {
		case k.gone:
			deleted++
		case k.life != k.owner.kills.Load():
			lost++
		default:
			alive[id] = true
		}
	}
	t.Logf("%d rooms answered, %d deleted, %d lost with their owners, %d alive; %d requests in hand of killed nodes; slowest answer %s",
		len(c.rooms), deleted, lost, len(alive), c.inHand, c.worst.Round(time.Millisecond))
	if c.worst > testkit.Slack*answerLimit {
		t.Errorf("a request took %s", c.worst)
	}
	// Rooms for requests that died with the node they came by may be left over:
	// nobody can know that their clients never heard.
	held := map[string]bool{}
	testkit.Within(t, 5*time.Second, "the sum of rooms is right", func() bool {
		clear(held)
		sum = 0
		for _, p := range c.places {
			f, _ := p.now()
			for _, id := range roomIDs(f) {
				held[id] = true
				sum++
			}
		}
		return sum >= len(alive) && sum <= len(alive)+c.inHand
	})
	if sum != len(held) {
		t.Errorf("%d rooms, but %d ids", sum, len(held))
	}
	for id := range alive {
		if !held[id] {
			t.Errorf("room %s of %s is gone", id, c.rooms[id].owner.name)
		}
	}
	for i, l := range c.ears {
		c.announced(fmt.Sprintf("listener %d", i+1), l, held)
	}
}

// announced checks what a listener heard: of each room that it was created, and,
// once, how it ended.
func (c *chaos) announced(who string, l *listener, held map[string]bool) {
	t := c.t
	wrong := func() (list []string) {
		created, deletedBy, crashed := l.counts("room_created"), l.counts("room_deleted"), l.counts("room_crashed")
		for id, k := range c.rooms {
			end := map[bool]int{true: deletedBy[id], false: crashed[id]}
			switch {
			case held[id] && end[true]+end[false] != 0,
				!held[id] && end[k.gone] != 1, !held[id] && end[!k.gone] != 0, created[id] > 1:
				list = append(list, fmt.Sprintf("room %s of %s (deleted by us: %v, lives: %v): created %d, deleted %d, crashed %d times",
					id, k.owner.name, k.gone, held[id], created[id], deletedBy[id], crashed[id]))
			}
		}
		return list
	}
	for end := time.Now().Add(15 * time.Second); len(wrong()) > 0 && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	list := wrong()
	for i, line := range list {
		if i == 10 {
			t.Errorf("%s: and %d more", who, len(list)-i)
			break
		}
		t.Errorf("%s: %s", who, line)
	}
}
