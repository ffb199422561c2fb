// Package epmd is the Erlang port mapper: its server, its client and the
// program.
//
// Erlang nodes of one host register their name and distribution port with the
// port mapper (EPMD, TCP port 4369) and keep that connection open; a node that
// wants to reach name@host asks the EPMD of that host for the port. The
// protocol is described in the OTP document "Distribution Protocol", chapter
// "EPMD Protocol":
//
//	request            body                              answer
//	ALIVE2 (register)  'x' Entry                         'v' or 'y', result, creation
//	PORT2 (look up)    'z' name                          'w' result Entry
//	NAMES              'n'                               port of EPMD, one text line per name
//	DUMP               'd'                               as NAMES, with remembered names
//	KILL               'k'                               "OK" or "NO"
//	STOP               's' name                          "STOPPED" or "NOEXIST"
//
// Requests have a 16 bit length in front, answers have none: the server closes
// the connection after each of them except after ALIVE2. All integers are
// big-endian. A registration lives exactly as long as its connection.
//
// The parts, from the outside in: [Main] is the epmd program; [Ensure] makes
// sure that the host has an EPMD; [Keep] holds a node's registration for the
// node's life; [Client] asks, [Server] answers. The package knows bytes, names
// and ports, and nothing of Erlang terms.
package epmd
