//go:build bench

package bench

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

func TestProf(t *testing.T) {
	p := startPeers(t)
	fun, size, n := os.Getenv("F"), 0, 0
	fmt.Sscan(os.Getenv("SIZE"), &size)
	fmt.Sscan(os.Getenv("N"), &n)
	var all, beams, owns []float64
	for range 9 {
		var v [2]float64
		for i, at := range []string{"go", "beam"} {
			if fun == "to" || fun == "from" {
				v[i] = float64(n) / p.ask(t, "fjbench:%s('%s@localhost', %d, %d, []).", fun, at, size, n)[0] * 1e9
			} else {
				v[i] = p.ask(t, "fjbench:%s('%s@localhost', %d).", fun, at, n)[0] / 1e3
			}
		}
		all = append(all, v[0]/v[1])
		owns = append(owns, v[0])
		beams = append(beams, v[1])
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Printf("%s %d: go %.5g beam %.5g ratio %.2f  (MB/s %.0f %.0f) gcs %d sys %dM\n", fun, size, median(owns), median(beams), median(all), median(owns)*float64(size)/1e6, median(beams)*float64(size)/1e6, m.NumGC, m.HeapSys>>20)
}
