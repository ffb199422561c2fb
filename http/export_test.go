package httpapi

import (
	"context"
	"regexp"
)

// RoutesForTest lists the routes of an API as "METHOD /path/{param}".
func RoutesForTest(opts Options) []string {
	a := newAPI(opts)
	var list []string
	for _, r := range a.routes().Routes() {
		list = append(list, r.Method+" "+regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}"))
	}
	return list
}

// SocketsForTest has n subscribers whose outboxes stay empty.
func SocketsForTest(n int) *Sockets {
	s := NewSockets(context.Background(), SocketOptions{})
	for range n {
		s.hub.notifications.add(&outbox{wake: make(chan struct{}, 1), end: &closing{}})
	}
	return s
}
