//go:build interop

package node

import (
	"fmt"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
)

// eachOTP runs a test against each installed OTP, with short or long names.
func eachOTP(t *testing.T, f func(t *testing.T, otp testkit.OTP)) {
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) { f(t, otp) })
	}
}

// beam starts a real node that uses the lab's EPMD.
func (l *lab) beam(t *testing.T, otp testkit.OTP, name string, args ...string) *testkit.BEAM {
	t.Helper()
	return testkit.StartBEAM(t, testkit.BEAMOptions{
		OTP: otp, Name: name, Cookie: testCookie, Args: args,
		Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", l.epmdPort)},
	})
}

func TestInteropPing(t *testing.T) {
	eachOTP(t, func(t *testing.T, otp testkit.OTP) {
		l := newLab(t)
		n := l.start(t, "go@localhost")
		b := l.beam(t, otp, "beam@localhost")
		b.Expect(t, `net_adm:ping('go@localhost').`, "pong")
		b.Expect(t, `nodes().`, "[go@localhost]")
		if err := n.Ping(t.Context(), "beam@localhost"); err != nil {
			t.Fatal(err)
		}
		got, err := n.Call(t.Context(), "beam@localhost", "erlang", "nodes")
		t.Log(got, err)
	})
}
