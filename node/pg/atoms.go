package pg

import "github.com/fjord-media/fjord/node/etf"

// Atoms of the protocol.
const (
	atomDemonitor  etf.Atom = "demonitor"
	atomDiscover   etf.Atom = "discover"
	atomError      etf.Atom = "error"
	atomFalse      etf.Atom = "false"
	atomGenCast    etf.Atom = "$gen_cast"
	atomJoin       etf.Atom = "join"
	atomJoinLocal  etf.Atom = "join_local"
	atomLeave      etf.Atom = "leave"
	atomLeaveLocal etf.Atom = "leave_local"
	atomMonitor    etf.Atom = "monitor"
	atomNoLocal    etf.Atom = "nolocal"
	atomNotJoined  etf.Atom = "not_joined"
	atomNotsup     etf.Atom = "notsup"
	atomOK         etf.Atom = "ok"
	atomShutdown   etf.Atom = "shutdown"
	atomSync       etf.Atom = "sync"
	atomSystem     etf.Atom = "system_limit"
)
