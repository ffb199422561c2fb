package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/fjord-media/fjord/config"
)

// drainPause is the pause between two looks whether the server has gone.
const drainPause = 500 * time.Millisecond

// drainArgs are the words of fjord drain.
type drainArgs struct {
	undo, wait bool
	timeout    time.Duration // < 0: FJ_DRAIN_TIMEOUT
}

// splitDrain takes the words of fjord drain out of those of the configuration.
func splitDrain(args []string) (d drainArgs, rest []string, err error) {
	d.timeout = -1
	for _, arg := range args {
		name, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch {
		case !strings.HasPrefix(arg, "-"):
			return d, nil, fmt.Errorf("%q is no flag", arg)
		case name == "undo":
			d.undo = true
		case name == "wait":
			d.wait = true
		case name == "timeout":
			if d.timeout, err = time.ParseDuration(value); err != nil || d.timeout < 0 {
				return d, nil, fmt.Errorf("%q is no time; write --timeout=10m", value)
			}
		default:
			rest = append(rest, arg)
		}
	}
	return d, rest, nil
}

// runDrain has the server of this machine take no more rooms and end when the
// last one has.
func runDrain(c call) int {
	d, rest, err := splitDrain(c.args)
	if err != nil {
		_, _ = fmt.Fprintln(c.stderr, "fjord drain:", err)
		return exitUsage
	}
	cfg, _, status, ok := load(c, "drain", rest)
	if !ok {
		return status
	}
	if err := d.ask(cfg); err != nil {
		_, _ = fmt.Fprintln(c.stderr, "fjord drain:", err)
		return exitFailure
	}
	return exitOK
}

func (d drainArgs) ask(cfg config.Config) error {
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()
	if d.undo {
		_, err := askServer(ctx, cfg, http.MethodDelete, "/drain", nil, http.StatusNoContent)
		return err
	}
	wait := d.timeout
	if wait < 0 {
		wait = cfg.DrainTimeout
	}
	body, err := json.Marshal(map[string]int64{"timeout": int64((wait + time.Second - 1) / time.Second)})
	if err != nil {
		return err
	}
	if _, err = askServer(ctx, cfg, http.MethodPost, "/drain", body, http.StatusAccepted); err != nil || !d.wait {
		return err
	}
	return awaitEnd(cfg)
}

// awaitEnd returns when nothing answers any more. It does not give up: the
// server itself has the limit.
func awaitEnd(cfg config.Config) error {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
		_, err := askServer(ctx, cfg, http.MethodGet, "/health", nil, http.StatusOK)
		cancel()
		if errors.Is(err, syscall.ECONNREFUSED) {
			return nil
		}
		time.Sleep(drainPause)
	}
}
