package config

import (
	"crypto/x509"
	"fmt"
	"strconv"
)

// secureVariables say who may link up with this node, and over what.
func secureVariables() []Variable {
	path := func(name, doc string, field func(c *Config) *string) Variable {
		return Variable{
			Name: name, Ancestor: noAncestor, Type: "path", Default: "unset", Doc: doc,
			read: text(field), // the tools use them without distribution
			show: func(c Config) string { return *field(&c) },
		}
	}
	return []Variable{
		{
			Name: "FJ_DIST_HIDDEN", Ancestor: noAncestor, Type: "boolean", Default: "false", Boolean: true,
			Doc: "A hidden node, as `erl -hidden` makes one: it links up with the nodes it is told of only, is not in their `nodes()` and takes no part in `global`. " +
				"For observers; Fishjam nodes place no rooms on it.",
			read: whenDist(boolean("FJ_DIST_HIDDEN", func(c *Config) *bool { return &c.Dist.Hidden })),
			show: func(c Config) string { return strconv.FormatBool(c.Dist.Hidden) },
		},
		{
			Name: "FJ_DIST_ALLOW", Ancestor: noAncestor, Type: "networks and regular expressions separated by spaces", Default: "unset: all",
			Doc: "Nodes that may link up, besides knowing the cookie: those with addresses of listed networks (`10.1.0.0/16`), and with names that a listed " +
				"expression matches as a whole (`fishjam@.*`). Where both are listed, both have to fit.",
			read: whenDist(readDistAllow),
			show: func(c Config) string { return c.Dist.Allow.String() },
		},
		path("FJ_DIST_TLS_CERT", "PEM certificate chain of this node. Together with `FJ_DIST_TLS_KEY` it makes links run over TLS, as `erl -proto_dist inet_tls`; "+
			"all nodes of a cluster do, or none. Certificates are read again when their files change, without a restart.",
			func(c *Config) *string { return &c.Dist.TLS.CertPath }),
		path("FJ_DIST_TLS_KEY", "PEM private key of `FJ_DIST_TLS_CERT`.", func(c *Config) *string { return &c.Dist.TLS.KeyPath }),
		path("FJ_DIST_TLS_CACERT", "PEM certificates of the authorities that sign the nodes' certificates.", func(c *Config) *string { return &c.Dist.TLS.CACertPath }),
		{
			Name: "FJ_DIST_TLS_VERIFY", Ancestor: noAncestor, Type: "peer, chain or none", Default: "peer",
			Doc: "How nodes prove who they are: by a certificate of `FJ_DIST_TLS_CACERT` on both sides, that of a dialled node naming its host (`peer`) or not " +
				"necessarily (`chain`), or by the cookie alone (`none`).",
			read: readTLSVerify,
			show: func(c Config) string { return c.Dist.TLS.Verify },
		},
	}
}

func readTLSVerify(r *reader, v value) {
	switch v.text {
	case VerifyPeer, VerifyChain, VerifyNone:
		r.c.Dist.TLS.Verify = v.text
	default:
		if !r.distMatters {
			return
		}
		r.problem(v.name, fmt.Sprintf("Expected peer, chain or none, got: %s", v.text), "set %s to one of these, or unset it", v.name)
	}
}

// finishDistTLS checks the files of distribution over TLS.
func finishDistTLS(r *reader) {
	const certName, keyName, caName = "FJ_DIST_TLS_CERT", "FJ_DIST_TLS_KEY", "FJ_DIST_TLS_CACERT"
	cert, key, ca := r.seen[certName], r.seen[keyName], r.seen[caName]
	t := &r.c.Dist.TLS
	if cert.text == "" && key.text == "" {
		for _, name := range []string{caName, "FJ_DIST_TLS_VERIFY"} {
			if r.seen[name].text != "" {
				r.problem(r.nameOf(name), fmt.Sprintf("%s has been set but FJ_DIST_TLS_CERT and FJ_DIST_TLS_KEY remain unset.", name),
					"set FJ_DIST_TLS_CERT and FJ_DIST_TLS_KEY, or unset %s", r.nameOf(name))
			}
		}
		*t = DistTLS{}
		return
	}
	if cert.text == "" || key.text == "" {
		missing, present := certName, keyName
		if key.text == "" {
			missing, present = keyName, certName
		}
		r.problem(r.nameOf(missing), fmt.Sprintf("%s has been set but %s remains unset", present, missing), "set both or neither")
	} else {
		r.keyPair(cert, key)
	}
	if t.Verify == "" {
		t.Verify = VerifyPeer
	}
	r.authorities(ca)
}

// authorities checks the file of certificates others are verified with.
func (r *reader) authorities(ca value) {
	const caName = "FJ_DIST_TLS_CACERT"
	if ca.text == "" {
		if r.c.Dist.TLS.Verify != VerifyNone {
			r.problem(r.nameOf(caName), "Without the authorities' certificates no node can be verified.",
				"set FJ_DIST_TLS_CACERT, or FJ_DIST_TLS_VERIFY to none if encryption without verification will do")
		}
		return
	}
	data, err := r.sys.ReadFile(ca.text)
	if err != nil {
		r.problem(ca.name, fmt.Sprintf("The file cannot be read: %v.", err), "let %s name a readable PEM file", ca.name)
		return
	}
	if !x509.NewCertPool().AppendCertsFromPEM(data) {
		r.problem(ca.name, "There is no certificate in the file.", "let %s name a PEM file with the authorities' certificates", ca.name)
	}
}
