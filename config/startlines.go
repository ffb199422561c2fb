package config

import (
	"fmt"
	"strconv"
	"strings"
)

// DistributionLine is what Fishjam logs of distribution at start. It never
// shows the cookie. nodeName is the name in use; empty: the configured one.
func (c Config) DistributionLine(nodeName string) string {
	const prefix = "Distribution config: "
	d := c.Dist
	if !d.Enabled {
		return prefix + "[enabled: false, mode: nil, strategy: nil, node_name: nil, strategy_config: nil]"
	}
	if nodeName == "" {
		nodeName = d.NodeName
	}
	mode := ":shortnames"
	if d.LongNames {
		mode = ":longnames"
	}
	var names, configs []string
	for _, strategy := range d.Strategies {
		module, how := strategyConfig(d, strategy)
		names, configs = append(names, "Cluster.Strategy."+module), append(configs, "["+how+"]")
	}
	strategy, how := strings.Join(names, ", "), strings.Join(configs, ", ")
	if len(names) != 1 {
		strategy, how = "["+strategy+"]", "["+how+"]"
	}
	return fmt.Sprintf("%s[enabled: true, mode: %s, strategy: %s, node_name: %s, strategy_config: %s]",
		prefix, mode, strategy, inspectAtom(nodeName), how)
}

// strategyConfig is a strategy's name among libcluster's, and its settings.
func strategyConfig(d Dist, strategy string) (module, how string) {
	switch strategy {
	case StrategyDNS:
		return "DNSPoll", dnsConfig(d)
	case StrategyGossip:
		return "Gossip", fmt.Sprintf("port: %d, multicast_addr: %s", d.Gossip.Port, inspectString(d.Gossip.Multicast))
	case StrategyKubernetes:
		return "Kubernetes.DNS", fmt.Sprintf("polling_interval: %d, service: %s, namespace: %s",
			d.PollingInterval.Milliseconds(), inspectString(d.Kubernetes.Service), inspectString(d.Kubernetes.Namespace))
	}
	return "Epmd", nodesListConfig(d)
}

func nodesListConfig(d Dist) string {
	hosts := make([]string, len(d.Nodes))
	for i, name := range d.Nodes {
		hosts[i] = inspectAtom(name)
	}
	return "hosts: [" + strings.Join(hosts, ", ") + "]"
}

func dnsConfig(d Dist) string {
	base, _, _ := strings.Cut(d.NodeName, "@")
	return fmt.Sprintf("polling_interval: %d, query: %s, node_basename: %s",
		d.PollingInterval.Milliseconds(), inspectString(strings.Join(d.Queries, " ")), inspectString(base))
}

// WebRTCLine is what Fishjam logs of media at start.
func (c Config) WebRTCLine() string {
	const prefix = "WebRTC config: "
	w := c.WebRTC
	if !w.Used {
		return prefix + "[webrtc_used?: false, turn_ip: nil, turn_listen_ip: nil, turn_port_range: nil, turn_tcp_port: nil]"
	}
	tcp := "nil"
	if w.TurnTCPPort != 0 {
		tcp = strconv.Itoa(w.TurnTCPPort)
	}
	return fmt.Sprintf("%s[webrtc_used?: true, turn_ip: %s, turn_listen_ip: %s, turn_port_range: {%d, %d}, turn_tcp_port: %s]",
		prefix, inspectAddr(w.TurnIP), inspectAddr(w.TurnListenIP), w.TurnPortMin, w.TurnPortMax, tcp)
}

// ComponentsLine is what Fishjam logs of components at start: the names of
// their modules.
func (c Config) ComponentsLine() string {
	names := make([]string, len(c.ComponentsUsed))
	for i, name := range c.ComponentsUsed {
		names[i] = "Fishjam.Component." + moduleName(name)
	}
	return "Allowed components: [" + strings.Join(names, ", ") + "]"
}

func moduleName(component string) string {
	switch component {
	case "file", "recording":
		return strings.ToUpper(component[:1]) + component[1:]
	}
	return strings.ToUpper(component)
}
