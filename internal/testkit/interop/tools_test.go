//go:build interop

package interop

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// tool runs a sub-command of the binary, as an operator without Erlang does.
func (w *world) tool(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testkit.Binary(t), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(w.env(), "FJ_DIST_COOKIE="+cookie, "HOME="+cmd.Dir, "PATH="+os.Getenv("PATH"))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the status says it
	if cmd.ProcessState == nil {
		t.Fatalf("fjord %q did not start", args)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// TestTools: names, ping, nodes and rpc against real nodes, which hardly notice.
func TestTools(t *testing.T) {
	parallel(t, 2, func(t *testing.T, w *world) {
		w.cluster(t)
		b := w.beams[0]
		for _, beam := range w.beams {
			beam.Expect(t, flapRecorder, "true")
		}
		t.Run("names", func(t *testing.T) {
			for _, host := range []string{"", "localhost", "127.0.0.1"} {
				status, out, errs := w.tool(t, append([]string{"names"}, strings.Fields(host)...)...)
				for _, name := range w.names() {
					alive, _, _ := strings.Cut(name, "@")
					if !strings.Contains(out, "name "+alive+" at port ") {
						t.Errorf("names %s lacks %s: status %d\n%s%s", host, alive, status, out, errs)
					}
				}
			}
		})
		t.Run("ping", func(t *testing.T) {
			for _, c := range [][3]string{{b.Node, "pong\n", ""}, {w.fjords[0].Node, "pong\n", ""}, {"none@localhost", "pang\n", "not know the node"}, {"none", "pang\n", "name@host"}} {
				status, out, errs := w.tool(t, "ping", c[0])
				if out != c[1] || (status == 0) != (c[2] == "") || !strings.Contains(errs, c[2]) {
					t.Errorf("ping %s: status %d\n%s%s", c[0], status, out, errs)
				}
			}
			status, out, errs := w.tool(t, "ping", "--dist-cookie=wrong", b.Node)
			if status != 1 || out != "pang\n" || !strings.Contains(errs, "cookie") {
				t.Errorf("with the wrong cookie: status %d\n%s%s", status, out, errs)
			}
		})
		t.Run("nodes", func(t *testing.T) {
			for _, name := range w.names() {
				if status, out, errs := w.tool(t, "nodes", name); status != 0 || out != strings.Join(without(w.names(), name), "\n")+"\n" {
					t.Errorf("nodes of %s: status %d\n%s%s", name, status, out, errs)
				}
			}
		})
		t.Run("rpc", func(t *testing.T) { w.rpc(t, b) })
		t.Run("terms", func(t *testing.T) { w.printing(t, b) })
		for _, beam := range w.beams {
			beam.Expect(t, flapReport, "[]")
		}
	})
}

// rpc checks exit statuses, results and the words for what goes wrong.
func (w *world) rpc(t *testing.T, b *testkit.BEAM) {
	for _, c := range []struct {
		args   []string
		status int
		stdout string
		stderr string // a part
	}{
		{[]string{b.Node, "lists", "seq", "[1, 3]"}, 0, "[1,2,3]\n", ""},
		{[]string{b.Node, "erlang", "node"}, 0, b.Node + "\n", ""},
		{[]string{w.fjords[0].Node, "echo", "echo", "[#{a => b}]"}, 0, "#{a => b}\n", ""},
		{[]string{w.fjords[0].Node, "echo", "fail", "[exit, {no, way}]"}, 1, "", "** exception exit: {no,way}\n"},
		{[]string{b.Node, "no", "such", "[x]"}, 1, "", "** exception error: undefined function no:such/1\n"},
		{[]string{b.Node, "erlang", "throw", "[ball]"}, 1, "", "** exception throw: ball\n"},
		{[]string{b.Node, "erlang", "binary_to_atom", "[1, utf8]"}, 1, "", "** exception error: bad argument"},
		{[]string{"--timeout=300ms", b.Node, "timer", "sleep", "[5000]"}, 1, "", "no answer within 300ms"},
		{[]string{"none@localhost", "erlang", "node"}, 1, "", "not know the node"},
		{[]string{"none@nowhere.invalid", "erlang", "node"}, 1, "", "nowhere.invalid"},
		{[]string{b.Node, "lists", "seq", "[1, "}, 2, "", "ARGS: "},
		{[]string{b.Node, "lists", "seq", "{1}"}, 2, "", "ARGS: want a list"},
		{[]string{b.Node, "lists"}, 2, "", "Usage: fjord rpc"},
	} {
		status, out, errs := w.tool(t, append([]string{"rpc"}, c.args...)...)
		if status != c.status || out != c.stdout || !strings.Contains(errs, c.stderr) || status == 0 && errs != "" {
			t.Errorf("rpc %q: status %d\nstdout %sstderr %s", c.args, status, out, errs)
		}
	}
}

// printing sends what ~0tp prints of random terms, as an operator would type it,
// and compares what the tool prints of what comes back with ~0tp again.
func (w *world) printing(t *testing.T, b *testkit.BEAM) {
	count := 10
	if testkit.Soak() {
		count = 60
	}
	seed := time.Now().UnixNano() % 1e9
	// Releases before 25 write some floats in another way: there the text only has to read as the same term.
	same := b.Eval(t, `list_to_integer(erlang:system_info(otp_release)) >= 25.`) == "true"
	// The generator's leaves that have a form to type: no pids, ports, references and funs.
	typed := strings.NewReplacer("W = ", "_ = ").Replace(generator)
	for i := range count {
		b.Expect(t, w.fill(fmt.Sprintf(`rand:seed(exsss, {%d, %d, 1}), W = none, `+typed+`
			Plain = fun P(T) when is_pid(T); is_port(T); is_reference(T); is_function(T) -> x; P([H | T]) -> [P(H) | P(T)];
				P(T) when is_tuple(T) -> list_to_tuple(P(tuple_to_list(T))); P(M) when is_map(M) -> maps:from_list(P(maps:to_list(M))); P(T) -> T end,
			Small = [Plain(T) || T <- [Gen(Rand(4)) || _ <- lists:seq(1, 60)], erlang:external_size(T) < 1500],
			Text = unicode:characters_to_binary(io_lib:format("~0tp", [Small])),
			catch ets:new(printed, [named_table, public, {heir, whereis(init), none}]), ets:insert(printed, {text, Text}), ets:insert(printed, {terms, Small}), ok.`, seed, i)), "ok")
		text := decodeBinary(t, b.Eval(t, "base64:encode(ets:lookup_element(printed, text, 2))."))
		status, out, errs := w.tool(t, "rpc", b.Node, "ets", "insert", "[printed, {back, "+text+"}]")
		if status != 0 || out != "true\n" {
			t.Fatalf("seed {%d, %d, 1}: status %d %s%s\n%s", seed, i, status, out, errs, text)
		}
		b.Expect(t, "ets:lookup_element(printed, back, 2) =:= ets:lookup_element(printed, terms, 2).", "true")
		status, out, errs = w.tool(t, "rpc", b.Node, "ets", "lookup_element", "[printed, terms, 2]")
		if status != 0 {
			t.Fatalf("status %d %s", status, errs)
		}
		// Maps may be printed in another order: the text counts as what it reads as, and
		// as what is printed of that.
		b.Expect(t, fmt.Sprintf(`{ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(base64:decode("%s")) ++ "."), {ok, T} = erl_parse:parse_term(Tokens),
			T =:= ets:lookup_element(printed, terms, 2).`, encodeBinary(strings.TrimSpace(out))), "true")
		if same && !strings.Contains(text, "#{") && strings.TrimSpace(out) != text {
			t.Errorf("seed {%d, %d, 1}:\n got %s\nwant %s", seed, i, out, text)
		}
	}
	w.sameWords(t, b)
}

// sameWords compares the print of single terms with that of ~0tp.
func (w *world) sameWords(t *testing.T, b *testkit.BEAM) {
	for _, text := range []string{
		`{}`, `[]`, `"ab\n\t\"\\"`, `[97|b]`, `<<"x">>`, `<<1,2,255>>`, `<<5:3>>`, `<<"ä"/utf8>>`, `'Ä b'`, `'it''s'`, `fun lists:map/2`, `1.0e300`, `-0.1`, `1.0e-7`, `100.0`,
		`123456789012345678901234567890`, `#{a => 1}`, `[{a,[b,{c}]}]`, `'end'`, `a@b`, `"ü€"`, `[1000,2000]`, `[]`, `''`, `$a`, `16#ff`, `{a,"",<<>>,[]}`,
	} {
		if strings.Contains(text, "''s") {
			text = `'it\'s'`
		}
		status, out, errs := w.tool(t, "rpc", b.Node, "erlang", "hd", "[["+text+"]]")
		want := decodeBinary(t, b.Eval(t, "base64:encode(unicode:characters_to_binary(io_lib:format(\"~0tp\", ["+text+"])))."))
		if status != 0 || out != want+"\n" {
			t.Errorf("%s: status %d %s\n got %swant %s", text, status, errs, out, want)
		}
	}
	for _, expr := range [][3]string{{"erlang", "self", "<"}, {"erlang", "make_ref", "#Ref<"}} {
		if status, out, errs := w.tool(t, "rpc", b.Node, expr[0], expr[1]); status != 0 || !strings.HasPrefix(out, expr[2]) {
			t.Errorf("%v: status %d %s%s", expr, status, out, errs)
		}
	}
}

// decodeBinary reads base64 as the evaluator prints a binary of it.
func decodeBinary(t *testing.T, printed string) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(printed, `<<"`), `">>`))
	if err != nil {
		t.Fatalf("%s: %v", printed, err)
	}
	return string(text)
}

func encodeBinary(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
