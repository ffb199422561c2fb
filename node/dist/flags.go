package dist

import (
	"fmt"
	"strings"
)

// Flags are the capability bits of the handshake (OTP, Distribution Protocol,
// "Distribution Flags").
type Flags uint64

// The capabilities. Names are those of the OTP document in Go's spelling.
const (
	Published          Flags = 1 << 0 // visible: in nodes(), part of global and pg
	AtomCache          Flags = 1 << 1 // obsolete
	ExtendedReferences Flags = 1 << 2
	DistMonitor        Flags = 1 << 3
	FunTags            Flags = 1 << 4
	DistMonitorName    Flags = 1 << 5
	HiddenAtomCache    Flags = 1 << 6 // obsolete
	NewFunTags         Flags = 1 << 7
	ExtendedPidsPorts  Flags = 1 << 8
	ExportPtrTag       Flags = 1 << 9
	BitBinaries        Flags = 1 << 10
	NewFloats          Flags = 1 << 11
	UnicodeIO          Flags = 1 << 12
	DistHdrAtomCache   Flags = 1 << 13 // frames begin with a distribution header
	SmallAtomTags      Flags = 1 << 14
	UTF8Atoms          Flags = 1 << 16
	MapTag             Flags = 1 << 17
	BigCreation        Flags = 1 << 18
	SendSender         Flags = 1 << 19
	BigSeqtraceLabels  Flags = 1 << 20
	ExitPayload        Flags = 1 << 22
	Fragments          Flags = 1 << 23
	Handshake23        Flags = 1 << 24
	UnlinkID           Flags = 1 << 25
	Mandatory25Digest  Flags = 1 << 26 // stands for all that OTP 25 demands
	Spawn              Flags = 1 << 32
	NameMe             Flags = 1 << 33 // the peer asks us to invent its name
	V4NC               Flags = 1 << 34
	Alias              Flags = 1 << 35
	LocalExt           Flags = 1 << 36
	AltactSig          Flags = 1 << 37 // OTP 28
	NativeRecords      Flags = 1 << 38 // OTP 29
)

// Mandatory25 is what Mandatory25Digest stands for.
const Mandatory25 = ExtendedReferences | FunTags | NewFunTags | ExtendedPidsPorts |
	ExportPtrTag | BitBinaries | NewFloats | UTF8Atoms | MapTag | BigCreation | Handshake23

// MandatoryFlags is what a peer must have. UNLINK_ID and V4_NC, which OTP 26
// and later demand too, are not in it: nodes of OTP 23 to 25 may come without.
const MandatoryFlags = Mandatory25

// DefaultFlags is what a visible node offers: all that OTP 27 does, and ALTACT_SIG.
const DefaultFlags Flags = 0x2d07df7fbd

// HiddenFlags is what a hidden node offers.
const HiddenFlags = DefaultFlags &^ Published

var flagNames = [64]string{
	0: "PUBLISHED", 1: "ATOM_CACHE", 2: "EXTENDED_REFERENCES", 3: "DIST_MONITOR",
	4: "FUN_TAGS", 5: "DIST_MONITOR_NAME", 6: "HIDDEN_ATOM_CACHE", 7: "NEW_FUN_TAGS",
	8: "EXTENDED_PIDS_PORTS", 9: "EXPORT_PTR_TAG", 10: "BIT_BINARIES", 11: "NEW_FLOATS",
	12: "UNICODE_IO", 13: "DIST_HDR_ATOM_CACHE", 14: "SMALL_ATOM_TAGS", 16: "UTF8_ATOMS",
	17: "MAP_TAG", 18: "BIG_CREATION", 19: "SEND_SENDER", 20: "BIG_SEQTRACE_LABELS",
	22: "EXIT_PAYLOAD", 23: "FRAGMENTS", 24: "HANDSHAKE_23", 25: "UNLINK_ID",
	26: "MANDATORY_25_DIGEST", 32: "SPAWN", 33: "NAME_ME", 34: "V4_NC", 35: "ALIAS",
	36: "LOCAL_EXT", 37: "ALTACT_SIG", 38: "NATIVE_RECORDS",
}

// Has says whether all bits of g are in f.
func (f Flags) Has(g Flags) bool { return f&g == g }

// Expand adds what Mandatory25Digest stands for.
func (f Flags) Expand() Flags {
	if f.Has(Mandatory25Digest) {
		return f | Mandatory25
	}
	return f
}

// Missing is what f, expanded, lacks of MandatoryFlags.
func (f Flags) Missing() Flags { return MandatoryFlags &^ f.Expand() }

// String lists the names, separated by "|"; bits without a name as "bitN".
func (f Flags) String() string {
	if f == 0 {
		return "none"
	}
	var names []string
	for i, name := range flagNames {
		if f&(1<<i) == 0 {
			continue
		}
		if name == "" {
			name = fmt.Sprintf("bit%d", i)
		}
		names = append(names, name)
	}
	return strings.Join(names, "|")
}
