package node

import (
	"strings"
	"unicode/utf8"

	"github.com/fjord-media/fjord/node/etf"
)

// maxPrinted bounds, in bytes, what is logged of a print.
const maxPrinted = 4096

// ioRequest serves {io_request, From, ReplyAs, Request} of the Erlang I/O protocol:
// a function that we call elsewhere has our client as its group leader, so what it
// prints comes here, and it waits for the answer. It is logged.
func (n *Node) ioRequest(t etf.Tuple) {
	from, ok := t[1].(etf.Pid)
	if !ok {
		return
	}
	result, text := ioResult(t[3])
	// An error means that nobody is there any more to be answered.
	_ = n.client.Post(from, etf.Tuple{etf.Atom("io_reply"), t[2], result})
	if text != "" {
		n.log.Info("printed by a called function", "node", string(from.Node), "text", text)
	}
}

// ioResult gives the answer to a request and the text that it prints. There is
// nothing to read here, and no terminal.
func ioResult(request etf.Term) (result etf.Term, text string) {
	list, ok := etf.AsTagged(request, "requests", 2)
	if !ok {
		return ioOne(request)
	}
	all, _ := list[1].(etf.List)
	result = etf.Tuple{atomError, etf.Atom("request")}
	var out strings.Builder
	for _, one := range all {
		result, text = ioOne(one)
		if out.Len() < maxPrinted {
			out.WriteString(text)
		}
		if _, failed := etf.AsTagged(result, atomError, 2); failed {
			break
		}
	}
	return result, out.String()
}

func ioOne(request etf.Term) (result etf.Term, text string) {
	if request == etf.Term(etf.Atom("getopts")) {
		return etf.Tuple{atomError, etf.Atom("enotsup")}, ""
	}
	t, ok := request.(etf.Tuple)
	if !ok || len(t) == 0 {
		return etf.Tuple{atomError, etf.Atom("request")}, ""
	}
	switch t[0] {
	case etf.Term(etf.Atom("put_chars")):
		return putChars(t)
	case etf.Term(etf.Atom("get_chars")), etf.Term(etf.Atom("get_line")), etf.Term(etf.Atom("get_until")), etf.Term(etf.Atom("get_password")):
		return etf.Atom("eof"), ""
	case etf.Term(etf.Atom("setopts")), etf.Term(etf.Atom("get_geometry")):
		return etf.Tuple{atomError, etf.Atom("enotsup")}, ""
	}
	return etf.Tuple{atomError, etf.Atom("request")}, ""
}

// putChars serves {put_chars, Encoding, Chars}, {put_chars, Encoding, M, F, A}, where
// M:F(A…) makes the text, and the older forms of both without an encoding. Of
// M:F(A…) the arguments are printed.
func putChars(t etf.Tuple) (result etf.Term, text string) {
	var out strings.Builder
	switch len(t) {
	case 2, 3:
		chardata(&out, t[len(t)-1])
	case 4, 5:
		args, _ := t[len(t)-1].(etf.List)
		for i, arg := range args {
			if i == 0 {
				chardata(&out, arg)
				continue
			}
			out.WriteString(" " + etf.String(arg))
		}
	}
	return etf.Atom("ok"), brief(out.String())
}

// brief makes text fit for the log.
func brief(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "?")
	if len(s) > maxPrinted {
		s = strings.ToValidUTF8(s[:maxPrinted], "") + "…"
	}
	return s
}

// chardata writes text given as characters, binaries and lists of these.
func chardata(out *strings.Builder, t etf.Term) {
	if out.Len() > maxPrinted {
		return
	}
	switch x := t.(type) {
	case []byte:
		out.Write(x[:min(len(x), maxPrinted+1)])
	case int64:
		if x >= 0 && x <= utf8.MaxRune {
			out.WriteRune(rune(x))
		}
	case etf.List:
		for _, e := range x {
			chardata(out, e)
		}
	case etf.ImproperList:
		for _, e := range x.Head {
			chardata(out, e)
		}
		chardata(out, x.Tail)
	}
}
