package token

import "encoding/binary"

// Tags of the external term format (ERTS user's guide, chapter "External Term
// Format").
const (
	version       = 131
	tagFloat      = 70  // NEW_FLOAT_EXT
	tagByte       = 97  // SMALL_INTEGER_EXT
	tagInteger    = 98  // INTEGER_EXT
	tagAtom       = 100 // ATOM_EXT
	tagTuple      = 104 // SMALL_TUPLE_EXT
	tagNil        = 106 // NIL_EXT
	tagString     = 107 // STRING_EXT
	tagList       = 108 // LIST_EXT
	tagBinary     = 109 // BINARY_EXT
	tagBig        = 110 // SMALL_BIG_EXT
	tagSmallAtom  = 115 // SMALL_ATOM_EXT
	tagMap        = 116 // MAP_EXT
	tagAtomUTF8   = 118 // ATOM_UTF8_EXT
	tagSmallAtom8 = 119 // SMALL_ATOM_UTF8_EXT
)

// encode writes the payload as OTP 25 does; later ones read it too.
func encode(c Claims, signedAt int64) []byte {
	b := []byte{version, tagTuple, 3, tagMap, 0, 0, 0, 2}
	b = appendField(b, "peer_id", c.Peer)
	b = appendField(b, "room_id", c.Room)
	b = append(b, tagBig, 6, 0)
	for i := range 6 {
		b = append(b, byte(signedAt>>(8*i)))
	}
	b = append(b, tagInteger)
	return binary.BigEndian.AppendUint32(b, uint32(MaxAge.Seconds()))
}

func appendField(b []byte, key, value string) []byte {
	b = append(b, tagAtom)
	b = binary.BigEndian.AppendUint16(b, uint16(len(key)))
	b = append(b, key...)
	b = append(b, tagBinary)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}
