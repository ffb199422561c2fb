package epmd

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/internal/run"
)

// Pauses after a failed accept: the first and, doubled each time, the longest.
const (
	minAcceptPause = 5 * time.Millisecond
	maxAcceptPause = 500 * time.Millisecond
)

// maxWaiting is the number of goroutines that wait for connections when none
// come.
const maxWaiting = 4

// acceptor serves what a listener accepts. The goroutine that accepted a
// connection serves it, too: most are over after one short answer, which costs
// less than a goroutine for each. Somebody else accepts meanwhile.
type acceptor struct {
	*Server
	group    *run.Group
	listener net.Listener
	waiting  atomic.Int32 // goroutines in Accept
}

// start adds a goroutine. It reports false when the server ends.
func (a *acceptor) start() bool {
	return a.group.Go("accept", func(ctx context.Context) error {
		a.loop(ctx)
		return nil
	})
}

// loop serves connections until ctx is done or enough others wait for them. No
// error of Accept ends it: when the process runs out of file descriptors it
// waits and goes on.
func (a *acceptor) loop(ctx context.Context) {
	pause := minAcceptPause
	for ctx.Err() == nil {
		if a.waiting.Add(1) > maxWaiting {
			a.waiting.Add(-1)
			return
		}
		conn, err := a.listener.Accept()
		others := a.waiting.Add(-1)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return // the server ends
			}
			a.count.acceptErrors.Add(1)
			a.log.Warn("cannot accept a connection", "error", err, "pause", pause)
			sleep(ctx, pause)
			pause = min(2*pause, maxAcceptPause)
			continue
		}
		pause = minAcceptPause
		sleep(ctx, a.opts.DelayAccept)
		if others == 0 && !a.start() {
			_ = conn.Close() // the server ends
			return
		}
		a.serveConn(ctx, conn)
	}
}

// sleep waits for d or until ctx is done, and reports whether it was d.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
