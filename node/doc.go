// Package node is an Erlang node: it joins a cluster of BEAM nodes (Erlang,
// Elixir) over the Erlang distribution protocol and behaves there as a
// well-behaved OTP node does.
//
// # A first node
//
// Start opens the distribution port, registers the name with the port mapper
// EPMD (and is one itself when none runs) and serves until Stop:
//
//	n, err := node.Start(ctx, node.Options{Name: "go@localhost", Cookie: "secret"})
//	if err != nil {
//		return err
//	}
//	defer n.Stop(context.Background())
//
// From then on `net_adm:ping('go@localhost')` on a BEAM node with the same
// cookie answers pong, and the node is in nodes() there.
//
// # Functions
//
// Handle makes a function callable with erpc and rpc. Nothing else can be
// called: the answer to any other function is undef, at once.
//
//	n.Handle("calc", "add", 2, func(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
//		a, aok := args[0].(int64)
//		b, bok := args[1].(int64)
//		if !aok || !bok {
//			return nil, node.Error(etf.Atom("badarg"))
//		}
//		return a + b, nil
//	})
//
// and `erpc:call('go@localhost', calc, add, [1, 2])` is 3. The other way round,
// Call, Multicall and SendRequest call functions of other nodes, GenCall and
// GenMulticall servers. Every call has a deadline: that of its context, or
// DefaultTimeout.
//
// # Processes
//
// A Process has a pid, perhaps a registered name, and callbacks that are called
// in the order in which the signals of one sender arrived. It can be sent to,
// monitored, linked, and killed from any node, as a BEAM process can. Mailbox
// puts a bounded queue and Receive on top of that, for code that wants to wait
// for messages. ParseGen and Process.Reply make a gen_server of a process. A
// callback that takes a flood of large binaries and keeps none of them says so
// with Message.Release, and who sends large ones that never change makes them
// etf.Shared or strings: those are not copied.
//
// # Links
//
// A link is the one connection to another node. Links come up when either side
// dials; Subscribe tells of each that comes and goes. When a link goes, monitors
// of what was behind it fire with noconnection, and processes linked through it
// get an exit signal with that reason. This package never closes one link by its
// own decision while the others stay, since that makes BEAM nodes tear the rest
// of the cluster apart ("prevent overlapping partitions"); Stop closes all at
// once.
//
// # Transports
//
// A node listens on IPv4 and IPv6 and dials both: BEAM nodes may use inet_tcp or
// inet6_tcp. Options.TLS makes links run over TLS, as inet_tls and inet6_tls:
//
//	TLS: &node.TLSOptions{CertFile: "node.pem", KeyFile: "node.key", CACertFile: "ca.pem"}
//
// Both sides then show certificates of the authority, and that of a dialled node
// names its host. Renewed files are used without a restart. A BEAM node joins
// with
//
//	erl -sname beam -proto_dist inet_tls -ssl_dist_optfile ssl_dist.conf
//
// where the file says the same:
//
//	[{server, [{certfile, "node.pem"}, {keyfile, "node.key"}, {cacertfile, "ca.pem"},
//	           {verify, verify_peer}, {fail_if_no_peer_cert, true}]},
//	 {client, [{certfile, "node.pem"}, {keyfile, "node.key"}, {cacertfile, "ca.pem"},
//	           {verify, verify_peer}]}].
//
// Options.EPMD with EPMDOff does without the port mapper: all nodes listen on one
// port. Options.Hidden makes a hidden node, which is not in nodes() of others.
// Options.NameFrom asks another node for a name, as erl -sname undefined does;
// such nodes are given names, too. Options.Allow keeps nodes out that know the
// cookie.
//
// # Guarantees
//
//   - Signals from one process to another arrive in the order they were sent.
//   - Whatever a peer may wait for is answered: a monitor of a missing process
//     (noproc), a call to a missing function (undef), a link, an unlink.
//   - An unauthenticated connection costs one goroutine and less than 64 KiB,
//     with TLS too, for at most Options.SetupTime; there are never more than 256
//     of them.
//   - Nothing of a malformed message harms more than the link it came on.
//
// # Services
//
// What BEAM nodes expect of a node beyond this is in packages of its own; each is
// started with one call, after Start and before the node links with anybody, and
// stopped before the node:
//
//	g, err := global.Start(n, global.Options{})                         // names, locks
//	scope, err := pg.Start(n, pubsub.Scope)                             // process groups
//	ps, err := pubsub.Start(scope, pubsub.Options{Name: "Chat.PubSub"}) // Phoenix.PubSub
//
// Without package global there is no global_name_server: monitors of it are
// answered with noproc, locks and names go on working among the BEAM nodes, but
// global:sync/0 on a linked BEAM node waits without end. So a visible node should
// have it.
//
// The wire protocol is that of the OTP documents "Distribution Protocol",
// "External Term Format" and, where these are silent, of OTP's behaviour.
package node
