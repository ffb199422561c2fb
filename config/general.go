package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
)

func generalVariables() []Variable {
	table := []Variable{
		{
			Name: "FJ_SERVER_API_TOKEN", Type: "string", Default: "none; without one: development mode", Secret: true, HasFile: true,
			Doc: "Token that REST requests (`Authorization: Bearer …`) and the server socket carry. Without one Fjord runs in development mode: " +
				"token `development`, port 5002, any websocket origin, loopback addresses only.",
			read: secret(func(c *Config) *Secret { return &c.ServerAPIToken }),
			show: func(c Config) string { return string(c.ServerAPIToken) },
		},
		{
			Name: "FJ_HOST", Type: "host[:port][/path]", Default: "`<FJ_IP>:<FJ_PORT>`",
			Doc:  "Address under which clients reach this node; it is answered as `fishjam_address`, and an `Origin` is compared with its host.",
			read: readHost,
			show: func(c Config) string { return c.Host },
		},
		{
			Name: "FJ_IP", Type: "IP address", Default: "127.0.0.1 (image: 0.0.0.0)",
			Doc:  "Address the HTTP server listens on.",
			read: ip("FJ_IP", func(c *Config) *netip.Addr { return &c.IP }),
			show: func(c Config) string { return c.IP.String() },
		},
		{
			Name: "FJ_PORT", Type: "port", Default: "8080, in development mode 5002",
			Doc:  "Port the HTTP server listens on.",
			read: port("FJ_PORT", func(c *Config) *int { return &c.Port }),
			show: func(c Config) string { return strconv.Itoa(c.Port) },
		},
		{
			Name: "FJ_SSL_KEY_PATH", Type: "path", Default: "unset",
			Doc:  "PEM private key; together with `FJ_SSL_CERT_PATH` it makes the HTTP server speak HTTPS.",
			read: text(func(c *Config) *string { return &c.SSLKeyPath }),
			show: func(c Config) string { return c.SSLKeyPath },
		},
		{
			Name: "FJ_SSL_CERT_PATH", Type: "path", Default: "unset",
			Doc:  "PEM certificate chain; see `FJ_SSL_KEY_PATH`.",
			read: text(func(c *Config) *string { return &c.SSLCertPath }),
			show: func(c Config) string { return c.SSLCertPath },
		},
		{
			Name: "FJ_SECRET_KEY_BASE", Type: "string", Default: "48 random bytes, new at each start", Secret: true, HasFile: true,
			Doc: "Secret that peer tokens are made with. Give all nodes of a cluster the same one: unset, tokens end with the process and are " +
				"valid on this node only.",
			read: secret(func(c *Config) *Secret { return &c.SecretKeyBase }),
			show: func(c Config) string { return string(c.SecretKeyBase) },
		},
		{
			Name: "FJ_CHECK_ORIGIN", Type: "true, false, :conn or origins", Default: "true, in development mode false",
			Doc: "Which websocket requests are let in by their `Origin`: those from `FJ_HOST`'s host (`true`), all (`false`), those from the requested " +
				"host itself (`:conn`), or those on a list separated by spaces (`host`, `//host:port`, `//*.host`, `scheme://host`).",
			read: readCheckOrigin,
			show: func(c Config) string { return c.CheckOrigin.String() },
		},
		{
			Name: "FJ_RESOURCES_BASE_PATH", Type: "path", Default: "`./fishjam_resources`",
			Doc:  "Folder for recordings, HLS and file sources.",
			read: func(r *reader, v value) { r.c.ResourcesBasePath = r.expandPath(v.text) },
			show: func(c Config) string { return c.ResourcesBasePath },
		},
		{
			Name: "FJ_METRICS_IP", Type: "IP address", Default: "127.0.0.1 (image: 0.0.0.0)",
			Doc:  "Address of the Prometheus listener.",
			read: ip("FJ_METRICS_IP", func(c *Config) *netip.Addr { return &c.MetricsIP }),
			show: func(c Config) string { return c.MetricsIP.String() },
		},
		{
			Name: "FJ_METRICS_PORT", Type: "port", Default: "9568",
			Doc:  "Port of the Prometheus listener; the path is `/metrics`.",
			read: port("FJ_METRICS_PORT", func(c *Config) *int { return &c.MetricsPort }),
			show: func(c Config) string { return strconv.Itoa(c.MetricsPort) },
		},
		{
			Name: "FJ_LOG_LEVEL", Type: "debug, info, warning or error", Default: "info",
			Doc:  "Least important level that is logged. Another value is warned of and counts as `info`.",
			read: readLogLevel,
			show: func(c Config) string { return c.LogLevel },
		},
		{
			Name: "FJ_STRUCTURED_LOGGING", Type: "boolean", Default: "false", Boolean: true,
			Doc:  "Log lines are JSON objects (`time`, `severity`, `message`, `metadata`) instead of text.",
			read: boolean("FJ_STRUCTURED_LOGGING", func(c *Config) *bool { return &c.StructuredLogging }),
			show: func(c Config) string { return strconv.FormatBool(c.StructuredLogging) },
		},
		{
			Name: "FJ_GIT_COMMIT", Type: "string", Default: "dev",
			Doc:  "Commit shown by `/health` and in the log at start; the image sets it.",
			read: text(func(c *Config) *string { return &c.GitCommit }),
			show: func(c Config) string { return c.GitCommit },
		},
	}
	return inGroup(GroupGeneral, append(table, limitVariables()...))
}

// inGroup fills what the variables of a group have in common.
func inGroup(group Group, table []Variable) []Variable {
	for i := range table {
		table[i].Group = group
		if rest, ok := strings.CutPrefix(table[i].Name, "FJ_"); ok && table[i].Ancestor == "" {
			table[i].Ancestor = "JF_" + rest
		}
		if table[i].Ancestor == noAncestor {
			table[i].Ancestor = ""
		}
	}
	return table
}

// noAncestor marks variables that Fishjam does not have.
const noAncestor = "-"

func readHost(r *reader, v value) {
	if strings.TrimSpace(v.text) == "" {
		r.problem(v.name, "The value is empty.", "set %s to the address clients use, such as media.example.com:443, or unset it", v.name)
		return
	}
	r.c.Host = v.text
}

func readLogLevel(r *reader, v value) {
	switch v.text {
	case "debug", "info", "warning", "error":
		r.c.LogLevel = v.text
	default:
		r.note(slog.LevelWarn, v.name, fmt.Sprintf(
			"Provided unknown level of logs: %s. Valid values are info, debug, warning, error.\nSet value to default - info.", v.text))
	}
}

func readCheckOrigin(r *reader, v value) {
	if v.text == ":conn" {
		r.c.CheckOrigin = OriginCheck{Mode: OriginConn}
		return
	}
	if is, ok := parseBool(v.text); ok {
		if !is {
			r.c.CheckOrigin = OriginCheck{Mode: OriginAny}
		}
		return
	}
	allowed := strings.Fields(v.text)
	if len(allowed) == 0 {
		r.problem(v.name, "The list of origins is empty.", "set %s to true, false, :conn or origins separated by spaces, or unset it", v.name)
		return
	}
	r.c.CheckOrigin = OriginCheck{Mode: OriginList, Allowed: allowed}
}

// String is the value as FJ_CHECK_ORIGIN takes it.
func (o OriginCheck) String() string {
	switch o.Mode {
	case OriginHost:
		return "true"
	case OriginAny:
		return "false"
	case OriginConn:
		return ":conn"
	case OriginList:
	}
	return strings.Join(o.Allowed, " ")
}
