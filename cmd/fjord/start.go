package main

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/internal/logx"
)

// runServe reads the configuration, starts the log, and runs the server until
// it fails or a signal ends it.
func runServe(c call) int {
	cfg, notes, status, ok := load(c, "serve", c.args)
	if !ok {
		return status
	}
	log, err := logx.New(logx.Options{Writer: c.stdout, JSON: cfg.StructuredLogging, Level: cfg.LogLevel})
	if err != nil {
		_, _ = fmt.Fprintln(c.stderr, "fjord:", err)
		return exitFailure
	}
	main := log.Slog("main")
	for _, n := range notes {
		main.Log(context.Background(), n.Level, n.Message)
	}
	signals, release := untilSignal(main, cfg.DrainTimeout > 0)
	defer release()
	if err := serve(signals, cfg, log); err != nil {
		main.Error(err.Error())
		return exitFailure
	}
	return exitOK
}
