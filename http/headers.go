package httpapi

import (
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"net/http"
)

// Lengths of an incoming x-request-id that is kept, in bytes.
const (
	minRequestID = 20
	maxRequestID = 200
)

// commonValues are those of the headers that every routed answer carries.
func commonValues(requestID string) [6]string {
	return [...]string{"*", "true", "", "max-age=0, private, must-revalidate", requestID, "Fjord"}
}

// setCommonHeaders sets them. They share the array of values: these are most
// of a small answer's allocations.
func setCommonHeaders(h http.Header, values []string) {
	for i, name := range [...]string{
		"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers", "Cache-Control", "X-Request-Id", "Server",
	} {
		h[name] = values[i : i+1 : i+1]
	}
}

// requestID keeps a client's id of sensible length and makes one otherwise.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); len(id) >= minRequestID && len(id) <= maxRequestID {
		return id
	}
	var b [16]byte // of which 15 are the id; nobody has to guess it in vain, it only tells requests apart
	binary.NativeEndian.PutUint64(b[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(b[8:], rand.Uint64())
	return base64.URLEncoding.EncodeToString(b[:15])
}

// preflight answers OPTIONS of any path. Only a real CORS preflight names a
// method; anything else is an unknown route.
func preflight(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Access-Control-Request-Method") == "" {
		writeDetail(w, http.StatusNotFound)
		return
	}
	h := w.Header()
	values := commonValues(requestID(r))
	setCommonHeaders(h, values[:])
	h.Set("Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization,Content-Type,Accept,Origin,User-Agent,DNT,Cache-Control,"+
		"X-Mx-ReqToken,Keep-Alive,X-Requested-With,If-Modified-Since,X-CSRF-Token")
	h.Set("Access-Control-Max-Age", "1728000")
	w.WriteHeader(http.StatusNoContent)
}
