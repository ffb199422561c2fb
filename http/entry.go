package httpapi

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"
)

// entry is what every request passes before routing. It wraps the router and
// not the other way round because method override and trailing slashes change
// which route is taken.
func (a *api) entry(routes http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if serve := a.Sockets.handler(r.URL.Path); serve != nil {
			a.Traffic.sockets.Add(1)
			defer a.Traffic.sockets.Add(-1)
			serve(w, r)
			return
		}
		began := time.Now()
		x := &exchange{Context: r.Context(), writer: countingWriter{ResponseWriter: w, status: http.StatusOK}}
		a.Traffic.request(r)
		defer a.Traffic.answer(&x.writer, began)
		w = &x.writer
		defer a.recovered(w, r)
		if !utf8.ValidString(r.URL.Path) {
			writeDetail(w, http.StatusBadRequest)
			return
		}
		params, err := readParams(w, r)
		if err != nil {
			writeBodyError(w, err)
			return
		}
		if r.Method == http.MethodOptions {
			preflight(w, r)
			return
		}
		x.params = params
		x.common = commonValues(requestID(r))
		setCommonHeaders(w.Header(), x.common[:])
		r = r.WithContext(x)
		r.Method = effectiveMethod(r.Method, params)
		trimTrailingSlash(r.URL)
		routes.ServeHTTP(w, r)
	})
}

// recovered turns a handler's panic into a 500 that costs one request.
func (a *api) recovered(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	a.Logger.LogAttrs(r.Context(), slog.LevelError, "request handler panicked",
		slog.String("request_id", w.Header().Get("X-Request-Id")), slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	writeDetail(w, http.StatusInternalServerError)
}

// effectiveMethod applies a POST body's _method and answers HEAD as GET: the
// server leaves out the body of an answer to HEAD by itself.
func effectiveMethod(method string, p params) string {
	if method == http.MethodHead {
		return http.MethodGet
	}
	if method != http.MethodPost {
		return method
	}
	override, _ := p.body["_method"].(string)
	switch m := strings.ToUpper(override); m {
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		return m
	}
	return method
}

// trimTrailingSlash makes /room/, //room and /room one path; it is answered,
// not redirected.
func trimTrailingSlash(u *url.URL) {
	u.Path = trimSlashes(u.Path)
	if u.RawPath != "" {
		u.RawPath = trimSlashes(u.RawPath)
	}
}

func trimSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	trimmed := strings.TrimRight(path, "/")
	if trimmed == "" {
		return "/"
	}
	return trimmed
}
