package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// on is distribution switched on, with what else is given.
func on(e env) env {
	out := env{"FJ_DIST_ENABLED": "true", "FJ_DIST_NODES": "a@b"}
	for k, v := range e {
		out[k] = v
	}
	return out
}

// TestProblems has one case for each way a variable can be wrong. want is the
// line up to "Fix:".
func TestProblems(t *testing.T) {
	const missing = "environment variable FJ_SERVER_API_TOKEN is missing. FJ_SERVER_API_TOKEN is used for HTTP requests and server WebSocket authorization."
	const badRange = "Bad FJ_WEBRTC_TURN_PORT_RANGE environment variable value. Expected \"from-to\", where `from` and `to` are numbers between 0 and 65535 and `from` is not bigger than `to`, got: "
	const badS3 = "Either all S3 credentials have to be set: `FJ_S3_BUCKET`, `FJ_S3_REGION`, `FJ_S3_ACCESS_KEY_ID`, `FJ_S3_SECRET_ACCESS_KEY`, or none must be set. Currently, the following required credentials are missing: "
	const noSIP = "SIP components are allowed, but incorrect IP address was provided as `FJ_SIP_IP`"
	for _, tc := range []struct {
		env  env
		want string
	}{
		{env{"FJ_IP": "0.0.0.0"}, "FJ_SERVER_API_TOKEN: " + missing},
		{env{"FJ_IP": "192.168.1.1", "FJ_DIST_ENABLED": "true"}, "FJ_SERVER_API_TOKEN: " + missing},
		{env{"FJ_SERVER_API_TOKEN": ""}, "FJ_SERVER_API_TOKEN: The value is empty."},
		{env{"JF_SERVER_API_TOKEN": " \t"}, "JF_SERVER_API_TOKEN: The value is empty."},
		{env{"FJ_SERVER_API_TOKEN_FILE": "/text/"}, "FJ_SERVER_API_TOKEN_FILE: The value is empty."},
		{env{"FJ_SERVER_API_TOKEN_FILE": "/none", "FJ_IP": "0.0.0.0"}, "FJ_SERVER_API_TOKEN_FILE: The file cannot be read: open /none: file does not exist."},
		{env{"FJ_SERVER_API_TOKEN_FILE": "/text/a", "FJ_SERVER_API_TOKEN": "b"}, "FJ_SERVER_API_TOKEN_FILE: FJ_SERVER_API_TOKEN and FJ_SERVER_API_TOKEN_FILE are both set."},
		{env{"FJ_SECRET_KEY_BASE": ""}, "FJ_SECRET_KEY_BASE: The value is empty."},
		{env{"FJ_HOST": ""}, "FJ_HOST: The value is empty."},
		{env{"FJ_IP": "localhost"}, "FJ_IP: Bad FJ_IP environment variable value. Expected valid ip address, got: localhost\""},
		{env{"FJ_IP": "127.1"}, "FJ_IP: Bad FJ_IP environment variable value. Expected valid ip address, got: 127.1\""},
		{env{"JF_METRICS_IP": "x"}, "JF_METRICS_IP: Bad FJ_METRICS_IP environment variable value. Expected valid ip address, got: x\""},
		{env{"FJ_PORT": "8081abc"}, "FJ_PORT: Bad FJ_PORT environment variable value. Expected valid port number, got: 8081abc"},
		{env{"FJ_PORT": "0"}, "FJ_PORT: Bad FJ_PORT environment variable value. Expected valid port number, got: 0"},
		{env{"FJ_PORT": "65536"}, "FJ_PORT: Bad FJ_PORT environment variable value. Expected valid port number, got: 65536"},
		{env{"FJ_PORT": "+80"}, "FJ_PORT: Bad FJ_PORT environment variable value. Expected valid port number, got: +80"},
		{env{"FJ_PORT": ""}, "FJ_PORT: Bad FJ_PORT environment variable value. Expected valid port number, got:"},
		{env{"FJ_METRICS_PORT": " 80"}, "FJ_METRICS_PORT: Bad FJ_METRICS_PORT environment variable value. Expected valid port number, got:  80"},
		{env{"FJ_WEBRTC_TURN_TCP_PORT": "x\ny"}, "FJ_WEBRTC_TURN_TCP_PORT: Bad FJ_WEBRTC_TURN_TCP_PORT environment variable value. Expected valid port number, got: x y"},
		{env{"FJ_SSL_KEY_PATH": "/text/k"}, "FJ_SSL_CERT_PATH: FJ_SSL_KEY_PATH has been set but FJ_SSL_CERT_PATH remains unset"},
		{env{"FJ_SSL_CERT_PATH": "/text/c"}, "FJ_SSL_KEY_PATH: FJ_SSL_CERT_PATH has been set but FJ_SSL_KEY_PATH remains unset"},
		{env{"FJ_SSL_CERT_PATH": "/text/c", "FJ_SSL_KEY_PATH": "/none"}, "FJ_SSL_KEY_PATH: The private key cannot be read: open /none: file does not exist."},
		{env{"FJ_SSL_CERT_PATH": "/text/c", "FJ_SSL_KEY_PATH": "/text/k"}, "FJ_SSL_CERT_PATH: Certificate and private key cannot be used: tls: failed to find any PEM data in certificate input."},
		{env{"FJ_CHECK_ORIGIN": "  "}, "FJ_CHECK_ORIGIN: The list of origins is empty."},
		{env{"FJ_STRUCTURED_LOGGING": "yes"}, "FJ_STRUCTURED_LOGGING: Bad FJ_STRUCTURED_LOGGING environment variable value. Expected true or false, got: yes"},
		{env{"FJ_WEBRTC_USED": "1"}, "FJ_WEBRTC_USED: Bad FJ_WEBRTC_USED environment variable value. Expected true or false, got: 1"},
		{env{"FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED": ""}, "FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED: Bad FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED environment variable value. Expected true or false, got:"},
		{env{"FJ_COMPONENTS_USED": "hls HLS"}, "FJ_COMPONENTS_USED: Invalid value in FJ_COMPONENTS_USED. Expected a lowercase component name, got: HLS"},
		{env{"FJ_COMPONENTS_USED": "sip"}, "FJ_SIP_IP: " + noSIP},
		{env{"FJ_COMPONENTS_USED": "sip", "JF_SIP_IP": "abc"}, "JF_SIP_IP: " + noSIP},
		{env{"FJ_S3_BUCKET": "b", "FJ_S3_REGION": ""}, "FJ_S3_REGION: " + badS3 + `["FJ_S3_REGION", "FJ_S3_ACCESS_KEY_ID", "FJ_S3_SECRET_ACCESS_KEY"].`},
		{env{"FJ_WEBRTC_TURN_IP": "x"}, "FJ_WEBRTC_TURN_IP: Bad FJ_WEBRTC_TURN_IP environment variable value. Expected valid ip address, got: x\""},
		{env{"FJ_WEBRTC_TURN_LISTEN_IP": "nowhere"}, "FJ_WEBRTC_TURN_LISTEN_IP: Couldn't resolve nowhere, reason: nxdomain."},
		{env{"FJ_WEBRTC_TURN_PORT_RANGE": "50000-65536"}, "FJ_WEBRTC_TURN_PORT_RANGE: " + badRange + "50000-65536"},
		{env{"FJ_WEBRTC_TURN_PORT_RANGE": "a-b"}, "FJ_WEBRTC_TURN_PORT_RANGE: " + badRange + "a-b"},
		{env{"FJ_WEBRTC_TURN_PORT_RANGE": "2-1"}, "FJ_WEBRTC_TURN_PORT_RANGE: " + badRange + "2-1"},
		{env{"FJ_WEBRTC_TURN_PORT_RANGE": "-1-65536"}, "FJ_WEBRTC_TURN_PORT_RANGE: " + badRange + "-1-65536"},
		{env{"FJ_WEBRTC_TURN_PORT_RANGE": "50000"}, "FJ_WEBRTC_TURN_PORT_RANGE: " + badRange + "50000"},
		{env{"FJ_DIST_ENABLED": "yes"}, "FJ_DIST_ENABLED: Bad FJ_DIST_ENABLED environment variable value. Expected true or false, got: yes"},
		{env{"FJ_DIST_MODE": "long"}, "FJ_DIST_MODE: Invalid FJ_DIST_MODE. Expected sname or name, got: long"},
		{on(env{"FJ_DIST_STRATEGY_NAME": "EPMD"}), "FJ_DIST_STRATEGY_NAME: FJ_DIST_ENABLED has been set but unknown FJ_DIST_STRATEGY was provided. Availabile strategies are EPMD or DNS, provided strategy name was: \"EPMD\""},
		{on(env{"FJ_DIST_STRATEGY_NAME": "DNS", "FJ_DIST_QUERY": "q"}), "FJ_DIST_MODE: DNS strategy requires `FJ_DIST_MODE` to be `name`"},
		{on(env{"FJ_DIST_STRATEGY_NAME": "DNS", "FJ_DIST_MODE": "name"}), "FJ_DIST_QUERY: FJ_DIST_QUERY is required by DNS strategy"},
		{on(env{"FJ_DIST_STRATEGY_NAME": "DNS", "FJ_DIST_MODE": "name", "FJ_DIST_QUERY": "q", "FJ_DIST_POLLING_INTERVAL": "5s"}), "FJ_DIST_POLLING_INTERVAL: `FJ_DIST_POLLING_INTERVAL` must be a positivie integer. Got: 5s"},
		{on(env{"FJ_DIST_STRATEGY_NAME": "DNS", "FJ_DIST_MODE": "name", "FJ_DIST_QUERY": "q", "FJ_DIST_POLLING_INTERVAL": "0"}), "FJ_DIST_POLLING_INTERVAL: `FJ_DIST_POLLING_INTERVAL` must be a positivie integer. Got: 0"},
		{on(env{"FJ_DIST_NODE_NAME": "f1"}), "FJ_DIST_NODE_NAME: FJ_DIST_NODE_NAME has to be in form of <nodename>@<hostname>. Got: f1"},
		{on(env{"FJ_DIST_NODE_NAME": "a@b@c"}), "FJ_DIST_NODE_NAME: FJ_DIST_NODE_NAME has to be in form of <nodename>@<hostname>. Got: a@b@c"},
		{on(env{"FJ_DIST_NODE_NAME": "f.1@h"}), "FJ_DIST_NODE_NAME: The part before the @ of a node name consists of letters, digits, _ and -. Got: f.1@h"},
		{on(env{"FJ_DIST_NODE_NAME": "f1@"}), "FJ_DIST_NODE_NAME: The part after the @ of a node name is a host name or an address. Got: f1@"},
		{on(env{"FJ_DIST_NODE_NAME": "f1@127.0.0.1"}), "FJ_DIST_NODE_NAME: The host part of a short node name has no dots. Got: f1@127.0.0.1"},
		{on(env{"FJ_DIST_NODES": "f1@a, f2@b"}), "FJ_DIST_NODES: \"f1@a,\" is not a node name."},
		{on(env{"FJ_DIST_COOKIE": ""}), "FJ_DIST_COOKIE: A cookie has 1 to 255 bytes and is not blank."},
		{on(env{"FJ_DIST_COOKIE_FILE": "/text/" + strings.Repeat("é", 128)}), "FJ_DIST_COOKIE_FILE: A cookie has 1 to 255 bytes and is not blank."},
		{on(env{"FJ_DIST_MIN_PORT": "x"}), "FJ_DIST_MIN_PORT: Expected valid port number, got: x"},
		{on(env{"FJ_DIST_MAX_PORT": "9000"}), "FJ_DIST_MIN_PORT: FJ_DIST_MAX_PORT has been set but FJ_DIST_MIN_PORT remains unset"},
		{on(env{"FJ_DIST_MIN_PORT": "9001", "FJ_DIST_MAX_PORT": "9000"}), "FJ_DIST_MAX_PORT: There is no port range from 9001 to 9000."},
		{on(env{"FJ_DIST_LISTEN_IP": "eth0"}), "FJ_DIST_LISTEN_IP: Expected valid ip address, got: eth0"},
		{on(env{"FJ_DIST_EPMD": "yes"}), "FJ_DIST_EPMD: Expected auto, embedded, external or off, got: yes"},
		{on(env{"FJ_DIST_EPMD": "off"}), "FJ_DIST_EPMD: Without EPMD all nodes listen on one port."},
		{on(env{"FJ_DIST_EPMD": "off", "FJ_DIST_MIN_PORT": "9000", "FJ_DIST_MAX_PORT": "9001"}), "FJ_DIST_EPMD: Without EPMD all nodes listen on one port."},
		{on(env{"FJ_DIST_STRATEGY_NAME": "KUBERNETES", "FJ_DIST_KUBERNETES_SERVICE": "s"}), "FJ_DIST_MODE: KUBERNETES strategy requires `FJ_DIST_MODE` to be `name`"},
		{on(env{"FJ_DIST_STRATEGY_NAME": "KUBERNETES", "FJ_DIST_MODE": "name"}), "FJ_DIST_KUBERNETES_SERVICE: FJ_DIST_KUBERNETES_SERVICE is required by KUBERNETES strategy"},
		{on(env{"FJ_DIST_KUBERNETES_NAMESPACE": "a/b"}), "FJ_DIST_KUBERNETES_NAMESPACE: Not a name: \"a/b\""},
		{on(env{"FJ_DIST_RESOURCE_TYPES": "a,mx"}), "FJ_DIST_RESOURCE_TYPES: Expected types of DNS records, got: a,mx"},
		{on(env{"FJ_DIST_DNS_NAMES": "both"}), "FJ_DIST_DNS_NAMES: Expected ip or host, got: both"},
		{on(env{"FJ_DIST_GOSSIP_MULTICAST_IP": "10.0.0.1"}), "FJ_DIST_GOSSIP_MULTICAST_IP: Not an IPv4 address that fits: 10.0.0.1"},
		{on(env{"FJ_DIST_GOSSIP_IP": "::1"}), "FJ_DIST_GOSSIP_IP: Not an IPv4 address that fits: ::1"},
		{on(env{"FJ_DIST_GOSSIP_TTL": "256"}), "FJ_DIST_GOSSIP_TTL: Expected a whole number, got: 256"},
		{on(env{"FJ_DIST_CONNECT_TIMEOUT": "0"}), "FJ_DIST_CONNECT_TIMEOUT: Expected a time, got: 0"},
		{on(env{"FJ_DIST_ALLOW": "fishjam"}), "FJ_DIST_ALLOW: Neither a network nor a regular expression for node names: fishjam"},
		{on(env{"FJ_DIST_ALLOW": "(a@b"}), "FJ_DIST_ALLOW: Neither a network nor a regular expression for node names: (a@b"},
		{on(env{"FJ_DIST_ALLOW": ""}), "FJ_DIST_ALLOW: The list is empty."},
		{on(env{"FJ_RPC_TIMEOUT": "1"}), "FJ_RPC_TIMEOUT: Expected a time, got: 1"},
		{env{"FJ_MAX_ROOMS": "0"}, "FJ_MAX_ROOMS: Expected a whole number, got: 0"},
		{env{"FJ_MAX_FORWARDED_TRACKS": "+1"}, "FJ_MAX_FORWARDED_TRACKS: Expected a whole number, got: +1"},
		{env{"FJ_DRAIN_TIMEOUT": "2d"}, "FJ_DRAIN_TIMEOUT: Expected a time, got: 2d"},
		{env{"FJ_ROOM_ROUTING": "on"}, "FJ_ROOM_ROUTING: Expected off or transparent, got: on"},
		{env{"FJ_ROOM_PLACEMENT": "fair"}, "FJ_ROOM_PLACEMENT: Expected reserved or plain, got: fair"},
		{env{"FJ_ROOM_ROUTING": "transparent", "FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED": "true"}, "FJ_ROOM_ROUTING: FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED routes requests in another way."},
		{env{"FJ_WEBHOOK_ALLOW": "10.0.0.300"}, "FJ_WEBHOOK_ALLOW: Neither a network nor a host name: 10.0.0.300"},
		{env{"FJ_WEBHOOK_ALLOW": ""}, "FJ_WEBHOOK_ALLOW: The list is empty."},
		{on(env{"FJ_DIST_NET_TICKTIME": "1m"}), "FJ_DIST_NET_TICKTIME: Expected a number of seconds, got: 1m"},
		{on(env{"ERL_EPMD_PORT": "epmd"}), "ERL_EPMD_PORT: Expected valid port number, got: epmd"},
		{on(env{"ERL_EPMD_ADDRESS": "127.0.0.1,x"}), "ERL_EPMD_ADDRESS: Expected ip addresses separated by commas, got: 127.0.0.1,x"},
	} {
		lines := problems(t, tc.env)
		if len(lines) != 1 {
			t.Errorf("%v: %d problems: %q", tc.env, len(lines), lines)
			continue
		}
		if got, _, _ := strings.Cut(lines[0], "Fix: "); strings.TrimSpace(got) != tc.want {
			t.Errorf("%v:\n got %s\nwant %s", tc.env, got, tc.want)
		}
	}
}

func TestAllProblemsAtOnceInTheOrderOfTheTable(t *testing.T) {
	got := problems(t, env{
		"FJ_DIST_ENABLED": "true", "FJ_DIST_NODE_NAME": "x", "FJ_DIST_COOKIE": " ", "FJ_COMPONENTS_USED": "sip foo", "FJ_IP": "x", "JF_PORT": "80a", "FJ_WEBRTC_TURN_PORT_RANGE": "z",
	}, "--log-level=debug", "--metrics-port=x", "extra")
	want := []string{
		`flags: "extra" is no flag. Fix: write a flag's value after an equals sign, such as --dist-enabled=true`,
		`FJ_IP: Bad FJ_IP environment variable value. Expected valid ip address, got: x" Fix: set FJ_IP to an IPv4 or IPv6 address such as 127.0.0.1`,
		`JF_PORT: Bad FJ_PORT environment variable value. Expected valid port number, got: 80a Fix: set JF_PORT to a number from 1 to 65535`,
		`--metrics-port: Bad FJ_METRICS_PORT environment variable value. Expected valid port number, got: x Fix: set --metrics-port to a number from 1 to 65535`,
		`FJ_COMPONENTS_USED: Invalid value in FJ_COMPONENTS_USED. Expected a lowercase component name, got: foo Fix: use names of hls, rtsp, file, sip, recording, separated by spaces`,
		"FJ_SIP_IP: SIP components are allowed, but incorrect IP address was provided as `FJ_SIP_IP` Fix: set FJ_SIP_IP to the address SIP servers reach this node at, or take sip out of FJ_COMPONENTS_USED",
		"FJ_WEBRTC_TURN_PORT_RANGE: Bad FJ_WEBRTC_TURN_PORT_RANGE environment variable value. Expected \"from-to\", where `from` and `to` are numbers between 0 and 65535 and `from` is not bigger than `to`, got: z Fix: set FJ_WEBRTC_TURN_PORT_RANGE to a range such as 50000-59999",
		"FJ_DIST_NODE_NAME: FJ_DIST_NODE_NAME has to be in form of <nodename>@<hostname>. Got: x Fix: set FJ_DIST_NODE_NAME to a name such as f1@box",
		"FJ_DIST_COOKIE: A cookie has 1 to 255 bytes and is not blank. Fix: set FJ_DIST_COOKIE to a secret of your own, the same on all nodes",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestWhatIsNotInEffectIsNotChecked: Fishjam does not look at these either.
func TestWhatIsNotInEffectIsNotChecked(t *testing.T) {
	for _, e := range []env{
		{"FJ_WEBRTC_USED": "False", "FJ_WEBRTC_TURN_IP": "x", "FJ_WEBRTC_TURN_PORT_RANGE": "", "FJ_WEBRTC_TURN_TCP_PORT": "x", "FJ_WEBRTC_TURN_LISTEN_IP": "nowhere"},
		{"FJ_DIST_STRATEGY_NAME": "x", "FJ_DIST_NODE_NAME": "x", "FJ_DIST_POLLING_INTERVAL": "x", "FJ_DIST_MIN_PORT": "x", "FJ_DIST_COOKIE": "", "ERL_EPMD_PORT": "x", "ERL_EPMD_ADDRESS": "x"},
		on(env{"FJ_DIST_POLLING_INTERVAL": "x", "FJ_DIST_MIN_PORT": "", "FJ_DIST_MAX_PORT": ""}),
		{"FJ_SIP_IP": "x"},
		on(env{"FJ_DIST_EPMD": "off", "FJ_DIST_MIN_PORT": "9000"}),
		{"FJ_S3_BUCKET": "", "FJ_S3_REGION": "", "FJ_S3_ACCESS_KEY_ID": "", "FJ_S3_SECRET_ACCESS_KEY": "", "FJ_S3_PATH_PREFIX": ""},
	} {
		mustLoad(t, e)
	}
}
