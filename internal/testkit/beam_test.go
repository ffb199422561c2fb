//go:build e2e

package testkit

import (
	"fmt"
	"testing"
	"time"
)

func TestBEAM(t *testing.T) {
	port := FreePorts(t, 1)[0]
	env := []string{fmt.Sprintf("ERL_EPMD_PORT=%d", port)}
	Start(t, Command{Path: "epmd", Args: []string{"-port", fmt.Sprint(port), "-address", "127.0.0.1"}})
	Within(t, time.Second, "epmd answers", func() bool { return PortOpen(nil, fmt.Sprintf("127.0.0.1:%d", port)) })
	for _, otp := range OTPs(t) {
		t.Run(otp.Release, func(t *testing.T) {
			a := StartBEAM(t, BEAMOptions{OTP: otp, Name: "a@localhost", Env: env})
			b := StartBEAM(t, BEAMOptions{OTP: otp, Name: "b@127.0.0.1", Long: true, Env: env})
			a.Expect(t, `{node(), <<"x">>, [1, "x"]}.`, `{a@localhost,<<"x">>,[1,"x"]}`)
			a.Expect(t, `erlang:error(no).`, `{'EXCEPTION',error,no}`)
			if _, err := a.Try(50*time.Millisecond, `timer:sleep(1000).`); err == nil {
				t.Error("an answer came too early")
			}
			a.Expect(t, `1.`, `1`)
			b.Kill(t)
		})
	}
}
