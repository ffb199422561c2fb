package epmd

import (
	"context"
	"errors"
	"sync"

	"github.com/fjord-media/fjord/internal/run"
)

// embedded is the server of ModeEmbedded.
type embedded struct {
	mu     sync.Mutex
	server *Server // nil while another process serves
}

// Server is the server inside this process, nil when another process serves.
func (m *Mapper) Server() *Server {
	m.embedded.mu.Lock()
	defer m.embedded.mu.Unlock()
	return m.server
}

func (m *Mapper) setServer(s *Server) {
	m.embedded.mu.Lock()
	defer m.embedded.mu.Unlock()
	m.server = s
}

// embed serves, or uses the EPMD that has the port until it goes away.
func (m *Mapper) embed(ctx context.Context, group *run.Group) error {
	server, err := m.listenOrFind(ctx)
	if err != nil {
		return err
	}
	started := group.Go("epmd server", func(ctx context.Context) error {
		m.serveOrWait(ctx, server)
		return nil
	})
	if !started {
		if server != nil {
			_ = server.Close() // always nil
		}
		return context.Canceled
	}
	return nil
}

// listenOrFind opens the port, or returns no server when an EPMD has it. One
// that ends between the two looks is no reason to fail.
func (m *Mapper) listenOrFind(ctx context.Context) (*Server, error) {
	const tries = 3
	for try := 1; ; try++ {
		server, err := m.tryListen(ctx)
		if !errors.Is(err, ErrInUse) {
			return server, err
		}
		probed := m.probe(ctx)
		if probed == nil {
			m.log.Info("using the EPMD of this host", "port", m.opts.Port)
			return nil, nil
		}
		if !errors.Is(probed, ErrRefused) || try == tries || !sleep(ctx, checkPause/tries) {
			return nil, errors.Join(err, probed)
		}
	}
}

func (m *Mapper) tryListen(ctx context.Context) (*Server, error) {
	server := NewServer(ServerOptions{Logger: m.opts.Logger})
	if err := server.Listen(ctx, m.opts.Address, m.opts.Port); err != nil {
		return nil, err
	}
	m.setServer(server)
	m.log.Info("serving as the EPMD of this host", "port", m.opts.Port)
	return server, nil
}

// serveOrWait serves when there is a server, and takes the port over when it
// becomes free.
func (m *Mapper) serveOrWait(ctx context.Context, server *Server) {
	last := ErrInUse
	for {
		if server != nil {
			err := server.Serve(ctx)
			m.setServer(nil)
			if ctx.Err() == nil {
				m.log.Warn("embedded EPMD ended", "error", err)
			}
		}
		if !sleep(ctx, checkPause) {
			return
		}
		var err error
		if server, err = m.tryListen(ctx); err != nil && !errors.Is(err, last) {
			last = err
			m.log.Warn("cannot serve as EPMD", "error", err, "retry", checkPause)
		}
	}
}
