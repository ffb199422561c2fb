package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// errLate says that a member has not answered a creation in time. It may still
// make the room; that one is deleted then.
var errLate = errors.New("no answer in time")

// lateLimit is how long an answer is waited for after its request was given up:
// longer than a silent link lives.
const lateLimit = 2 * time.Minute

// order is one {create_room, Config} sent to another member.
type order struct {
	router *Router
	to     candidate
	cfg    room.Config // with an id
	custom bool        // the client chose the id
	held   *reservation
	finish func(result)

	settled atomic.Bool // whoever sets it first decides: the answer, or the deadline
}

type outcome struct {
	created room.Created
	err     error
}

// run sends the order and waits for the answer, at most limit long.
func (o *order) run(ctx context.Context, limit time.Duration) (room.Created, error) {
	answer := make(chan outcome, 1) // one value at most; nobody may be waiting
	started := o.router.group.Go("create", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, lateLimit)
		defer cancel()
		out := o.call(ctx)
		if o.settled.CompareAndSwap(false, true) {
			o.finish(resultOf(out.err))
			answer <- out
			return nil
		}
		o.late(out)
		return nil
	})
	if !started {
		o.finish(notSent)
		return room.Created{}, fmt.Errorf("create room on %s: %w", o.to.name, room.ErrUnreachable)
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case out := <-answer:
		return o.done(out)
	case <-timer.C:
	case <-ctx.Done():
	}
	if !o.settled.CompareAndSwap(false, true) {
		return o.done(<-answer) // it has just come
	}
	if !errors.Is(ctx.Err(), context.Canceled) && o.router.members.missed(o.to.name, time.Now()) {
		o.router.log.Warn("member left out: it did not create a room in time", "node", o.to.name, "limit", limit)
	}
	return room.Created{}, fmt.Errorf("create room on %s: %w", o.to.name, errLate)
}

func (o *order) done(out outcome) (room.Created, error) {
	if out.err != nil {
		return room.Created{}, fmt.Errorf("create room on %s: %w", o.to.name, out.err)
	}
	if o.custom {
		o.router.debts.forget(o.to.name, o.cfg.RoomID)
	}
	if id := out.created.Room.ID; o.router.last.born(o.to.name, id, time.Now()) {
		o.router.watch.made(o.to.name, id)
	}
	if o.cfg.WebhookURL != nil { // nodes of the original do not tell it
		o.router.watch.webhook(o.to.name, out.created.Room.ID, *o.cfg.WebhookURL)
	}
	return out.created, nil
}

// call makes the call in the member's dialect.
func (o *order) call(ctx context.Context) outcome {
	d := o.router.dialects[o.to.dialect]
	config := configTerm(d.product, o.cfg)
	if o.custom && o.to.fjord {
		config = append(config, etf.MapEntry{Key: keyCustom, Value: etf.Atom("true")})
	}
	var (
		answer etf.Term
		err    error
	)
	if d.registered != "" {
		answer, err = o.router.node.GenCall(ctx, o.to.name, d.registered, createTerm(config))
	} else {
		answer, err = o.router.node.Call(ctx, o.to.name, d.rooms, funCreate, config)
	}
	if err != nil {
		return outcome{err: err}
	}
	created, err := parseCreated(answer)
	return outcome{created: created, err: err}
}

// late takes an answer that nobody waits for any more: the room it tells of is
// deleted on its owner. When the link was lost first, that is made up for when
// the owner is back.
func (o *order) late(out outcome) {
	r := o.router
	o.finish(resultOf(out.err))
	switch {
	case out.err == nil:
		id := out.created.Room.ID // a node that routes requests by id has made its own
		r.log.Warn("late answer: the room is deleted on its owner", "node", o.to.name, "room_id", id)
		r.debts.add(o.to.name, id)
		r.payDebts(o.to.name)
	case errors.Is(out.err, node.ErrNoConnection), errors.Is(out.err, context.DeadlineExceeded),
		errors.Is(out.err, context.Canceled):
		r.debts.add(o.to.name, o.cfg.RoomID)
	}
	if o.held != nil {
		o.held.close("")
	}
}
