package epmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/run"
)

// DefaultPacketTimeout is how long a connection without a registration may be
// silent.
const DefaultPacketTimeout = 60 * time.Second

// stopLimit bounds how long Close waits for the server's goroutines.
const stopLimit = 5 * time.Second

// ServerOptions are the settings of a server. The zero value is that of an
// epmd program without arguments.
type ServerOptions struct {
	// PacketTimeout is how long a connection may be silent before its request
	// is complete; 0 means DefaultPacketTimeout. One second is added to it: the
	// original counts in whole seconds, and clients that send a byte each
	// second must survive a timeout of one second.
	PacketTimeout time.Duration
	// Relaxed allows KILL while names are registered, and STOP.
	Relaxed bool
	// DelayAccept and DelayWrite simulate a busy server: a pause before each
	// new connection is served and before each answer.
	DelayAccept, DelayWrite time.Duration
	// Remember is the number of unregistered names whose creation is
	// remembered; 0 means 1000.
	Remember int
	// Logger receives what happens; nil means nowhere.
	Logger *slog.Logger
}

// Server is an EPMD. Make it with NewServer, then call Listen, then Serve.
type Server struct {
	opts  ServerOptions
	log   *slog.Logger
	names *registry
	count counters

	assemblers sync.Pool // of *assembler
	open       openConns

	mu        sync.Mutex
	listeners []net.Listener
	port      uint16
	group     *run.Group // not nil while serving
	closed    bool
	killed    bool
}

// NewServer makes a server that does not listen yet.
func NewServer(opts ServerOptions) *Server {
	if opts.PacketTimeout <= 0 {
		opts.PacketTimeout = DefaultPacketTimeout
	}
	if opts.Remember <= 0 {
		opts.Remember = rememberNames
	}
	return &Server{opts: opts, log: logger(opts.Logger), names: newRegistry(opts.Remember)}
}

func logger(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// Listen opens the sockets: on addresses, a list separated by commas or spaces
// (empty: all addresses of the host), and always on 127.0.0.1 and ::1 as well.
// Port 0 chooses a free port. The error wraps ErrInUse when another process
// has the port.
func (s *Server) Listen(ctx context.Context, addresses string, port uint16) error {
	all, err := targets(addresses)
	if err != nil {
		return fmt.Errorf("listen on EPMD port %d: %w", port, err)
	}
	listeners, port, err := listenAll(ctx, all, port)
	if err != nil {
		return fmt.Errorf("listen on EPMD port %d: %w", port, err)
	}
	s.use(listeners, port)
	return nil
}

// use adds open listeners; port is what NAMES reports.
func (s *Server) use(listeners []net.Listener, port uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range listeners {
		s.listeners = append(s.listeners, s.quick(l))
	}
	s.port = port
}

// Port is the port the server listens on, 0 before Listen.
func (s *Server) Port() uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.port
}

// Serve answers requests until ctx is done or Close is called, and returns nil
// then; it returns ErrKilled when a KILL request ended it. All connections are
// closed and all goroutines have ended when it returns.
func (s *Server) Serve(ctx context.Context) error {
	group, err := s.start(ctx)
	if err != nil {
		return err
	}
	<-group.Context().Done()
	s.mu.Lock()
	closeAll(s.listeners)
	s.listeners, s.closed = nil, true
	killed := s.killed
	s.mu.Unlock()
	s.open.end()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	if err := group.StopAndWait(limit); err != nil {
		return fmt.Errorf("stop EPMD: %w", err)
	}
	if killed {
		return ErrKilled
	}
	return nil
}

func (s *Server) start(ctx context.Context) (*run.Group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.group != nil || len(s.listeners) == 0 {
		return nil, errors.New("serve EPMD: not listening")
	}
	group := run.NewGroup(ctx, "epmd", s.log)
	for _, l := range s.listeners {
		a := &acceptor{Server: s, group: group, listener: l}
		a.start()
	}
	s.group = group
	return group, nil
}

// Close ends the server: it makes Serve return, or closes the sockets when
// Serve was not called. It does not wait for Serve.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	closeAll(s.listeners)
	s.listeners = nil
	if s.group != nil {
		s.group.Stop()
	}
	return nil
}

// condemn notes that a request ends the server.
func (s *Server) condemn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killed = true
}

// Names lists the registered names, the newest first.
func (s *Server) Names() []NameEntry {
	var out []NameEntry
	s.names.each(func(e NameEntry, _ int) { out = append(out, e) }, nil)
	return out
}
