package node

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node/etf"
)

// Request is a call under way, made by SendRequest. Its methods may be called from
// any goroutine, and as often as one likes.
type Request struct {
	what   string
	cancel context.CancelFunc
	done   chan struct{} // closed when value and err are there
	value  etf.Term
	err    error
}

// SendRequest is erpc:send_request: Call that does not wait. Its errors come with
// Response. The call ends at the latest when ctx does; ctx without a deadline gets
// DefaultTimeout.
func (n *Node) SendRequest(ctx context.Context, peer, module, function string, args ...etf.Term) *Request {
	ctx, cancel := withDefaultTimeout(ctx)
	r := &Request{what: fmt.Sprintf("%s:%s/%d on %s", module, function, len(args), peer), cancel: cancel, done: make(chan struct{})}
	ok := n.group.Go("request", func(context.Context) error {
		defer close(r.done)
		defer cancel()
		r.value, r.err = n.Call(ctx, peer, module, function, args...)
		return nil
	})
	if !ok {
		cancel()
		r.err = fmt.Errorf("call %s: %w", r.what, ErrLeaving)
		close(r.done)
	}
	return r
}

// Done is closed when the response is there, for use in a select.
func (r *Request) Done() <-chan struct{} { return r.done }

// Response waits for the response, as erpc:wait_response: when ctx ends first it
// fails with ctx's error, and the call goes on. The other errors are those of Call.
func (r *Request) Response(ctx context.Context) (etf.Term, error) {
	select {
	case <-r.done:
		return r.value, r.err
	default:
	}
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for %s: %w", r.what, context.Cause(ctx))
	}
}

// Abandon gives the call up: the peer is told so, and a response that is not there
// yet is dropped. Response then fails with context.Canceled.
func (r *Request) Abandon() { r.cancel() }
