package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxDrain, one day, keeps mistaken units out.
const maxDrain = 24 * time.Hour

// maxLimit is the greatest limit of a count: it stays a small integer on the BEAM.
const maxLimit = 1<<27 - 2

// limitVariables say how much a node takes on, and how it ends.
func limitVariables() []Variable {
	drain := seconds(0, maxDrain)
	return []Variable{
		{
			Name: "FJ_METRICS_ROOM_LABELS", Ancestor: noAncestor, Type: "boolean", Default: "true", Boolean: true,
			Doc:  "Series of single rooms are among the metrics. `false` keeps their number small on nodes with many rooms.",
			read: boolean("FJ_METRICS_ROOM_LABELS", func(c *Config) *bool { return &c.MetricsRoomLabels }),
			show: func(c Config) string { return strconv.FormatBool(c.MetricsRoomLabels) },
		},
		{
			Name: "FJ_MAX_ROOMS", Ancestor: noAncestor, Type: "number", Default: "no limit",
			Doc:  "Rooms this node holds at most; new ones are placed on other nodes, or refused when there is none.",
			read: number(1, maxLimit, func(c *Config) *int { return &c.MaxRooms }),
			show: func(c Config) string { return showNumber(c.MaxRooms) },
		},
		{
			Name: "FJ_MAX_FORWARDED_TRACKS", Ancestor: noAncestor, Type: "number", Default: "no limit",
			Doc:  "While this node forwards so many tracks, new rooms are placed on other nodes.",
			read: number(1, maxLimit, func(c *Config) *int { return &c.MaxForwardedTracks }),
			show: func(c Config) string { return showNumber(c.MaxForwardedTracks) },
		},
		{
			Name: "FJ_DRAIN_TIMEOUT", Ancestor: noAncestor, Type: "seconds, or a time such as 10m", Default: "0",
			Doc: "How long SIGTERM lets rooms end by themselves while no new ones are taken; then, or at a second signal, they are ended. " +
				"With 0 they are ended at once.",
			read: duration(drain, func(c *Config) *time.Duration { return &c.DrainTimeout }),
			show: func(c Config) string { return drain.show(c.DrainTimeout) },
		},
		{
			Name: "FJ_WEBHOOK_ALLOW", Ancestor: noAncestor, Type: "addresses, networks, host names, `public`; separated by spaces or commas", Default: "unset: any",
			Doc: "Where webhooks may be sent: addresses of listed networks (`10.1.0.0/16`), of the Internet (`public`: not loopback, private, link-local or " +
				"other special ranges), or whatever a listed host (`hooks.example.com`, `*.example.com`) resolves to. Unset, a room's webhook may be any URL, as in Fishjam.",
			read: readWebhookAllow,
			show: func(c Config) string { return c.WebhookAllow.String() },
		},
	}
}

// The values of FJ_ROOM_ROUTING.
const (
	RoutingOff         = "off"         // a room answers on its node only
	RoutingTransparent = "transparent" // every node answers for every room of a Fjord node
)

func readRoomRouting(r *reader, v value) {
	if v.text != RoutingOff && v.text != RoutingTransparent {
		r.problem(v.name, fmt.Sprintf("Expected off or transparent, got: %s", v.text), "set %s to one of these, or unset it", v.name)
		return
	}
	r.c.RoomRouting = v.text
}

// finishRouting: the two ways of routing make different room ids.
func finishRouting(r *reader) {
	if r.c.FeatureRequestRouting && r.c.RoomRouting == RoutingTransparent {
		r.problem(r.nameOf("FJ_ROOM_ROUTING"), "FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED routes requests in another way.", "unset one of the two")
	}
}

// The values of FJ_ROOM_PLACEMENT.
const (
	PlacementReserved = "reserved" // creations in flight count as rooms
	PlacementPlain    = "plain"    // only what members report counts, as in Fishjam
)

func readRoomPlacement(r *reader, v value) {
	if v.text != PlacementReserved && v.text != PlacementPlain {
		r.problem(v.name, fmt.Sprintf("Expected reserved or plain, got: %s", v.text), "set %s to one of these, or unset it", v.name)
		return
	}
	r.c.RoomPlacement = v.text
}

func featureVariables() []Variable {
	const routing = "FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED"
	return inGroup(GroupFeature, []Variable{
		{
			Name: routing, Type: "boolean", Default: "false", Boolean: true,
			Doc:  "Room ids contain the node's name, and any node passes requests on to the one that holds the room.",
			read: boolean(routing, func(c *Config) *bool { return &c.FeatureRequestRouting }),
			show: func(c Config) string { return strconv.FormatBool(c.FeatureRequestRouting) },
		},
		{
			Name: "FJ_ROOM_ROUTING", Ancestor: noAncestor, Type: "off or transparent", Default: "off",
			Doc: "With `transparent` every REST route works on every Fjord node for every room of a Fjord node, custom ids included; " +
				"with `off` a room is found on its own node only, as in Fishjam 0.6.",
			read: readRoomRouting,
			show: func(c Config) string { return c.RoomRouting },
		},
		{
			Name: "FJ_ROOM_PLACEMENT", Ancestor: noAncestor, Type: "reserved or plain", Default: "reserved",
			Doc: "How the node for a new room is chosen. Both take the least forwarded tracks, then the least rooms. With `reserved` the rooms " +
				"on their way count too, so that a burst spreads; with `plain` only what nodes report counts, strictly as in Fishjam 0.6.",
			read: readRoomPlacement,
			show: func(c Config) string { return c.RoomPlacement },
		},
	})
}

// list splits a value at spaces and commas.
func list(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' || c == '\n' })
}
