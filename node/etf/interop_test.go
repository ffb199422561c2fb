//go:build interop

package etf

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// interopChecks is how many random terms each direction gets.
const interopChecks = 3000

// erlang is a running testdata/echo.escript.
type erlang struct {
	mu  sync.Mutex
	in  io.WriteCloser
	out *bufio.Reader
}

// startErlang needs a real erl: without one the test fails.
func startErlang(t *testing.T) *erlang {
	t.Helper()
	cmd := exec.Command("escript", "testdata/echo.escript")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("this test needs escript of Erlang/OTP 25: %v", err)
	}
	// No answer may take longer: the pipe is then cut, and reads fail.
	timer := time.AfterFunc(5*time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("echo.escript: %v", err)
		}
	})
	return &erlang{in: in, out: bufio.NewReader(out)}
}

// ask sends a request and gives the reply.
func (e *erlang) ask(op byte, parts ...[]byte) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	data := slices.Concat(parts...)
	req := binary.BigEndian.AppendUint32(nil, uint32(len(data)+1))
	if _, err := e.in.Write(append(append(req, op), data...)); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(e.out, size[:]); err != nil {
		return nil, err
	}
	reply := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(e.out, reply); err != nil {
		return nil, err
	}
	if len(reply) > 0 && reply[0] == '!' {
		return nil, fmt.Errorf("erl: %s", reply)
	}
	return reply, nil
}

// pair is two terms in one request.
func pair(a, b []byte) []byte {
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(a))), a, b)
}

// check draws interopChecks times.
func check(t *testing.T, prop func(*rapid.T)) {
	t.Helper()
	if err := flag.Set("rapid.checks", strconv.Itoa(interopChecks)); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, prop)
}

// TestInteropOurs: terms made here come back from a real erl unchanged, print
// and compare there as they do here.
func TestInteropOurs(t *testing.T) {
	e := startErlang(t)
	check(t, func(t *rapid.T) {
		in := genTerm().Draw(t, "term")
		b, err := Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := e.ask('e', b)
		if err != nil {
			t.Fatal(err)
		}
		out, rest, err := Decode(reply)
		if err != nil || len(rest) > 0 || !Equal(in, out) {
			t.Fatalf("%s came back as %s, %v", Format(in, Plain), Format(out, Plain), err)
		}
		if n, m := len(b), len(reply); n != m {
			t.Fatalf("we encode %d bytes, Erlang %d: %x, %x", n, m, b, reply)
		}
		if hasLargeMap(in) {
			return // printed there in an order of hash values
		}
		for op, style := range map[byte]Style{'p': Pretty, 'w': Plain} {
			text, err := e.ask(op, b)
			if err != nil {
				t.Fatal(err)
			}
			if got := Format(in, style); got != string(text) {
				t.Fatalf("prints as\n%s, Erlang prints\n%s", got, text)
			}
		}
	})
}

// hasLargeMap tells whether t contains a map of more than smallMap entries.
func hasLargeMap(t Term) bool {
	switch v := t.(type) {
	case Tuple:
		return slices.ContainsFunc(v, hasLargeMap)
	case List:
		return slices.ContainsFunc(v, hasLargeMap)
	case ImproperList:
		return slices.ContainsFunc(v.Head, hasLargeMap) || hasLargeMap(v.Tail)
	case Map:
		return len(v) > smallMap || slices.ContainsFunc(v, func(e MapEntry) bool {
			return hasLargeMap(e.Key) || hasLargeMap(e.Value)
		})
	}
	return false
}

// TestInteropTheirs: terms made by erl are decoded, encoded again and equal
// the originals there.
func TestInteropTheirs(t *testing.T) {
	e := startErlang(t)
	reply, err := e.ask('g', binary.BigEndian.AppendUint32(nil, interopChecks))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(DecoderOptions{NoCopy: true})
	count := 0
	for ; len(reply) > 0; count++ {
		n := 4 + binary.BigEndian.Uint32(reply)
		b := reply[4:n]
		reply = reply[n:]
		term, rest, err := d.Decode(b)
		if err != nil || len(rest) > 0 {
			t.Fatalf("%x: %v, %d bytes left", b, err, len(rest))
		}
		again, err := Encode(term)
		if err != nil {
			t.Fatal(err)
		}
		same, err := e.ask('s', pair(b, again))
		if err != nil || string(same) != "true" {
			t.Fatalf("%s is another term to Erlang: %s, %v\n%x\n%x", Format(term, Plain), same, err, b, again)
		}
	}
	if count != interopChecks {
		t.Errorf("%d terms", count)
	}
}

// TestInteropOrder: Compare agrees with erl.
func TestInteropOrder(t *testing.T) {
	e := startErlang(t)
	check(t, func(t *rapid.T) {
		a := genTerm().Draw(t, "a")
		b := genTerm().Draw(t, "b")
		if rapid.Bool().Draw(t, "numbers") {
			numbers := rapid.OneOf(asTerm(rapid.Int64()), asTerm(genFloat()), rapid.Custom(genBig))
			a, b = numbers.Draw(t, "x"), numbers.Draw(t, "y")
		}
		x, err := Encode(a)
		if err != nil {
			t.Fatal(err)
		}
		y, err := Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := e.ask('c', pair(x, y))
		if err != nil {
			t.Fatal(err)
		}
		if want := "<=>"[Compare(a, b)+1 : Compare(a, b)+2]; string(reply) != want {
			t.Fatalf("%s %s %s to Erlang, %s here", Format(a, Plain), reply, Format(b, Plain), want)
		}
	})
}

// TestInteropParse: Erlang's parser reads the same from our table and from
// what we print.
func TestInteropParse(t *testing.T) {
	e := startErlang(t)
	for _, c := range parseTable {
		if !utf8.ValidString(c.text) || strings.HasSuffix(strings.TrimSpace(c.text), ".") || erlangEvaluates[c.text] {
			continue // erl_scan takes characters, the script adds the full stop
		}
		reply, err := e.ask('x', []byte(c.text))
		if err != nil {
			t.Fatalf("%q: %v", c.text, err)
		}
		if string(reply) == "error" {
			if c.want != nil {
				t.Errorf("%q is no term to Erlang", c.text)
			}
			continue
		}
		got, _, err := Decode(reply)
		if err != nil || c.want == nil || !Equal(got, c.want) {
			t.Errorf("%q is %s to Erlang, %v, we want %s", c.text, String(got), err, String(c.want))
		}
	}
	check(t, func(t *rapid.T) {
		in := genPrintable().Draw(t, "term")
		reply, err := e.ask('x', []byte(Format(in, Pretty)))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := Decode(reply)
		if err != nil || !Equal(got, in) {
			t.Fatalf("%s is %s to Erlang, %v", Format(in, Pretty), reply, err)
		}
	})
}

// erlangEvaluates holds what the script's evaluator accepts as an expression
// although it is no literal.
var erlangEvaluates = map[string]bool{"(1)": true, "<<1.5>>": true, "$": true}

// TestInteropInspect: Elixir inspects our table of atoms as InspectAtom does.
func TestInteropInspect(t *testing.T) {
	script := `for h <- System.argv(), do: IO.puts(Base.encode16(inspect(String.to_atom(Base.decode16!(h)))))`
	args := []string{"--erl", "+fnu", "-e", script, "--"}
	for _, c := range inspectTable {
		args = append(args, "x"+strings.ToUpper(hex.EncodeToString([]byte(c[0]))))
	}
	args[3] = strings.Replace(script, "decode16!(h)", `decode16!(String.slice(h, 1..-1))`, 1)
	cmd := exec.Command("elixir", args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C.UTF-8")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("elixir: %v: %s", err, &stderr)
	}
	lines := strings.Fields(string(out))
	if len(lines) != len(inspectTable) {
		t.Fatalf("%d lines for %d atoms: %s", len(lines), len(inspectTable), out)
	}
	for i, c := range inspectTable {
		want, err := hex.DecodeString(lines[i])
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != c[1] {
			t.Errorf("Elixir inspects %q as %s, the table says %s", c[0], want, c[1])
		}
	}
}
