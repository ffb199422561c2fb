package node_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// options are those of the examples: an EPMD of their own, on a port of their
// own. A node of a real cluster leaves both out.
func options(name string) node.Options {
	return node.Options{Name: name, Cookie: "secret", EPMD: node.EPMDEmbedded, EPMDPort: 24369}
}

// Two nodes meet; one calls a function of the other. The other could as well be
// `erl -sname calc -setcookie secret`.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	calc, err := node.Start(ctx, options("calc@localhost"))
	if err != nil {
		log.Fatal(err)
	}
	calc.Handle("calc", "add", 2, func(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
		a, aok := args[0].(int64)
		b, bok := args[1].(int64)
		if !aok || !bok {
			return nil, node.Error(etf.Atom("badarg"))
		}
		return a + b, nil
	})
	n, err := node.Start(ctx, options("asks@localhost"))
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(n.Call(ctx, "calc@localhost", "calc", "add", 1, 2))
	fmt.Println(n.Nodes())
	_, err = n.Call(ctx, "calc@localhost", "calc", "mul", 1, 2)
	fmt.Println(err)

	if err := n.Stop(ctx); err != nil {
		log.Fatal(err)
	}
	if err := calc.Stop(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 3 <nil>
	// [calc@localhost]
	// call calc:mul/2 on calc@localhost: error: undef
}

// A process that answers gen_server:call({counter, 'go@localhost'}, next).
func ExampleParseGen() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	n, err := node.Start(ctx, options("go@localhost"))
	if err != nil {
		log.Fatal(err)
	}
	count := int64(0)
	calls := make(chan node.GenRequest, 100)
	counter, err := n.Spawn("counter", node.Callbacks{Message: func(m node.Message) {
		if r, ok := node.ParseGen(m.Term); ok {
			calls <- r
		}
	}})
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for r := range calls {
			count++
			if err := counter.Reply(ctx, r, count); err != nil {
				log.Print(err)
			}
		}
	}()

	fmt.Println(n.GenCall(ctx, "go@localhost", "counter", etf.Atom("next")))
	fmt.Println(n.GenCall(ctx, "go@localhost", "counter", etf.Atom("next")))

	counter.Terminate(etf.Atom("normal"))
	close(calls)
	if err := n.Stop(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
}

// A mailbox waits for messages and for the end of another process.
func ExampleNode_Mailbox() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	n, err := node.Start(ctx, options("box@localhost"))
	if err != nil {
		log.Fatal(err)
	}
	box, err := n.Mailbox("inbox", 10)
	if err != nil {
		log.Fatal(err)
	}
	worker, err := n.Spawn("", node.Callbacks{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := box.Monitor(ctx, worker.Pid()); err != nil {
		log.Fatal(err)
	}
	if err := worker.Send(ctx, etf.Tuple{etf.Atom("inbox"), etf.Atom("box@localhost")}, "hello"); err != nil {
		log.Fatal(err)
	}
	worker.Terminate(etf.Atom("shutdown"))

	for range 2 {
		signal, err := box.Receive(ctx)
		if err != nil {
			log.Fatal(err)
		}
		switch s := signal.(type) {
		case node.Message:
			fmt.Println("message", s.Term)
		case node.DownSignal:
			fmt.Println("down", s.Reason)
		}
	}
	if err := n.Stop(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// message hello
	// down shutdown
}
