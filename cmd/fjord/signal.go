package main

import (
	"context"
	"fmt"
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

// echoTime is how soon after a signal the same one is its echo: some programs
// (timeout, for one) send it to the process and to its group.
const echoTime = 250 * time.Millisecond

// told is what signals have said so far.
type told struct {
	stop  context.Context // done: end
	hurry context.Context // done: do not wait for rooms
}

// untilSignal listens for SIGINT and SIGTERM. The first one says stop. When the
// server drains then, the second one says hurry. One more ends the process at
// once. release gives the signals back.
func untilSignal(log *slog.Logger, drains bool) (t told, release func()) {
	stop, stopNow := context.WithCancel(context.Background())
	hurry, hurryNow := context.WithCancel(context.Background())
	steps := []step{{"Stopping: %s; once more to stop at once", stopNow}}
	if drains {
		steps = []step{{"Stopping: %s; once more to end the rooms now", stopNow}, {"Ending the rooms: %s; once more to stop at once", hurryNow}}
	}
	signals := make(chan os.Signal, 3) // those that mean something
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	// Unasked for, SIGPIPE would end the node with whoever reads its log.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	group := run.NewGroup(context.Background(), "signals", log)
	group.Go("wait", func(done context.Context) error {
		watch(done, signals, log, steps, os.Exit)
		return nil
	})
	return told{stop, hurry}, func() {
		signal.Stop(signals)
		signal.Stop(pipe)
		stopNow()
		hurryNow()
		wait, release := context.WithTimeout(context.Background(), time.Second)
		defer release()
		_ = group.StopAndWait(wait)
	}
}

// step is what a signal means, and the line about it.
type step struct {
	text string
	act  func()
}

// watch takes one step for each signal and exits at the one after the last.
func watch(done context.Context, signals <-chan os.Signal, log *slog.Logger, steps []step, exit func(status int)) {
	var last os.Signal
	var at time.Time
	for {
		var s os.Signal
		select {
		case s = <-signals:
		case <-done.Done():
			return
		}
		if s == last && time.Since(at) < echoTime {
			continue
		}
		last, at = s, time.Now()
		if len(steps) == 0 {
			log.Warn("Stopping at once: " + s.String())
			status := exitFailure
			if number, ok := s.(syscall.Signal); ok {
				status = signalStatus + int(number)
			}
			exit(status)
			return
		}
		log.Info(fmt.Sprintf(steps[0].text, s))
		steps[0].act()
		steps = steps[1:]
	}
}
