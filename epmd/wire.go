package epmd

// DefaultPort is the TCP port of EPMD where no other is configured
// (ERL_EPMD_PORT, -port).
const DefaultPort = 4369

// Sizes of the protocol, in bytes unless said otherwise.
const (
	maxNameRunes = 255              // characters of a name
	maxNameBytes = 4 * maxNameRunes // also the longest extra field
	maxPacket    = 3*maxNameBytes - 1
	headerSize   = 2 // the length in front of a request
	aliveFixed   = 13
)

// Kind is the first byte of a request.
type Kind byte

// The kinds of requests (OTP "Distribution Protocol", EPMD Protocol).
const (
	KindAlive Kind = 'x' // ALIVE2_REQ: register a name
	KindPort  Kind = 'z' // PORT_PLEASE2_REQ: look up a name
	KindNames Kind = 'n' // NAMES_REQ: list the registered names
	KindDump  Kind = 'd' // DUMP_REQ: list registered and remembered names
	KindKill  Kind = 'k' // KILL_REQ: end the server
	KindStop  Kind = 's' // STOP_REQ: unregister somebody's name
)

// String is the name of the kind as the OTP documents print it, in lower case.
func (k Kind) String() string {
	switch k {
	case KindAlive:
		return "alive2"
	case KindPort:
		return "port2"
	case KindNames:
		return "names"
	case KindDump:
		return "dump"
	case KindKill:
		return "kill"
	case KindStop:
		return "stop"
	}
	return "unknown"
}

// First bytes of answers.
const (
	replyAlive      = 'y' // ALIVE2_RESP, creation of 16 bits
	replyAliveLarge = 'v' // ALIVE2_X_RESP, creation of 32 bits
	replyPort       = 'w' // PORT2_RESP
)

// Answers to KILL and STOP.
const (
	replyKilled  = "OK"
	replyLiving  = "NO"
	replyStopped = "STOPPED"
	replyUnknown = "NOEXIST"
)

const (
	resultOK      = 0
	resultRefused = 1

	refusedCreation = 99 // creation field of a refused ALIVE2
	largeCreation   = 6  // highest version from which creations have 32 bits
	minCreation     = 4
)

// NodeType says whether a node is announced to others.
type NodeType byte

// The node types of ALIVE2 and PORT2.
const (
	TypeNormal NodeType = 'M' // visible
	TypeHidden NodeType = 'H' // 'h' is seen as well
)

// Entry is what a node registers and what a look-up returns.
type Entry struct {
	Name     string   // the part of the node name before the @, UTF-8
	Port     uint16   // distribution port
	Type     NodeType // visible or hidden
	Protocol byte     // 0: TCP over IPv4 or IPv6
	High     uint16   // highest handshake version of the node
	Low      uint16   // lowest handshake version of the node
	Extra    []byte   // reserved by the protocol, empty in practice
}

// Hidden reports whether the node asked not to be announced.
func (e Entry) Hidden() bool { return e.Type == TypeHidden || e.Type == 'h' }

// NameEntry is one line of a NAMES answer.
type NameEntry struct {
	Name string
	Port uint16
}
