package epmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/internal/run"
)

// keeperPause is the time between attempts to register again, as in BEAM nodes.
const keeperPause = 2 * time.Second

// Keeper keeps a node registered for the node's life: when EPMD goes away, it
// registers again every two seconds until that succeeds. The creation of the
// first registration stays the node's, whatever EPMD says later (as in BEAM
// nodes: pids that others hold must stay valid).
type Keeper struct {
	client   *Client
	reg      Registration
	log      *slog.Logger
	creation uint32

	registered atomic.Bool
	again      atomic.Uint64
	stop       context.CancelFunc
	done       chan struct{}
}

// Keep registers r and keeps it registered, in a goroutine of group, until
// Close is called or the group stops. The first registration is made at once;
// while nothing answers it is tried three times in four seconds. Its errors
// are those of Client.Register.
func Keep(group *run.Group, c *Client, r Registration, log *slog.Logger) (*Keeper, error) {
	k := &Keeper{client: c, reg: r, log: logger(log), done: make(chan struct{})}
	held, err := k.first(group.Context())
	if err != nil {
		return nil, err
	}
	k.creation = held.Creation()
	k.registered.Store(true)
	ctx, stop := context.WithCancel(group.Context())
	k.stop = stop
	started := group.Go("epmd keeper", func(context.Context) error {
		defer close(k.done)
		defer stop()
		k.run(ctx, held)
		return nil
	})
	if !started {
		stop()
		return nil, fmt.Errorf("register %s with EPMD: %w", r.Name, errors.Join(context.Canceled, held.Close()))
	}
	return k, nil
}

func (k *Keeper) first(ctx context.Context) (*Held, error) {
	const tries = 3
	for try := 1; ; try++ {
		held, err := k.client.Register(ctx, k.reg)
		gone := errors.Is(err, ErrRefused) || errors.Is(err, ErrNoAnswer)
		if !gone || try == tries || !sleep(ctx, keeperPause) {
			return held, err
		}
	}
}

// Creation is that of the first registration.
func (k *Keeper) Creation() uint32 { return k.creation }

// Registered reports whether EPMD holds the name now.
func (k *Keeper) Registered() bool { return k.registered.Load() }

// Reregistrations counts how often the name had to be registered again.
func (k *Keeper) Reregistrations() uint64 { return k.again.Load() }

// Close unregisters the name and returns when that is done. It may be called
// more than once.
func (k *Keeper) Close() error {
	k.stop()
	<-k.done
	return nil
}

func (k *Keeper) run(ctx context.Context, held *Held) {
	defer k.registered.Store(false)
	for held != nil {
		select {
		case <-held.Lost():
		case <-ctx.Done():
		}
		k.registered.Store(false)
		_ = held.Close() // always nil
		if ctx.Err() != nil {
			return
		}
		k.log.Warn("lost the registration with EPMD", "name", k.reg.Name)
		held = k.retry(ctx)
	}
}

// retry registers again until that succeeds; nil means that the keeper ends.
func (k *Keeper) retry(ctx context.Context) *Held {
	var last string
	for sleep(ctx, keeperPause) {
		held, err := k.client.Register(ctx, k.reg)
		if err == nil {
			k.registered.Store(true)
			k.again.Add(1)
			k.log.Info("registered with EPMD again", "name", k.reg.Name)
			return held
		}
		if text := err.Error(); text != last && ctx.Err() == nil {
			last = text
			k.log.Warn("cannot register with EPMD again", "name", k.reg.Name, "error", err, "retry", keeperPause)
		}
	}
	return nil
}
