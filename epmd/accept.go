package epmd

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/fjord-media/fjord/internal/run"
)

// Pauses after a failed accept: the first and, doubled each time, the longest.
const (
	minAcceptPause = 5 * time.Millisecond
	maxAcceptPause = 500 * time.Millisecond
)

// acceptLoop serves what l accepts until ctx is done. No error of Accept ends
// it: when the process runs out of file descriptors it waits and goes on.
func (s *Server) acceptLoop(ctx context.Context, group *run.Group, l net.Listener) {
	pause := minAcceptPause
	for ctx.Err() == nil {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) { // the server ends
				return
			}
			s.count.acceptErrors.Add(1)
			s.log.Warn("cannot accept a connection", "error", err, "pause", pause)
			sleep(ctx, pause)
			pause = min(2*pause, maxAcceptPause)
			continue
		}
		pause = minAcceptPause
		sleep(ctx, s.opts.DelayAccept)
		s.spawn(group, conn)
	}
}

func (s *Server) spawn(group *run.Group, conn net.Conn) {
	started := group.Go("connection", func(ctx context.Context) error {
		s.serveConn(ctx, conn)
		return nil
	})
	if !started {
		_ = conn.Close() // the server ends
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
