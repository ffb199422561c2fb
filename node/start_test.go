package node

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

func TestStartRefusesBadOptions(t *testing.T) {
	l := newLab(t)
	tests := []struct {
		what   string
		change func(*Options)
		want   string
	}{
		{"name", func(o *Options) { o.Name = "f1" }, "name@host"},
		{"short name with a dot", func(o *Options) { o.Name = "f1@127.0.0.1" }, "short names"},
		{"no cookie", func(o *Options) { o.Cookie = "" }, "cookie"},
		{"range", func(o *Options) { o.MinPort, o.MaxPort = 9, 8 }, "9-8"},
		{"port", func(o *Options) { o.MinPort, o.MaxPort = 65000, 70000 }, "65000-70000"},
		{"epmd", func(o *Options) { o.EPMD = "maybe" }, "maybe"},
		{"epmd port", func(o *Options) { o.EPMDPort = -1 }, "EPMD port"},
		{"off without a port", func(o *Options) { o.EPMD = EPMDOff }, "fixed"},
		{"listen address", func(o *Options) { o.ListenIP = "nowhere" }, "nowhere"},
		{"negative time", func(o *Options) { o.SetupTime = -1 }, "negative"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			_, err := l.try(t, "f1@localhost", tt.change)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v does not say %q", err, tt.want)
			}
		})
	}
}

func TestStartTakenName(t *testing.T) {
	l := newLab(t)
	l.start(t, "f1@localhost")
	_, err := l.try(t, "f1@localhost")
	if !errors.Is(err, ErrNameTaken) || ReasonOf(err) != "name_taken" {
		t.Fatalf("error %v, want ErrNameTaken", err)
	}
}

func TestStartPortRange(t *testing.T) {
	l := newLab(t)
	first := l.start(t, "f1@localhost")
	taken := first.Port()
	fixed := func(o *Options) { o.MinPort = taken }
	_, err := l.try(t, "f2@localhost", fixed)
	if !errors.Is(err, ErrPortsInUse) || !strings.Contains(err.Error(), fmt.Sprintf("%d-%d", taken, taken)) {
		t.Fatalf("error %v, want ErrPortsInUse naming the range", err)
	}
	n := l.start(t, "f2@localhost", fixed, func(o *Options) { o.MaxPort = min(taken+20, 65535) })
	if n.Port() <= taken || n.Port() > taken+20 {
		t.Errorf("port %d, want one of %d-%d", n.Port(), taken+1, taken+20)
	}
}

func TestLoopbackNameListensOnBothLoopbacks(t *testing.T) {
	l := newLab(t)
	n := l.start(t, "f1@localhost")
	for _, listener := range n.listeners {
		addr := listener.Addr().(*net.TCPAddr)
		if !addr.IP.IsLoopback() || addr.Port != n.Port() {
			t.Errorf("listens on %s", addr)
		}
	}
	for _, host := range []string{"127.0.0.1", "::1"} {
		conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(n.Port())))
		if err != nil {
			t.Fatalf("dial %s: %v", host, err)
		}
		_ = conn.Close()
	}
}

func TestListenAddresses(t *testing.T) {
	tests := []struct{ name, ip, want string }{
		{"f1@localhost", "", "[127.0.0.1 ::1]"},
		{"f1@127.0.1.1", "", "[127.0.0.1 ::1 127.0.1.1]"},
		{"f1@::1", "", "[127.0.0.1 ::1]"},
		{"f1@192.0.2.1", "", "[]"},
		{"f1@no-such-host.invalid", "", "[]"},
		{"f1@localhost", "192.0.2.7", "[192.0.2.7]"},
		{"f1@localhost", "::", "[]"},
		{"f1@localhost", "0.0.0.0", "[0.0.0.0]"},
	}
	for _, tt := range tests {
		name, err := ParseName(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := listenAddresses(t.Context(), tt.ip, name)
		if err != nil || fmt.Sprint(got) != tt.want {
			t.Errorf("%s %q: %v %v, want %s", tt.name, tt.ip, got, err, tt.want)
		}
	}
}

func TestCreationComesFromEPMD(t *testing.T) {
	l := newLab(t)
	n, err := l.try(t, "f1@localhost")
	if err != nil {
		t.Fatal(err)
	}
	p, err := n.Spawn("", Callbacks{})
	if err != nil {
		t.Fatal(err)
	}
	if n.Creation() < minCreation || p.Pid().Creation != n.Creation() || n.MakeRef().Creation != n.Creation() {
		t.Errorf("creation %d, pid %v, ref %v", n.Creation(), p.Pid(), n.MakeRef())
	}
	stop(t, n)
	if len(l.server.Names()) != 0 {
		within(t, time.Second, "unregistered", func() bool { return len(l.server.Names()) == 0 })
	}
	again := l.start(t, "f1@localhost")
	if again.Creation() == n.Creation() {
		t.Errorf("creation %d twice", n.Creation())
	}
	if again.process(p.Pid()) != nil {
		t.Error("a pid of the former run is found")
	}
}

func TestFixedPortWithoutEPMD(t *testing.T) {
	l := newLab(t)
	port := l.start(t, "probe@localhost").Port()
	_ = port
	free := freePort(t)
	off := func(ip string) func(*Options) {
		return func(o *Options) {
			o.EPMD, o.MinPort, o.ListenIP, o.LongNames = EPMDOff, free, ip, true
		}
	}
	a := l.start(t, "a@127.0.0.1", off("127.0.0.1"))
	b := l.start(t, "b@127.0.0.2", off("127.0.0.2"))
	mustConnect(t, a, b.Name())
	if len(l.server.Names()) != 1 {
		t.Errorf("registered: %v", l.server.Names())
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func TestIdentifiersAreUniqueAndNarrow(t *testing.T) {
	g := newIDs("n@h", 7)
	g.pids.Store(1<<pidIDBits - 3)
	g.refs.Store(1<<refFirstBits - 3)
	pids, refs := map[etf.Pid]bool{}, map[etf.Ref]bool{}
	for range 8 {
		pids[g.pid()], refs[g.ref()] = true, true
	}
	if len(pids) != 8 || len(refs) != 8 {
		t.Errorf("%d pids and %d refs are distinct of 8", len(pids), len(refs))
	}
	for p := range pids {
		if p.ID >= 1<<pidIDBits || p.Serial >= 1<<pidSerialBits {
			t.Errorf("pid too wide: %v", p)
		}
	}
	for r := range refs {
		if r.Len != 3 || r.Words[0] >= 1<<refFirstBits {
			t.Errorf("ref too wide: %v", r)
		}
	}
}
