package cluster

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// Deadlines of a reservation. The arbiter's question to the members fits into
// the entry node's question to the arbiter.
const (
	claimLimit   = 300 * time.Millisecond
	reserveLimit = 450 * time.Millisecond
	// A reservation gives up in time for a creation to follow.
	reserveTotal = 900 * time.Millisecond
	reserveTries = 4
)

// ids makes client-given room ids unique among the Fjord members. The arbiter
// of an id is the member that rendezvous hashing picks. It lets one creation
// through at a time and, before it grants the id, asks every Fjord member
// whether the room is there or has been granted already. So it needs no state
// that could be lost or must be handed over when the arbiter changes.
type ids struct {
	self     string
	node     erlang
	members  *members
	claims   *claims
	reserved *room.Reservations
	group    *run.Group
	log      *slog.Logger
}

// arbiterOf picks the node whose hash with the id is the highest.
func arbiterOf(id room.ID, self string, others []string) string {
	best, most := self, rendezvous(id, self)
	for _, name := range others {
		if w := rendezvous(id, name); w > most || w == most && name > best {
			best, most = name, w
		}
	}
	return best
}

// rendezvous is FNV-1a with a final mix: every node computes the same value.
func rendezvous(id room.ID, name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(name))
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// reserve takes id for a creation that this node is about to start. The result
// must be closed with where the room was made. room.ErrExists when the room is
// there or being made; room.ErrUnreachable when no arbiter answers.
func (d *ids) reserve(ctx context.Context, id room.ID) (*reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, reserveTotal)
	defer cancel()
	r := &reservation{ids: d, id: id, token: string(room.NewID())}
	if d.claims.has(id) || !d.claims.begin(id, r.token) {
		return nil, fmt.Errorf("room %s: %w", id, room.ErrExists)
	}
	for range reserveTries {
		r.arbiter = arbiterOf(id, d.self, d.members.arbiters(time.Now()))
		d.claims.ask(id, r.arbiter)
		err := d.ask(ctx, r)
		switch {
		case errors.Is(err, room.ErrExists):
			d.claims.end(id, "")
			return nil, err
		case err == nil && d.claims.grant(id):
			return r, nil
		case ctx.Err() != nil:
			r.close("")
			return nil, fmt.Errorf("reserve room %s: %w", id, room.ErrUnreachable)
		case err == nil:
			time.Sleep(rand.N(10 * time.Millisecond)) // two arbiters at once: let one win
		default:
			d.log.Warn("arbiter of a room id does not answer", "room_id", id, "node", r.arbiter, "error", err)
			d.members.missed(r.arbiter, time.Now())
		}
	}
	r.close("")
	return nil, fmt.Errorf("reserve room %s: %w", id, room.ErrUnreachable)
}

// ask asks the arbiter.
func (d *ids) ask(ctx context.Context, r *reservation) error {
	ctx, cancel := context.WithTimeout(ctx, reserveLimit)
	defer cancel()
	if r.arbiter == d.self {
		return d.arbitrate(ctx, r.id, r.token)
	}
	answer, err := d.node.Call(ctx, r.arbiter, moduleFjord, funReserve, []byte(r.id), []byte(r.token))
	switch {
	case err != nil:
		return err
	case isAtom(answer, atomGranted):
		return nil
	case isAtom(answer, atomTaken):
		return fmt.Errorf("room %s: %w", r.id, room.ErrExists)
	}
	return fmt.Errorf("reserve room %s: %w", r.id, errTerm)
}

// arbitrate decides as the arbiter: nil, or room.ErrExists.
func (d *ids) arbitrate(ctx context.Context, id room.ID, token string) error {
	if err := d.reserved.Reserve(id, token); err != nil {
		return err
	}
	if !d.taken(ctx, id, token) {
		return nil
	}
	d.reserved.Release(id, token)
	return fmt.Errorf("room %s: %w", id, room.ErrExists)
}

// taken asks every Fjord member, this one included. Who does not answer in
// time does not count: one frozen node must not stop the others.
func (d *ids) taken(ctx context.Context, id room.ID, token string) bool {
	own := d.claims.query(id, token, d.self)
	if own.taken {
		return true
	}
	owners := map[string]bool{own.owner: true}
	taken := false
	d.claimAll(ctx, d.members.fjords(time.Now()), id, token, func(v verdict) {
		taken = taken || v.taken
		owners[v.owner] = true
	})
	if taken || owners[d.self] && d.claims.has(id) {
		return true
	}
	delete(owners, "")
	delete(owners, d.self)
	// A creation ended while we asked: its owner may have answered before it
	// had the room.
	var again []string
	for name := range owners {
		again = append(again, name)
	}
	d.claimAll(ctx, again, id, token, func(v verdict) { taken = taken || v.taken })
	return taken
}

func (d *ids) claimAll(ctx context.Context, names []string, id room.ID, token string, each func(verdict)) {
	if len(names) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(ctx, claimLimit)
	defer cancel()
	for _, res := range d.node.Multicall(limited, names, moduleFjord, funClaim, []byte(id), []byte(token)) {
		switch {
		case res.Err == nil:
			each(parseVerdict(res.Value))
		case errors.Is(res.Err, context.DeadlineExceeded) && ctx.Err() == nil:
			d.members.missed(res.Node, time.Now())
			d.log.Warn("member left out of a question for a room id", "node", res.Node, "error", res.Err)
		}
	}
}

func verdictTerm(v verdict) etf.Term {
	switch {
	case v.taken:
		return atomTaken
	case v.owner != "":
		return etf.Tuple{atomMade, etf.Atom(v.owner)}
	}
	return atomFree
}

func parseVerdict(t etf.Term) verdict {
	if made, ok := t.(etf.Tuple); ok && len(made) == 2 && isAtom(made[0], atomMade) {
		owner, _ := made[1].(etf.Atom)
		return verdict{owner: string(owner)}
	}
	return verdict{taken: isAtom(t, atomTaken)}
}

// reservation is an id that this node holds.
type reservation struct {
	ids     *ids
	id      room.ID
	token   string
	arbiter string
}

// close gives the id back; owner is where the room was made, "" when it was not.
func (r *reservation) close(owner string) {
	d := r.ids
	d.claims.end(r.id, owner)
	if r.arbiter == d.self {
		d.reserved.Release(r.id, r.token)
		return
	}
	d.group.Go("release", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, room.Lease)
		defer cancel()
		_, err := d.node.Call(ctx, r.arbiter, moduleFjord, funRelease, []byte(r.id), []byte(r.token))
		return err // the lease ends by itself
	})
}

// serve lists the calls that other Fjord nodes make about ids.
func (d *ids) serve() {
	d.node.Handle(moduleFjord, funReserve, 2, func(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
		id, token, err := idAndToken(args)
		if err != nil {
			return nil, node.Error(etf.Atom("badarg"))
		}
		switch err := d.arbitrate(ctx, id, token); {
		case err == nil:
			return atomGranted, nil
		case errors.Is(err, room.ErrExists):
			return atomTaken, nil
		default:
			return nil, err
		}
	})
	d.node.Handle(moduleFjord, funRelease, 2, func(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
		id, token, err := idAndToken(args)
		if err != nil {
			return nil, node.Error(etf.Atom("badarg"))
		}
		d.reserved.Release(id, token)
		return atomOK, nil
	})
	d.node.Handle(moduleFjord, funClaim, 2, func(_ context.Context, c node.Caller, args []etf.Term) (etf.Term, error) {
		id, token, err := idAndToken(args)
		if err != nil {
			return nil, node.Error(etf.Atom("badarg"))
		}
		return verdictTerm(d.claims.query(id, token, c.Node)), nil
	})
}
