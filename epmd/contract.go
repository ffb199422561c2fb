// Package epmd is the Erlang port mapper: its server and its client.
package epmd

// ---- CONTRACT (the owner of epmd replaces this file) ----
//
//	type Registration struct: Name string; Port uint16; Hidden bool
//	type Client struct { Port uint16 (default 4369 or ERL_EPMD_PORT given by the caller); Dialer func(ctx, network, addr) (net.Conn, error); Logger }
//	func (c *Client) Lookup(ctx, host net.IP/netip.Addr, name string) (Entry{Port, Type, Low, High, ...}, error)   // errors: ErrNotRegistered, ErrRefused (wraps), ErrTimeout
//	func (c *Client) Names(ctx, addr) (epmdPort uint16, []NameEntry, error)
//	func (c *Client) Register(ctx, Registration) (*Held, error): Held.Creation() uint32; Held.Lost() <-chan struct{}; Held.Close()
//	   errors: ErrNameTaken
//	type Keeper: keeps a registration for a node's life: registers, re-registers within 5 s (every 2 s) when EPMD goes away, first creation stays the node's
//	   func Keep(group *run.Group, c *Client, r Registration, log) (*Keeper, error); keeper.Creation(); keeper.Registered() bool; keeper.Close()
//	func Ensure(ctx, mode "auto"|"embedded"|"external"|"off", ...) : uses an EPMD that answers, else starts one (auto: a process of its own named "epmd"; embedded: in process, with take-over)
//	type Server struct: Listen(addresses, port), Serve, Close, Names()
//	func Main(args []string, stdout, stderr io.Writer, getenv func(string) string) int   // `fjord epmd …`
