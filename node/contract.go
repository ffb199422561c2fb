// Package node is an Erlang node.
package node

import (
	"context"
	"log/slog"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// ---- CONTRACT (stub of the API that cluster and cmd build on; the owner of node replaces this file) ----

// Options configure a node.
type Options struct {
	Name        string // alive@host
	LongNames   bool
	Cookie      string
	Hidden      bool
	ListenIP    string // "" = all addresses, or loopback when the host part of Name resolves to loopback
	MinPort     int    // 0 = any
	MaxPort     int
	NetTickTime time.Duration // default 60 s
	SetupTime   time.Duration // default 7 s
	EPMD        string        // auto | embedded | external | off
	EPMDPort    int           // default 4369
	EPMDAddress string        // ERL_EPMD_ADDRESS
	Logger      *slog.Logger
}

// Node is a running node.
type Node struct{}

// Start opens the distribution port, registers with EPMD and serves.
func Start(ctx context.Context, opts Options) (*Node, error) { panic("stub") }

// Stop leaves: it closes all links at once, unregisters, and waits for the node's goroutines.
func (n *Node) Stop(ctx context.Context) error { panic("stub") }

func (n *Node) Name() string     { panic("stub") } // full name
func (n *Node) Port() int        { panic("stub") } // distribution port
func (n *Node) Creation() uint32 { panic("stub") }

// Nodes lists the connected visible nodes, sorted.
func (n *Node) Nodes() []string { panic("stub") }

// Connect makes a link to name unless there is one. Errors are typed (see errors.go).
// dialled is true when this call made the link (so that the dialling side logs once).
func (n *Node) Connect(ctx context.Context, name string) (dialled bool, err error) { panic("stub") }

// NodeEvent tells of a link that came or went.
type NodeEvent struct {
	Node    string
	Up      bool
	Dialled bool  // Up: we dialled
	Hidden  bool  // the peer is a hidden node
	Reason  error // !Up: why
}

// Subscribe calls fn, in order, for each event, first with Up for each present link. fn must not block.
func (n *Node) Subscribe(fn func(NodeEvent)) (cancel func()) { panic("stub") }

// Ping is net_adm:ping: connect and ask net_kernel is_auth.
func (n *Node) Ping(ctx context.Context, name string) error { panic("stub") }

// Call is erpc:call. Remote failures are *RemoteError{Class: error|exit|throw, Reason etf.Term} (undef: errors.Is(err, ErrUndef)).
// It connects when there is no link. ctx gives the deadline.
func (n *Node) Call(ctx context.Context, peer, module, function string, args ...etf.Term) (etf.Term, error) {
	panic("stub")
}

// Result is one answer of a Multicall.
type Result struct {
	Node  string
	Value etf.Term
	Err   error
}

// Multicall calls all peers at once; each has until ctx's deadline. Results come in the order of peers.
func (n *Node) Multicall(ctx context.Context, peers []string, module, function string, args ...etf.Term) []Result {
	panic("stub")
}

// GenCall is gen_server:call({name, peer}, request): monitor by name with alias. DOWN noproc is ErrNoProc.
func (n *Node) GenCall(ctx context.Context, peer, name string, request etf.Term) (etf.Term, error) {
	panic("stub")
}

// Handle lists module:function/arity as callable over rpc and erpc. Anything not listed is undef at once.
// fn runs on a goroutine of its own, ctx ends when the caller gives up or the link dies.
func (n *Node) Handle(module, function string, arity int, fn func(ctx context.Context, c Caller, args []etf.Term) (etf.Term, error)) {
	panic("stub")
}

// Caller says who calls.
type Caller struct {
	Node string
	Pid  etf.Pid
}

// Message is something that arrived for a process.
type Message struct {
	From etf.Pid  // zero when unknown
	Term etf.Term // the message itself
}

// Callbacks of a process; all are called in arrival order by link readers and must not block.
type Callbacks struct {
	Message func(Message)
	Exit    func(from etf.Pid, reason etf.Term) // EXIT or EXIT2 that would end a BEAM process (kill included: reason "kill")
	Down    func(ref etf.Ref, what etf.Term, reason etf.Term)
}

// Process is a local process: a pid, perhaps a name, and callbacks.
type Process struct{}

// Spawn makes a process; name "" = unregistered. ErrNameTaken when the name is in use.
func (n *Node) Spawn(name string, cb Callbacks) (*Process, error) { panic("stub") }

func (p *Process) Pid() etf.Pid { panic("stub") }

// Terminate ends the process: monitors get DOWN, links EXIT, with reason; the name is free at once.
func (p *Process) Terminate(reason etf.Term) { panic("stub") }

// Send sends to a pid, a Ref (alias), or Tuple{Atom name, Atom node}. Local and remote alike.
func (p *Process) Send(ctx context.Context, to etf.Term, msg etf.Term) error { panic("stub") }

// Monitor watches a pid or Tuple{name, node}; Down is called once.
func (p *Process) Monitor(ctx context.Context, what etf.Term) (etf.Ref, error) { panic("stub") }
func (p *Process) Demonitor(ref etf.Ref)                                       { panic("stub") }

// GenRequest is a parsed '$gen_call' or '$gen_cast'.
type GenRequest struct {
	Cast    bool
	From    etf.Pid
	Tag     etf.Term
	Request etf.Term
}

// ParseGen recognises gen_server requests.
func ParseGen(msg etf.Term) (GenRequest, bool) { panic("stub") }

// Reply answers a gen_server call in whatever of the four tag shapes it came.
func (p *Process) Reply(ctx context.Context, r GenRequest, answer etf.Term) error { panic("stub") }
