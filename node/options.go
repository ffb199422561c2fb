package node

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// Defaults of Options and of calls.
const (
	DefaultNetTickTime = 60 * time.Second // net_ticktime of OTP
	DefaultSetupTime   = 7 * time.Second  // net_setuptime of OTP
	DefaultEPMDPort    = 4369
	DefaultTimeout     = 5 * time.Second // of calls whose context has no deadline, as gen_server:call
	DefaultMaxCalls    = 4096
)

// Ways to use EPMD.
const (
	EPMDAuto     = "auto"     // use the one that runs, else start this program as one that outlives us: see epmd.Main
	EPMDEmbedded = "embedded" // use the one that runs, else serve it in this process
	EPMDExternal = "external" // use the one that runs, else fail
	EPMDOff      = "off"      // no EPMD: every node listens on a port known beforehand (PeerPort)
)

// Options configure a node. Name and Cookie are required.
type Options struct {
	Name string // alive@host
	// NameFrom is a node that gives this one its name, as with erl -sname
	// undefined: Name is then the host part alone. Such a node is hidden, listens
	// nowhere and is not known to EPMD; it is linked with NameFrom from the start,
	// and keeps the name when that link goes. OTP 23 gives no names.
	NameFrom  string
	LongNames bool   // the cluster uses long names (erl -name), not short ones (erl -sname)
	Cookie    string // the secret that all nodes of the cluster share
	// Hidden makes a hidden node, as erl -hidden: it is not in nodes() of others,
	// nor they in its Nodes, and nobody dials it because another node knows it.
	Hidden      bool
	ListenIP    string        // "" = all addresses, or loopback when the host part of Name resolves to loopback
	MinPort     int           // first port to try for the distribution; 0 = any free one
	MaxPort     int           // last port to try; 0 = MinPort
	PeerPort    int           // without EPMD: the port all other nodes listen on; 0 = MinPort
	NetTickTime time.Duration // silence after which a link is given up; default 60 s; must be that of the peers
	SetupTime   time.Duration // bound of one connection attempt or handshake; default 7 s
	EPMD        string        // embedded (default), auto, external or off
	EPMDPort    int           // default 4369
	EPMDAddress string        // where an EPMD we start listens, as ERL_EPMD_ADDRESS; "" = as the node does
	TLS         *TLSOptions   // nil = links are not encrypted
	// Allow says which nodes may link up, besides knowing the cookie: it gets a
	// node's name, and the address it dials from or would be dialled at. nil =
	// all. It must not block.
	Allow    func(name string, addr netip.Addr) bool
	MaxCalls int          // rpc and erpc calls served at a time, default 4096; one peer may have half of them
	Logger   *slog.Logger // nil = no log
}

// withDefaults fills what is zero and checks the rest.
func (o Options) withDefaults() (Options, error) {
	o.NetTickTime = orDefault(o.NetTickTime, DefaultNetTickTime)
	o.SetupTime = orDefault(o.SetupTime, DefaultSetupTime)
	o.EPMDPort = orDefault(o.EPMDPort, DefaultEPMDPort)
	o.EPMD = orDefault(o.EPMD, EPMDEmbedded)
	o.MaxCalls = orDefault(o.MaxCalls, DefaultMaxCalls)
	o.MaxPort = orDefault(o.MaxPort, o.MinPort)
	o.PeerPort = orDefault(o.PeerPort, o.MinPort)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, o.check()
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

func (o Options) checkName() error {
	if o.NameFrom != "" {
		return o.checkNameless()
	}
	name, err := ParseName(o.Name)
	if err != nil {
		return err
	}
	return name.checkOwn(o.LongNames)
}

func (o Options) check() error {
	var errs []error
	errs = append(errs, o.checkName())
	if o.Cookie == "" || len(o.Cookie) > 255 {
		errs = append(errs, errors.New("the cookie must have 1 to 255 bytes"))
	}
	if o.MinPort < 0 || o.MaxPort > 65535 || o.MinPort > o.MaxPort {
		errs = append(errs, fmt.Errorf("%d-%d is no port range", o.MinPort, o.MaxPort))
	}
	if o.PeerPort < 0 || o.PeerPort > 65535 {
		errs = append(errs, fmt.Errorf("%d is no port", o.PeerPort))
	}
	errs = append(errs, o.TLS.check())
	if o.EPMDPort < 1 || o.EPMDPort > 65535 {
		errs = append(errs, fmt.Errorf("%d is no EPMD port", o.EPMDPort))
	}
	if o.NetTickTime < 0 || o.SetupTime < 0 || o.MaxCalls < 0 {
		errs = append(errs, errors.New("a time or limit is negative"))
	}
	switch o.EPMD {
	case EPMDAuto, EPMDEmbedded, EPMDExternal:
	case EPMDOff:
		if o.MinPort == 0 || o.MinPort != o.MaxPort {
			errs = append(errs, errors.New("without EPMD one fixed distribution port is needed"))
		}
	default:
		errs = append(errs, fmt.Errorf("EPMD mode %q: want auto, embedded, external or off", o.EPMD))
	}
	return errors.Join(errs...)
}
