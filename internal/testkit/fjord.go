package testkit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Token is the API token of the nodes that StartFjord starts, unless their
// variables name another.
const Token = "development"

// Fjord is a running Fjord node seen through its REST interface.
type Fjord struct {
	*Process
	API    string // http://host:port
	client *http.Client
	token  string // "": Token
}

// FjordOptions says how StartFjord starts a node.
type FjordOptions struct {
	Name  string            // for messages; default: FJ_DIST_NODE_NAME or "fjord"
	Host  *Host             // the machine it runs on; nil: this one
	IP    string            // where the test reaches the API; default 127.0.0.1
	Env   map[string]string // variables; FJ_PORT and FJ_METRICS_PORT get free ports when absent
	Args  []string          // command line
	Under []string          // program that runs the node, with its arguments, such as taskset
	Bare  bool              // set no variable that Env does not name (manual's recipes)
}

// StartFjord starts a node and does not wait for it (see WaitUp).
func StartFjord(t testing.TB, o FjordOptions) *Fjord {
	t.Helper()
	env := maps.Clone(o.Env)
	if env == nil {
		env = map[string]string{}
	}
	if !o.Bare {
		setDefault(env, "FJ_SERVER_API_TOKEN", Token)
		fillPorts(t, env, o.Host)
	}
	port := env["FJ_PORT"]
	if port == "" {
		port = env["JF_PORT"]
	}
	if port == "" {
		port = "5002" // development mode, which a bare start is
	}
	ip, name := o.IP, o.Name
	if ip == "" {
		ip = "127.0.0.1"
	}
	if name == "" {
		name = "fjord " + env["FJ_DIST_NODE_NAME"]
	}
	f := &Fjord{API: "http://" + net.JoinHostPort(ip, port), client: httpClient(o.Host), token: env["FJ_SERVER_API_TOKEN"]}
	line := append(slices.Clone(o.Under), Binary(t))
	line = append(line, o.Args...)
	f.Process = Start(t, Command{Name: name, Path: line[0], Args: line[1:], Env: pairs(env), Host: o.Host})
	return f
}

func setDefault(env map[string]string, key, value string) {
	if _, ok := env[key]; !ok {
		env[key] = value
	}
}

// fillPorts chooses ports: free ones on this machine; on a lab host, which is
// empty, the product's own numbers.
func fillPorts(t testing.TB, env map[string]string, host *Host) {
	api, metrics := 8080, 9568
	if host == nil {
		free := FreePorts(t, 2)
		api, metrics = free[0], free[1]
	}
	setDefault(env, "FJ_PORT", strconv.Itoa(api))
	setDefault(env, "FJ_METRICS_PORT", strconv.Itoa(metrics))
}

func pairs(env map[string]string) []string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(env)) {
		list = append(list, key+"="+env[key])
	}
	return list
}

// Reach returns the REST interface of a node that somebody else has started.
// It has no Process.
func Reach(url string) *Fjord { return &Fjord{API: url, client: httpClient(nil)} }

func httpClient(host *Host) *http.Client {
	transport := &http.Transport{DisableKeepAlives: true}
	if host != nil {
		transport.DialContext = host.Dial
	}
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

// Do makes a request with the token and returns status and body.
func (f *Fjord) Do(method, path, body string) (int, string, error) {
	req, err := http.NewRequest(method, f.API+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+cmp.Or(f.token, Token))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	return resp.StatusCode, string(text), err
}

// Up says whether /health answers 200.
func (f *Fjord) Up() bool {
	status, _, err := f.Do(http.MethodGet, "/health", "")
	return err == nil && status == http.StatusOK
}

// WaitUp waits until /health answers 200; a node that exits meanwhile fails the test at once.
func (f *Fjord) WaitUp(t testing.TB) *Fjord {
	t.Helper()
	Within(t, 5*time.Second, f.Name+" answers /health", func() bool {
		if f.Exited() {
			t.Fatalf("%s ended with code %d", f.Name, f.cmd.ProcessState.ExitCode())
		}
		return f.Up()
	})
	return f
}

// NodesInCluster is the number /health gives, this node included; 0 when it does not answer.
func (f *Fjord) NodesInCluster() int {
	var health struct {
		Data struct {
			Distribution struct {
				NodesInCluster int `json:"nodesInCluster"`
			} `json:"distribution"`
		} `json:"data"`
	}
	status, body, err := f.Do(http.MethodGet, "/health", "")
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &health) != nil {
		return 0
	}
	return health.Data.Distribution.NodesInCluster
}

// Room is what POST /room answers.
type Room struct {
	ID      string
	Address string // fishjam_address: FJ_HOST of the node that holds it
	Took    time.Duration
}

// PostRoom creates a room; body may be empty.
func (f *Fjord) PostRoom(body string) (Room, error) {
	start := time.Now()
	status, text, err := f.Do(http.MethodPost, "/room", body)
	if err != nil {
		return Room{}, err
	}
	room, err := decodeRoom(status, text)
	room.Took = time.Since(start)
	return room, err
}

func decodeRoom(status int, text string) (Room, error) {
	if status != http.StatusCreated {
		return Room{}, fmt.Errorf("POST /room: status %d: %s", status, text)
	}
	var answer struct {
		Data struct {
			Fishjam   string `json:"fishjam_address"`
			Jellyfish string `json:"jellyfish_address"`
			Room      struct {
				ID string `json:"id"`
			} `json:"room"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return Room{}, fmt.Errorf("POST /room: %w: %s", err, text)
	}
	d := answer.Data
	if d.Fishjam != d.Jellyfish {
		return Room{}, fmt.Errorf("POST /room: fishjam_address %q, jellyfish_address %q", d.Fishjam, d.Jellyfish)
	}
	return Room{ID: d.Room.ID, Address: d.Fishjam}, nil
}

// MustPostRoom is PostRoom for tests that expect it to work.
func (f *Fjord) MustPostRoom(t testing.TB, body string) Room {
	t.Helper()
	room, err := f.PostRoom(body)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return room
}

// WaitMesh waits until every node sees all of them.
func WaitMesh(t testing.TB, limit time.Duration, nodes ...*Fjord) time.Duration {
	t.Helper()
	return Within(t, limit, fmt.Sprintf("%d nodes form a full mesh", len(nodes)), func() bool {
		for _, n := range nodes {
			if n.NodesInCluster() != len(nodes) {
				return false
			}
		}
		return true
	})
}

// TwoAddresses creates two rooms through one node and checks that each of the
// two addresses got one.
func TwoAddresses(t testing.TB, f *Fjord, want ...string) {
	t.Helper()
	got := map[string]int{}
	for range 2 {
		got[f.MustPostRoom(t, "").Address]++
	}
	for _, address := range want {
		if got[address] != 1 {
			t.Errorf("rooms are at %v, want one at each of %v", got, want)
		}
	}
}
