package dist

import "github.com/fjord-media/fjord/node/etf"

// Signal is one control message with its payload, if it has one; each kind
// is a struct of its own, used as a value. The trace token of the _TT forms is
// dropped. Which operation stands for a signal on the wire follows from the
// effective flags of the link (OTP, Distribution Protocol, "Protocol between
// Connected Nodes").
//
// Received signals whose payload could not be decoded are dropped and counted,
// except those somebody waits for: these come with BadPayload set.
type Signal interface{ signal() }

// SigLink asks to link two processes (1 LINK).
type SigLink struct{ From, To etf.Pid }

// SigUnlink is the obsolete way to remove a link (4 UNLINK), sent only by
// nodes of OTP 25 and before to nodes without UNLINK_ID.
type SigUnlink struct{ From, To etf.Pid }

// SigUnlinkID removes a link (35 UNLINK_ID). It is to be answered with
// SigUnlinkIDAck before any later signal to From.
type SigUnlinkID struct {
	ID       uint64
	From, To etf.Pid
}

// SigUnlinkIDAck answers SigUnlinkID with its ID, From and To swapped (36
// UNLINK_ID_ACK).
type SigUnlinkIDAck struct {
	ID       uint64
	From, To etf.Pid
}

// SigSend is a message to a process (2 SEND, 22 SEND_SENDER, 37
// ALTACT_SIG_SEND). From is zero when the peer did not tell it.
type SigSend struct {
	From, To etf.Pid
	Message  etf.Term
	Prio     bool // a priority message (OTP 28); kept only towards peers with AltactSig
}

// SigRegSend is a message to a registered name (6 REG_SEND, 37
// ALTACT_SIG_SEND).
type SigRegSend struct {
	From    etf.Pid
	To      etf.Atom
	Message etf.Term
	Prio    bool
}

// SigAliasSend is a message to an alias (33 ALIAS_SEND, 37 ALTACT_SIG_SEND).
type SigAliasSend struct {
	From    etf.Pid
	To      etf.Ref
	Message etf.Term
	Prio    bool
}

// SigExit says that From ended and breaks its link to To (3 EXIT, 24
// PAYLOAD_EXIT).
type SigExit struct {
	From, To   etf.Pid
	Reason     etf.Term
	BadPayload bool // received: the reason could not be decoded
}

// SigExit2 is exit(To, Reason) (8 EXIT2, 26 PAYLOAD_EXIT2, 37
// ALTACT_SIG_SEND).
type SigExit2 struct {
	From, To   etf.Pid
	Reason     etf.Term
	Prio       bool
	BadPayload bool
}

// SigAliasExit2 is exit(Alias, Reason) (37 ALTACT_SIG_SEND, OTP 28). Sending it
// needs AltactSig in the effective flags.
type SigAliasExit2 struct {
	From       etf.Pid
	To         etf.Ref
	Reason     etf.Term
	Prio       bool
	BadPayload bool
}

// SigGroupLeader makes From the group leader of To (7 GROUP_LEADER).
type SigGroupLeader struct{ From, To etf.Pid }

// SigMonitor asks for SigMonitorExit when To ends (19 MONITOR_P).
type SigMonitor struct {
	From etf.Pid
	To   etf.Term // Pid or Atom
	Ref  etf.Ref
}

// SigDemonitor takes a SigMonitor back (20 DEMONITOR_P).
type SigDemonitor struct {
	From etf.Pid
	To   etf.Term // Pid or Atom
	Ref  etf.Ref
}

// SigMonitorExit says that a monitored process ended (21 MONITOR_P_EXIT, 28
// PAYLOAD_MONITOR_P_EXIT).
type SigMonitorExit struct {
	From       etf.Term // Pid or Atom, what SigMonitor named
	To         etf.Pid
	Ref        etf.Ref
	Reason     etf.Term
	BadPayload bool
}

// SigSpawnRequest asks to spawn Module:Function(Args...) (29 SPAWN_REQUEST).
type SigSpawnRequest struct {
	ReqID             etf.Ref
	From, GroupLeader etf.Pid
	Module, Function  etf.Atom
	Arity             int
	Opts              etf.List
	Args              etf.List // nil when BadPayload
	BadPayload        bool
}

// Flags of SigSpawnReply.
const (
	SpawnLinked    = 1 // the new process is linked to the one that asked
	SpawnMonitored = 2 // it is monitored under the request's reference
)

// SigSpawnReply answers SigSpawnRequest (31 SPAWN_REPLY).
type SigSpawnReply struct {
	ReqID  etf.Ref
	To     etf.Pid
	Flags  int
	Result etf.Term // Pid of the new process or Atom saying why there is none
}

func (SigLink) signal()         {}
func (SigUnlink) signal()       {}
func (SigUnlinkID) signal()     {}
func (SigUnlinkIDAck) signal()  {}
func (SigSend) signal()         {}
func (SigRegSend) signal()      {}
func (SigAliasSend) signal()    {}
func (SigExit) signal()         {}
func (SigExit2) signal()        {}
func (SigAliasExit2) signal()   {}
func (SigGroupLeader) signal()  {}
func (SigMonitor) signal()      {}
func (SigDemonitor) signal()    {}
func (SigMonitorExit) signal()  {}
func (SigSpawnRequest) signal() {}
func (SigSpawnReply) signal()   {}
