package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// upgradeFault says why a request is no websocket handshake (RFC 6455 §4.2.1),
// in the words of the original, which are those of Phoenix's adapter
// (WebSockAdapter.UpgradeValidation 0.5.6); empty: it is one.
func upgradeFault(r *http.Request) string {
	switch {
	case r.ProtoMajor == 2:
		return "HTTP method " + r.Method + " unsupported" // it wants RFC 8441's CONNECT there
	case r.ProtoMajor != 1 || r.ProtoMinor != 1:
		return "HTTP version " + r.Proto + " unsupported"
	}
	for _, header := range []struct{ name, word string }{{"connection", "upgrade"}, {"upgrade", "websocket"}} {
		values := r.Header.Values(header.name)
		if !containsWord(values, header.word) {
			return fmt.Sprintf("'%s' header must contain '%s', got %s", header.name, header.word, inspectList(values))
		}
	}
	if r.Header.Get("Sec-Websocket-Key") == "" {
		return "'sec-websocket-key' header is absent"
	}
	if values := r.Header.Values("Sec-Websocket-Version"); len(values) != 1 || values[0] != "13" {
		return "'sec-websocket-version' header must equal '13', got " + inspectList(values)
	}
	return ""
}

func containsWord(values []string, word string) bool {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(part), word) {
				return true
			}
		}
	}
	return false
}

// inspectList prints strings as Elixir does.
func inspectList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = inspectText(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// inspectText quotes text; what is none is printed as bytes.
func inspectText(s string) string {
	if utf8.ValidString(s) {
		return strings.ReplaceAll(strconv.Quote(s), "#{", `\#{`)
	}
	numbers := make([]string, len(s))
	for i := range len(s) {
		numbers[i] = strconv.Itoa(int(s[i]))
	}
	return "<<" + strings.Join(numbers, ", ") + ">>"
}

// upgrade makes a websocket of a request, or answers why not.
func upgrade(w http.ResponseWriter, r *http.Request, allowed func(*http.Request) bool) (*websocket.Conn, *socketConn, bool) {
	w.Header().Set("Server", "Fjord")
	w.Header().Set("Cache-Control", "max-age=0, private, must-revalidate")
	refuse := func(status int, body string) (*websocket.Conn, *socketConn, bool) {
		w.Header()["Content-Type"] = nil // none, and none guessed
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // the client may be gone
		return nil, nil, false
	}
	if r.Method != http.MethodGet {
		return refuse(http.StatusBadRequest, "")
	}
	if !allowed(r) {
		return refuse(http.StatusForbidden, "")
	}
	if fault := upgradeFault(r); fault != "" {
		return refuse(http.StatusBadRequest, fault)
	}
	h := &hijacker{ResponseWriter: w}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // the origin was checked above
	if err != nil {
		return nil, nil, false
	}
	return ws, h.conn, true
}
