package signal

import (
	"bytes"
	"encoding/json"
	"fmt"
)

type outgoing struct {
	Type string `json:"type"`
	Data any    `json:"data,omitempty"`
}

// Encode writes a media event. It fails only for metadata that JSON cannot
// express.
func Encode(m Message) ([]byte, error) {
	name, wrapped := m.name()
	out := outgoing{Type: name, Data: m}
	if wrapped {
		out = outgoing{Type: custom, Data: out}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("media event %s: %w", name, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}
