package node

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

func TestIOResult(t *testing.T) {
	long := etf.List{}
	for range 100_000 {
		long = append(long, []byte("abc"))
	}
	for _, test := range []struct{ request, result, text string }{
		{`{put_chars,unicode,<<"text">>}`, "ok", "text"},
		{`{put_chars,latin1,[104,[<<"e">>,16#20ac]|<<"y">>]}`, "ok", "he€y"},
		{`{put_chars,"old"}`, "ok", "old"},
		{`{put_chars,unicode,io_lib,format,["~p~n",[[a]]]}`, "ok", "~p~n [[a]]"},
		{`{put_chars,io_lib,format,["x",[]]}`, "ok", "x []"},
		{`{put_chars,unicode,<<255,97>>}`, "ok", "?a"},
		{`{put_chars,unicode,[-1,1.5,a,97]}`, "ok", "a"},
		{`{requests,[{put_chars,unicode,<<"a">>},{put_chars,unicode,<<"b">>}]}`, "ok", "ab"},
		{`{requests,[{put_chars,unicode,<<"a">>},odd,{put_chars,unicode,<<"b">>}]}`, "{error,request}", "a"},
		{`{requests,[]}`, "{error,request}", ""},
		{`{requests,[{requests,[]}]}`, "{error,request}", ""},
		{`{get_line,unicode,"> "}`, "eof", ""},
		{`{get_chars,unicode,"> ",5}`, "eof", ""},
		{`{get_until,unicode,"",m,f,[]}`, "eof", ""},
		{`{get_geometry,columns}`, "{error,enotsup}", ""},
		{`{setopts,[binary]}`, "{error,enotsup}", ""},
		{`getopts`, "{error,enotsup}", ""},
		{`{}`, "{error,request}", ""},
		{`7`, "{error,request}", ""},
	} {
		request, err := etf.Parse(test.request)
		if err != nil {
			t.Fatal(err)
		}
		result, text := ioResult(request)
		if etf.String(result) != test.result || text != test.text {
			t.Errorf("%s: %s %q", test.request, etf.String(result), text)
		}
	}
	if _, text := ioResult(etf.Tuple{etf.Atom("put_chars"), etf.Atom("unicode"), long}); len(text) > maxPrinted+10 || !strings.HasSuffix(text, "…") {
		t.Errorf("%d bytes", len(text))
	}
}

// TestGroupLeaderAnswers: who prints under our client as its group leader, which a
// function that we call does, gets an answer.
func TestGroupLeaderAnswers(t *testing.T) {
	n := newLab(t).start(t, "go@localhost")
	r := rawPeer(t, n)
	within(t, time.Second, "link is known", func() bool { return len(n.Nodes()) == 1 })
	r.send(t, dist.SigSend{From: r.self, To: n.client.pid, Message: tuple(atom("io_request"), r.self, atom("ref"), tuple(atom("put_chars"), atom("unicode"), []byte("hi")))})
	if s, ok := r.must(t).(dist.SigSend); !ok || etf.String(s.Message) != "{io_reply,ref,ok}" {
		t.Errorf("answer %+v", s)
	}
	r.send(t, dist.SigSend{From: r.self, To: n.client.pid, Message: tuple(atom("io_request"), atom("odd"), atom("ref"), atom("getopts"))})
	if s := r.next(20 * time.Millisecond); s != nil {
		t.Errorf("answer %+v", s)
	}
}

// TestRemoteLog: what called functions log on BEAM nodes is logged here.
func TestRemoteLog(t *testing.T) {
	var out bytes.Buffer
	n := newLab(t).start(t, "go@localhost")
	n.log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.MessageKey {
			return slog.Attr{}
		}
		return a
	}}))
	for event, want := range map[string]string{
		`{log,notice,"text",#{}}`:             `level=INFO node=b@localhost text=text`,
		`{log,error,"~p of ~p",[a,b],#{}}`:    `level=ERROR node=b@localhost text="~p of ~p [a,b]"`,
		`{log,warning,#{a => 1},#{}}`:         `level=WARN node=b@localhost text="#{a => 1}"`,
		`{log,emergency,[{key,value}],#{}}`:   `level=ERROR node=b@localhost text=[{key,value}]`,
		`{log,debug,"not at this level",#{}}`: ``,
		`{log,odd,"text",#{}}`:                ``,
		`{log}`:                               ``,
		`odd`:                                 ``,
	} {
		term, err := etf.Parse(event)
		if err != nil {
			t.Fatal(err)
		}
		out.Reset()
		n.remoteLog(Message{From: etf.Pid{Node: "b@localhost", ID: 1, Creation: 1}, Term: term})
		if got := strings.TrimSpace(out.String()); got != want {
			t.Errorf("%s: %s", event, got)
		}
	}
}
