package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/internal/logx"
)

// A supervisor tree that has given up ends the program: nothing restarts the root.
func TestServeEndsWithTheSupervisorTree(t *testing.T) {
	sys := config.Env(map[string]string{"FJ_PORT": unusedPort(t), "FJ_METRICS_PORT": unusedPort(t), "FJ_WEBRTC_USED": "false"})
	dir := t.TempDir()
	sys.Getwd = func() (string, error) { return dir, nil }
	cfg, _, err := config.Load(sys, nil)
	if err != nil {
		t.Fatal(err)
	}
	log, err := logx.New(logx.Options{Writer: &output{}, Level: cfg.LogLevel})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{cfg: cfg, log: log, main: log.Slog("main")}
	defer func() {
		if err := s.stop(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
	}()
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	root, ok := s.system.Whereis("fjord")
	if !ok {
		t.Fatal("there is no root supervisor")
	}
	if err := s.system.Kill(root); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1) // one answer
	go func() { ended <- s.wait(told{t.Context(), t.Context()}) }()
	select {
	case err := <-ended:
		if !errors.Is(err, actor.ErrKilled) || !strings.Contains(err.Error(), "given up") {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("goes on without its rooms")
	}
}
