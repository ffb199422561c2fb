package actor_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
)

func TestCall(t *testing.T) {
	sys := start(t)
	pid := spawn(t, sys, "it", script{})
	for _, call := range []func() (any, error){
		func() (any, error) { return sys.Call(timeout(t), pid, 7) },
		func() (any, error) { return sys.CallName(timeout(t), "it", 7) },
	} {
		if v, err := call(); v != 7 || err != nil {
			t.Errorf("got %v, %v", v, err)
		}
	}
	if _, err := sys.CallName(timeout(t), "nobody", 1); !errors.Is(err, actor.ErrNoActor) {
		t.Error(err)
	}
	if _, err := sys.Call(timeout(t), actor.PID{}, 1); !errors.Is(err, actor.ErrNoActor) {
		t.Error(err)
	}
}

func TestCallFailsWhenTheActorDies(t *testing.T) {
	tests := []struct {
		name string
		msg  any // of the call
		end  func(*actor.System, actor.PID) error
		want string
	}{
		{"panics", boom("no tea"), nil, "panic: no tea"},
		{"error", fail{errBroken}, nil, "broken"},
		{"ends", leave{}, nil, "asked to: normal"},
		{"killed asleep", mute{}, func(s *actor.System, p actor.PID) error { return s.Kill(p) }, "killed"},
		{"exit asleep", mute{}, func(s *actor.System, p actor.PID) error { return s.Exit(p, errBroken) }, "broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sys := start(t)
			pid := spawn(t, sys, "it", script{})
			result := make(chan error, 3)
			for range 3 {
				go func() {
					_, err := sys.Call(timeout(t), pid, tt.msg)
					result <- err
				}()
			}
			if tt.end != nil {
				if _, err := sys.Call(timeout(t), pid, 1); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Millisecond) // let the three calls start; either way they must fail
				if err := tt.end(sys, pid); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				err := recv(t, "call fails", result)
				if err == nil || !strings.Contains(err.Error(), tt.want) && !errors.Is(err, actor.ErrNoActor) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

func TestCallFailsWhenABusyActorIsKilled(t *testing.T) {
	sys := start(t)
	pid := spawn(t, sys, "it", script{})
	wake := make(nap)
	_ = sys.Send(pid, wake)
	result := make(chan error, 1)
	go func() {
		_, err := sys.Call(timeout(t), pid, 1)
		result <- err
	}()
	time.Sleep(5 * time.Millisecond)
	_ = sys.Kill(pid)
	if _, ok := sys.Whereis("it"); ok {
		t.Error("a killed actor keeps its name")
	}
	close(wake)
	if err := recv(t, "call fails", result); !errors.Is(err, actor.ErrKilled) && !errors.Is(err, actor.ErrNoActor) {
		t.Errorf("got %v", err)
	}
}

func TestCallDeadline(t *testing.T) {
	sys := start(t)
	var late *actor.Request
	pid := spawn(t, sys, "it", script{handle: func(_ *actor.Self, msg any) error {
		r := msg.(*actor.Request)
		if r.Msg == "late" {
			late = r
			return nil
		}
		if late != nil {
			late.Reply("too late", nil) // nobody waits: no harm
		}
		r.Reply("first", nil)
		r.Reply("second", nil)
		return nil
	}})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := sys.Call(ctx, pid, "late"); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "it") {
		t.Errorf("got %v", err)
	}
	if _, err := sys.Call(ctx, pid, "late"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("expired context: %v", err)
	}
	if v, err := sys.Call(timeout(t), pid, 1); v != "first" || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
	(&actor.Request{}).Reply(1, nil) // made by hand, as tests of behaviours do
}

func TestReplyFromElsewhere(t *testing.T) {
	sys := start(t)
	pid := spawn(t, sys, "", script{handle: func(_ *actor.Self, msg any) error {
		r := msg.(*actor.Request)
		time.AfterFunc(time.Millisecond, func() { r.Reply(r.Msg, errBroken) })
		return nil
	}})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if v, err := sys.Call(timeout(t), pid, i); v != i || !errors.Is(err, errBroken) {
				t.Errorf("got %v, %v", v, err)
			}
		})
	}
	wg.Wait()
}
