package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

//go:embed page.html
var page []byte

// web serves the page, its socket, and /nodes, which tells where one is.
type web struct {
	*http.ServeMux
	cluster *cluster
	log     *slog.Logger
	ctx     context.Context // ends the sockets
	cancel  context.CancelCauseFunc
	sockets sync.WaitGroup
}

func newWeb(c *cluster, log *slog.Logger) *web {
	w := &web{ServeMux: http.NewServeMux(), cluster: c, log: log}
	w.ctx, w.cancel = context.WithCancelCause(context.Background())
	w.HandleFunc("GET /{$}", w.page)
	w.HandleFunc("GET /nodes", w.nodes)
	w.HandleFunc("GET /socket/websocket", w.socket)
	return w
}

// shutdown stops the server and closes all sockets. ctx bounds it.
func (w *web) shutdown(ctx context.Context, server *http.Server) error {
	w.cancel(errLeave)
	err := server.Shutdown(ctx)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		w.sockets.Wait()
	}()
	select {
	case <-closed:
		return err
	case <-ctx.Done():
		return errors.Join(err, context.Cause(ctx))
	}
}

func (w *web) page(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = rw.Write(page) // fails when the browser has gone
}

// nodes tells this node's name and the nodes it is linked with.
func (w *web) nodes(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(map[string]any{"node": w.cluster.node.Name(), "nodes": w.cluster.node.Nodes()}) // likewise
}

// socket serves a page's connection. An unknown version of the protocol and
// pages of other origins are refused.
func (w *web) socket(rw http.ResponseWriter, r *http.Request) {
	codec, ok := codecs()[r.URL.Query().Get("vsn")]
	if !ok {
		http.Error(rw, "unknown vsn", http.StatusForbidden)
		return
	}
	w.sockets.Add(1) // before the server gives the connection away
	defer w.sockets.Done()
	conn, err := websocket.Accept(rw, r, nil)
	if err != nil {
		return // Accept has answered
	}
	s := &socket{
		conn: conn, codec: codec, pubsub: w.cluster.pubsub, log: w.log,
		out: make(chan frame, outgoing), rooms: map[string]*room{},
	}
	s.serve(w.ctx)
}
