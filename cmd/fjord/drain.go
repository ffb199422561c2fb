package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/room"
)

// drainLook is the pause between two looks at what is left.
const drainLook = 100 * time.Millisecond

// drainable is what is drained: *room.Local.
type drainable interface {
	Drain(on bool)
	Usage() room.Usage
}

// drainer lets the rooms of this node end by themselves while it takes no new
// ones. It is done when none is left, or when the time is over; then the
// program ends.
type drainer struct {
	rooms drainable
	log   *slog.Logger
	group *run.Group
	done  chan struct{} // closed when the drain is over

	mu     sync.Mutex
	cancel context.CancelFunc // of the drain under way
	final  bool               // it cannot be taken back
}

func newDrainer(ctx context.Context, rooms drainable, log *slog.Logger) *drainer {
	return &drainer{
		rooms: rooms, log: log, group: run.NewGroup(context.WithoutCancel(ctx), "drain", log), done: make(chan struct{}),
	}
}

// begin drains for at most wait (0: without limit). A drain under way gets the
// new limit. final: it was asked for by a signal, and is not taken back.
func (d *drainer) begin(wait time.Duration, final bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over() {
		return
	}
	if d.cancel != nil {
		d.cancel()
	}
	d.final = d.final || final
	ctx, cancel := context.WithCancel(d.group.Context())
	if wait > 0 {
		ctx, cancel = context.WithTimeout(d.group.Context(), wait)
	}
	d.cancel = cancel
	d.rooms.Drain(true)
	d.log.Info("Draining: no new rooms are taken", "rooms", d.rooms.Usage().Rooms, "limit", limitText(wait))
	d.group.Go("watch", func(context.Context) error {
		d.watch(ctx)
		return nil
	})
}

func limitText(wait time.Duration) string {
	if wait <= 0 {
		return "none"
	}
	return wait.String()
}

// watch waits for the end of the last room, or of the time.
func (d *drainer) watch(ctx context.Context) {
	for d.rooms.Usage().Rooms > 0 && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(drainLook):
		}
	}
	if context.Cause(ctx) == context.Canceled { //nolint:errorlint // the cause itself: taken back, or begun anew
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() == context.Canceled || d.over() { // likewise, a moment ago
		return
	}
	d.final = true
	d.log.Info("Drained", "rooms left", d.rooms.Usage().Rooms)
	close(d.done)
}

// over says whether done is closed. Call with mu held.
func (d *drainer) over() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// undo takes a drain back.
func (d *drainer) undo() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.final {
		return httpapi.ErrNotUndone
	}
	if d.cancel != nil {
		d.cancel()
		d.cancel = nil
		d.log.Info("Drain taken back: new rooms are taken again")
	}
	d.rooms.Drain(false)
	return nil
}

// drained says whether a drain has begun that was not taken back: rooms that are
// left are then ended properly, as if by DELETE.
func (d *drainer) drained() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cancel != nil
}

func (d *drainer) stop(ctx context.Context) error { return d.group.StopAndWait(ctx) }
