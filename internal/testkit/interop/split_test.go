//go:build interop

package interop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// island is a machine of a split network with one node on it.
type island struct {
	host *testkit.Host
	node string
}

// TestNetSplit drops every packet between two halves of a cluster, each of a
// Fjord node and BEAM nodes, and mends the network: all nodes are one cluster
// again, and agree about the names that both halves gave away.
func TestNetSplit(t *testing.T) {
	t.Parallel()
	testkit.NeedRoot(t)
	worlds(t, 2, func(t *testing.T, w *world) {
		w.tick = 4
		left, right := w.spread(t)
		w.complete(t, 2*syncLimit)
		w.script(t, w.beams[0], [2]string{"global:register_name(before, self()), global:sync().", "ok"})

		cut(left, right)
		for _, half := range [][]island{left, right} {
			names := namesOf(half)
			testkit.Within(t, 15*time.Second, "half "+quoted(names)+" is alone and together", func() bool { return w.alone(names) })
		}
		end := time.Now().Add(splitTime())
		w.nameInBoth(t, left, right)
		if pause := time.Until(end); pause > 0 {
			time.Sleep(pause)
		}
		for _, i := range left {
			i.host.Mend()
		}
		w.pingOld(t)
		w.complete(t, 25*time.Second)
		w.agree(t)
		w.everybodyPings(t)

		// Only one pair is cut: BEAM nodes of OTP 25 and later then part from one of
		// the two, which must come back too.
		left[0].host.Cut(right[len(right)-1].host)
		time.Sleep(splitTime())
		left[0].host.Mend()
		w.pingOld(t)
		w.complete(t, 25*time.Second)
		w.agree(t)
	})
}

func splitTime() time.Duration {
	if testkit.Soak() {
		return 90 * time.Second
	}
	return 15 * time.Second
}

// spread starts a Fjord node and half of the BEAM nodes in each half of a lab, each
// on a machine of its own with its own port mapper.
func (w *world) spread(t *testing.T) (left, right []island) {
	t.Helper()
	lab := testkit.NewLab(t)
	w.epmd = 4369 // of each machine
	var all []island
	for i := range len(w.otps) + 2 {
		host := lab.AddHost(fmt.Sprintf("10.77.0.%d/24", i+1))
		testkit.Start(t, testkit.Command{Name: "epmd " + host.Addr(), Path: testkit.Binary(t), Args: []string{"epmd"}, Host: host})
		name := fmt.Sprintf("b%d@%s", i-1, host.Addr())
		if i < 2 {
			name = fmt.Sprintf("f%d@%s", i+1, host.Addr())
		}
		all = append(all, island{host, name})
	}
	for i, here := range all {
		testkit.Within(t, 5*time.Second, "epmd of "+here.node, func() bool { return testkit.PortOpen(here.host, here.host.Addr()+":4369") })
		if i < 2 {
			args := append(w.tickArgs("-ticktime", "s"), "-nodes", strings.Join(namesOf(all), ","))
			w.fjords = append(w.fjords, w.launch(t, here.node, here.host, args...))
		} else {
			w.beams = append(w.beams, testkit.StartBEAM(t, testkit.BEAMOptions{OTP: w.otps[i-2], Host: here.host, Name: here.node, Long: true,
				Cookie: cookie, Args: []string{"-kernel", "net_ticktime", fmt.Sprint(w.tick)}}))
		}
		if i%2 == 0 {
			left = append(left, here)
		} else {
			right = append(right, here)
		}
	}
	return left, right
}

func namesOf(islands []island) []string {
	var names []string
	for _, i := range islands {
		names = append(names, i.node)
	}
	return names
}

// cut drops all packets between the halves.
func cut(left, right []island) {
	for _, l := range left {
		for _, r := range right {
			l.host.Cut(r.host)
		}
	}
}

// alone says whether those of the BEAM nodes that are named are linked with
// exactly the others that are named.
func (w *world) alone(names []string) bool {
	return !slices.ContainsFunc(w.beams, func(b *testkit.BEAM) bool { return slices.Contains(names, b.Node) && !sees(b, names) })
}

// nameInBoth registers one name in each half, and one in both.
func (w *world) nameInBoth(t *testing.T, left, right []island) {
	t.Helper()
	for i, half := range [][]island{left, right} {
		for _, b := range w.beams {
			if slices.Contains(namesOf(half), b.Node) {
				fjord := w.fjords[i].Node
				b.Eval(t, fmt.Sprintf(forever, "splitnamed"))
				b.Expect(t, fmt.Sprintf("global:register_name({half, %d}, whereis(splitnamed)).", i), "yes")
				b.Expect(t, fmt.Sprintf("is_pid(erpc:call('%s', echo, register, [leader])).", fjord), "true")
				break
			}
		}
	}
}

// agree checks that all nodes know the same processes by the names of nameInBoth.
func (w *world) agree(t *testing.T) {
	t.Helper()
	for _, name := range []string{"{half,0}", "{half,1}", "leader"} {
		testkit.Within(t, syncLimit, "all agree about "+name, func() bool {
			first := w.beams[0]
			return first.Eval(t, fmt.Sprintf(`P = global:whereis_name(%[1]s), is_pid(P) andalso [P] =:= lists:usort([erpc:call(N, global, whereis_name, [%[1]s]) || N <- %[2]s] ++
				[erpc:call(N, echo, whereis, [%[1]s]) || N <- %[3]s]).`, name, quoted(beamNames(w)), quoted(fjordNames(w)))) == "true"
		})
	}
}

func beamNames(w *world) (names []string) {
	for _, b := range w.beams {
		names = append(names, b.Node)
	}
	return names
}

func fjordNames(w *world) (names []string) {
	for _, f := range w.fjords {
		names = append(names, f.Node)
	}
	return names
}
