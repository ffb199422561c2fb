package epmd

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
)

// appendAliveReply appends the answer to a registration by a node whose
// highest version is high: with a creation of 32 bits from version 6 on, of 16
// bits before.
func appendAliveReply(b []byte, high uint16, result byte, creation uint32) []byte {
	if high >= largeCreation {
		b = append(b, replyAliveLarge, result)
		return binary.BigEndian.AppendUint32(b, creation)
	}
	b = append(b, replyAlive, result)
	return binary.BigEndian.AppendUint16(b, uint16(creation))
}

// decodeAliveReply decodes the answer to a registration. A part of an answer
// gives io.ErrUnexpectedEOF, a refusal ErrNameTaken.
func decodeAliveReply(b []byte) (creation uint32, err error) {
	if len(b) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	size := 4
	switch b[0] {
	case replyAliveLarge:
		size = 6
	case replyAlive:
	default:
		return 0, fmt.Errorf("%w: registration answered by %d", ErrProtocol, b[0])
	}
	switch {
	case len(b) < size:
		return 0, io.ErrUnexpectedEOF
	case b[1] != resultOK:
		return 0, ErrNameTaken
	case size == 6:
		return binary.BigEndian.Uint32(b[2:]), nil
	}
	return uint32(binary.BigEndian.Uint16(b[2:])), nil
}

// appendPortReply appends the answer to a look-up; nil means not registered.
func appendPortReply(b []byte, e *Entry) []byte {
	if e == nil {
		return append(b, replyPort, resultRefused)
	}
	return appendEntry(append(b, replyPort, resultOK), *e)
}

// decodePortReply decodes the answer to a look-up. A part of an answer gives
// io.ErrUnexpectedEOF.
func decodePortReply(b []byte) (Entry, error) {
	if len(b) > 0 && b[0] != replyPort {
		return Entry{}, fmt.Errorf("%w: look-up answered by %d", ErrProtocol, b[0])
	}
	if len(b) < 2 {
		return Entry{}, io.ErrUnexpectedEOF
	}
	if b[1] != resultOK {
		return Entry{}, ErrNotRegistered
	}
	entry, err := decodeEntry(b[2:])
	if err != nil {
		return Entry{}, io.ErrUnexpectedEOF
	}
	return entry, nil
}

// appendNameLine appends one line of a NAMES answer.
func appendNameLine(b []byte, e NameEntry) []byte {
	b = append(b, "name "...)
	b = append(b, e.Name...)
	b = append(b, " at port "...)
	b = strconv.AppendUint(b, uint64(e.Port), 10)
	return append(b, '\n')
}

// decodeNames decodes a whole NAMES answer: the server's own port and one
// entry per line. Lines of another form are left out, as BEAM nodes do.
func decodeNames(b []byte) (uint16, []NameEntry, error) {
	if len(b) < 4 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	port := binary.BigEndian.Uint32(b)
	if port > 0xffff {
		return 0, nil, fmt.Errorf("%w: names of port %d", ErrProtocol, port)
	}
	var entries []NameEntry
	for line := range bytes.Lines(b[4:]) {
		if e, ok := decodeNameLine(line); ok {
			entries = append(entries, e)
		}
	}
	return uint16(port), entries, nil
}

func decodeNameLine(line []byte) (NameEntry, bool) {
	rest, ok := bytes.CutPrefix(bytes.TrimSuffix(line, []byte{'\n'}), []byte("name "))
	at := bytes.LastIndex(rest, []byte(" at port "))
	if !ok || at < 0 {
		return NameEntry{}, false
	}
	port, err := strconv.ParseUint(string(rest[at+len(" at port "):]), 10, 16)
	if err != nil {
		return NameEntry{}, false
	}
	return NameEntry{Name: string(rest[:at]), Port: uint16(port)}, true
}

// appendActiveLine appends one line of a DUMP answer for a registered name.
// Each line of a DUMP answer ends with a newline and a NUL.
func appendActiveLine(b []byte, e NameEntry, fd int) []byte {
	return fmt.Appendf(b, "active name     <%s> at port %d, fd = %d\n\x00", e.Name, e.Port, fd)
}

// appendOldLine appends one line of a DUMP answer for a remembered name.
func appendOldLine(b []byte, e NameEntry, fd int) []byte {
	return fmt.Appendf(b, "old/unused name <%s>, port = %d, fd = %d \n\x00", e.Name, e.Port, fd)
}
