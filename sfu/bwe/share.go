package bwe

// Demand is one track of a subscriber.
type Demand struct {
	// Bitrates are those of the variants that can be had, ascending, in bit/s;
	// the last is the one wished for. One alone cannot be lowered.
	Bitrates []int
	// Current is the index of the one that is sent now, or the wish at first.
	// Share changes it.
	Current int
}

func (d *Demand) rate() int {
	if d.Current < 0 || d.Current >= len(d.Bitrates) {
		return 0
	}
	return d.Bitrates[d.Current]
}

// Margins, in percent.
const (
	tolerated = 80  // of what is sent: an estimate below calls for less
	headroom  = 110 // of what would be sent must fit before more is sent
)

// Share changes Current of demands to what an estimate in bit/s allows: down
// when clearly too much is sent (the cheapest track first, never to nothing),
// up when more fits with room to spare. In between nothing moves, so that
// tracks do not swing.
func Share(estimate int, demands []Demand) {
	total := 0
	for i := range demands {
		total += demands[i].rate()
	}
	if total/100*tolerated > estimate {
		lower(estimate, total, demands)
		return
	}
	raise(estimate, total, demands)
}

func lower(estimate, total int, demands []Demand) {
	for total > estimate {
		d := cheapest(demands, func(d *Demand) bool { return d.Current > 0 })
		if d == nil {
			return
		}
		was := d.rate()
		d.Current--
		total += d.rate() - was
	}
}

func raise(estimate, total int, demands []Demand) {
	for {
		d := cheapest(demands, func(d *Demand) bool {
			if d.Current < 0 || d.Current+1 >= len(d.Bitrates) {
				return false
			}
			return (total+d.Bitrates[d.Current+1]-d.rate())/100*headroom <= estimate
		})
		if d == nil {
			return
		}
		was := d.rate()
		d.Current++
		total += d.rate() - was
	}
}

// cheapest is the demand with the smallest rate of those that may move.
func cheapest(demands []Demand, may func(*Demand) bool) (best *Demand) {
	for i := range demands {
		if d := &demands[i]; may(d) && (best == nil || d.rate() < best.rate()) {
			best = d
		}
	}
	return best
}

// Wanted is what all wishes together need, in bit/s with headroom: how far it
// is worth probing. It is 0 when every wish is met.
func Wanted(demands []Demand) int {
	total, short := 0, false
	for i := range demands {
		d := &demands[i]
		if n := len(d.Bitrates); n > 0 {
			total += d.Bitrates[n-1]
			short = short || d.Current < n-1
		}
	}
	if !short {
		return 0
	}
	return total/100*headroom + total/50
}
