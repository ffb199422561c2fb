package pg

import "github.com/fjord-media/fjord/node/etf"

// without takes each pid of take out of list once, as often as it is in both,
// as Erlang's "--" does; taken is what was found. list is not changed.
func without(list, take []etf.Pid) (rest, taken []etf.Pid) {
	count := make(map[etf.Pid]int, len(take))
	for _, pid := range take {
		count[pid]++
	}
	for _, pid := range list {
		if count[pid] > 0 {
			count[pid]--
			taken = append(taken, pid)
		} else {
			rest = append(rest, pid)
		}
	}
	return rest, taken
}

// pidsOf reads "a pid or a list of pids" and keeps those of a node: others
// cannot be members there.
func pidsOf(t etf.Term, node etf.Atom) []etf.Pid {
	if pid, ok := t.(etf.Pid); ok {
		t = etf.List{pid}
	}
	list, ok := t.(etf.List)
	if !ok {
		return nil
	}
	var pids []etf.Pid
	for _, e := range list {
		if pid, ok := e.(etf.Pid); ok && pid.Node == node {
			pids = append(pids, pid)
		}
	}
	return pids
}

// pidList is the list of pids as a term.
func pidList(pids []etf.Pid) etf.List {
	list := make(etf.List, len(pids))
	for i, pid := range pids {
		list[i] = pid
	}
	return list
}

// pidOrPids is one pid, or a list of several.
func pidOrPids(pids []etf.Pid) etf.Term {
	if len(pids) == 1 {
		return pids[0]
	}
	return pidList(pids)
}
