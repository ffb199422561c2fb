package sfu

// Allocations is how many TURN allocations there are.
func (e *Engine) Allocations() int { return e.socket.Turn().Allocations() }

// PanicInSignalling has the peer's mailbox panic.
func (p *Peer) PanicInSignalling() { p.box.post(func() { panic("signalling") }) }

// PanicInForwarding has the next packet for the peer panic.
func (p *Peer) PanicInForwarding() {
	p.box.post(func() {
		for _, l := range p.session.slots {
			if l.down != nil {
				l.down.mu.Lock()
				l.down.stream = nil
				l.down.mu.Unlock()
			}
		}
	})
}

// PanicInMedia has the peer's media goroutine panic at its next tick.
func (p *Peer) PanicInMedia() {
	p.box.post(func() { p.session.up.use(&uplinkConfig{mids: map[string]*upLine{"x": {}}}) })
}
