package etf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// pid appends NEW_PID_EXT.
func (w *writer) pid(b []byte, v Pid) ([]byte, error) {
	b, err := w.atom(append(b, tagNewPid), v.Node)
	if err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint32(b, v.ID)
	b = binary.BigEndian.AppendUint32(b, v.Serial)
	return binary.BigEndian.AppendUint32(b, v.Creation), nil
}

// port appends NEW_PORT_EXT, or V4_PORT_EXT when the number needs it.
func (w *writer) port(b []byte, v Port) ([]byte, error) {
	tag := byte(tagNewPort)
	if v.ID > maxPortNumber {
		tag = tagV4Port
	}
	b, err := w.atom(append(b, tag), v.Node)
	if err != nil {
		return nil, err
	}
	if tag == tagV4Port {
		b = binary.BigEndian.AppendUint64(b, v.ID)
	} else {
		b = binary.BigEndian.AppendUint32(b, uint32(v.ID))
	}
	return binary.BigEndian.AppendUint32(b, v.Creation), nil
}

// ref appends NEWER_REFERENCE_EXT.
func (w *writer) ref(b []byte, v Ref) ([]byte, error) {
	if v.Len == 0 || v.Len > maxRefWords {
		return nil, fmt.Errorf("%w: Ref of %d words", ErrType, v.Len)
	}
	b, err := w.atom(append(b, tagNewerRef, 0, v.Len), v.Node)
	if err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint32(b, v.Creation)
	for _, word := range v.Words[:v.Len] {
		b = binary.BigEndian.AppendUint32(b, word)
	}
	return b, nil
}

// export appends EXPORT_EXT.
func (w *writer) export(b []byte, v Export) ([]byte, error) {
	b, err := w.atom(append(b, tagExport), v.Module)
	if err != nil {
		return nil, err
	}
	if b, err = w.atom(b, v.Function); err != nil {
		return nil, err
	}
	return append(b, tagSmallInt, v.Arity), nil
}

// fun appends NEW_FUN_EXT. Its size is known only afterwards.
func (w *writer) fun(b []byte, v Fun) ([]byte, error) {
	if err := w.enter(len(v.Free)); err != nil {
		return nil, err
	}
	b = append(b, tagNewFun)
	size := len(b)
	b = append(b, 0, 0, 0, 0, v.Arity)
	b = append(b, v.Uniq[:]...)
	b = binary.BigEndian.AppendUint32(b, v.Index)
	b = binary.BigEndian.AppendUint32(b, uint32(len(v.Free)))
	b, err := w.atom(b, v.Module)
	if err != nil {
		return nil, err
	}
	b = appendInt(appendInt(b, v.OldIndex), v.OldUniq)
	if b, err = w.pid(b, v.Pid); err != nil {
		return nil, err
	}
	if b, err = w.all(b, v.Free); err != nil {
		return nil, err
	}
	n := len(b) - size
	if uint64(n) > math.MaxUint32 {
		return nil, fmt.Errorf("%w: a fun of %d bytes", ErrTooLarge, n)
	}
	binary.BigEndian.PutUint32(b[size:], uint32(n))
	w.depth++
	return b, nil
}

// record appends RECORD_EXT.
func (w *writer) record(b []byte, v Record) ([]byte, error) {
	if len(v.Fields) != len(v.Values) {
		return nil, fmt.Errorf("%w: Record of %d fields and %d values", ErrType, len(v.Fields), len(v.Values))
	}
	if err := w.enter(len(v.Fields)); err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint32(append(b, tagRecord), uint32(len(v.Fields)))
	b, err := w.atom(append(b, v.Flags), v.Module)
	if err != nil {
		return nil, err
	}
	if b, err = w.atom(b, v.Name); err != nil {
		return nil, err
	}
	for _, f := range v.Fields {
		if b, err = w.atom(b, f); err != nil {
			return nil, err
		}
	}
	b, err = w.all(b, v.Values)
	w.depth++
	return b, err
}
