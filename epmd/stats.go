package epmd

import "sync/atomic"

// Stats is a snapshot of a server's counters.
type Stats struct {
	Registered   int             // names registered now
	Remembered   int             // unregistered names whose creation is remembered
	Connections  int             // open connections, registrations included; new idle ones after a second
	Requests     map[Kind]uint64 // requests since the start, by kind
	Malformed    uint64          // connections closed for a malformed request
	Refused      uint64          // requests refused: name taken, not local, not allowed
	AcceptErrors uint64          // failures to accept a connection
}

// kinds are the requests that are counted one by one.
func kinds() []Kind {
	return []Kind{KindAlive, KindPort, KindNames, KindDump, KindKill, KindStop}
}

// counters are what a server counts.
type counters struct {
	requests     [256]atomic.Uint64 // by kind
	connections  atomic.Int64
	malformed    atomic.Uint64
	refused      atomic.Uint64
	acceptErrors atomic.Uint64
}

// Stats returns the counters as they are now.
func (s *Server) Stats() Stats {
	stats := Stats{
		Connections:  int(s.count.connections.Load()),
		Requests:     map[Kind]uint64{},
		Malformed:    s.count.malformed.Load(),
		Refused:      s.count.refused.Load(),
		AcceptErrors: s.count.acceptErrors.Load(),
	}
	stats.Registered, stats.Remembered = s.names.counts()
	for _, kind := range kinds() {
		stats.Requests[kind] = s.count.requests[kind].Load()
	}
	return stats
}
