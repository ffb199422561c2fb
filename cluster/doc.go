// Package cluster decides who the members are, how loaded they are and where
// a room lives.
//
// Three parts work together:
//
//   - Membership. Discovery strategies (NODES_LIST, DNS) publish sets of node
//     names; one reconciler dials what is wanted and not linked, learns further
//     nodes from those it meets, and never closes a link: one disconnect can
//     tear a healthy BEAM cluster into pieces.
//   - Placement. Router implements room.Service for the whole cluster. It asks
//     all members for their usage at once, picks one with Choose and creates
//     the room there, in the words of Fishjam 0.6.3.
//   - Gateway. Ergo actors are exposed under the registered names that BEAM
//     nodes call; an actor's death reaches remote monitors and links.
//
// Erlang terms end in this package: elixir.go is the only file that knows
// Elixir module and struct names.
package cluster
