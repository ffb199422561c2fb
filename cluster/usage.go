package cluster

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/fjord-media/fjord/node"
	"golang.org/x/sync/errgroup"
)

// question is one round of asking all members for their usage. Creations that
// begin while it is under way share its answers: a burst costs one round, and
// what it sends out is counted against one picture of the cluster instead of
// many that differ by chance.
type question struct {
	view  uint64 // of inflight, when it began
	asked []candidate
	loads []Load        // valid once done is closed
	done  chan struct{} // closed by who asks
	users int           // creations that work with it; guarded by questions.mu
}

// questions is the question under way.
type questions struct {
	mu  sync.Mutex
	now *question
}

// ask joins the question under way or begins one, and waits for its answers.
// leave must be called when the creation is over.
func (r *Router) ask(ctx context.Context, asked []candidate) (q *question, err error) {
	r.questions.mu.Lock()
	q = r.questions.now
	first := q == nil
	if first {
		q = &question{view: r.inflight.view(), asked: asked, done: make(chan struct{})}
		r.questions.now = q
	}
	q.users++
	r.questions.mu.Unlock()
	if first {
		// Not with the creation's own context: others may wait for the answers.
		q.loads = r.usages(r.group.Context(), q.asked)
		r.questions.mu.Lock()
		r.questions.now = nil
		r.questions.mu.Unlock()
		close(q.done)
		return q, nil
	}
	select {
	case <-q.done:
		return q, nil
	case <-ctx.Done():
		r.leave(q)
		return nil, ctx.Err()
	}
}

func (r *Router) leave(q *question) {
	r.questions.mu.Lock()
	q.users--
	last := q.users == 0 && r.questions.now != q
	r.questions.mu.Unlock()
	if last {
		r.inflight.leave(q.view)
	}
}

// usages asks all candidates at once for their usage; who takes no rooms, is
// slow or fails is missing from the result.
func (r *Router) usages(ctx context.Context, asked []candidate) []Load {
	return slices.DeleteFunc(r.answers(ctx, asked), func(l Load) bool { return l.Usage.ForwardedTracks >= refusing })
}

// answers asks all candidates at once for their usage; who is slow or fails is
// missing from the result and logged.
func (r *Router) answers(ctx context.Context, asked []candidate) []Load {
	limited, cancel := context.WithTimeout(ctx, r.limits.usage)
	defer cancel()
	byDialect := make([][]string, len(r.dialects))
	for _, c := range asked {
		byDialect[c.dialect] = append(byDialect[c.dialect], c.name)
	}
	var groups []int
	for i, names := range byDialect {
		if len(names) > 0 {
			groups = append(groups, i)
		}
	}
	loads := make([]Load, 0, len(asked)+1)
	if len(groups) == 1 { // the usual case needs no goroutines
		results := r.node.Multicall(limited, byDialect[groups[0]], r.dialects[groups[0]].usage, funUsage)
		return r.read(ctx, groups[0], loads, results)
	}
	var g errgroup.Group
	results := make([][]node.Result, len(groups))
	for i, d := range groups {
		g.Go(func() error {
			results[i] = r.node.Multicall(limited, byDialect[d], r.dialects[d].usage, funUsage)
			return nil
		})
	}
	_ = g.Wait() // never fails: errors are in results
	for i, rs := range results {
		loads = r.read(ctx, groups[i], loads, rs)
	}
	return loads
}

// read turns answers in a dialect into loads and notes who did not give one.
func (r *Router) read(ctx context.Context, dialect int, loads []Load, results []node.Result) []Load {
	now := time.Now()
	for _, res := range results {
		err := res.Err
		if err == nil {
			var l Load
			if l, err = parseUsage(res.Value); err == nil {
				l.Node, l.at = res.Node, now
				r.members.answered(res.Node)
				loads = append(loads, l)
				continue
			}
		}
		r.failed(ctx, dialect, res.Node, err, now)
	}
	return loads
}

func (r *Router) failed(ctx context.Context, dialect int, name string, err error, now time.Time) {
	switch {
	case ctx.Err() != nil:
		// This node is stopping: that says nothing about the member.
	case errors.Is(err, node.ErrUndef), errors.Is(err, errTerm):
		if r.members.notServer(name, dialect, now) {
			r.log.Info("node is no media server and is left alone", "node", name)
		}
	case errors.Is(err, node.ErrNoConnection):
		r.log.Info("member went while it was asked for its usage", "node", name)
	case !r.members.missed(name, now):
		// That is known.
	case r.members.proven(name):
		r.log.Warn("member left out: it did not answer for its usage", "node", name, "error", err)
	default:
		r.log.Info("node did not say whether it is a media server, and is left alone for now", "node", name, "error", err)
	}
}
