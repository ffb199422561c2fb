package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// namespaceFile is where Kubernetes tells a pod its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

func readStrategy(r *reader, v value) {
	if !r.distMatters {
		return
	}
	known := []string{StrategyNodesList, StrategyDNS, StrategyGossip, StrategyKubernetes}
	var chosen []string
	for _, name := range list(v.text) {
		if name == strategyStatic {
			r.static, name = true, StrategyNodesList
		}
		if !slices.Contains(known, name) {
			chosen = nil
			break
		}
		if !slices.Contains(chosen, name) {
			chosen = append(chosen, name)
		}
	}
	if len(chosen) == 0 {
		r.problem(v.name, fmt.Sprintf("FJ_DIST_ENABLED has been set but unknown FJ_DIST_STRATEGY was provided.\n"+
			"Availabile strategies are EPMD or DNS, provided strategy name was: \"%s\"", v.text),
			"set %s to one or more of %s", v.name, strings.Join(known, ", "))
		return
	}
	r.c.Dist.Strategies = chosen
}

func readResourceTypes(r *reader, v value) {
	known := []string{"a", "aaaa", "srv"}
	var types []string
	for _, word := range list(strings.ToLower(v.text)) {
		if !slices.Contains(known, word) {
			types = nil
			break
		}
		if !slices.Contains(types, word) {
			types = append(types, word)
		}
	}
	if len(types) == 0 {
		r.problem(v.name, fmt.Sprintf("Expected types of DNS records, got: %s", v.text), "set %s to one or more of %s, or unset it", v.name, strings.Join(known, ", "))
		return
	}
	r.c.Dist.ResourceTypes = types
}

func readDNSNames(r *reader, v value) {
	if v.text != "ip" && v.text != "host" {
		r.problem(v.name, fmt.Sprintf("Expected ip or host, got: %s", v.text), "set %s to one of these, or unset it", v.name)
		return
	}
	r.c.Dist.SRVHosts = v.text == "host"
}

func isMulticast(addr netip.Addr) bool { return addr.IsMulticast() }

// gossipAddress is a variable with an IPv4 address, which valid, unless nil,
// has to agree with.
func gossipAddress(name, fallback, doc string, field func(c *Config) *string, valid func(netip.Addr) bool) Variable {
	return Variable{
		Name: name, Ancestor: noAncestor, Type: "IPv4 address", Default: fallback, Doc: doc,
		read: whenDist(func(r *reader, v value) {
			addr, ok := parseIP(v.text)
			if !ok || !addr.Is4() || valid != nil && !valid(addr) {
				r.problem(v.name, fmt.Sprintf("Not an IPv4 address that fits: %s", v.text), "set %s to one (libcluster knows no IPv6), or unset it", v.name)
				return
			}
			*field(&r.c) = addr.String()
		}),
		show: func(c Config) string { return *field(&c) },
	}
}

func readLabel(field func(c *Config) *string, valid func(string) bool) func(*reader, value) {
	return func(r *reader, v value) {
		if !valid(v.text) {
			r.problem(v.name, fmt.Sprintf("Not a name: %q", v.text), "set %s to one, or unset it", v.name)
			return
		}
		*field(&r.c) = v.text
	}
}

// validDomain takes one DNS label or several.
func validDomain(name string) bool {
	return validHostPattern("x."+name) && !strings.HasSuffix(name, ".")
}

// finishStrategies checks what the chosen strategies need.
func finishStrategies(r *reader) {
	d := &r.c.Dist
	if d.Uses(StrategyKubernetes) && d.Kubernetes.Namespace == "" {
		d.Kubernetes.Namespace = "default"
		if data, err := r.sys.ReadFile(namespaceFile); err == nil && validDomain(strings.TrimSpace(string(data))) {
			d.Kubernetes.Namespace = strings.TrimSpace(string(data))
		}
	}
	if r.static && !r.set("FJ_DIST_SYNC_TIMEOUT") {
		d.SyncTimeout = staticWait
	}
	for _, name := range []string{StrategyDNS, StrategyKubernetes} {
		if !d.Uses(name) || d.LongNames {
			continue
		}
		if v, ok := r.seen["FJ_DIST_MODE"]; !ok || v.text == "sname" {
			r.problem(r.nameOf("FJ_DIST_MODE"), name+" strategy requires `FJ_DIST_MODE` to be `name`", "set FJ_DIST_MODE to name")
		}
		d.LongNames = true // the dots of the node name are fine once the mode is right
	}
	if d.Uses(StrategyDNS) && len(d.Queries) == 0 {
		r.problem(r.nameOf("FJ_DIST_QUERY"), "FJ_DIST_QUERY is required by DNS strategy", "set FJ_DIST_QUERY to the DNS name under which all nodes are registered")
	}
	if d.Uses(StrategyKubernetes) && d.Kubernetes.Service == "" && !r.set("FJ_DIST_KUBERNETES_SERVICE") {
		r.problem("FJ_DIST_KUBERNETES_SERVICE", "FJ_DIST_KUBERNETES_SERVICE is required by KUBERNETES strategy", "set FJ_DIST_KUBERNETES_SERVICE to the name of the headless service")
	}
	r.noteNoNodes()
}
