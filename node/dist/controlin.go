package dist

import "github.com/fjord-media/fjord/node/etf"

func buildLink(c *control) Signal   { return SigLink{c.pid(1), c.pid(2)} }
func buildUnlink(c *control) Signal { return SigUnlink{c.pid(1), c.pid(2)} }

func buildSend(c *control) Signal {
	return SigSend{To: c.pid(2), Message: c.payload}
}

func buildSendSender(c *control) Signal {
	return SigSend{From: c.sender(1), To: c.pid(2), Message: c.payload}
}

func buildRegSend(c *control) Signal {
	return SigRegSend{From: c.sender(1), To: c.atom(3), Message: c.payload}
}

func buildAliasSend(c *control) Signal {
	return SigAliasSend{From: c.sender(1), To: c.ref(2), Message: c.payload}
}

func buildGroupLeader(c *control) Signal { return SigGroupLeader{c.pid(1), c.pid(2)} }

func buildExit(c *control) Signal {
	return SigExit{From: c.pid(1), To: c.pid(2), Reason: c.tuple[3]}
}

func buildExitTT(c *control) Signal {
	return SigExit{From: c.pid(1), To: c.pid(2), Reason: c.tuple[4]}
}

func buildPayloadExit(c *control) Signal {
	return SigExit{From: c.pid(1), To: c.pid(2), Reason: c.reason(), BadPayload: c.bad}
}

func buildExit2(c *control) Signal {
	return SigExit2{From: c.sender(1), To: c.pid(2), Reason: c.tuple[3]}
}

func buildExit2TT(c *control) Signal {
	return SigExit2{From: c.sender(1), To: c.pid(2), Reason: c.tuple[4]}
}

func buildPayloadExit2(c *control) Signal {
	return SigExit2{From: c.sender(1), To: c.pid(2), Reason: c.reason(), BadPayload: c.bad}
}

func buildMonitor(c *control) Signal {
	return SigMonitor{From: c.pid(1), To: c.pidOrAtom(2), Ref: c.ref(3)}
}

func buildDemonitor(c *control) Signal {
	return SigDemonitor{From: c.pid(1), To: c.pidOrAtom(2), Ref: c.ref(3)}
}

func buildMonitorExit(c *control) Signal {
	return SigMonitorExit{From: c.pidOrAtom(1), To: c.pid(2), Ref: c.ref(3), Reason: c.tuple[4]}
}

func buildPayloadMonitorExit(c *control) Signal {
	return SigMonitorExit{
		From: c.pidOrAtom(1), To: c.pid(2), Ref: c.ref(3),
		Reason: c.reason(), BadPayload: c.bad,
	}
}

func buildSpawnRequest(c *control) Signal {
	s := SigSpawnRequest{ReqID: c.ref(1), From: c.pid(2), GroupLeader: c.pid(3)}
	mfa, ok := c.tuple[4].(etf.Tuple)
	if !ok || len(mfa) != 3 {
		c.wrong = true
		return nil
	}
	entry := control{tuple: mfa}
	s.Module, s.Function = entry.atom(0), entry.atom(1)
	arity := entry.uint64(2)
	s.Arity = int(min(arity, 256))
	s.Opts, ok = c.tuple[5].(etf.List)
	c.wrong = c.wrong || entry.wrong || !ok || arity > 255
	if s.Args, ok = c.payload.(etf.List); c.bad || !ok {
		s.Args, s.BadPayload = nil, true
	}
	return s
}

func buildSpawnReply(c *control) Signal {
	return SigSpawnReply{
		ReqID: c.ref(1), To: c.pid(2),
		Flags: int(c.uint64(3) & 0xffff), Result: c.pidOrAtom(4),
	}
}

func buildUnlinkID(c *control) Signal {
	return SigUnlinkID{ID: c.uint64(1), From: c.pid(2), To: c.pid(3)}
}

func buildUnlinkIDAck(c *control) Signal {
	return SigUnlinkIDAck{ID: c.uint64(1), From: c.pid(2), To: c.pid(3)}
}

// altactRule says what an undecodable payload of ALTACT_SIG_SEND does.
func altactRule(t etf.Tuple) payloadRule {
	if flags, _ := t[1].(int64); flags&altactExit != 0 {
		return tellBad
	}
	return mustDecode
}

// buildAltact reads ALTACT_SIG_SEND: {37, Flags, From, To} and perhaps a token.
func buildAltact(c *control) Signal {
	flags := c.uint64(1)
	prio := flags&altactPrio != 0
	exit := flags&altactExit != 0
	switch {
	case flags&altactAlias != 0 && exit:
		return SigAliasExit2{From: c.sender(2), To: c.ref(3), Reason: c.reason(), Prio: prio, BadPayload: c.bad}
	case flags&altactAlias != 0:
		return SigAliasSend{From: c.sender(2), To: c.ref(3), Message: c.payload, Prio: prio}
	case flags&altactName != 0 && !exit:
		return SigRegSend{From: c.sender(2), To: c.atom(3), Message: c.payload, Prio: prio}
	case exit:
		return SigExit2{From: c.sender(2), To: c.pid(3), Reason: c.reason(), Prio: prio, BadPayload: c.bad}
	}
	return SigSend{From: c.sender(2), To: c.pid(3), Message: c.payload, Prio: prio}
}
