// Package pg has the process groups of OTP's module pg: named groups of
// processes that every node of a cluster knows.
//
// A scope is a process with a registered name. The scopes of that name on all
// connected nodes, BEAM nodes and ours, tell each other the members of their own
// node, so each has the whole picture, which becomes equal everywhere soon after
// a change. Asking is a look into local memory.
//
//	s, err := pg.Start(n, "chat")
//	if err != nil {
//		return err
//	}
//	defer s.Stop(context.Background())
//	err = s.Join(etf.Atom("room"), process.Pid())
//	for _, pid := range s.Members(etf.Atom("room")) { // of all nodes
//		…
//	}
//
// As in OTP, a process may join a group several times and is then listed as
// often; it leaves all groups when it ends; only processes of the own node can
// be joined; a group exists while it has members and any term can name it.
//
// # The protocol
//
// When a visible node connects, a scope sends {discover, Pid} to the scope of
// its name there. The answer is a cast {sync, Pid, [{Group, [Member]}]} with all
// local members, a monitor, and a {discover, Pid} the other way. From then on
// changes go out as {join, Pid, Group, Members} and {leave, Pid, Member,
// [Group]}. A scope that ends takes its members with it. (OTP has no document of
// this; it is what its releases 23 to 29 do.)
//
// OTP 29 also knows {discover, Pid, Version}, which ends the scope of an OTP 25
// node. This package accepts it and never sends it; then OTP 29 speaks as the
// older ones do.
//
// # Guarantees
//
//   - Nothing that arrives does harm: what is not understood is dropped, a call
//     that is not understood is answered {error, notsup}.
//   - Nothing is sent on which the scope of any OTP release ends: no unknown
//     message, no leave of something not announced before, no empty group.
//   - A peer that does not read delays nobody. What could not be queued for it
//     is made good by a new sync later.
package pg
