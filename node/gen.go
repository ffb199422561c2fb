package node

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node/etf"
)

// GenRequest is a parsed '$gen_call' or '$gen_cast'.
type GenRequest struct {
	Cast    bool
	From    etf.Pid  // who calls; zero for a cast
	Tag     etf.Term // identifies the call; nil for a cast
	Request etf.Term
}

// ParseGen recognises gen_server requests: {'$gen_call', {Pid, Tag}, Request}
// and {'$gen_cast', Request}. Other messages give false.
func ParseGen(msg etf.Term) (GenRequest, bool) {
	t, ok := msg.(etf.Tuple)
	if !ok || len(t) < 2 {
		return GenRequest{}, false
	}
	switch {
	case t[0] == etf.Term(atomGenCast) && len(t) == 2:
		return GenRequest{Cast: true, Request: t[1]}, true
	case t[0] == etf.Term(atomGenCall) && len(t) == 3:
		from, ok := t[1].(etf.Tuple)
		if !ok || len(from) != 2 {
			return GenRequest{}, false
		}
		pid, ok := from[0].(etf.Pid)
		return GenRequest{From: pid, Tag: from[1], Request: t[2]}, ok
	}
	return GenRequest{}, false
}

// replyTo is where the reply to a call goes. Tags come in four shapes:
//
//	[alias|Ref]            gen_server:call since OTP 24: to the alias
//	[[alias|Ref]|Other]    multi_call, request collections: to the inner alias
//	{Ref, Node}            multi_call of OTP 25: to the caller
//	Ref                    older nodes, libraries: to the caller
//
// The message is {Tag, Reply} with the whole tag in each case.
func (r GenRequest) replyTo() etf.Term {
	if ref, ok := aliasTag(r.Tag); ok {
		return ref
	}
	var head etf.Term
	switch t := r.Tag.(type) {
	case etf.ImproperList:
		if len(t.Head) > 0 {
			head = t.Head[0]
		}
	case etf.List:
		if len(t) > 0 {
			head = t[0]
		}
	}
	if ref, ok := aliasTag(head); ok {
		return ref
	}
	return r.From
}

// aliasTag takes [alias|Ref] apart.
func aliasTag(t etf.Term) (etf.Ref, bool) {
	pair, ok := t.(etf.ImproperList)
	if !ok || len(pair.Head) != 1 || pair.Head[0] != etf.Term(atomAlias) {
		return etf.Ref{}, false
	}
	ref, ok := pair.Tail.(etf.Ref)
	return ref, ok
}

// replyMessage is the message that answers a call.
func (r GenRequest) replyMessage(answer etf.Term) etf.Term { return etf.Tuple{r.Tag, answer} }

// Reply answers a gen_server call in whatever of the four tag shapes it came. A
// cast gets no answer. It makes no link: without one the caller knows already.
// It blocks while the link is busy; callbacks use PostReply.
func (p *Process) Reply(ctx context.Context, r GenRequest, answer etf.Term) error {
	if r.Cast {
		return nil
	}
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	where, sig, err := p.node.addressed(p.pid, r.replyTo(), r.replyMessage(answer))
	if err != nil {
		return fmt.Errorf("reply to %s: %w", etf.String(r.From), err)
	}
	l, err := p.node.route(ctx, where, false)
	if err == nil {
		err = l.send(ctx, sig)
	}
	if err != nil {
		return fmt.Errorf("reply to %s: %w", etf.String(r.From), err)
	}
	return nil
}

// PostReply is Reply for callbacks: it never blocks; see Post.
func (p *Process) PostReply(r GenRequest, answer etf.Term) error {
	if r.Cast {
		return nil
	}
	return p.Post(r.replyTo(), r.replyMessage(answer))
}
