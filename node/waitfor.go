package node

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// Pauses between two attempts of WaitFor to reach a node; they double.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = time.Second
)

// AbsentError says which nodes WaitFor waited for in vain. errors.Is and
// errors.As find the reasons of the last attempts in it.
type AbsentError struct {
	Nodes   []string // in the order they were named
	Reasons []error  // of Nodes, as of Connect; the context's when it ended during the first attempt
}

// Error lists the nodes and why they could not be reached.
func (e *AbsentError) Error() string {
	texts := make([]string, 0, len(e.Reasons))
	for _, reason := range e.Reasons {
		texts = append(texts, reason.Error())
	}
	return "absent: " + strings.Join(e.Nodes, ", ") + " (" + strings.Join(texts, "; ") + ")"
}

// Unwrap gives the reasons.
func (e *AbsentError) Unwrap() []error { return e.Reasons }

// WaitFor connects to the named nodes and waits until each has been linked, by
// whichever side, or ctx is done; ctx without a deadline gets DefaultTimeout. It
// is for the start of a program and does what the kernel parameters
// sync_nodes_mandatory and sync_nodes_optional do on a BEAM node: there the
// program goes on in spite of an error, here it does not. Nodes that are not
// there are dialled again after a pause; a name that this node can never reach
// (ErrBadName, ErrNameKind) is not. The node's own name is passed over, so that
// all nodes may have the same list.
//
// The error is an *AbsentError.
func (n *Node) WaitFor(ctx context.Context, names ...string) error {
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	names = others(names, n.opts.Name)
	reasons := make([]error, len(names))
	var wait sync.WaitGroup
	for i, name := range names {
		wait.Add(1)
		ok := n.group.Go("wait for "+name, func(context.Context) error {
			defer wait.Done()
			reasons[i] = n.waitFor(ctx, name)
			return nil
		})
		if !ok {
			wait.Done()
			reasons[i] = ErrLeaving
		}
	}
	wait.Wait()
	return absent(names, reasons)
}

// others lists each name once, but for our own.
func others(names []string, own string) []string {
	var out []string
	for _, name := range names {
		if name != own && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// absent is the error for those names that have a reason.
func absent(names []string, reasons []error) error {
	e := &AbsentError{}
	for i, reason := range reasons {
		if reason != nil {
			e.Nodes = append(e.Nodes, names[i])
			e.Reasons = append(e.Reasons, reason)
		}
	}
	if len(e.Nodes) == 0 {
		return nil
	}
	return e
}

// waitFor waits for one node. The error is that of the last whole attempt.
func (n *Node) waitFor(ctx context.Context, name string) error {
	up := make(chan struct{})
	var once sync.Once
	defer n.Subscribe(func(e NodeEvent) {
		if e.Up && e.Node == name {
			once.Do(func() { close(up) })
		}
	})()
	var reason error
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		_, err := n.Connect(ctx, name)
		switch {
		case err == nil:
			return nil
		case reason == nil || ctx.Err() == nil:
			reason = err
		}
		if errors.Is(err, ErrBadName) || errors.Is(err, ErrNameKind) || errors.Is(err, ErrLeaving) {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-up:
			timer.Stop()
			return nil
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return reason
		case <-n.group.Context().Done():
			timer.Stop()
			return ErrLeaving
		}
	}
}
