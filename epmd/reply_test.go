package epmd

import (
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestAliveReply(t *testing.T) {
	t.Parallel()
	tests := []struct {
		high     uint16
		result   byte
		creation uint32
		wire     string
	}{
		{6, 0, 0x01020304, "v\x00\x01\x02\x03\x04"},
		{7, 0, 4, "v\x00\x00\x00\x00\x04"},
		{6, 1, 99, "v\x01\x00\x00\x00\x63"},
		{5, 0, 3, "y\x00\x00\x03"},
		{5, 1, 99, "y\x01\x00\x63"},
	}
	for _, tt := range tests {
		wire := appendAliveReply(nil, tt.high, tt.result, tt.creation)
		if string(wire) != tt.wire {
			t.Errorf("%+v: % x", tt, wire)
		}
		creation, err := decodeAliveReply(wire)
		switch {
		case tt.result == resultOK && (err != nil || creation != tt.creation):
			t.Errorf("%+v: decoded %d, %v", tt, creation, err)
		case tt.result != resultOK && !errors.Is(err, ErrNameTaken):
			t.Errorf("%+v: decoded %v", tt, err)
		}
		for n := range wire {
			if _, err := decodeAliveReply(wire[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%+v: %d bytes decoded: %v", tt, n, err)
			}
		}
	}
	if _, err := decodeAliveReply([]byte("HTTP/1.1")); !errors.Is(err, ErrProtocol) {
		t.Errorf("HTTP: %v", err)
	}
}

func TestPortReply(t *testing.T) {
	t.Parallel()
	if wire := appendPortReply(nil, nil); string(wire) != "w\x01" {
		t.Errorf("not registered: % x", wire)
	}
	entry := &Entry{Name: "a", Port: 0x1267, Type: TypeHidden, High: 6, Low: 5}
	if wire := appendPortReply(nil, entry); string(wire) != "w\x00\x12\x67H\x00\x00\x06\x00\x05\x00\x01a\x00\x00" {
		t.Errorf("% x", wire)
	}
	if _, err := decodePortReply([]byte("w\x01")); !errors.Is(err, ErrNotRegistered) {
		t.Errorf("not registered: %v", err)
	}
	if _, err := decodePortReply([]byte("q")); !errors.Is(err, ErrProtocol) {
		t.Errorf("other kind: %v", err)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := genEntry().Draw(t, "entry")
		wire := appendPortReply(nil, &want)
		for n := range wire {
			if _, err := decodePortReply(wire[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%d bytes decoded: %v", n, err)
			}
		}
		got, err := decodePortReply(wire)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestDecodeNames(t *testing.T) {
	t.Parallel()
	const port = "\x00\x00\x11\x11"
	tests := []struct {
		name, wire string
		want       []NameEntry
		err        error
	}{
		{"none", port, nil, nil},
		{"two", port + "name a at port 1\nname b at port 65535\n", []NameEntry{{"a", 1}, {"b", 65535}}, nil},
		{"blanks in a name", port + "name a at port b at port 7\n", []NameEntry{{"a at port b", 7}}, nil},
		{"no newline at the end", port + "name a at port 1", []NameEntry{{"a", 1}}, nil},
		{"other lines", port + "hello\nname a at port x\nname a at port 65536\nname b at port 2\n", []NameEntry{{"b", 2}}, nil},
		{"cut off", port[:3], nil, io.ErrUnexpectedEOF},
		{"empty", "", nil, io.ErrUnexpectedEOF},
		{"not EPMD", "HTTP/1.1 400 Bad Request", nil, ErrProtocol},
	}
	for _, tt := range tests {
		got, entries, err := decodeNames([]byte(tt.wire))
		if !errors.Is(err, tt.err) || (err == nil && got != 4369) {
			t.Errorf("%s: port %d, %v", tt.name, got, err)
		}
		if diff := cmp.Diff(tt.want, entries); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestTextLines(t *testing.T) {
	t.Parallel()
	e := NameEntry{Name: "f1", Port: 9000}
	if got := string(appendNameLine(nil, e)); got != "name f1 at port 9000\n" {
		t.Errorf("%q", got)
	}
	if got := string(appendActiveLine(nil, e, 5)); got != "active name     <f1> at port 9000, fd = 5\n\x00" {
		t.Errorf("%q", got)
	}
	if got := string(appendOldLine(nil, e, 5)); got != "old/unused name <f1>, port = 9000, fd = 5 \n\x00" {
		t.Errorf("%q", got)
	}
}
