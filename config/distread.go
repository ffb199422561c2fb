package config

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

const (
	// maxAtom is the length in bytes that every atom may have; names and
	// cookies are atoms on the BEAM.
	maxAtom = 255
	// maxMillis is the longest timer of the BEAM.
	maxMillis = 1<<32 - 1
	// staticWait is how long STATIC waits at start.
	staticWait = 10 * time.Second
	// maxTickTime, one day, keeps mistaken units out.
	maxTickTime = 24 * 60 * 60
)

// whenDist leaves out what is not read unless distribution is on.
func whenDist(read func(*reader, value)) func(*reader, value) {
	return func(r *reader, v value) {
		if r.distMatters {
			read(r, v)
		}
	}
}

func readDistEnabled(r *reader, v value) {
	boolean("FJ_DIST_ENABLED", func(c *Config) *bool { return &c.Dist.Enabled })(r, v)
	_, ok := parseBool(v.text)
	r.distMatters = r.c.Dist.Enabled || !ok
}

func readMode(r *reader, v value) {
	switch v.text {
	case "name":
		r.c.Dist.LongNames = true
	case "sname":
	default:
		r.problem(v.name, "Invalid FJ_DIST_MODE. Expected sname or name, got: "+v.text, "set %s to sname or name", v.name)
	}
}

func readNodeName(r *reader, v value) {
	if !r.distMatters {
		return
	}
	r.c.Dist.NodeName, r.c.Dist.NodeNameSet = v.text, true
	alive, host, found := strings.Cut(v.text, "@")
	switch {
	case !found || strings.Contains(host, "@"):
		r.problem(v.name, "FJ_DIST_NODE_NAME has to be in form of <nodename>@<hostname>. Got: "+v.text,
			"set %s to a name such as f1@%s", v.name, r.hostname())
	case !validAlive(alive):
		r.problem(v.name, fmt.Sprintf("The part before the @ of a node name consists of letters, digits, _ and -. Got: %s", v.text),
			"set %s to a name such as f1@%s", v.name, r.hostname())
	case !validHost(host) || len(v.text) > maxAtom:
		r.problem(v.name, fmt.Sprintf("The part after the @ of a node name is a host name or an address. Got: %s", v.text),
			"set %s to a name such as f1@%s", v.name, r.hostname())
	}
}

// validAlive follows the BEAM's net_kernel.
func validAlive(alive string) bool {
	for _, c := range alive {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return alive != ""
}

// validHost keeps out what no resolver takes.
func validHost(host string) bool {
	return host != "" && !strings.ContainsFunc(host, func(c rune) bool { return c <= ' ' || c == ',' || c == ';' || c == '@' || c == 0x7f })
}

// hostname is the machine's name up to the first dot, as Erlang's
// inet:gethostname/0 gives it in both modes.
func (r *reader) hostname() string {
	full, err := r.sys.Hostname()
	if err != nil || full == "" {
		return "nohost"
	}
	short, _, _ := strings.Cut(full, ".")
	return short
}

func readCookie(r *reader, v value) {
	if r.distMatters && (strings.TrimSpace(v.text) == "" || len(v.text) > maxAtom) {
		r.problem(v.name, fmt.Sprintf("A cookie has 1 to %d bytes and is not blank.", maxAtom), "set %s to a secret of your own, the same on all nodes", v.name)
		return
	}
	if v.text != "" {
		r.c.Dist.Cookie, r.c.Dist.CookieSet = Secret(v.text), true
	}
}

func readNodes(r *reader, v value) {
	if !r.distMatters {
		return
	}
	r.c.Dist.Nodes = strings.Fields(v.text)
	for _, name := range r.c.Dist.Nodes {
		alive, host, _ := strings.Cut(name, "@")
		if !validAlive(alive) || !validHost(host) || len(name) > maxAtom {
			r.problem(v.name, fmt.Sprintf("%q is not a node name.", name), "list names such as f1@host in %s, separated by spaces", v.name)
		}
	}
}

func readPollingInterval(r *reader, v value) {
	if !r.distMatters || !r.c.Dist.Uses(StrategyDNS) && !r.c.Dist.Uses(StrategyKubernetes) {
		return
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil || !digits(v.text) || n < 1 || n > maxMillis {
		r.problem(v.name, "`FJ_DIST_POLLING_INTERVAL` must be a positivie integer. Got: "+v.text, "set %s to milliseconds, such as 5000", v.name)
		return
	}
	r.c.Dist.PollingInterval = time.Duration(n) * time.Millisecond
}

// distPort reads a bound of the listener's port; 0 is any port, as on the BEAM.
func distPort(field func(c *Config) *int) func(*reader, value) {
	return whenDist(func(r *reader, v value) {
		if v.text == "" { // counts as unset here, as in Fishjam's start script
			delete(r.seen, v.variable)
			return
		}
		n, ok := parsePort(v.text, 0)
		if !ok {
			r.problem(v.name, fmt.Sprintf("Expected valid port number, got: %s", v.text), "set %s to a number from 1 to %d", v.name, maxPort)
			return
		}
		*field(&r.c) = n
	})
}

func readDistListen(r *reader, v value) {
	if !r.distMatters {
		return
	}
	addr, ok := parseIP(v.text)
	if !ok {
		r.problem(v.name, fmt.Sprintf("Expected valid ip address, got: %s", v.text), "set %s to an address of this machine, or unset it", v.name)
		return
	}
	r.c.Dist.ListenIP = addr.String()
}

func readEPMD(r *reader, v value) {
	if !r.distMatters {
		return
	}
	switch v.text {
	case EPMDAuto, EPMDEmbedded, EPMDExternal, EPMDOff:
		r.c.Dist.EPMD = v.text
	default:
		r.problem(v.name, fmt.Sprintf("Expected auto, embedded, external or off, got: %s", v.text), "set %s to one of these, or unset it", v.name)
	}
}

func readTickTime(r *reader, v value) {
	if !r.distMatters {
		return
	}
	n, err := strconv.Atoi(v.text)
	if err != nil || !digits(v.text) || n < 1 || n > maxTickTime {
		r.problem(v.name, fmt.Sprintf("Expected a number of seconds, got: %s", v.text), "set %s to a number from 1 to %d, such as 60", v.name, maxTickTime)
		return
	}
	r.c.Dist.NetTickTime = time.Duration(n) * time.Second
}

func readEPMDPort(r *reader, v value) {
	n, ok := parsePort(v.text, 1)
	switch {
	case ok:
		r.c.Dist.EPMDPort = n
	case r.distMatters:
		r.problem(v.name, fmt.Sprintf("Expected valid port number, got: %s", v.text), "set %s to a number from 1 to %d, or unset it", v.name, maxPort)
	}
}

func readEPMDAddress(r *reader, v value) {
	for part := range strings.SplitSeq(v.text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		addr, ok := parseIP(part)
		if !ok && r.distMatters {
			r.problem(v.name, fmt.Sprintf("Expected ip addresses separated by commas, got: %s", v.text), "set %s to addresses of this machine, or unset it", v.name)
			return
		}
		if !ok {
			continue
		}
		if r.c.Dist.EPMDAddress != "" {
			r.c.Dist.EPMDAddress += ","
		}
		r.c.Dist.EPMDAddress += addr.String()
	}
}

// finishDist checks what the variables of distribution ask of each other.
func finishDist(r *reader) {
	if !r.distMatters {
		return
	}
	d := &r.c.Dist
	if !d.NodeNameSet {
		d.NodeName = "fishjam@" + r.hostname()
	}
	finishStrategies(r)
	_, host, _ := strings.Cut(d.NodeName, "@")
	if !d.LongNames && strings.Contains(host, ".") {
		r.problem(r.nameOf("FJ_DIST_NODE_NAME"), fmt.Sprintf("The host part of a short node name has no dots. Got: %s", d.NodeName),
			"set FJ_DIST_MODE to name (on all nodes), or use a host name without dots")
	}
	finishPorts(r)
	finishDistTLS(r)
}

// noteNoNodes says that nobody is looked for; it is said of NODES_LIST only,
// with the original's text.
func (r *reader) noteNoNodes() {
	d := r.c.Dist
	if d.Uses(StrategyNodesList) && len(d.Strategies) == 1 && len(d.Nodes) == 0 {
		r.note(slog.LevelWarn, "FJ_DIST_NODES", "NODES_LIST strategy requires FJ_DIST_NODES to be set\n"+
			"by at least one Fishjam instace. This instance has FJ_DIST_NODES unset.")
	}
}

func finishPorts(r *reader) {
	d := &r.c.Dist
	minSet, minOK := r.portSet("FJ_DIST_MIN_PORT")
	maxSet, maxOK := r.portSet("FJ_DIST_MAX_PORT")
	switch {
	case !minOK || !maxOK: // reported
	case !maxSet:
		d.MaxPort = d.MinPort
	case !minSet && d.MaxPort > 0:
		r.problem(r.nameOf("FJ_DIST_MIN_PORT"), "FJ_DIST_MAX_PORT has been set but FJ_DIST_MIN_PORT remains unset", "set both or neither")
	case d.MinPort == 0 && d.MaxPort > 0, d.MaxPort < d.MinPort:
		r.problem(r.nameOf("FJ_DIST_MAX_PORT"), fmt.Sprintf("There is no port range from %d to %d.", d.MinPort, d.MaxPort),
			"let FJ_DIST_MIN_PORT be at least 1 and FJ_DIST_MAX_PORT at least FJ_DIST_MIN_PORT")
	}
	switch {
	case d.EPMD != EPMDOff:
		d.PeerPort = 0
	case d.PeerPort == 0:
		d.PeerPort = d.MinPort
	}
	if minOK && maxOK && d.EPMD == EPMDOff && (d.MinPort == 0 || d.MinPort != d.MaxPort) {
		r.problem(r.nameOf("FJ_DIST_EPMD"), "Without EPMD all nodes listen on one port.",
			"set FJ_DIST_MIN_PORT and FJ_DIST_MAX_PORT to the same port on all nodes")
	}
}

// portSet says whether a bound is set, and whether it is a number.
func (r *reader) portSet(name string) (set, ok bool) {
	v, set := r.seen[name]
	if !set {
		return false, true
	}
	_, ok = parsePort(v.text, 0)
	return true, ok
}

// nameOf is how the user set a variable, else its name.
func (r *reader) nameOf(name string) string {
	if v, ok := r.seen[name]; ok {
		return v.name
	}
	return name
}
