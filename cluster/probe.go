package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/fjord-media/fjord/node"
)

// visit asks a linked node whom it knows (erlang:nodes/0, which every BEAM and
// every Fjord node answers) and, when that is not known yet, what it is.
func (r *Router) visit(ctx context.Context, name string) ([]string, error) {
	if r.members.needsProbe(name, time.Now()) {
		r.group.Go("probe", func(ctx context.Context) error {
			r.find(ctx, name)
			return nil
		})
	}
	answer, err := r.node.Call(ctx, name, "erlang", "nodes")
	if err != nil {
		return nil, err
	}
	return parseNodes(answer)
}

// find probes a node, and when it is not known to be a media server then, once
// more after probeSoon and after probeAgain: nodes of either kind are linked
// before all of them has started.
func (r *Router) find(ctx context.Context, name string) {
	if r.probeWithin(ctx, name); !r.members.startsLate(name) {
		return
	}
	for _, pause := range []time.Duration{probeSoon, probeAgain} {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if r.probeWithin(ctx, name); r.members.known(name) {
			return
		}
	}
}

func (r *Router) probeWithin(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, visitLimit)
	defer cancel()
	r.probe(ctx, name)
}

// probe finds out whether a node is a Fjord, a Fishjam of either generation, a
// Jellyfish or no media server at all.
func (r *Router) probe(ctx context.Context, name string) {
	if r.probeFjord(ctx, name) {
		return
	}
	for i, d := range r.dialects {
		answer, err := r.node.Call(ctx, name, d.usage, funUsage)
		if err == nil {
			if _, err := parseUsage(answer); err == nil {
				if r.probeFjord(ctx, name) {
					return // it was just starting when it was asked first
				}
				r.members.probe(name, i, nil)
				r.members.answered(name)
				r.learn(ctx, candidate{name: name, dialect: i})
				r.payDebts(name)
				return
			}
		}
		if err != nil && !errors.Is(err, node.ErrUndef) {
			return // it is asked again at the next visit
		}
	}
	if r.members.probedNone(name, time.Now()) {
		r.log.Info("node is no media server and is left alone", "node", name)
	}
}

// probeFjord says whether a node is a Fjord, and if so notes it.
func (r *Router) probeFjord(ctx context.Context, name string) bool {
	answer, err := r.node.Call(ctx, name, moduleFjord, funInfo)
	if err != nil {
		return false
	}
	info, err := parseInfo(answer)
	if err != nil {
		return false
	}
	r.members.probe(name, dialectFishjam, &info)
	r.learn(ctx, candidate{name: name, fjord: true})
	r.reportTwins(ctx, name)
	r.payDebts(name)
	return true
}

// reportTwins looks for rooms with client-given ids that run on both sides of a
// link that has just come up: a split let both be made. Both keep running.
func (r *Router) reportTwins(ctx context.Context, name string) {
	answer, err := r.node.Call(ctx, name, moduleFjord, funCustom)
	if err != nil {
		return
	}
	ids, err := parseIDs(answer)
	if err != nil {
		r.log.Warn("list of rooms cannot be read", "node", name, "error", err)
		return
	}
	for _, id := range ids {
		if r.local.Has(id) {
			r.log.Error("room exists on two nodes, made during a split; both copies keep running",
				"room_id", id, "node", r.self, "other_node", name)
		}
	}
}
