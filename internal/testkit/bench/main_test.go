//go:build bench

// Package bench prints the figures of a node, each beside its target and the
// original's: make bench. It checks nothing but that requests succeed; a slow
// machine makes no failure.
package bench

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// row prints one figure.
func row(what, value, target string) {
	fmt.Printf("%-58s %16s   %s\n", what, value, target)
}

// client posts rooms over one kept connection.
type client struct {
	http http.Client
	url  string
}

func newClient(f *testkit.Fjord) *client {
	return &client{http: http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}, url: f.API + "/room"}
}

// post creates a room and returns how long that took and the answer.
func (c *client) post() (time.Duration, string, error) {
	req, err := http.NewRequest(http.MethodPost, c.url, nil)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+testkit.Token)
	start := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(resp.Body)
	took := time.Since(start)
	_ = resp.Body.Close()
	if err == nil && resp.StatusCode != http.StatusCreated {
		err = fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	return took, string(body), err
}

// quantile returns the q-quantile of durations, which it sorts.
func quantile(all []time.Duration, q float64) time.Duration {
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return all[min(len(all)-1, int(q*float64(len(all))))]
}

func millis(d time.Duration) string { return fmt.Sprintf("%.3f ms", float64(d)/1e6) }

// rss is the resident memory of a process in bytes.
func rss(t *testing.T, pid int) int {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if fields := strings.Fields(sc.Text()); len(fields) == 3 && fields[0] == "VmRSS:" {
			kb, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
