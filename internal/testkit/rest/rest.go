// Package rest runs conformance tables of the REST API against a server.
//
// The format is described in testdata/rest/README.md.
package rest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Case is one request and what its answer must be.
type Case struct {
	Line         int // where it begins
	Method, Path string
	Header       http.Header
	Body         string
	Status       int
	Want         http.Header // headers that must be there
	Absent       []string    // headers that must not
	WantBody     string      // "" = not checked
}

// Read parses a table.
func Read(file string) ([]Case, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var cases []Case
	line := 1
	for block := range strings.SplitSeq(string(b), "\n\n") {
		c, err := parse(block)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, line, err)
		}
		c.Line = line
		cases = append(cases, c)
		line += strings.Count(block, "\n") + 2
	}
	return cases, nil
}

var headerLine = regexp.MustCompile(`^([a-z-]+): ?(.*)$`)

func parse(block string) (Case, error) {
	c := Case{Header: http.Header{}, Want: http.Header{}}
	request, answer, ok := strings.Cut(block, "\n-> ")
	if !ok {
		return c, fmt.Errorf("no answer line in %q", block)
	}
	first := true
	for l := range strings.SplitSeq(request, "\n") {
		switch m := headerLine.FindStringSubmatch(l); {
		case strings.HasPrefix(l, "#"):
		case first:
			first = false
			c.Method, c.Path, _ = strings.Cut(l, " ")
		case m != nil:
			c.Header.Set(m[1], m[2])
		default:
			c.Body = strings.ReplaceAll(l, `\r\n`, "\r\n")
		}
	}
	return c, c.parseAnswer(answer)
}

func (c *Case) parseAnswer(answer string) (err error) {
	status, rest, _ := strings.Cut(answer, "\n")
	if c.Status, err = strconv.Atoi(status); err != nil {
		return err
	}
	for l := range strings.SplitSeq(strings.TrimRight(rest, "\n"), "\n") {
		switch m := headerLine.FindStringSubmatch(l); {
		case strings.HasPrefix(l, "!"):
			c.Absent = append(c.Absent, l[1:])
		case m != nil:
			c.Want.Set(m[1], m[2])
		default:
			c.WantBody = l
		}
	}
	return nil
}

// Run sends each case of file, in order, to the server at base and compares.
// Headers of common are sent unless the case names them; an empty value there
// means: do not send it.
func Run(t *testing.T, base string, common http.Header, file string) {
	t.Helper()
	cases, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if err := c.run(base, common); err != nil {
			t.Errorf("%s:%d: %s %s: %v", file, c.Line, c.Method, c.Path, err)
		}
	}
}

func (c *Case) run(base string, common http.Header) error {
	answer, body, err := c.send(base, common)
	if err != nil {
		return err
	}
	if answer.StatusCode != c.Status {
		return fmt.Errorf("status %d, want %d; body %s", answer.StatusCode, c.Status, body)
	}
	for name, want := range c.Want {
		if got, ok := answer.Header[name]; !ok || got[0] != want[0] {
			return fmt.Errorf("header %s: %q, want %q", name, got, want)
		}
	}
	for _, name := range c.Absent {
		if got, ok := answer.Header[http.CanonicalHeaderKey(name)]; ok {
			return fmt.Errorf("header %s: %q, want none", name, got)
		}
	}
	if c.WantBody != "" && !bodyPattern(c.WantBody).MatchString(body) {
		return fmt.Errorf("body\n%s\nwant\n%s", body, c.WantBody)
	}
	return nil
}

var placeholders = strings.NewReplacer(
	`\{uuid\}`, `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`,
	`\{host\}`, `[0-9a-z.]+:[0-9]+`, `\{token\}`, `SFMyNTY\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+`, `\{n\}`, `[0-9]+`)

func bodyPattern(want string) *regexp.Regexp {
	return regexp.MustCompile(`\A` + placeholders.Replace(regexp.QuoteMeta(want)) + `\z`)
}

// send writes the request as bytes, because Go's client would mend what the
// tables break on purpose.
func (c *Case) send(base string, common http.Header) (*http.Response, string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, "", err
	}
	conn, err := net.DialTimeout("tcp", u.Host, 5*time.Second)
	if err != nil {
		return nil, "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, "", err
	}
	if _, err := io.WriteString(conn, c.bytes(u.Host, common)); err != nil {
		return nil, "", err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: c.Method})
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(answer.Body)
	return answer, string(body), err
}

func (c *Case) bytes(host string, common http.Header) string {
	header := c.Header.Clone()
	for name, v := range common {
		if _, ok := header[name]; !ok {
			header[name] = v
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", c.Method, c.Path, host)
	for name, v := range header {
		if v[0] != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, v[0])
		}
	}
	if c.Body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(c.Body))
	}
	b.WriteString("\r\n" + c.Body)
	return b.String()
}
