package epmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

// maxStopName is the longest name that -stop takes, in bytes.
const maxStopName = 1000

// toolClient is a client without a time limit to speak of: a busy EPMD
// (-delay_write) may take long.
func (p *program) toolClient() *Client {
	const patience = 5 * time.Minute
	return &Client{Port: p.port, Timeout: patience}
}

// request sends r to the EPMD of this host and returns the whole answer; a
// negative status means that there is one.
func (p *program) request(r Request, enough int) (answer []byte, status int) {
	client := p.toolClient()
	ctx, cancel := client.limit(context.Background())
	defer cancel()
	conn, err := client.ask(ctx, hosts(netip.Addr{}), r)
	if err != nil {
		if !p.silent {
			fmt.Fprintln(p.stderr, "epmd: Cannot connect to local epmd")
		}
		return nil, 1
	}
	defer conn.Close()
	answer, err = readAnswer(conn, enough)
	if err != nil && len(answer) == 0 {
		fmt.Fprintln(p.stdout, "epmd: failed to read answer from local epmd")
		return nil, 1
	}
	return answer, -1
}

// readAnswer reads until the server closes or enough bytes are there (0: all).
func readAnswer(conn net.Conn, enough int) ([]byte, error) {
	if enough == 0 {
		return io.ReadAll(io.LimitReader(conn, maxNames))
	}
	b := make([]byte, enough)
	n, err := io.ReadFull(conn, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return b[:n], err
}

func (p *program) namesTool() int { return p.table(KindNames) }
func (p *program) dumpTool() int  { return p.table(KindDump) }

// table prints the answer to NAMES or DUMP.
func (p *program) table(kind Kind) int {
	answer, status := p.request(Request{Kind: kind}, 0)
	if status >= 0 {
		return status
	}
	if len(answer) < 4 {
		p.say("epmd: no response from local epmd\n")
		return 1
	}
	port := uint32(answer[0])<<24 | uint32(answer[1])<<16 | uint32(answer[2])<<8 | uint32(answer[3])
	// One write: who reads a pipe may take the first piece for the whole.
	p.say("epmd: up and running on port %d with data:\n%s", port, answer[4:])
	return 0
}

func (p *program) say(format string, args ...any) {
	if !p.silent {
		fmt.Fprintf(p.stdout, format, args...)
	}
}

func (p *program) killTool() int {
	answer, status := p.request(Request{Kind: KindKill}, len(replyKilled))
	switch {
	case status >= 0:
		return status
	case string(answer) == replyKilled:
		p.say("Killed\n")
		return 0
	case len(answer) == len(replyKilled):
		p.say("Killing not allowed - living nodes in database.\n")
	default:
		p.say("epmd: local epmd responded with <%s>\n", answer)
	}
	return 1
}

func (p *program) stopTool() int {
	if len(p.stopped) > maxStopName {
		p.say("epmd: Name too long!")
		return 1
	}
	answer, status := p.request(Request{Kind: KindStop, Name: p.stopped}, len(replyStopped))
	switch {
	case status >= 0:
		return status
	case len(answer) == len(replyStopped):
		p.say("%s\n", answer)
		return 0
	}
	p.say("epmd: local epmd responded with <%s>\n", answer)
	return 1
}
