package etf

// Atoms that every protocol of Erlang and Elixir uses.
const (
	True      Atom = "true"
	False     Atom = "false"
	Nil       Atom = "nil" // Elixir's nil; the empty list is List(nil)
	Undefined Atom = "undefined"
	OK        Atom = "ok"
	Error     Atom = "error"
)

// Bool gives the atom true or false.
func Bool(b bool) Atom {
	if b {
		return True
	}
	return False
}
