package actor_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/fjord-media/fjord/internal/actor"
)

type idle struct{}

func (idle) Init(*actor.Self) error        { return nil }
func (idle) Handle(*actor.Self, any) error { return nil }
func (idle) Terminate(*actor.Self, error)  {}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// BenchmarkStartChild reports the cost of one more child when n live already.
func BenchmarkStartChild(b *testing.B) {
	for _, n := range []int{10, 10_000, 100_000} {
		b.Run(name(n), func(b *testing.B) {
			sys, err := actor.Start(context.Background(), "bench", nil)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = sys.Stop(context.Background()) }()
			_, err = sys.Supervise(actor.Spec{
				Name: "sup", Dynamic: true, Restart: actor.Temporary,
				Children: []actor.Child{{Start: func(any) actor.Behaviour { return idle{} }}},
			})
			if err != nil {
				b.Fatal(err)
			}
			before := heap()
			for range n {
				if _, err := sys.StartChild("sup", nil); err != nil {
					b.Fatal(err)
				}
			}
			perChild := float64(heap()-before) / float64(n)
			b.ReportAllocs()
			for b.Loop() {
				pid, err := sys.StartChild("sup", nil)
				if err != nil {
					b.Fatal(err)
				}
				_ = sys.Exit(pid, nil)
			}
			b.ReportMetric(perChild, "B/child")
		})
	}
}

func name(n int) string {
	switch n {
	case 10:
		return "10"
	case 10_000:
		return "10000"
	}
	return "100000"
}
