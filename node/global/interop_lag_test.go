//go:build interop

package global

import (
	"fmt"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node/internal/lab"
)

// TestInteropLag lets a BEAM node connect again and again while its name server does
// not run, as happens on a busy machine: it then says over the last link what belongs
// to those before. Both are in sync soon all the same, where two BEAM nodes never are.
// Not so with OTP 23, which mixes its own sessions up: its locker then waits a minute
// for a nodeup, whatever the other node does.
func TestInteropLag(t *testing.T) {
	for _, otp := range testkit.OTPs(t) {
		if otp.Release < "25" {
			continue
		}
		t.Run("otp"+otp.Release, func(t *testing.T) {
			w := &world{Lab: lab.New(t), t: t}
			n, b := w.ours("z1@localhost"), w.beam(otp)
			for _, missed := range []int{1, 2, 5} {
				lag(t, b, missed)
				if got, err := b.Try(testkit.Slack*syncLimit, "global:sync()."); err != nil || got != "ok" {
					t.Fatalf("global:sync: %s %v; %s", got, err, b.Eval(t, "sys:get_state(global_name_server)."))
				}
				n.sync(t)
				b.Expect(t, "{global:register_name(x, self()), global:unregister_name(x)}.", "{yes,ok}")
				b.Expect(t, leave+"Leave().", "ok")
			}
		})
	}
}

// leave is a function that disconnects and waits until that is done.
const leave = `Z = 'z1@localhost', Leave = fun() -> erlang:disconnect_node(Z), (fun U(0) -> late; U(N) -> case nodes() of [] -> ok; _ -> timer:sleep(1), U(N - 1) end end)(15000) end, `

// lag makes links that the BEAM node's name server does not hear of in time, and one
// that stays.
func lag(t *testing.T, b *testkit.BEAM, missed int) {
	t.Helper()
	b.Expect(t, leave+fmt.Sprintf(`G = whereis(global_name_server), erlang:suspend_process(G),
		[begin true = net_kernel:connect_node(Z), Z = erpc:call(Z, erlang, node, []), ok = Leave() end || _ <- lists:seq(1, %d)],
		true = net_kernel:connect_node(Z), Z = erpc:call(Z, erlang, node, []), erlang:resume_process(G).`, missed), "true")
}
