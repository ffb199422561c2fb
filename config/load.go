package config

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const (
	productionPort  = 8080
	developmentPort = 5002

	developmentToken Secret = "development"

	defaultCookie Secret = "fishjam_cookie"

	// secretKeyBytes is how many random bytes a generated FJ_SECRET_KEY_BASE has.
	secretKeyBytes = 48
)

// Load reads the configuration: a flag beats an FJ_ variable, which beats its
// JF_ ancestor, which beats the default. args are flags without the program's
// name. The error is flag.ErrHelp when a flag asked for help, else Problems.
// The notes are to be logged once there is a logger; they are complete only
// when there is no error.
func Load(sys System, args []string) (Config, []Note, error) {
	r := &reader{sys: sys.withDefaults(), flags: map[string]string{}, seen: map[string]value{}}
	if err := r.parseFlags(args); err != nil {
		return Config{}, nil, err
	}
	r.c = r.defaults()
	table := Variables()
	r.readAll(table)
	for _, finish := range []func(*reader){
		finishListen, finishSecrets, finishTLS, finishComponents, finishS3, finishWebRTC, finishDist, finishRouting, noteUnknown,
	} {
		finish(r)
	}
	if len(r.problems) > 0 {
		return Config{}, r.notes, r.sorted(table)
	}
	r.c.sources = map[string]string{}
	for name, v := range r.seen {
		r.c.sources[name] = v.name
	}
	return r.c, r.notes, nil
}

func (r *reader) defaults() Config {
	return Config{
		IP:                netip.AddrFrom4([4]byte{127, 0, 0, 1}),
		ResourcesBasePath: r.expandPath("fishjam_resources"),
		MetricsIP:         netip.AddrFrom4([4]byte{127, 0, 0, 1}),
		MetricsPort:       9568,
		LogLevel:          "info",
		GitCommit:         "dev",
		MetricsRoomLabels: true,
		RoomRouting:       RoutingOff,
		RoomPlacement:     PlacementReserved,
		WebRTC:            defaultWebRTC(),
		Dist:              defaultDist(),
	}
}

// finishListen decides about development mode, and what follows from it.
func finishListen(r *reader) {
	if !r.set("FJ_SERVER_API_TOKEN") {
		r.c.Development = true
		r.c.ServerAPIToken = developmentToken
		if !r.c.IP.IsLoopback() {
			r.problem("FJ_SERVER_API_TOKEN",
				"environment variable FJ_SERVER_API_TOKEN is missing.\nFJ_SERVER_API_TOKEN is used for HTTP requests and\nserver WebSocket authorization.",
				"set FJ_SERVER_API_TOKEN (or FJ_SERVER_API_TOKEN_FILE) to a secret of your own; without one Fjord listens on loopback addresses only, and FJ_IP is %s", r.c.IP)
		}
	}
	if r.c.Development && !r.set("FJ_CHECK_ORIGIN") {
		r.c.CheckOrigin = OriginCheck{Mode: OriginAny}
	}
	if r.c.Port == 0 {
		r.c.Port = productionPort
		if r.c.Development {
			r.c.Port = developmentPort
		}
	}
	if r.c.Host == "" {
		r.c.Host = net.JoinHostPort(r.c.IP.String(), strconv.Itoa(r.c.Port))
	}
}

// finishSecrets makes a key for peer tokens when none is set.
func finishSecrets(r *reader) {
	if r.set("FJ_SECRET_KEY_BASE") {
		return
	}
	key := make([]byte, secretKeyBytes)
	if err := r.sys.Random(key); err != nil {
		r.problem("FJ_SECRET_KEY_BASE", fmt.Sprintf("No random key can be made: %v.", err), "set FJ_SECRET_KEY_BASE")
		return
	}
	r.c.SecretKeyBase = Secret(base64.StdEncoding.EncodeToString(key))
}

// noteUnknown warns of FJ_ names that nobody reads: most are misspelt.
func noteUnknown(r *reader) {
	known := map[string]bool{}
	for _, v := range Variables() {
		known[v.Name] = true
	}
	var unknown []string
	for _, entry := range r.sys.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "FJ_") && !known[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		r.note(slog.LevelWarn, name, name+" is not a variable of Fjord and is ignored; see the list: fjord config")
	}
	for _, old := range []struct{ name, instead string }{
		{"JF_SIP_USED", "FJ_COMPONENTS_USED"},
		{"JF_RECORDING_USED", "FJ_COMPONENTS_USED"},
		{"JF_OUTPUT_BASE_PATH", "FJ_RESOURCES_BASE_PATH"},
	} {
		if _, ok := r.sys.LookupEnv(old.name); ok {
			r.note(slog.LevelWarn, old.name, old.name+" is no longer read; "+old.instead+" has taken its place")
		}
	}
}

// sorted puts problems in the order of the table.
func (r *reader) sorted(table []Variable) Problems {
	index := map[string]int{"flags": -1}
	for i, v := range table {
		index[v.Name], index["--"+v.Flag()] = i, i
		if v.Ancestor != "" {
			index[v.Ancestor] = i
		}
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return index[a.Variable] - index[b.Variable] })
	return Problems(r.problems)
}
