package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Limits of deliveries.
const (
	maxWebhooks      = 10000 // that wait for one URL
	webhookTries     = 5
	webhookTimeout   = 10 * time.Second // of one attempt, usually
	webhookRedirects = 5
	maxWebhookAnswer = 64 << 10 // bytes that are read, for the connection's sake
)

// queued is a body that waits.
type queued struct {
	body  []byte
	since time.Time
}

// webhookQueue delivers to one URL, one after the other.
type webhookQueue struct {
	hooks  *Webhooks
	url    string
	bodies []queued // guarded by hooks.mu; the first is being delivered
	failed bool     // the last one: no further ones are tried again and again
}

// run delivers until nothing waits.
func (q *webhookQueue) run(ctx context.Context) error {
	for {
		body, ok := q.next()
		if !ok {
			return nil
		}
		err := q.deliver(ctx, body)
		switch {
		case err == nil:
			q.hooks.counts.Delivered.Add(1)
		case ctx.Err() != nil:
			return nil
		default:
			q.hooks.counts.Failed.Add(1)
			q.hooks.Logger.Warn("Sending notification through webhook fails",
				slog.String("url", withoutSecrets(q.url)), slog.Any("error", err))
		}
		q.failed = err != nil
		q.done()
	}
}

// next is the first body that waits. When there is none the queue is taken
// out, so that the next body starts another.
func (q *webhookQueue) next() ([]byte, bool) {
	q.hooks.mu.Lock()
	defer q.hooks.mu.Unlock()
	if len(q.bodies) == 0 {
		delete(q.hooks.queues, q.url)
		return nil, false
	}
	return q.bodies[0].body, true
}

func (q *webhookQueue) done() {
	q.hooks.mu.Lock()
	defer q.hooks.mu.Unlock()
	q.bodies[0] = queued{}
	q.bodies = q.bodies[1:]
}

// errRefused is an answer that another attempt would not change.
var errRefused = errors.New("refused")

// deliver tries again after failures that may pass, unless the body before
// failed for good.
func (q *webhookQueue) deliver(ctx context.Context, body []byte) error {
	tries, wait := webhookTries, q.hooks.Backoff
	if q.failed {
		tries = 1
	}
	for {
		err := q.hooks.post(ctx, q.url, body)
		if tries--; err == nil || tries == 0 || errors.Is(err, errRefused) || ctx.Err() != nil {
			return err
		}
		q.hooks.counts.Retried.Add(1)
		pauseFor(ctx, wait)
		wait *= 2
	}
}

// post makes one attempt and follows redirects without changing the method.
func (w *Webhooks) post(ctx context.Context, target string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	for range webhookRedirects {
		next, err := w.postOnce(ctx, target, body)
		if err != nil || next == "" {
			return err
		}
		target = next
	}
	return fmt.Errorf("%w: too many redirects", errRefused)
}

func (w *Webhooks) postOnce(ctx context.Context, target string, body []byte) (redirect string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("%w: %w", errRefused, withoutURL(err))
	}
	if request.URL.Scheme != "http" && request.URL.Scheme != "https" {
		return "", fmt.Errorf("%w: cannot send to %s URLs", errRefused, request.URL.Scheme)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	answer, err := w.client.Do(request)
	if err != nil {
		if errors.Is(err, errForbidden) {
			return "", fmt.Errorf("%w: %w", errRefused, withoutURL(err))
		}
		return "", withoutURL(err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxWebhookAnswer) // for the connection's sake only
	switch code := answer.StatusCode; {
	case code < 300:
		return "", nil
	case code < 400 && answer.Header.Get("Location") != "":
		to, err := answer.Location()
		if err != nil {
			return "", fmt.Errorf("%w: %w", errRefused, withoutURL(err))
		}
		return to.String(), nil
	case code < 500 && code != http.StatusTooManyRequests:
		return "", fmt.Errorf("%w: status %d", errRefused, code)
	default:
		return "", fmt.Errorf("status %d", code)
	}
}

// withoutURL is an error of the client without the URL, which has secrets.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// withoutSecrets hides password and query of a URL for the log.
func withoutSecrets(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "?"
	}
	u.RawQuery = ""
	return u.Redacted()
}
