package pubsub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/feed"
)

// Message is a broadcast as a subscriber gets it. Subscribers share Term and
// must not change it.
type Message struct {
	Topic      string
	Term       etf.Term
	Dispatcher etf.Atom // the module that the sender named
	Node       string   // where it comes from; "" when unknown
}

// Subscription is one subscriber of one topic.
type Subscription struct {
	pubsub *PubSub
	topic  string
	feed   *feed.Feed[Message]
	onEnd  func(error)

	once sync.Once
	done chan struct{}
	err  error // set before done is closed
}

// SubscribeOption changes one subscription.
type SubscribeOption func(*Subscription, *int)

// Queue sets how many messages may wait, instead of Options.Queue.
func Queue(n int) SubscribeOption { return func(_ *Subscription, queue *int) { *queue = max(n, 1) } }

// OnEnd sets a function that is called once when the subscription was cut off
// (ErrSlow: after the last message that waited) or its function panicked, on the
// same goroutine as the messages; not for Cancel and Stop.
func OnEnd(fn func(err error)) SubscribeOption {
	return func(s *Subscription, _ *int) { s.onEnd = fn }
}

// Subscribe calls fn for each message on a topic from now on, in order, on a
// goroutine of its own; see "Limits" for what happens when fn is slow. Two
// subscriptions get each message each. Errors: ErrStopped.
func (p *PubSub) Subscribe(topic string, fn func(Message), opts ...SubscribeOption) (*Subscription, error) {
	s := &Subscription{pubsub: p, topic: topic, done: make(chan struct{})}
	queue := p.opts.Queue
	for _, option := range opts {
		option(s, &queue)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil, fmt.Errorf("subscribe to %q: %w", topic, ErrStopped)
	}
	s.feed = feed.Start(p.run, feed.Options[Message]{
		Name: "subscriber of " + topic, Items: queue, Full: ErrSlow,
		Handle: func(_ context.Context, m Message) { fn(m) },
		End:    s.ended,
	})
	p.topics[topic] = append(slices.Clone(p.topics[topic]), s)
	return s, nil
}

// Cancel ends the subscription: fn is not called any more, unless it runs now.
func (s *Subscription) Cancel() {
	s.pubsub.remove(s)
	s.feed.Abort()
	s.end(nil)
}

// Done is closed when the subscription has ended, however.
func (s *Subscription) Done() <-chan struct{} { return s.done }

// Err is why the subscription ended: ErrSlow, ErrPanicked, ErrStopped; nil before
// that and after Cancel.
func (s *Subscription) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Topic is what it subscribed to.
func (s *Subscription) Topic() string { return s.topic }

// end notes the end; the first reason counts.
func (s *Subscription) end(err error) {
	s.once.Do(func() {
		s.err = err
		close(s.done)
	})
}

// ended is called by the feed when it was cut off or its function panicked.
func (s *Subscription) ended(err error) {
	if errors.Is(err, feed.ErrPanicked) {
		s.pubsub.log.Error("a subscriber panicked", "topic", s.topic, "error", err)
		err = ErrPanicked
	}
	s.pubsub.remove(s)
	s.end(err)
	if s.onEnd != nil {
		s.onEnd(err)
	}
}

// remove takes a subscription out of its topic, if it is in it.
func (p *PubSub) remove(s *Subscription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	subs := p.topics[s.topic]
	i := slices.Index(subs, s)
	switch {
	case i < 0:
	case len(subs) == 1:
		delete(p.topics, s.topic)
	default:
		p.topics[s.topic] = slices.Delete(slices.Clone(subs), i, i+1)
	}
}

// dispatch queues a message for the local subscribers of its topic, but for one.
func (p *PubSub) dispatch(m Message, except *Subscription) {
	p.mu.RLock()
	subs := p.topics[m.Topic]
	p.mu.RUnlock()
	for _, s := range subs {
		if s == except {
			continue
		}
		if errors.Is(s.feed.Push(m, 0), feed.ErrFull) {
			p.cutOff(s)
		}
	}
}

// cutOff notes that a subscriber, whose feed has just ended, did not keep up.
func (p *PubSub) cutOff(s *Subscription) {
	p.remove(s)
	p.mu.Lock()
	p.cut++
	p.mu.Unlock()
	p.log.Warn("a subscriber does not keep up and is cut off", "topic", s.topic, "waiting", s.feed.Len())
}
