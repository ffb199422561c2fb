package etf

// version is the byte that begins every external term outside of a
// distribution message.
const version = 131

// The tags of the external term format (ERTS User's Guide, chapter "External
// Term Format").
const (
	tagRecord        = 67  // RECORD_EXT, OTP 29
	tagNewFloat      = 70  // NEW_FLOAT_EXT
	tagBitBinary     = 77  // BIT_BINARY_EXT
	tagCompressed    = 80  // zlib stream, directly after the version byte
	tagAtomCacheRef  = 82  // ATOM_CACHE_REF, in distribution messages only
	tagNewPid        = 88  // NEW_PID_EXT
	tagNewPort       = 89  // NEW_PORT_EXT
	tagNewerRef      = 90  // NEWER_REFERENCE_EXT
	tagSmallInt      = 97  // SMALL_INTEGER_EXT
	tagInt           = 98  // INTEGER_EXT
	tagFloat         = 99  // FLOAT_EXT, text, decoded only
	tagAtom          = 100 // ATOM_EXT, Latin-1, decoded only
	tagRef           = 101 // REFERENCE_EXT, decoded only
	tagPort          = 102 // PORT_EXT, decoded only
	tagPid           = 103 // PID_EXT, decoded only
	tagSmallTuple    = 104 // SMALL_TUPLE_EXT
	tagLargeTuple    = 105 // LARGE_TUPLE_EXT
	tagNil           = 106 // NIL_EXT
	tagString        = 107 // STRING_EXT, a list of bytes
	tagList          = 108 // LIST_EXT
	tagBinary        = 109 // BINARY_EXT
	tagSmallBig      = 110 // SMALL_BIG_EXT
	tagLargeBig      = 111 // LARGE_BIG_EXT
	tagNewFun        = 112 // NEW_FUN_EXT
	tagExport        = 113 // EXPORT_EXT
	tagNewRef        = 114 // NEW_REFERENCE_EXT, decoded only
	tagSmallAtom     = 115 // SMALL_ATOM_EXT, Latin-1, decoded only
	tagMap           = 116 // MAP_EXT
	tagAtomUTF8      = 118 // ATOM_UTF8_EXT
	tagSmallAtomUTF8 = 119 // SMALL_ATOM_UTF8_EXT
	tagV4Port        = 120 // V4_PORT_EXT
	tagLocal         = 121 // LOCAL_EXT
)

// Bounds of the format.
const (
	maxAtomChars  = 255   // characters of an atom
	maxRefWords   = 5     // 32-bit words of a reference
	maxStringLen  = 65535 // elements of STRING_EXT
	maxPortNumber = 1<<28 - 1
)
