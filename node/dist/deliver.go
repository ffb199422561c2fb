package dist

import (
	"github.com/fjord-media/fjord/node/etf"
)

// decoder gives the decoder for memory that may be shared with terms, or not.
func (r *reader) decoder(own bool) *etf.Decoder {
	if !own {
		return r.copying
	}
	if r.sharing == nil {
		r.sharing = etf.NewDecoder(r.decoderOptions(true))
	}
	return r.sharing
}

// message delivers a message that had a distribution header.
func (r *reader) message(atoms etf.AtomTable, data []byte, own bool) {
	r.deliver(terms{decoder: r.decoder(own), atoms: atoms, rest: data})
}

// passed delivers a pass-through message.
func (r *reader) passed(data []byte, own bool) {
	r.deliver(terms{decoder: r.decoder(own), pass: true, rest: data})
}

// terms are the control message and the payload, yet to be decoded.
type terms struct {
	decoder *etf.Decoder
	pass    bool
	atoms   etf.AtomTable
	rest    []byte
}

// next decodes the next term.
func (t *terms) next() (term etf.Term, err error) {
	if t.pass {
		term, t.rest, err = t.decoder.Decode(t.rest)
	} else {
		term, t.rest, err = t.decoder.DecodeBody(t.rest, t.atoms)
	}
	return term, err
}

// deliver decodes a control message and its payload and hands the signal on.
// Whatever is wrong costs this message only.
func (r *reader) deliver(terms terms) {
	r.link.stats.messagesIn.Add(1)
	t, err := terms.next()
	if err != nil {
		r.drop("undecodable control message", err)
		return
	}
	if r.table == nil {
		table := operations()
		r.table = &table
	}
	op, tuple, err := lookup(r.table, t)
	if err != nil {
		r.drop("control message "+clip(firstOf(t)), err)
		return
	}
	c := &r.control
	*c = control{tuple: tuple}
	if op.payload != noPayload {
		if c.payload, err = terms.next(); err != nil {
			c.bad = true
			r.drop("undecodable payload of operation "+clip(tuple[0]), err)
			if op.payload == mustDecode {
				return
			}
		}
	}
	sig, err := op.signal(c)
	*c = control{} // r must not keep terms
	if err != nil {
		r.drop("elements of operation "+clip(tuple[0]), err)
		return
	}
	r.link.lender.lend()
	r.link.opts.Deliver(sig)
	if b := r.link.lender.settle(); b != nil {
		r.blocks.done(b)
	}
}

func firstOf(t etf.Term) etf.Term {
	if tuple, ok := t.(etf.Tuple); ok && len(tuple) > 0 {
		return tuple[0]
	}
	return nil
}

// maxReports bounds the kinds of trouble that are logged.
const maxReports = 64

// drop counts a message that made no sense, or only in part. Each kind is
// logged once per link.
func (r *reader) drop(kind string, err error) {
	r.link.stats.dropped.Add(1)
	if r.reported[kind] || len(r.reported) >= maxReports {
		return
	}
	r.reported[kind] = true
	r.link.opts.Logger.Warn("distribution message dropped; further ones of its kind are only counted",
		"peer", r.link.peer.Name, "kind", kind, "error", err)
}
