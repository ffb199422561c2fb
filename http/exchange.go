package httpapi

import (
	"context"
	"net/http"
	"time"
)

// exchange is what we keep of a request while it is answered, in one piece:
// most requests are answered in a few microseconds, of which each allocation is
// a part.
//
// It is the request's context, too, and takes it off its connection: a client
// that closes its side after the request, as scripts around nc do, still wants
// the answer, and a creation is not left half done. What a request waits for
// has deadlines of its own.
type exchange struct {
	context.Context //nolint:containedctx // for the values of the one that the server made
	params          params
	writer          countingWriter
	common          [6]string // values of the common headers
}

// Done implements context.Context: never.
func (*exchange) Done() <-chan struct{} { return nil }

// Err implements context.Context.
func (*exchange) Err() error { return nil }

// Deadline implements context.Context: none.
func (*exchange) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Value implements context.Context.
func (x *exchange) Value(key any) any {
	if _, ours := key.(exchangeKey); ours {
		return x
	}
	return x.Context.Value(key)
}

type exchangeKey struct{}

// paramsOf are the parameters of a request that has passed entry.
func paramsOf(r *http.Request) params {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		return x.params
	}
	return params{}
}
