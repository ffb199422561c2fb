package rtp

// Profiles of header extensions (RFC 8285 §4.2, §4.3).
const (
	oneByteProfile = 0xBEDE
	twoByteProfile = 0x1000
)

// Extension is the header extension with an id (1–255), nil when absent.
func (p *Packet) Extension(id uint8) []byte {
	if id == 0 {
		return nil
	}
	b := p.data[p.extensions.from:p.extensions.to]
	switch {
	case p.profile == oneByteProfile:
		return oneByteExtension(b, id)
	case p.profile&0xfff0 == twoByteProfile:
		return twoByteExtension(b, id)
	}
	return nil
}

func oneByteExtension(b []byte, id uint8) []byte {
	for len(b) > 0 {
		if b[0] == 0 { // padding
			b = b[1:]
			continue
		}
		n := int(b[0]&0x0f) + 1
		if b[0]>>4 == 15 || len(b) < 1+n {
			return nil
		}
		if b[0]>>4 == id {
			return b[1 : 1+n]
		}
		b = b[1+n:]
	}
	return nil
}

func twoByteExtension(b []byte, id uint8) []byte {
	for len(b) > 0 {
		if b[0] == 0 { // padding
			b = b[1:]
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return nil
		}
		n := int(b[1])
		if b[0] == id {
			return b[2 : 2+n]
		}
		b = b[2+n:]
	}
	return nil
}
