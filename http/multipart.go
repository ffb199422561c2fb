package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
)

// parseMultipart reads the plain fields of a form; uploaded files are ignored,
// as no route takes one.
func parseMultipart(body []byte, boundary string) (map[string]any, error) {
	if boundary == "" {
		return nil, errBodyMalformed
	}
	p := map[string]any{}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return nil, errBodyMalformed
		}
		if part.FileName() != "" || part.FormName() == "" {
			continue
		}
		value, err := io.ReadAll(part) // bounded by the body's own limit
		if err != nil {
			return nil, errBodyMalformed
		}
		p[part.FormName()] = string(value)
	}
}
