package node

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

func benchPair(b *testing.B) (near, far *Node) {
	l := newLab(b)
	near, far = l.start(b, "near@localhost"), l.start(b, "far@localhost")
	mustConnect(b, near, far.Name())
	handleSamples(far)
	return near, far
}

// BenchmarkCall is erpc:call between two nodes over loopback.
func BenchmarkCall(b *testing.B) {
	near, far := benchPair(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := near.Call(b.Context(), far.Name(), "m", "echo", int64(1)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGenCall is gen_server:call between two nodes over loopback.
func BenchmarkGenCall(b *testing.B) {
	near, far := benchPair(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := near.Ping(b.Context(), far.Name()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSend is messages of 100 bytes to a process of another node.
func BenchmarkSend(b *testing.B) {
	near, far := benchPair(b)
	done := make(chan struct{})
	p, err := far.Spawn("sink", Callbacks{Message: func(m Message) {
		if m.Term == any(atom("end")) {
			close(done)
		}
	}})
	if err != nil {
		b.Fatal(err)
	}
	from, err := near.Spawn("", Callbacks{})
	if err != nil {
		b.Fatal(err)
	}
	var payload etf.Term = make([]byte, 100)
	b.SetBytes(100)
	b.ReportAllocs()
	for b.Loop() {
		if err := from.Send(b.Context(), p.Pid(), payload); err != nil {
			b.Fatal(err)
		}
	}
	if err := from.Send(b.Context(), p.Pid(), atom("end")); err != nil {
		b.Fatal(err)
	}
	<-done
}

// BenchmarkMesh makes a full mesh of 100 nodes in this process: 4,950 links.
func BenchmarkMesh(b *testing.B) {
	const size = 100
	for b.Loop() {
		mesh(b, size)
	}
	b.ReportMetric(size*(size-1)/2, "links")
}

func mesh(b *testing.B, size int) {
	l := newLab(b)
	var nodes []*Node
	for i := range size {
		nodes = append(nodes, l.start(b, fmt.Sprintf("n%d@localhost", i), patient))
	}
	begin := time.Now()
	var wait sync.WaitGroup
	for i, n := range nodes {
		wait.Go(func() {
			for _, to := range nodes[i+1:] {
				if _, err := n.Connect(b.Context(), to.Name()); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for _, n := range nodes {
		within(b, 5*time.Second, "full mesh", func() bool { return len(n.Nodes()) == size-1 })
	}
	b.Logf("mesh of %d nodes in %s", size, time.Since(begin))
	for _, n := range nodes {
		stop(b, n)
	}
}
