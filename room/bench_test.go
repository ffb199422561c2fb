package room_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/room"
)

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// BenchmarkCreate measures a creation when n rooms live already (each one is
// deleted again, not counted) and reports the memory of an empty room.
func BenchmarkCreate(b *testing.B) {
	for _, n := range []int{10, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			rooms := startBench(b)
			before := heap()
			purge := 600
			for i := range n {
				if _, err := rooms.Create(ctx, room.Config{RoomID: room.ID(fmt.Sprint("r", i)), PeerlessPurgeTimeout: &purge}); err != nil {
					b.Fatal(err)
				}
			}
			perRoom := float64(heap()-before) / float64(n)
			for b.Loop() {
				created, err := rooms.Create(ctx, room.Config{})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := rooms.Delete(ctx, created.Room.ID); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(perRoom, "B/room")
		})
	}
}

func startBench(b *testing.B) *room.Local {
	b.Helper()
	log := slog.New(slog.DiscardHandler)
	sys, err := actor.Start(context.Background(), "bench", log)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := sys.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	rooms := room.NewLocal(room.LocalOptions{Address: "127.0.0.1:5002", System: sys, Logger: log})
	if _, err := sys.Supervise(rooms.SupervisorSpec()); err != nil {
		b.Fatal(err)
	}
	return rooms
}

// BenchmarkStopAll measures the end of a node with n rooms, in time for each.
func BenchmarkStopAll(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ctx := context.Background()
			rooms := startBench(b)
			for b.Loop() {
				b.StopTimer()
				rooms.Drain(false)
				for i := range n {
					if _, err := rooms.Create(ctx, room.Config{RoomID: room.ID(fmt.Sprint("r", i))}); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				if err := rooms.StopAll(ctx, true); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/room")
		})
	}
}
