package global

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// FuzzMessage gives a server that is about to join with a node any two terms: it
// does not fail, and joins with the node all the same or does not, but ends up
// quiet.
func FuzzMessage(f *testing.F) {
	pid := etf.Pid{Node: "n1@sim", ID: 2, Creation: 2}
	id := etf.Tuple{atomGlobal, etf.List{pid, pid}}
	member := etf.List{etf.Tuple{atom("n2@sim"), 8}, atom("n3@sim"), 1}
	insert := etf.List{etf.Tuple{atomInsert, etf.Tuple{atom("x"), pid, atom("m")}}, etf.Tuple{atomDelete, atom("y")}}
	cast := func(msg ...etf.Term) etf.Term { return etf.Tuple{atomCast, etf.Tuple(msg)} }
	call := func(request etf.Term) etf.Term { return etf.Tuple{atomCall, etf.Tuple{pid, 1}, request} }
	for _, msg := range []etf.Term{
		cast(atom("init_connect"), etf.Tuple{8, 1}, atom("n1@sim"), etf.Tuple{atom("locker"), 1, etf.Map{}, pid}),
		cast(atom("lock_set"), pid, true, member, 1001), cast(atom("lock_set"), pid, false, member),
		cast(atom("exchange"), atom("n1@sim"), etf.List{etf.Tuple{atom("x"), pid, atom("m")}}, etf.List{}, 1001),
		cast(atom("resolved"), atom("n1@sim"), insert, member, 1, etf.List{}, 1001),
		cast(atom("new_nodes"), atom("n1@sim"), insert, etf.List{etf.Tuple{atom("x"), pid, atom("n1@sim")}}, member, etf.List{etf.Tuple{atomLock, id}}),
		cast(atom("in_sync"), atom("n1@sim"), atomReconnects),
		call(etf.Tuple{atom("set_lock"), id}), call(etf.Tuple{atom("del_lock"), id}), call(atom("info")),
		call(etf.Tuple{atom("register"), atom("x"), pid, atom("m")}), call(etf.Tuple{atom("unregister"), atom("x")}),
		call(etf.Tuple{atom("sync"), member}),
		etf.Tuple{atom("init_connect_ack"), atom("n1@sim"), 1001, 2001}, etf.Tuple{atom("cancel_connect"), atom("n1@sim"), 1001},
		etf.Tuple{atom("lost_connection"), atom("n1@sim"), 1, 2, atom("n2@sim")}, etf.Tuple{atom("remove_connection"), atom("n1@sim")},
		etf.Tuple{atomNamesWanted, atom("n1@sim"), 1}, etf.Tuple{atomNamesTold, atom("n1@sim"), 0, insert},
	} {
		b, err := etf.Encode(msg)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, b)
	}
	f.Fuzz(func(t *testing.T, one, two []byte) {
		w := newSimWorld(1, "n0@sim", "n1@sim")
		w.link("n0@sim", "n1@sim")
		for _, b := range [][]byte{one, two} {
			for range 4 {
				w.step()
			}
			if msg, _, err := etf.Decode(b); err == nil {
				w.put("n1@sim", "n0@sim", func(n *simNode) { n.core.message(msg) })
			}
		}
		for n := 0; n < 40 || !w.quiet(); n++ {
			if n == quietLimit {
				t.Fatal("messages without end")
			}
			if w.quiet() {
				w.pass(500 * time.Millisecond)
			}
			w.step()
		}
	})
}
