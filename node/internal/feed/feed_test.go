package feed_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node/internal/feed"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink records what a feed did.
type sink struct {
	mu    sync.Mutex
	got   []int
	ends  []error
	block chan struct{} // not nil: Handle waits for it
}

func (s *sink) options(items, bytes int) feed.Options[int] {
	return feed.Options[int]{
		Name: "test", Items: items, Bytes: bytes,
		Handle: func(ctx context.Context, v int) {
			if s.block != nil {
				select {
				case <-s.block:
				case <-ctx.Done():
				}
			}
			if v < 0 {
				panic("negative")
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.got = append(s.got, v)
		},
		End: func(err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ends = append(s.ends, err)
		},
	}
}

func (s *sink) values() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func bubble(t *testing.T, test func(t *testing.T, g *run.Group)) {
	synctest.Test(t, func(t *testing.T) {
		g := run.NewGroup(t.Context(), "feeds", nil)
		test(t, g)
		if err := g.StopAndWait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestOrderAndFinish(t *testing.T) {
	bubble(t, func(t *testing.T, g *run.Group) {
		s := &sink{block: make(chan struct{})}
		f := feed.Start(g, s.options(100, 0))
		for i := range 100 {
			if err := f.Push(i, 1); err != nil {
				t.Fatal(err)
			}
		}
		why := errors.New("why")
		f.Finish(why)
		f.Finish(errors.New("second"))
		if err := f.Push(100, 1); !errors.Is(err, feed.ErrClosed) {
			t.Errorf("push after the end: %v", err)
		}
		close(s.block)
		synctest.Wait()
		if got := s.values(); len(got) != 100 || !slices.IsSorted(got) {
			t.Errorf("got %v", got)
		}
		if len(s.ends) != 1 || s.ends[0] != why { //nolint:errorlint // this very error
			t.Errorf("ends %v", s.ends)
		}
	})
}

func TestLimits(t *testing.T) {
	bubble(t, func(t *testing.T, g *run.Group) {
		s := &sink{block: make(chan struct{})}
		f := feed.Start(g, s.options(3, 100))
		push := func(size int, want error) {
			t.Helper()
			if err := f.Push(0, size); !errors.Is(err, want) {
				t.Errorf("push of %d bytes with %d waiting: %v, want %v", size, f.Len(), err, want)
			}
		}
		push(500, nil) // larger than all, but alone
		synctest.Wait()
		if f.Len() != 0 {
			t.Fatal("not in hand")
		}
		push(60, nil)
		push(60, feed.ErrFull)
		push(40, nil)
		push(0, nil)
		push(0, feed.ErrFull)
		close(s.block)
		synctest.Wait()
		if len(s.values()) != 4 {
			t.Errorf("got %v", s.values())
		}
		push(100, nil)
	})
}

func TestFullEndsTheFeed(t *testing.T) {
	bubble(t, func(t *testing.T, g *run.Group) {
		s := &sink{block: make(chan struct{})}
		slow := errors.New("slow")
		o := s.options(2, 0)
		o.Full = slow
		f := feed.Start(g, o)
		_ = f.Push(0, 0)
		synctest.Wait() // that one is in hand
		for i, want := range []error{nil, nil, feed.ErrFull, feed.ErrClosed} {
			if err := f.Push(i+1, 0); !errors.Is(err, want) {
				t.Errorf("push %d: %v, want %v", i+1, err, want)
			}
		}
		close(s.block)
		synctest.Wait()
		if got := s.values(); !slices.Equal(got, []int{0, 1, 2}) || len(s.ends) != 1 || !errors.Is(s.ends[0], slow) {
			t.Errorf("got %v, ends %v", got, s.ends)
		}
	})
}

func TestAbort(t *testing.T) {
	bubble(t, func(t *testing.T, g *run.Group) {
		s := &sink{block: make(chan struct{})}
		f := feed.Start(g, s.options(10, 0))
		for i := range 5 {
			_ = f.Push(i, 1)
		}
		synctest.Wait()
		if n := f.Abort(); n != 4 {
			t.Errorf("dropped %d", n)
		}
		synctest.Wait()
		if got := s.values(); len(got) != 1 || len(s.ends) != 0 {
			t.Errorf("got %v, ends %v", got, s.ends)
		}
	})
}

func TestPanicEndsTheFeed(t *testing.T) {
	bubble(t, func(t *testing.T, g *run.Group) {
		s := &sink{}
		f := feed.Start(g, s.options(10, 0))
		_ = f.Push(1, 1)
		_ = f.Push(-1, 1)
		synctest.Wait()
		if len(s.ends) != 1 || !errors.Is(s.ends[0], feed.ErrPanicked) {
			t.Errorf("ends %v", s.ends)
		}
		if err := f.Push(2, 1); !errors.Is(err, feed.ErrClosed) {
			t.Errorf("push: %v", err)
		}
	})
}

func TestStoppedGroup(t *testing.T) {
	g := run.NewGroup(t.Context(), "feeds", nil)
	g.Stop()
	f := feed.Start(g, (&sink{}).options(10, 0))
	if err := f.Push(1, 1); !errors.Is(err, feed.ErrClosed) {
		t.Errorf("push: %v", err)
	}
}
