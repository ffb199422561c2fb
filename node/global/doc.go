// Package global is the global name server of a node: OTP's global, as the
// nodes of OTP 23 to 29 know it.
//
// Nodes that are linked join their partitions: they lock all nodes of both,
// exchange their names, settle conflicts, and link everybody with everybody.
// From then on a name registered on one node is known on all, until its process
// ends. Names are any terms; a process has at most one. Locks work over the same
// servers.
//
//	g, err := global.Start(n, global.Options{})
//	if err != nil {
//		return err
//	}
//	defer g.Stop(context.Background())
//	err = g.Register(ctx, etf.Atom("leader"), p.Pid(), global.RandomExit)
//
// Start it right after node.Start, before the node links with anybody, and stop
// it right before the node: a visible node without it makes global:sync/0 on
// BEAM nodes wait, and one that has it but does not answer makes everything of
// global wait.
//
// # What is as in OTP
//
// The protocol between the servers in versions 5 to 8, at the smaller of both
// sides'; both roles of a joining; the calls of set_lock, del_lock, register,
// register_ext, unregister, get_known, get_synced, get_names_ext,
// get_protocol_version, sync and info; the three methods for conflicts, and
// others by a call to the owner's node; locks with a set of holders, which end
// with their holders; the end of names with their processes.
//
// # What differs
//
//   - A lost_connection of our own is never sent, since one that is sent wrongly
//     makes healthy nodes leave each other. Those of others are passed on and
//     obeyed, except for nodes that dial again by themselves (other nodes with
//     this package), which need not be cut off to heal.
//   - A node that asks us to leave it (remove_connection) is left without a word,
//     with node.ErrRemoved. Whoever keeps the cluster together shall dial it again
//     after a second or more.
//   - What OTP waits for without end has a bound: the locks of a joining are given
//     up after 5 s and the joining begins anew; a node that does not answer a call
//     for 2 s counts as a refusal.
//   - A node that is in sync with us but that nobody told us of, since the one that
//     should have ended, becomes known after a second.
//   - When a link between two members is lost and OTP does not cut off a node for
//     that (nodes with this package, OTP 23 and 24), names are compared five to ten
//     seconds later with all members: with nodes of this package by messages of
//     their own (names_wanted, names_told; they know each other by the atom
//     reconnects where OTP looks at nothing), with others by reading their table
//     over erpc. What counts is what the node of a process says.
//   - When we and another node ask each other to leave at the same moment, we do.
//     OTP keeps a link over which nobody joins.
//
// The facts are those of the OTP documents "global" (Kernel reference manual) and
// of OTP's behaviour.
package global
