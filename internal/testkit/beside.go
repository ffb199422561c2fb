package testkit

import (
	"context"

	"github.com/fjord-media/fjord/internal/run"
)

// beside runs f in a goroutine of its own.
func beside(name string, f func()) {
	run.NewGroup(context.Background(), "testkit", nil).Go(name, func(context.Context) error {
		f()
		return nil
	})
}
