//go:build e2e

package testkit

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestLab(t *testing.T) {
	lab := NewLab(t)
	a := lab.AddHost("10.77.0.1/24", "fd77::1/64")
	b := lab.AddHost("10.77.0.2/24", "fd77::2/64")
	for _, addr := range b.Addresses {
		l, err := b.Listen("tcp", net.JoinHostPort(addr.String(), "7000"))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.WriteString(c, "hello")
				c.Close()
			}
		}()
		defer l.Close()
		c, err := a.Dial(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := io.ReadAll(c); string(text) != "hello" {
			t.Errorf("%s said %q", addr, text)
		}
	}
	// A gateway may accept connections to any address, so look at what it says.
	if c, err := net.DialTimeout("tcp", "10.77.0.2:7000", 100*time.Millisecond); err == nil {
		_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if text, _ := io.ReadAll(c); string(text) == "hello" {
			t.Error("the lab can be reached from outside")
		}
	}
	a.Cut(b)
	if out, err := a.Try("nft", "list", "ruleset"); err != nil || strings.Count(out, "drop") != 4 {
		t.Errorf("rules of a cut: %v\n%s", err, out)
	}
	a.Mend()
}

func TestDNS(t *testing.T) {
	lab := NewLab(t)
	ns := lab.AddHost("10.77.0.53/24", "fd77::53/64")
	a := lab.AddHost("10.77.0.1/24", "fd77::1/64")
	a.SetResolver("10.77.0.53")
	dns := StartDNS(t, ns)
	dns.Set(t, "app.internal", "10.77.0.1", "10.77.0.2", "fd77::1")
	resolve := func() string {
		out, _ := a.Try("getent", "ahosts", "app.internal")
		return out
	}
	Within(t, time.Second, "names resolve", func() bool { return strings.Contains(resolve(), "fd77::1") })
	if out := resolve(); !strings.Contains(out, "10.77.0.1 ") || !strings.Contains(out, "10.77.0.2 ") {
		t.Errorf("app.internal is %s", out)
	}
	dns.Set(t, "app.internal")
	Within(t, time.Second, "the name is gone", func() bool { return resolve() == "" })
}

// Labs of a run that was killed are removed, those of living runs are not.
func TestSweep(t *testing.T) {
	lab := NewLab(t)
	h := lab.AddHost("10.77.0.1/24")
	p := Start(t, Command{Path: "true"})
	p.WaitExit(t, time.Second)
	dead := strings.Replace(h.netns, labPrefix, "fj-4194304", 1) // above the highest process id
	lab.ip("netns", "add", dead)
	NewLab(t)
	if names := netnsNames(dead); len(names) != 0 {
		t.Errorf("still there: %v", names)
	}
	if names := netnsNames(h.netns); len(names) != 1 {
		t.Errorf("swept a living lab")
	}
}
