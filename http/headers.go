package httpapi

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
)

// Lengths of an incoming x-request-id that is kept, in bytes.
const (
	minRequestID = 20
	maxRequestID = 200
)

// setCommonHeaders sets what every routed answer carries. All values share one
// array: these are most of a small answer's allocations.
func setCommonHeaders(h http.Header, requestID string) {
	values := [...]string{"*", "true", "", "max-age=0, private, must-revalidate", requestID, "Fjord"}
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
	var b [15]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return base64.URLEncoding.EncodeToString(b[:])
}

// preflight answers OPTIONS of any path. Only a real CORS preflight names a
// method; anything else is an unknown route.
func preflight(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Access-Control-Request-Method") == "" {
		writeDetail(w, http.StatusNotFound)
		return
	}
	h := w.Header()
	setCommonHeaders(h, requestID(r))
	h.Set("Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization,Content-Type,Accept,Origin,User-Agent,DNT,Cache-Control,"+
		"X-Mx-ReqToken,Keep-Alive,X-Requested-With,If-Modified-Since,X-CSRF-Token")
	h.Set("Access-Control-Max-Age", "1728000")
	w.WriteHeader(http.StatusNoContent)
}
