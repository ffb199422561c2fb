package config

import (
	"fmt"
	"slices"
	"strings"
)

func componentVariables() []Variable {
	s3 := func(name, doc string, secret bool, field func(c *Config) *string) Variable {
		return Variable{
			Name: name, Type: "string", Default: "unset", Secret: secret, Doc: doc,
			read: text(field),
			show: func(c Config) string { return *field(&c) },
		}
	}
	return inGroup(GroupComponents, []Variable{
		{
			Name: "FJ_COMPONENTS_USED", Type: "names separated by spaces", Default: "none",
			Doc:  "Components allowed on this node: `hls`, `rtsp`, `file`, `sip`, `recording`.",
			read: readComponents,
			show: func(c Config) string { return strings.Join(c.ComponentsUsed, " ") },
		},
		{
			Name: "FJ_SIP_IP", Type: "IP address", Default: "unset",
			Doc:  "Address put into SIP and SDP; required when `sip` is among the components.",
			read: func(*reader, value) {}, // checked by finishComponents
			show: func(c Config) string { return c.SIPIP },
		},
		s3("FJ_S3_BUCKET", "Bucket for recordings. The four credentials are set together or not at all.", false,
			func(c *Config) *string { return &c.S3.Bucket }),
		s3("FJ_S3_REGION", "Region of the bucket.", false,
			func(c *Config) *string { return &c.S3.Region }),
		s3("FJ_S3_ACCESS_KEY_ID", "Access key of the bucket.", true,
			func(c *Config) *string { return (*string)(&c.S3.AccessKeyID) }),
		s3("FJ_S3_SECRET_ACCESS_KEY", "Secret of the access key.", true,
			func(c *Config) *string { return (*string)(&c.S3.SecretAccessKey) }),
		s3("FJ_S3_PATH_PREFIX", "Prefix of the names of stored objects.", false,
			func(c *Config) *string { return &c.S3.PathPrefix }),
	})
}

func readComponents(r *reader, v value) {
	known := []string{"hls", "rtsp", "file", "sip", "recording"}
	for _, name := range strings.Fields(v.text) {
		switch {
		case !slices.Contains(known, name):
			r.problem(v.name, fmt.Sprintf("Invalid value in FJ_COMPONENTS_USED. Expected a lowercase component name, got: %s", name),
				"use names of %s, separated by spaces", strings.Join(known, ", "))
		case !slices.Contains(r.c.ComponentsUsed, name):
			r.c.ComponentsUsed = append(r.c.ComponentsUsed, name)
		}
	}
}

// finishComponents checks what the allowed components need.
func finishComponents(r *reader) {
	if !slices.Contains(r.c.ComponentsUsed, "sip") {
		return
	}
	v := r.seen["FJ_SIP_IP"]
	if _, ok := parseIP(v.text); !ok {
		name := v.name
		if name == "" {
			name = "FJ_SIP_IP"
		}
		r.problem(name, "SIP components are allowed, but incorrect IP address was provided as `FJ_SIP_IP`",
			"set %s to the address SIP servers reach this node at, or take sip out of FJ_COMPONENTS_USED", name)
		return
	}
	r.c.SIPIP = v.text
}

// finishS3 checks that the credentials are complete. Four empty ones, which a
// compose file makes of unset variables, are none.
func finishS3(r *reader) {
	var missing []string
	present := false
	names := []string{"FJ_S3_BUCKET", "FJ_S3_REGION", "FJ_S3_ACCESS_KEY_ID", "FJ_S3_SECRET_ACCESS_KEY"}
	for _, name := range names {
		if strings.TrimSpace(r.seen[name].text) == "" {
			missing = append(missing, name)
		} else {
			present = true
		}
	}
	if !present {
		r.c.S3 = S3{PathPrefix: r.c.S3.PathPrefix}
		return
	}
	if len(missing) > 0 {
		r.problem(missing[0], "Either all S3 credentials have to be set: `FJ_S3_BUCKET`, `FJ_S3_REGION`, `FJ_S3_ACCESS_KEY_ID`, `FJ_S3_SECRET_ACCESS_KEY`, or none must be set.\n"+
			"Currently, the following required credentials are missing: "+inspectStrings(missing)+".",
			"set %s, or unset the others", strings.Join(missing, ", "))
	}
}
