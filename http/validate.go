package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/fjord-media/fjord/room"
)

// validRoomID wants letters, digits, hyphens and underscores only: the
// original's check lets a trailing newline through.
func validRoomID(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return id != ""
}

// webhookPattern wants a scheme and "//"; the original also wants a path.
var webhookPattern = regexp.MustCompile(`\A[a-zA-Z][a-zA-Z0-9+.-]*://.`)

// roomFields are the checks of POST /room in the original's order.
var roomFields = []struct {
	name  string
	parse func(cfg *room.Config, v any) error
}{
	{"roomId", parseRoomID},
	{"maxPeers", parseMaxPeers},
	{"videoCodec", parseVideoCodec},
	{"webhookUrl", parseWebhookURL},
	{"peerlessPurgeTimeout", timeout("peerlessPurgeTimeout", func(c *room.Config) **int { return &c.PeerlessPurgeTimeout })},
	{"peerDisconnectedTimeout", timeout("peerDisconnectedTimeout", func(c *room.Config) **int { return &c.PeerDisconnectedTimeout })},
}

// roomConfig checks the body of POST /room; serverID leaves its roomId unread.
// The error's text is the answer's.
func roomConfig(p params, serverID bool) (room.Config, error) {
	var cfg room.Config
	for _, f := range roomFields {
		if serverID && f.name == "roomId" {
			continue
		}
		v, ok := p.get(f.name)
		if !ok || v == nil {
			continue
		}
		if err := f.parse(&cfg, v); err != nil {
			return room.Config{}, err
		}
	}
	return cfg, nil
}

func parseRoomID(cfg *room.Config, v any) error {
	id, ok := v.(string)
	if !ok || !validRoomID(id) {
		return errors.New(`Cannot add room with id "` + inspect(v) + // the original's text
			`" - roomId may contain only alphanumeric characters, hyphens and underscores`)
	}
	cfg.RoomID = room.ID(id)
	return nil
}

func parseMaxPeers(cfg *room.Config, v any) error {
	n, ok := integer(v)
	if !ok || n < 0 {
		return errors.New("Expected maxPeers to be a number, got: " + inspect(v)) // the original's text
	}
	cfg.MaxPeers = &n
	return nil
}

func parseVideoCodec(cfg *room.Config, v any) error {
	codec, ok := v.(string)
	if !ok || codec != "h264" && codec != "vp8" {
		return errors.New("Expected videoCodec to be 'h264' or 'vp8', got: " + inspect(v)) // the original's text
	}
	cfg.VideoCodec = &codec
	return nil
}

func parseWebhookURL(cfg *room.Config, v any) error {
	url, ok := v.(string)
	if !ok || !webhookPattern.MatchString(url) {
		return errors.New("Expected webhookUrl to be valid URL, got: " + inspect(v)) // the original's text
	}
	cfg.WebhookURL = &url
	return nil
}

func timeout(name string, field func(*room.Config) **int) func(*room.Config, any) error {
	return func(cfg *room.Config, v any) error {
		n, ok := integer(v)
		if !ok || n <= 0 {
			return fmt.Errorf("Expected %s to be a positive integer, got: %s", name, inspect(v)) // the original's text
		}
		*field(cfg) = &n
		return nil
	}
}

// integer takes JSON numbers written as integers only: 2.0 is none.
func integer(v any) (int, bool) {
	number, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(string(number))
	return n, err == nil
}
