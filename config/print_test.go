package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStartLines(t *testing.T) {
	for _, tc := range []struct {
		env  env
		want []string
	}{
		{nil, []string{
			"Distribution config: [enabled: false, mode: nil, strategy: nil, node_name: nil, strategy_config: nil]",
			"WebRTC config: [webrtc_used?: true, turn_ip: {127, 0, 0, 1}, turn_listen_ip: {127, 0, 0, 1}, turn_port_range: {50000, 59999}, turn_tcp_port: nil]",
			"Allowed components: []",
		}},
		{env{
			"FJ_DIST_ENABLED": "true", "FJ_DIST_NODE_NAME": "a@h", "FJ_DIST_NODES": "f1@localhost  f2@my-host", "FJ_DIST_COOKIE": "sesame",
			"FJ_WEBRTC_TURN_IP": "fd00::1", "FJ_WEBRTC_TURN_TCP_PORT": "49999", "FJ_COMPONENTS_USED": "hls  recording file rtsp sip hls", "FJ_SIP_IP": "10.0.0.1",
		}, []string{
			`Distribution config: [enabled: true, mode: :shortnames, strategy: Cluster.Strategy.Epmd, node_name: :a@h, strategy_config: [hosts: [:f1@localhost, :"f2@my-host"]]]`,
			"WebRTC config: [webrtc_used?: true, turn_ip: {64768, 0, 0, 0, 0, 0, 0, 1}, turn_listen_ip: {127, 0, 0, 1}, turn_port_range: {50000, 59999}, turn_tcp_port: 49999]",
			"Allowed components: [Fishjam.Component.HLS, Fishjam.Component.Recording, Fishjam.Component.File, Fishjam.Component.RTSP, Fishjam.Component.SIP]",
		}},
		{env{
			"FJ_DIST_ENABLED": "true", "FJ_DIST_STRATEGY_NAME": "DNS", "FJ_DIST_MODE": "name", "FJ_DIST_QUERY": "app.dns-network", "FJ_DIST_NODE_NAME": "fishjam@10.0.0.1",
			"FJ_WEBRTC_USED": "false",
		}, []string{
			`Distribution config: [enabled: true, mode: :longnames, strategy: Cluster.Strategy.DNSPoll, node_name: :"fishjam@10.0.0.1", strategy_config: [polling_interval: 5000, query: "app.dns-network", node_basename: "fishjam"]]`,
			"WebRTC config: [webrtc_used?: false, turn_ip: nil, turn_listen_ip: nil, turn_port_range: nil, turn_tcp_port: nil]",
			"Allowed components: []",
		}},
	} {
		c := mustLoad(t, tc.env)
		for i, got := range []string{c.DistributionLine(""), c.WebRTCLine(), c.ComponentsLine()} {
			if got != tc.want[i] {
				t.Errorf("%v:\n got %s\nwant %s", tc.env, got, tc.want[i])
			}
		}
	}
}

// inspected are atoms and strings as Elixir 1.14 printed them.
func inspected() (atoms, texts map[string]string) {
	return map[string]string{
			"f1@localhost": ":f1@localhost", "f1@my-host": `:"f1@my-host"`, "f1@127.0.0.1": `:"f1@127.0.0.1"`, "1a@b": `:"1a@b"`, "a@b@": ":a@b@",
			"é@h": ":é@h", "É": ":É", "A": ":A", "_x": ":_x", "foo?": ":foo?", "a?b": `:"a?b"`, "": `:""`, "nil": "nil", "a b\"c": `:"a b\"c"`, "x\n": `:"x\n"`, "f@::1": `:"f@::1"`,
		}, map[string]string{
			"a\"b\\": `"a\"b\\"`, "#{x} #x": `"\#{x} #x"`, "\a\b\x7f\x1b\f\n\r\t\v": `"\a\b\d\e\f\n\r\t\v"`, "\x00": `"\0"`, "é": `"é"`,
		}
}

func TestInspect(t *testing.T) {
	atoms, texts := inspected()
	for in, want := range atoms {
		if got := inspectAtom(in); got != want {
			t.Errorf("inspectAtom(%q) = %s, want %s", in, got, want)
		}
	}
	for in, want := range texts {
		if got := inspectString(in); got != want {
			t.Errorf("inspectString(%q) = %s, want %s", in, got, want)
		}
	}
}

// TestInspectAgainstElixir asks a real Elixir, where there is one.
func TestInspectAgainstElixir(t *testing.T) {
	elixir, err := exec.LookPath("elixir")
	if err != nil {
		t.Logf("no elixir here: the table above stands alone")
		return
	}
	atoms, texts := inspected()
	var args, want []string
	for in, out := range atoms {
		args, want = append(args, "a"+in), append(want, out)
	}
	for in, out := range texts {
		if !strings.Contains(in, "\x00") { // no argument of a process can carry it
			args, want = append(args, "s"+in), append(want, out)
		}
	}
	script := `for a <- System.argv(), do: IO.puts(case a do "a" <> x -> inspect(String.to_atom(x)); "s" <> x -> inspect(x) end)`
	cmd := exec.Command(elixir, append([]string{"-e", script, "--"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "ELIXIR_ERL_OPTIONS=+fnu")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Errorf("%q: Elixir %v, ours %s", args[i], got[i:min(i+1, len(got))], want[i])
		}
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	e := env{
		"FJ_SERVER_API_TOKEN": "xyzzy1", "FJ_SECRET_KEY_BASE": "xyzzy2", "FJ_DIST_COOKIE": "xyzzy3", "FJ_DIST_ENABLED": "true", "FJ_DIST_NODES": "a@b",
		"FJ_S3_BUCKET": "b", "FJ_S3_REGION": "r", "FJ_S3_ACCESS_KEY_ID": "xyzzy4", "FJ_S3_SECRET_ACCESS_KEY": "xyzzy5",
	}
	c := mustLoad(t, e)
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	log.Info("x", "config", c, "dist", c.Dist, "token", c.ServerAPIToken)
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "%v %+v %#v %s %q %x %s", c, c.Dist, c.S3, c.ServerAPIToken, c.ServerAPIToken, c.ServerAPIToken, encoded)
	fmt.Fprint(&out, c.DistributionLine(""), c.WebRTCLine(), c.ComponentsLine())
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "xyzzy") || strings.Contains(text, fmt.Sprintf("%x", "xyzzy")) {
		t.Errorf("a secret shows: %s", text)
	}
	for name, value := range e {
		if strings.HasPrefix(value, "xyzzy") && !strings.Contains(out.String(), name+"=(hidden)") {
			t.Errorf("%s is not printed as hidden", name)
		}
	}
}

// TestPrintedConfigurationLoadsAgain: what fjord config prints can be used as
// an environment file and means the same.
func TestPrintedConfigurationLoadsAgain(t *testing.T) {
	c := mustLoad(t, env{"FJ_DIST_ENABLED": "true", "FJ_DIST_NODES": "a@b c@d", "FJ_CHECK_ORIGIN": "//*.x.y z", "JF_PORT": "99"}, "--metrics-port=98")
	again := env{}
	for _, s := range c.Settings() {
		if s.Value != "" && s.Value != hidden {
			again[s.Variable.Name] = s.Value
		}
	}
	if got := mustLoad(t, again).String(); got != c.String() {
		t.Errorf("got  %s\nwant %s", got, c)
	}
	var out strings.Builder
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"FJ_PORT=99 ", "# JF_PORT\n", "# --metrics-port\n", "# FJ_DIST_NODES\n", `FJ_DIST_NODES="a@b c@d"`, "# default\n", "development mode"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
}

// TestTable: every variable is documented, named once and shown.
func TestTable(t *testing.T) {
	fishjams := map[string]bool{}
	for name := range strings.FieldsSeq(`FJ_SERVER_API_TOKEN FJ_HOST FJ_IP FJ_PORT FJ_SSL_KEY_PATH FJ_SSL_CERT_PATH FJ_SECRET_KEY_BASE FJ_CHECK_ORIGIN
		FJ_RESOURCES_BASE_PATH FJ_METRICS_IP FJ_METRICS_PORT FJ_LOG_LEVEL FJ_STRUCTURED_LOGGING FJ_GIT_COMMIT FJ_COMPONENTS_USED FJ_SIP_IP
		FJ_S3_BUCKET FJ_S3_REGION FJ_S3_ACCESS_KEY_ID FJ_S3_SECRET_ACCESS_KEY FJ_S3_PATH_PREFIX FJ_WEBRTC_USED FJ_WEBRTC_TURN_IP
		FJ_WEBRTC_TURN_LISTEN_IP FJ_WEBRTC_TURN_PORT_RANGE FJ_WEBRTC_TURN_TCP_PORT FJ_DIST_ENABLED FJ_DIST_STRATEGY_NAME FJ_DIST_MODE
		FJ_DIST_NODE_NAME FJ_DIST_COOKIE FJ_DIST_NODES FJ_DIST_QUERY FJ_DIST_POLLING_INTERVAL FJ_DIST_MIN_PORT FJ_DIST_MAX_PORT
		FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED`) {
		fishjams[name] = true
	}
	names := map[string]bool{}
	for _, v := range Variables() {
		if names[v.Name] || v.Doc == "" || v.Type == "" || v.Default == "" || v.show == nil || v.Group == "" {
			t.Errorf("%s is incomplete or twice in the table", v.Name)
		}
		names[v.Name] = true
		want := ""
		if fishjams[v.Name] {
			want = "JF_" + strings.TrimPrefix(v.Name, "FJ_")
		}
		if v.Ancestor != want {
			t.Errorf("%s: ancestor %q, want %q", v.Name, v.Ancestor, want)
		}
	}
}
