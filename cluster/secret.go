package cluster

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"slices"
)

// SecretInput is what the key of peer tokens depends on.
type SecretInput struct {
	Configured  string // FJ_SECRET_KEY_BASE when it is set, else ""
	Random      string // a random one, of this run
	Clustered   bool   // distribution is on
	Development bool   // no API token is set; the server is on loopback
	APIToken    string
	Cookie      string
}

// SecretSource says where the key of peer tokens comes from.
type SecretSource int

// The sources.
const (
	SecretConfigured SecretSource = iota // tokens hold on all nodes with the same key
	SecretDerived                        // tokens hold on all Fjord nodes with the same API token and cookie
	SecretRandom                         // tokens hold on this node until it stops, as in the original
	SecretAlone                          // likewise, although the node is in a cluster: nothing secret is shared
)

// secretSize is that of the original's random key, in bytes.
const secretSize = 48

// wellKnown are tokens and cookies that everybody knows.
func wellKnown() []string {
	return []string{"", "development", "fishjam_cookie", "jellyfish_cookie"}
}

// ChooseSecret decides about the key of peer tokens. What is derived (HKDF with
// SHA-256, RFC 5869) is as secret as API token and cookie are; so it is not
// derived from those that everybody knows, but for development on loopback.
func ChooseSecret(in SecretInput) (key string, source SecretSource) {
	switch {
	case in.Configured != "":
		return in.Configured, SecretConfigured
	case !in.Clustered:
		return in.Random, SecretRandom
	case !in.Development && (slices.Contains(wellKnown(), in.APIToken) || slices.Contains(wellKnown(), in.Cookie)):
		return in.Random, SecretAlone
	}
	material := append(append([]byte(in.APIToken), 0), in.Cookie...)
	derived, err := hkdf.Key(sha256.New, material, []byte("fjord"), "peer tokens", secretSize)
	if err != nil { // cannot be: the size is allowed
		return in.Random, SecretAlone
	}
	return base64.StdEncoding.EncodeToString(derived), SecretDerived
}
