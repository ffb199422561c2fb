package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxBody is the largest request body, in bytes.
const maxBody = 8_000_000

// smallBody is up to where a body's announced length is believed: so much is
// allocated before it has come.
const smallBody = 4096

// Body faults, each with an answer of its own.
var (
	errBodyTooLarge  = errors.New("request body too large")
	errBodyMalformed = errors.New("request body malformed")
)

// params are the parameters of a request: JSON values of the body, strings of
// query and forms.
type params struct {
	query map[string]any
	body  map[string]any
}

// get looks a parameter up; the body wins over the query.
func (p params) get(name string) (any, bool) {
	if v, ok := p.body[name]; ok {
		return v, true
	}
	v, ok := p.query[name]
	return v, ok
}

// readParams parses query and body. Bodies are read on methods that carry one
// only; unknown content types and JSON that is no object count as no body.
func readParams(w http.ResponseWriter, r *http.Request) (params, error) {
	p := params{}
	if r.URL.RawQuery != "" {
		p.query = formParams(r.URL.Query())
	}
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return p, nil
	}
	body, err := readBody(w, r)
	if err != nil || len(body) == 0 {
		return p, err
	}
	p.body, err = parseBody(r.Header.Get("Content-Type"), body)
	return p, err
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return nil, nil
	}
	if n := r.ContentLength; n > 0 && n <= smallBody {
		body := make([]byte, n)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, errBodyMalformed
		}
		return body, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, errBodyTooLarge
	}
	if err != nil {
		return nil, errBodyMalformed
	}
	return body, nil
}

func parseBody(contentType string, body []byte) (map[string]any, error) {
	if contentType == "application/json" { // what nearly all clients send
		return parseJSON(body)
	}
	media, attributes, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, nil
	}
	switch {
	case media == "application/json" || strings.HasSuffix(media, "+json"):
		return parseJSON(body)
	case media == "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, errBodyMalformed
		}
		return formParams(values), nil
	case media == "multipart/form-data":
		return parseMultipart(body, attributes["boundary"])
	}
	return nil, nil
}

// parseJSON keeps numbers as written, so that errors can echo them.
func parseJSON(body []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errBodyMalformed
	}
	if rest := body[d.InputOffset():]; len(bytes.TrimLeft(rest, " \t\r\n")) > 0 {
		return nil, errBodyMalformed
	}
	object, _ := v.(map[string]any)
	return object, nil
}

func formParams(values url.Values) map[string]any {
	p := make(map[string]any, len(values))
	for name, v := range values {
		p[name] = v[len(v)-1]
	}
	return p
}
