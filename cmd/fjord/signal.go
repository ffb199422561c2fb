package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fjord-media/fjord/internal/run"
)

// signalStatus is added to a signal's number for the exit status of a forced
// end, as shells do.
const signalStatus = 128

// untilSignal returns a context that ends with the first SIGINT or SIGTERM. A
// second one ends the process at once. stop gives the signals back.
func untilSignal(log *slog.Logger) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2) // the two that mean something
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	group := run.NewGroup(context.Background(), "signals", log)
	group.Go("wait", func(done context.Context) error {
		watch(done, signals, log, cancel, os.Exit)
		return nil
	})
	return ctx, func() {
		signal.Stop(signals)
		cancel()
		wait, release := context.WithTimeout(context.Background(), time.Second)
		defer release()
		_ = group.StopAndWait(wait)
	}
}

// watch acts on the first two signals.
func watch(done context.Context, signals <-chan os.Signal, log *slog.Logger, first func(), second func(status int)) {
	select {
	case s := <-signals:
		log.Info("Stopping: " + s.String() + "; once more to stop at once")
		first()
	case <-done.Done():
		return
	}
	select {
	case s := <-signals:
		log.Warn("Stopping at once: " + s.String())
		status := exitFailure
		if number, ok := s.(syscall.Signal); ok {
			status = signalStatus + int(number)
		}
		second(status)
	case <-done.Done():
	}
}
