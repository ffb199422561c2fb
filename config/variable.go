package config

import "strings"

// Group is a chapter of the table of variables.
type Group string

// The groups, in the order of the documentation.
const (
	GroupGeneral      Group = "General"
	GroupComponents   Group = "Components"
	GroupWebRTC       Group = "WebRTC"
	GroupDistribution Group = "Distribution"
	GroupFeature      Group = "Features"
)

// Variable describes one variable: it is documentation and code at once.
type Variable struct {
	Name     string // FJ_…, or ERL_… where Erlang's own name is honoured
	Ancestor string // JF_… name that is read when Name is not set; empty: none
	Group    Group
	Type     string // for the documentation: port, IP address, …
	Default  string // for the documentation, in words
	Doc      string // one or two sentences in Markdown
	Secret   bool   // never shown
	Boolean  bool   // its flag may stand without a value
	HasFile  bool   // Name_FILE may name a file that holds the value

	// read parses a value that is set. Nil: the variable is read with another.
	read func(r *reader, v value)
	// show gives the value in effect.
	show func(c Config) string
}

// Flag is the variable's flag without dashes: dist-node-name for FJ_DIST_NODE_NAME.
func (v Variable) Flag() string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(v.Name, "FJ_")), "_", "-")
}

// Variables is the table of all variables in the order of the documentation,
// which is also the order in which problems are reported.
func Variables() []Variable {
	var all []Variable
	for _, group := range [][]Variable{
		generalVariables(), componentVariables(), webrtcVariables(), distVariables(), featureVariables(),
	} {
		for _, v := range group {
			all = append(all, v)
			if v.HasFile {
				all = append(all, fileVariable(v))
			}
		}
	}
	return all
}

// fileVariable is the _FILE companion of a secret.
func fileVariable(v Variable) Variable {
	return Variable{
		Name:    v.Name + "_FILE",
		Group:   v.Group,
		Type:    "path",
		Default: "unset",
		Doc:     "File that holds the value of `" + v.Name + "`, such as a mounted secret; a newline at its end is dropped. Set one of the two.",
		show:    func(Config) string { return "" },
	}
}
