package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/room"
)

// placing is one creation on its way: the members that are left to try.
type placing struct {
	*Router
	cfg     room.Config
	view    uint64
	asked   []candidate
	loads   []Load       // of other members
	noLocal bool         // this node has refused
	held    *reservation // of a client-given id
}

// tryAll creates the room on the best member, and on the next best when that
// fails and the id allows it.
func (p *placing) tryAll(ctx context.Context) (room.Created, error) {
	last := error(room.ErrUnreachable)
	if p.local.refuses() && len(p.loads) == 0 {
		last = room.ErrDraining
	}
	for {
		name, finish, ok := p.inflight.choose(p.view, p.current(ctx))
		if !ok {
			p.release("")
			return room.Created{}, last
		}
		created, err := p.createOn(ctx, name, finish)
		switch {
		case err == nil:
			p.release(name)
			return created, nil
		case p.held != nil && errors.Is(err, errLate):
			// The reservation ends when the outcome is known.
			return room.Created{}, fmt.Errorf("create room %s on %s: %w", p.cfg.RoomID, name, room.ErrUnreachable)
		case p.held != nil && errors.Is(err, room.ErrExists):
			p.release("")
			return room.Created{}, err
		case p.held != nil && unsure(err):
			p.release("")
			return room.Created{}, fmt.Errorf("create room %s on %s: %w (%w)", p.cfg.RoomID, name, room.ErrUnreachable, err)
		}
		if last = err; name != p.self {
			last = room.ErrUnreachable
			p.log.Warn("member did not create a room, the next best is asked", "node", name, "error", err)
		}
		p.drop(name)
	}
}

// current is the load of all who are left: the others while there is time for
// an attempt, and this node as it is now.
func (p *placing) current(ctx context.Context) []Load {
	if p.budget(ctx) < minAttempt && !p.noLocal {
		p.loads = nil
	}
	loads := slices.Clone(p.loads) // the question's answers are shared
	if !p.noLocal && !p.local.refuses() {
		loads = append(loads, Load{Node: p.self, served: -1})
	}
	return loads
}

// budget is how long an attempt on another member may last.
func (p *placing) budget(ctx context.Context) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return p.limits.create
	}
	left := time.Until(end)
	if !p.noLocal {
		left -= localReserve
	}
	return min(left, p.limits.create)
}

func (p *placing) drop(name string) {
	if name == p.self {
		p.noLocal = true
		return
	}
	p.loads = slices.DeleteFunc(slices.Clone(p.loads), func(l Load) bool { return l.Node == name })
}

func (p *placing) release(owner string) {
	if p.held != nil {
		p.held.close(owner)
		p.held = nil
	}
}

// createOn makes the room on one member; finish is called once the outcome is
// known, which may be after createOn has returned errLate.
func (p *placing) createOn(ctx context.Context, name string, finish func(result)) (room.Created, error) {
	if name == p.self {
		finish(made) // Local counts a room from the moment at which it begins
		return p.createAlone(ctx, p.cfg)
	}
	i := slices.IndexFunc(p.asked, func(c candidate) bool { return c.name == name })
	if i < 0 { // cannot be: loads come from asked
		finish(notSent)
		return room.Created{}, fmt.Errorf("%s: %w", name, room.ErrUnreachable)
	}
	cfg := p.cfg
	if cfg.RoomID == "" {
		cfg.RoomID = p.newID(name)
	}
	o := &order{router: p.Router, to: p.asked[i], cfg: cfg, custom: p.held != nil, held: p.held, finish: finish}
	return o.run(ctx, p.budget(ctx))
}

// resultOf is what became of a creation that ended with err.
func resultOf(err error) result {
	switch {
	case err == nil:
		return made
	case errors.Is(err, node.ErrNoProc), errors.Is(err, node.ErrBusy), errors.Is(err, node.ErrNoConnection):
		return notSent
	}
	return notMade
}

// unsure says whether a failed creation may have made the room all the same.
func unsure(err error) bool {
	return !errors.Is(err, node.ErrNoProc) && !errors.Is(err, node.ErrUndef) && !errors.Is(err, errRefused) &&
		!errors.Is(err, room.ErrDraining)
}
