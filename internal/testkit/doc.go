// Package testkit runs Fjord from outside, as an operator does: it finds or
// builds the binary, starts it (on this machine, in a network namespace or in
// a container), talks HTTP to it, reads its log, and puts real BEAM nodes
// beside it. Only tests import it.
//
// The pieces: Binary and Process (a program under test), Fjord (a node and
// its REST interface), BEAM (an erl that evaluates expressions for the test),
// Lab and Host (machines made of network namespaces), Docker and Compose (a
// real engine), Within (poll until true).
//
// Everything a test starts is stopped by its process id when the test ends.
// What a killed test run left behind is swept by the next NewLab or StartDocker.
package testkit
