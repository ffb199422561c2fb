package main

import (
	"encoding/json"
	"errors"
	"fmt"
)

// frame is one message of the Phoenix channel protocol. References are whatever
// the page chose: a string, a number or null.
type frame struct {
	JoinRef json.RawMessage `json:"join_ref,omitempty"`
	Ref     json.RawMessage `json:"ref"`
	Topic   string          `json:"topic"`
	Event   string          `json:"event"`
	Payload json.RawMessage `json:"payload"`
}

// codec is one version of the protocol.
type codec struct {
	decode func(text []byte) (frame, error)
	encode func(f frame) ([]byte, error)
}

// errFrame: a text that is no frame.
var errFrame = errors.New("not a frame of the Phoenix channel protocol")

// codecs lists the versions by the parameter vsn of the socket's address; a page
// that names none speaks 1.0.0.
func codecs() map[string]codec {
	v1, v2 := codec{decodeObject, encodeObject}, codec{decodeArray, encodeArray}
	return map[string]codec{"": v1, "1.0.0": v1, "2.0.0": v2}
}

// decodeObject reads {"topic": …, "event": …, "payload": …, "ref": …}.
func decodeObject(text []byte) (frame, error) {
	var f frame
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("%w: %w", errFrame, err)
	}
	return f, f.check()
}

// encodeObject writes version 1, which has no join_ref.
func encodeObject(f frame) ([]byte, error) {
	f = f.filled()
	f.JoinRef = nil
	return json.Marshal(f)
}

// decodeArray reads [join_ref, ref, topic, event, payload].
func decodeArray(text []byte) (frame, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return frame{}, fmt.Errorf("%w: %w", errFrame, err)
	}
	if len(parts) != 5 {
		return frame{}, fmt.Errorf("%w: %d elements, not 5", errFrame, len(parts))
	}
	f := frame{JoinRef: parts[0], Ref: parts[1], Payload: parts[4]}
	if err := errors.Join(json.Unmarshal(parts[2], &f.Topic), json.Unmarshal(parts[3], &f.Event)); err != nil {
		return f, fmt.Errorf("%w: %w", errFrame, err)
	}
	return f, f.check()
}

func encodeArray(f frame) ([]byte, error) {
	f = f.filled()
	return json.Marshal([]any{f.JoinRef, f.Ref, f.Topic, f.Event, f.Payload})
}

// check refuses a frame that names neither topic nor event, and references that
// are no scalars.
func (f frame) check() error {
	if f.Topic == "" || f.Event == "" {
		return fmt.Errorf("%w: topic or event is missing", errFrame)
	}
	for _, ref := range []json.RawMessage{f.JoinRef, f.Ref} {
		if len(ref) > 0 && (ref[0] == '{' || ref[0] == '[') {
			return fmt.Errorf("%w: a reference is no scalar", errFrame)
		}
	}
	return nil
}

// filled puts null and {} where nothing is.
func (f frame) filled() frame {
	for _, raw := range []*json.RawMessage{&f.JoinRef, &f.Ref} {
		if len(*raw) == 0 {
			*raw = json.RawMessage("null")
		}
	}
	if len(f.Payload) == 0 {
		f.Payload = json.RawMessage("{}")
	}
	return f
}

// reply is the phx_reply to a frame.
func (f frame) reply(status string, response json.RawMessage) frame {
	payload := fmt.Sprintf(`{"status":%q,"response":%s}`, status, response)
	return frame{JoinRef: f.JoinRef, Ref: f.Ref, Topic: f.Topic, Event: "phx_reply", Payload: json.RawMessage(payload)}
}
