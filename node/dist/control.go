package dist

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/fjord-media/fjord/node/etf"
)

// Operations of control messages (OTP, Distribution Protocol, "Protocol
// between Connected Nodes").
const (
	opLink               = 1
	opSend               = 2
	opExit               = 3
	opUnlink             = 4
	opRegSend            = 6
	opGroupLeader        = 7
	opExit2              = 8
	opSendTT             = 12
	opExitTT             = 13
	opRegSendTT          = 16
	opExit2TT            = 18
	opMonitor            = 19
	opDemonitor          = 20
	opMonitorExit        = 21
	opSendSender         = 22
	opSendSenderTT       = 23
	opPayloadExit        = 24
	opPayloadExitTT      = 25
	opPayloadExit2       = 26
	opPayloadExit2TT     = 27
	opPayloadMonitorExit = 28
	opSpawnRequest       = 29
	opSpawnRequestTT     = 30
	opSpawnReply         = 31
	opSpawnReplyTT       = 32
	opAliasSend          = 33
	opAliasSendTT        = 34
	opUnlinkID           = 35
	opUnlinkIDAck        = 36
	opAltact             = 37
)

// Flags of ALTACT_SIG_SEND.
const (
	altactPrio  = 1
	altactToken = 2 // a trace token follows
	altactAlias = 4 // To is an alias
	altactName  = 8 // To is a registered name
	altactExit  = 16
)

// badReason stands for an exit reason that could not be decoded.
const badReason etf.Atom = "badsig"

// errControl says that a control message makes no sense.
var errControl = errors.New("malformed control message")

// payloadRule says what becomes of a message by its payload.
type payloadRule uint8

const (
	noPayload   payloadRule = iota
	mustDecode              // a payload that cannot be decoded drops the message
	tellBad                 // it is delivered with BadPayload
	payloadFlag             // ALTACT_SIG_SEND: by its flags
)

// operation is how one kind of control message is read.
type operation struct {
	arity   int // elements, with the number of the operation
	payload payloadRule
	build   func(c *control) Signal
}

// control is a received control message on its way to a signal.
type control struct {
	tuple   etf.Tuple
	payload etf.Term
	bad     bool // the payload could not be decoded
	wrong   bool // an element is not what it has to be
}

// operations by number; nil build means unknown.
func operations() [38]operation {
	return [38]operation{
		opLink:               {3, noPayload, buildLink},
		opSend:               {3, mustDecode, buildSend},
		opExit:               {4, noPayload, buildExit},
		opUnlink:             {3, noPayload, buildUnlink},
		opRegSend:            {4, mustDecode, buildRegSend},
		opGroupLeader:        {3, noPayload, buildGroupLeader},
		opExit2:              {4, noPayload, buildExit2},
		opSendTT:             {4, mustDecode, buildSend},
		opExitTT:             {5, noPayload, buildExitTT},
		opRegSendTT:          {5, mustDecode, buildRegSend},
		opExit2TT:            {5, noPayload, buildExit2TT},
		opMonitor:            {4, noPayload, buildMonitor},
		opDemonitor:          {4, noPayload, buildDemonitor},
		opMonitorExit:        {5, noPayload, buildMonitorExit},
		opSendSender:         {3, mustDecode, buildSendSender},
		opSendSenderTT:       {4, mustDecode, buildSendSender},
		opPayloadExit:        {3, tellBad, buildPayloadExit},
		opPayloadExitTT:      {4, tellBad, buildPayloadExit},
		opPayloadExit2:       {3, tellBad, buildPayloadExit2},
		opPayloadExit2TT:     {4, tellBad, buildPayloadExit2},
		opPayloadMonitorExit: {4, tellBad, buildPayloadMonitorExit},
		opSpawnRequest:       {6, tellBad, buildSpawnRequest},
		opSpawnRequestTT:     {7, tellBad, buildSpawnRequest},
		opSpawnReply:         {5, noPayload, buildSpawnReply},
		opSpawnReplyTT:       {6, noPayload, buildSpawnReply},
		opAliasSend:          {3, mustDecode, buildAliasSend},
		opAliasSendTT:        {4, mustDecode, buildAliasSend},
		opUnlinkID:           {4, noPayload, buildUnlinkID},
		opUnlinkIDAck:        {4, noPayload, buildUnlinkIDAck},
		opAltact:             {4, payloadFlag, buildAltact},
	}
}

// lookup finds the operation of a decoded control message.
func lookup(table *[38]operation, t etf.Term) (op operation, tuple etf.Tuple, err error) {
	tuple, ok := t.(etf.Tuple)
	if !ok || len(tuple) == 0 {
		return op, nil, fmt.Errorf("%w: no tuple", errControl)
	}
	n, ok := tuple[0].(int64)
	if !ok || n < 0 || int(n) >= len(table) || table[n].build == nil {
		return op, nil, fmt.Errorf("%w: unknown operation %v", errControl, clip(tuple[0]))
	}
	op = table[n]
	if len(tuple) < op.arity {
		return op, nil, fmt.Errorf("%w: operation %d of %d elements", errControl, n, len(tuple))
	}
	if op.payload == payloadFlag {
		op.payload = altactRule(tuple)
	}
	return op, tuple, nil
}

// clip makes a term fit for an error text.
func clip(t etf.Term) string {
	s := fmt.Sprint(t)
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return s
}

// signal builds the signal of a message.
func (op operation) signal(c *control) (Signal, error) {
	sig := op.build(c)
	if c.wrong {
		return nil, fmt.Errorf("%w: wrong element in operation %v", errControl, c.tuple[0])
	}
	return sig, nil
}

func (c *control) pid(i int) etf.Pid {
	p, ok := c.tuple[i].(etf.Pid)
	c.wrong = c.wrong || !ok
	return p
}

// sender is a pid that may be missing: ” in old messages, or a port.
func (c *control) sender(i int) etf.Pid {
	p, _ := c.tuple[i].(etf.Pid)
	return p
}

func (c *control) ref(i int) etf.Ref {
	r, ok := c.tuple[i].(etf.Ref)
	c.wrong = c.wrong || !ok
	return r
}

func (c *control) atom(i int) etf.Atom {
	a, ok := c.tuple[i].(etf.Atom)
	c.wrong = c.wrong || !ok
	return a
}

func (c *control) pidOrAtom(i int) etf.Term {
	switch c.tuple[i].(type) {
	case etf.Pid, etf.Atom:
	default:
		c.wrong = true
	}
	return c.tuple[i]
}

func (c *control) uint64(i int) uint64 {
	switch n := c.tuple[i].(type) {
	case int64:
		if n >= 0 {
			return uint64(n)
		}
	case *big.Int:
		if n.IsUint64() {
			return n.Uint64()
		}
	}
	c.wrong = true
	return 0
}

// reason is the payload, or badReason.
func (c *control) reason() etf.Term {
	if c.bad {
		return badReason
	}
	return c.payload
}
