package actor

import "strconv"

// PID identifies an actor or a supervisor of one System. It is comparable and
// never used twice; the zero value is nobody.
type PID struct{ c *cell }

// String is for log lines: "actor.1005", or "nobody". It is no Erlang pid.
func (p PID) String() string {
	if p.c == nil {
		return "nobody"
	}
	return "actor." + strconv.FormatUint(p.c.pid.ID, 10)
}

// Name is the name the actor was registered with, "" when it had none.
func (p PID) Name() string {
	if p.c == nil {
		return ""
	}
	return p.c.name
}

// IsZero says whether p is nobody.
func (p PID) IsZero() bool { return p.c == nil }

// label is what log lines and errors call the actor.
func (p PID) label() string {
	if n := p.Name(); n != "" {
		return n
	}
	return p.String()
}
