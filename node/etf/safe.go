package etf

// The limits of DecodeSafe: far more than a token needs.
const (
	safeDepth    = 32
	safeElements = 4096
	safeBytes    = 64 << 10
)

// DecodeSafe decodes all of b, an external term with version byte 131, as a
// signed token or a cookie carries it. It takes at most 64 KiB, 32 levels and
// 4,096 elements, and refuses funs, LOCAL_EXT, compressed terms, maps with the
// same key twice and anything after the term. Atoms are plain strings here:
// new ones cost nothing that stays.
func DecodeSafe(b []byte) (Term, error) {
	d := Decoder{opts: DecoderOptions{
		Safe:   true,
		Limits: Limits{Depth: safeDepth, Elements: safeElements, Bytes: safeBytes}.withDefaults(),
	}}
	t, rest, err := d.Decode(b)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, &DecodeError{Offset: len(b) - len(rest), Err: ErrMalformed}
	}
	return t, nil
}
