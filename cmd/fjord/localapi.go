package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/fjord-media/fjord/config"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// askServer makes a request to the server of this machine. A status other than
// want is an error that shows the answer.
func askServer(ctx context.Context, cfg config.Config, method, path string, body []byte, want int) ([]byte, error) {
	transport := &http.Transport{DisableKeepAlives: true} // no proxy: it is ourselves
	if cfg.TLS() {
		pinned, err := pinnedTLS(cfg.SSLCertPath)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = pinned
	}
	request, err := http.NewRequestWithContext(ctx, method, serverURL(cfg)+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+string(cfg.ServerAPIToken))
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != want {
		return nil, fmt.Errorf("status %s: %s", response.Status, answer)
	}
	return answer, nil
}
