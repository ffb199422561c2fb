package logx

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.uber.org/zap/zapcore"
)

// timestamp is ISO 8601 with milliseconds, in UTC.
const timestamp = "2006-01-02T15:04:05.000Z"

// jsonLine is a structured line; the order of the fields is the original's.
type jsonLine struct {
	Time     string         `json:"time"`
	Severity string         `json:"severity"`
	Message  string         `json:"message"`
	Metadata map[string]any `json:"metadata"`
}

func renderJSON(entry zapcore.Entry, metadata []pair) []byte {
	line := jsonLine{
		Time:     entry.Time.UTC().Format(timestamp),
		Severity: severity(entry.Level),
		Message:  entry.Message,
		Metadata: make(map[string]any, len(metadata)+1),
	}
	if entry.LoggerName != "" {
		line.Metadata["logger"] = entry.LoggerName
	}
	for _, p := range metadata {
		line.Metadata[p.key] = p.value
	}
	b, err := encode(line)
	if err == nil {
		return b
	}
	for key, value := range line.Metadata { // a NaN, most likely
		line.Metadata[key] = fmt.Sprint(value)
	}
	b, _ = encode(line) // all strings now
	return b
}

// encode writes a line with its newline and without escaping < and >.
func encode(line jsonLine) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(line)
	return b.Bytes(), err
}
