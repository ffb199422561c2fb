package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/room"
)

// WebhookOptions configure the webhooks of this node's rooms.
type WebhookOptions struct {
	// URL is the webhook of a room that begins; empty: it has none. It is
	// asked in the room's goroutine.
	URL    func(room.ID) string
	Allow  AddressRule  // where webhooks may be sent
	Logger *slog.Logger // nil: nowhere
	// Timeout bounds one attempt. Zero: 10 s.
	Timeout time.Duration
	// Backoff is the pause after the first failed attempt; it doubles with
	// each further one. Zero: 1 s.
	Backoff time.Duration
}

// Webhooks send server notifications to the URLs that rooms were created
// with. Each URL has a queue and, while there is something to send, a
// goroutine of its own: a dead receiver delays nobody else. What goes to one
// URL keeps its order.
type Webhooks struct {
	WebhookOptions
	client *http.Client
	group  *run.Group
	counts WebhookCounts

	mu     sync.Mutex
	rooms  map[room.ID]string
	queues map[string]*webhookQueue
}

// WebhookCounts are counters since the start.
type WebhookCounts struct{ Delivered, Failed, Dropped, Retried atomic.Int64 }

// NewWebhooks makes them. Close ends what they started.
func NewWebhooks(ctx context.Context, opts WebhookOptions) *Webhooks {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Backoff == 0 {
		opts.Backoff = time.Second
	}
	if opts.Timeout == 0 {
		opts.Timeout = webhookTimeout
	}
	return &Webhooks{
		WebhookOptions: opts, client: webhookClient(opts.Allow),
		group: run.NewGroup(context.WithoutCancel(ctx), "webhooks", opts.Logger),
		rooms: map[room.ID]string{}, queues: map[string]*webhookQueue{},
	}
}

// Counts are the counters.
func (w *Webhooks) Counts() *WebhookCounts { return &w.counts }

// Notify queues an event of a room of this node, if the room has a webhook. It
// does not block.
func (w *Webhooks) Notify(e room.Event) {
	if url := w.urlOf(e); url != "" {
		w.Deliver(url, e)
	}
}

// urlOf keeps the URLs of the rooms that live.
func (w *Webhooks) urlOf(e room.Event) string {
	id := e.Room()
	_, begins := e.(room.RoomCreated)
	fresh := ""
	if begins {
		fresh = w.URL(id)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if fresh != "" {
		w.rooms[id] = fresh
	}
	url := w.rooms[id]
	switch e.(type) {
	case room.RoomDeleted, room.RoomCrashed:
		delete(w.rooms, id)
	}
	return url
}

// Deliver queues an event for a URL.
func (w *Webhooks) Deliver(url string, e room.Event) {
	body, ok := encodeEvent(e)
	if !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	q, busy := w.queues[url]
	if !busy {
		q = &webhookQueue{hooks: w, url: url}
		if !w.group.Go("queue", q.run) {
			return // the node stops
		}
		w.queues[url] = q
	}
	if len(q.bodies) >= maxWebhooks {
		w.counts.Dropped.Add(1)
		return
	}
	q.bodies = append(q.bodies, queued{body, time.Now()})
}

// Waiting is how many deliveries wait, and how long the oldest has.
func (w *Webhooks) Waiting() (n int, oldest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range w.queues {
		if n += len(q.bodies); len(q.bodies) > 0 {
			oldest = max(oldest, time.Since(q.bodies[0].since))
		}
	}
	return n, oldest
}

// Close sends what waits as long as grace and ctx allow, and ends the rest.
func (w *Webhooks) Close(ctx context.Context, grace time.Duration) error {
	patient, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	_ = w.group.Wait(patient) // what is left is cut off
	err := w.group.StopAndWait(ctx)
	w.client.CloseIdleConnections()
	return err
}
