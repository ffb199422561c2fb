package cluster

import "testing"

func TestChooseSecret(t *testing.T) {
	base := SecretInput{Random: "random", Clustered: true, APIToken: "token", Cookie: "cookie"}
	with := func(change func(*SecretInput)) SecretInput {
		in := base
		change(&in)
		return in
	}
	// HKDF-SHA256(IKM = "token" 00 "cookie", salt = "fjord", info = "peer tokens", 48 bytes), by another implementation.
	const derived = "OoVjIfiQz+FNUKjvt9GITwxmDJ97QO2FTH0W+aYAyiQAJ2NWHvKrgSdYtIAFgoT0"
	for name, tt := range map[string]struct {
		in     SecretInput
		key    string
		source SecretSource
	}{
		"configured":         {with(func(in *SecretInput) { in.Configured = "mine" }), "mine", SecretConfigured},
		"standalone":         {with(func(in *SecretInput) { in.Clustered = false }), "random", SecretRandom},
		"derived":            {base, derived, SecretDerived},
		"known cookie":       {with(func(in *SecretInput) { in.Cookie = "fishjam_cookie" }), "random", SecretAlone},
		"Jellyfish's cookie": {with(func(in *SecretInput) { in.Cookie = "jellyfish_cookie" }), "random", SecretAlone},
		"known token":        {with(func(in *SecretInput) { in.APIToken = "development" }), "random", SecretAlone},
		"no cookie":          {with(func(in *SecretInput) { in.Cookie = "" }), "random", SecretAlone},
	} {
		if key, source := ChooseSecret(tt.in); key != tt.key || source != tt.source {
			t.Errorf("%s: %q, %v", name, key, source)
		}
	}
	in := with(func(in *SecretInput) { in.Development, in.APIToken, in.Cookie = true, "development", "fishjam_cookie" })
	if key, source := ChooseSecret(in); source != SecretDerived || key == derived || key == "random" {
		t.Errorf("development: %q, %v", key, source)
	}
}
