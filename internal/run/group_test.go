package run_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/fjord-media/fjord/internal/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func untilDone(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestPanicNamesTheGoroutine(t *testing.T) {
	var log bytes.Buffer
	g := run.NewGroup(t.Context(), "links", slog.New(slog.NewTextHandler(&log, nil)))
	var others atomic.Bool
	g.Go("reader f2@host", func(context.Context) error { panic("short read") })
	g.Go("writer", func(ctx context.Context) error {
		others.Store(true)
		return untilDone(ctx)
	})
	until(t, "error kept", func() bool { return g.Err() != nil })
	var p *run.PanicError
	if err := g.Err(); !errors.As(err, &p) {
		t.Fatalf("error is %v", err)
	}
	if p.Name != "links/reader f2@host" || p.Value != "short read" || !bytes.Contains(p.Stack, []byte("group_test.go")) {
		t.Errorf("%+v", p)
	}
	if want := `goroutine "links/reader f2@host" panicked: short read`; p.Error() != want {
		t.Errorf("text %q", p.Error())
	}
	if err := g.StopAndWait(t.Context()); err != nil {
		t.Error(err)
	}
	if !others.Load() {
		t.Error("the panic took another goroutine along")
	}
	for _, want := range []string{"goroutine panicked", "links/reader f2@host", "short read"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log lacks %q: %s", want, log.String())
		}
	}
}

func TestStopEndsAndRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := run.NewGroup(t.Context(), "g", nil)
		for range 3 {
			if !g.Go("same name", untilDone) {
				t.Error("not started")
			}
		}
		synctest.Wait()
		g.Stop()
		g.Stop()
		if err := g.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if g.Go("late", func(context.Context) error { t.Error("ran"); return nil }) {
			t.Error("started after Stop")
		}
		if g.Context().Err() == nil || g.Err() != nil {
			t.Errorf("context %v, error %v", g.Context().Err(), g.Err())
		}
	})
}

func TestParentContextEndsTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := run.NewGroup(ctx, "g", nil)
		g.Go("a", untilDone)
		cancel()
		if err := g.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if g.Go("late", untilDone) {
			t.Error("started after its parent's end")
		}
		g.Stop()
	})
}

func TestWaitDeadlineNamesWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := run.NewGroup(t.Context(), "links", nil)
		release := make(chan struct{})
		stubborn := func(context.Context) error { <-release; return nil }
		g.Go("reader", stubborn)
		g.Go("reader", stubborn)
		g.Go("polite", untilDone)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		err := g.StopAndWait(ctx)
		if !errors.Is(err, run.ErrStopTimeout) || err.Error() != "links: goroutines still running: reader (2)" {
			t.Errorf("got %v", err)
		}
		if d := time.Since(began); d != 5*time.Second {
			t.Errorf("waited %s", d)
		}
		close(release)
		if err := g.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestWaitOfAnIdleGroup(t *testing.T) {
	g := run.NewGroup(t.Context(), "g", nil)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.StopAndWait(done); err != nil {
		t.Errorf("nothing runs, and yet: %v", err)
	}
}

func TestFirstErrorIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := run.NewGroup(t.Context(), "g", nil)
		first := errors.New("first")
		g.Go("cancelled", func(context.Context) error { return context.Canceled })
		synctest.Wait()
		if g.Err() != nil {
			t.Errorf("cancellation is an error: %v", g.Err())
		}
		g.Go("a", func(context.Context) error { return first })
		synctest.Wait()
		g.Go("b", func(context.Context) error { return errors.New("second") })
		if err := g.Wait(t.Context()); err != nil || !errors.Is(g.Err(), first) {
			t.Errorf("wait %v, kept %v", err, g.Err())
		}
		g.Stop()
	})
}

func TestGoroutinesCarryALabel(t *testing.T) {
	g := run.NewGroup(t.Context(), "links", nil)
	label := make(chan string, 1)
	g.Go("reader", func(ctx context.Context) error {
		name, _ := pprof.Label(ctx, "goroutine")
		var profile bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			return err
		}
		if !strings.Contains(profile.String(), `"goroutine":"links/reader"`) {
			name += " is not in the profile"
		}
		label <- name
		return nil
	})
	if got := <-label; got != "links/reader" {
		t.Errorf("label %q", got)
	}
	if err := g.StopAndWait(t.Context()); err != nil {
		t.Error(err)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
