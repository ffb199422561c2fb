//go:build interop

package interop

import (
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// A link stays up for a minute under a tick time of four seconds, in both directions.
func TestTicks(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		b := p.connect(t, "-kernel", "net_ticktime", "4")
		testkit.During(t, time.Minute, "the link", func() bool {
			time.Sleep(2 * time.Second) // a question to Fjord would be traffic; this asks the shell only
			return b.Eval(t, `nodes().`) == `[`+printed(p.fjordName)+`]`
		})
		if n := len(p.fjord.Matches(`disconnected from`)); n != 0 {
			t.Errorf("%d disconnects", n)
		}
	}, "FJ_DIST_NET_TICKTIME", "4")
}

// A shell that is stopped is given up after the tick time.
func TestSilentShell(t *testing.T) {
	p := newPair(t, testkit.OTPs(t)[0], bothKinds()[0], "FJ_DIST_NET_TICKTIME", "4")
	b := p.connect(t)
	b.Signal(t, syscall.SIGSTOP)
	p.fjord.WaitLog(t, 6*time.Second, `disconnected from :erl@localhost: ticked_out`)
}
