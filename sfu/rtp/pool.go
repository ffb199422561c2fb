package rtp

import "sync"

// Pool recycles packets. The zero value is ready.
type Pool struct{ free sync.Pool }

// Get takes an empty packet with one reference.
func (o *Pool) Get() *Packet {
	p, ok := o.free.Get().(*Packet)
	if !ok {
		p = &Packet{pool: o}
	}
	p.refs.Store(1)
	p.size = 0
	return p
}

// Retain adds a reference.
func (p *Packet) Retain() { p.refs.Add(1) }

// Release gives a reference back; the last one returns the packet to its pool.
func (p *Packet) Release() {
	if p.refs.Add(-1) == 0 && p.pool != nil {
		p.pool.free.Put(p)
	}
}
