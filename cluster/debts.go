package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/fjord-media/fjord/room"
)

const (
	maxDebts  = 1024 // ids remembered per member
	debtLimit = 5 * time.Second
)

// debts are rooms that a member may have made after its answer was given up.
// They are deleted there as soon as it can be reached.
type debts struct {
	mu  sync.Mutex
	ids map[string]map[room.ID]struct{} // by member
}

func newDebts() *debts { return &debts{ids: map[string]map[room.ID]struct{}{}} }

func (d *debts) add(node string, id room.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ids[node] == nil {
		d.ids[node] = map[room.ID]struct{}{}
	}
	if len(d.ids[node]) < maxDebts {
		d.ids[node][id] = struct{}{}
	}
}

// forget drops a debt: the id is in use again, rightly.
func (d *debts) forget(node string, id room.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.ids[node], id)
}

// take gives the debts of a member and forgets them.
func (d *debts) take(node string) []room.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := make([]room.ID, 0, len(d.ids[node]))
	for id := range d.ids[node] {
		ids = append(ids, id)
	}
	delete(d.ids, node)
	return ids
}

// payDebts deletes on a member what nobody wants there.
func (r *Router) payDebts(name string) {
	to, ok := r.members.find(name)
	if !ok {
		return // at its next link
	}
	ids := r.debts.take(name)
	if len(ids) == 0 {
		return
	}
	r.group.Go("delete late rooms", func(ctx context.Context) error {
		for i, id := range ids {
			limited, cancel := context.WithTimeout(ctx, debtLimit)
			_, err := r.node.Call(limited, name, r.dialects[to.dialect].rooms, funDelete, []byte(id))
			cancel()
			if err != nil {
				for _, id := range ids[i:] {
					r.debts.add(name, id)
				}
				return err
			}
		}
		return nil
	})
}
