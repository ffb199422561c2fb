package dist

import (
	"fmt"

	"github.com/fjord-media/fjord/node/etf"
)

// encode writes a signal into m with the operation the effective flags allow.
func (m *message) encode(sig Signal, flags Flags) error {
	switch s := sig.(type) {
	case SigSend:
		return m.encodeSend(s, flags)
	case SigRegSend:
		return m.encodeRegSend(s, flags)
	case SigAliasSend:
		return m.encodeAliasSend(s, flags)
	case SigMonitor:
		return m.from(s.From).control(opMonitor, s.From, s.To, s.Ref)
	case SigDemonitor:
		return m.from(s.From).control(opDemonitor, s.From, s.To, s.Ref)
	case SigMonitorExit:
		return m.encodeMonitorExit(s, flags)
	case SigExit:
		return m.from(s.From).reason(opExit, opPayloadExit, flags, s.Reason, s.From, s.To)
	case SigExit2:
		return m.encodeExit2(s, flags)
	case SigAliasExit2:
		return m.encodeAliasExit2(s, flags)
	}
	return m.encodeRare(sig, flags)
}

// encodeRare is the second half of the table.
func (m *message) encodeRare(sig Signal, flags Flags) error {
	switch s := sig.(type) {
	case SigLink:
		return m.from(s.From).control(opLink, s.From, s.To)
	case SigUnlink:
		return m.from(s.From).control(opUnlink, s.From, s.To)
	case SigUnlinkID:
		return m.encodeUnlinkID(s, flags)
	case SigUnlinkIDAck:
		return m.from(s.From).control(opUnlinkIDAck, s.ID, s.From, s.To)
	case SigGroupLeader:
		return m.from(s.From).control(opGroupLeader, s.From, s.To)
	case SigSpawnRequest:
		return m.encodeSpawnRequest(s, flags)
	case SigSpawnReply:
		return m.control(opSpawnReply, s.ReqID, s.To, s.Flags, s.Result)
	}
	return fmt.Errorf("signal %T: %w", sig, ErrUnsupported)
}

func (m *message) encodeSend(s SigSend, flags Flags) error {
	m.from(s.From)
	switch {
	case s.Prio && flags.Has(AltactSig):
		return m.message(s.Message, opAltact, altactPrio, s.From, s.To)
	case flags.Has(SendSender) && s.From != (etf.Pid{}):
		return m.message(s.Message, opSendSender, s.From, s.To)
	}
	return m.message(s.Message, opSend, etf.Atom(""), s.To)
}

func (m *message) encodeRegSend(s SigRegSend, flags Flags) error {
	m.from(s.From)
	if s.Prio && flags.Has(AltactSig) {
		return m.message(s.Message, opAltact, altactPrio|altactName, s.From, s.To)
	}
	return m.message(s.Message, opRegSend, s.From, etf.Atom(""), s.To)
}

func (m *message) encodeAliasSend(s SigAliasSend, flags Flags) error {
	m.from(s.From)
	switch {
	case flags.Has(AltactSig):
		return m.message(s.Message, opAltact, altactAlias|prio(s.Prio), s.From, s.To)
	case flags.Has(Alias):
		return m.message(s.Message, opAliasSend, s.From, s.To)
	}
	return fmt.Errorf("send to an alias: %w", ErrUnsupported)
}

func (m *message) encodeExit2(s SigExit2, flags Flags) error {
	m.from(s.From)
	if s.Prio && flags.Has(AltactSig) {
		return m.message(s.Reason, opAltact, altactPrio|altactExit, s.From, s.To)
	}
	return m.reason(opExit2, opPayloadExit2, flags, s.Reason, s.From, s.To)
}

func (m *message) encodeAliasExit2(s SigAliasExit2, flags Flags) error {
	if !flags.Has(AltactSig) {
		return fmt.Errorf("exit of an alias: %w", ErrUnsupported)
	}
	return m.from(s.From).message(s.Reason, opAltact, altactAlias|altactExit|prio(s.Prio), s.From, s.To)
}

func (m *message) encodeMonitorExit(s SigMonitorExit, flags Flags) error {
	if pid, ok := s.From.(etf.Pid); ok {
		m.from(pid)
	} else {
		m.order = afterAll // whose name it was is not known here
	}
	return m.reason(opMonitorExit, opPayloadMonitorExit, flags, s.Reason, s.From, s.To, s.Ref)
}

// encodeUnlinkID falls back to what peers without the flag know.
func (m *message) encodeUnlinkID(s SigUnlinkID, flags Flags) error {
	m.from(s.From)
	if !flags.Has(UnlinkID) {
		return m.control(opUnlink, s.From, s.To)
	}
	return m.control(opUnlinkID, s.ID, s.From, s.To)
}

func (m *message) encodeSpawnRequest(s SigSpawnRequest, flags Flags) error {
	if !flags.Has(Spawn) {
		return fmt.Errorf("spawn: %w", ErrUnsupported)
	}
	mfa := etf.Tuple{s.Module, s.Function, s.Arity}
	return m.from(s.From).message(s.Args, opSpawnRequest, s.ReqID, s.From, s.GroupLeader, mfa, s.Opts)
}

func prio(p bool) int {
	if p {
		return altactPrio
	}
	return 0
}

// reason writes an exit: its reason as payload if the peer takes that, else as
// the last element.
func (m *message) reason(op, payloadOp byte, flags Flags, reason etf.Term, elements ...etf.Term) error {
	if flags.Has(ExitPayload) {
		return m.message(reason, payloadOp, elements...)
	}
	return m.control(op, append(elements, reason)...)
}

// message writes a control message and its payload.
func (m *message) message(payload etf.Term, op byte, elements ...etf.Term) error {
	if err := m.control(op, elements...); err != nil {
		return err
	}
	return m.term(payload)
}

// control writes a control message.
func (m *message) control(op byte, elements ...etf.Term) error {
	const smallTuple, smallInt = 104, 97
	if m.pass {
		m.body = append(m.body, typePass, version)
	}
	m.body = append(m.body, smallTuple, byte(1+len(elements)), smallInt, op)
	for _, e := range elements {
		if err := m.element(e); err != nil {
			return err
		}
	}
	m.controlLen = m.length()
	return nil
}
