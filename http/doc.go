// Package httpapi is Fjord's HTTP side: REST, health and metrics.
//
// It knows rooms through [room.Service] and nothing of Erlang: whether one node
// or a whole cluster answers is decided where the server is wired.
//
// A request passes, in the order of the original server, through: request id,
// body parsing, method override, HEAD, CORS, routing, the Accept check, the
// bearer check, and at last its handler. That order decides which error a
// request with several faults gets, so it is part of the compatibility promise:
// malformed JSON is 400 even without a token, an unknown path is 404 without a
// token, and a bad Accept header is 406 before 401.
package httpapi
