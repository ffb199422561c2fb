package actor

import (
	"context"
	"errors"
	"time"

	"ergo.services/ergo/gen"
	"ergo.services/ergo/node"
)

// hold is an Ergo application whose Load never returns while the system runs.
//
// The last thing Ergo's Start does is to install a signal handler, and taking
// it out again (SetCTRLC) leaves a closed channel registered with os/signal:
// the next SIGTERM would panic the process. Load runs just before that, with
// the node ready for use; held there, Start never gets to its last step.
type hold struct {
	ready   chan gen.Node
	release chan struct{}
}

var errReleased = errors.New("released")

func (h hold) Load(n gen.Node, _ ...any) (gen.ApplicationSpec, error) {
	h.ready <- n
	<-h.release
	return gen.ApplicationSpec{}, errReleased
}

func (hold) Start(gen.ApplicationMode) {}
func (hold) Terminate(error)           {}

// startNode starts Ergo without network, console, jobs, telemetry and signal
// handler. It keeps one goroutine of the group until h.release is closed.
func (s *System) startNode(ctx context.Context, name string) error {
	h := hold{ready: make(chan gen.Node, 1), release: s.release}
	options := gen.NodeOptions{
		Applications:    []gen.ApplicationBehavior{h},
		ShutdownTimeout: time.Minute, // Ergo would exit(1) then; Stop does not let it come to that
		Network:         gen.NetworkOptions{Mode: gen.NetworkModeDisabled},
	}
	options.Log.Level = gen.LogLevelWarning
	options.Log.DefaultLogger.Disable = true
	options.Log.Loggers = []gen.Logger{{Name: "slog", Logger: slogLogger{s.log}}}

	failed := make(chan error, 1)
	s.group.Go("node", func(context.Context) error {
		_, err := node.Start(gen.Atom(name), options, gen.Version{})
		if !errors.Is(err, errReleased) {
			failed <- err
			return err
		}
		return nil
	})
	select {
	case s.node = <-h.ready:
		return nil
	case err := <-failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
