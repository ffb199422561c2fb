package testkit

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// OTP is one installation of Erlang/OTP.
type OTP struct {
	Release string // "25"
	Erl     string // path of erl
}

// OTPs returns the installations to test against: FJORD_OTP_ROOTS, a list of
// RELEASE=/path/of/erl separated by spaces or commas (otp/trees.sh prints one), or
// the system's erl.
func OTPs(t testing.TB) []OTP {
	t.Helper()
	roots := strings.FieldsFunc(os.Getenv("FJORD_OTP_ROOTS"), func(r rune) bool { return r == ' ' || r == ',' })
	if len(roots) == 0 {
		NeedTools(t, "erl")
		return []OTP{{Release: systemRelease(t), Erl: "erl"}}
	}
	var all []OTP
	for _, root := range roots {
		release, erl, ok := strings.Cut(root, "=")
		if !ok {
			t.Fatalf("FJORD_OTP_ROOTS: %q is not RELEASE=/path/of/erl", root)
		}
		all = append(all, OTP{Release: release, Erl: erl})
	}
	return all
}

// systemRelease asks the system's erl for its release, "25".
func systemRelease(t testing.TB) string {
	t.Helper()
	const ask = `io:put_chars(erlang:system_info(otp_release)), halt().`
	out, err := exec.CommandContext(t.Context(), "erl", "-noinput", "-boot", "start_clean", "-eval", ask).Output()
	if err != nil || len(out) == 0 {
		t.Fatalf("ask erl for its release: %q, %v", out, err)
	}
	return string(out)
}

// BEAM is a running erl that evaluates expressions for the test.
type BEAM struct {
	*Process
	Node string

	mu      sync.Mutex
	next    int
	answers int // how much of the output has been searched for answers
	waiting map[int]string
}

// BEAMOptions says how StartBEAM starts a node.
type BEAMOptions struct {
	OTP    OTP // default: the system's
	Host   *Host
	Name   string   // node name with its host; "": not alive yet (net_kernel:start)
	Long   bool     // long names (-name)
	Cookie string   // default "fishjam_cookie"
	Args   []string // more arguments of erl
	Env    []string // such as ERL_EPMD_PORT=…
}

// evaluator is what the node runs: it reads lines "NUMBER BASE64" on standard
// input, evaluates each expression in a process of its own and prints a line
// "@answer NUMBER BASE64" with the value or the exception, printed by ~0p.
// It uses only what OTP 23 has.
const evaluator = `
Text = fun(V) -> unicode:characters_to_binary(io_lib:format("~0tp", [V])) end,
Eval = fun(S) ->
  {ok, Tokens, _} = erl_scan:string(S),
  {ok, Exprs} = erl_parse:parse_exprs(Tokens),
  {value, V, _} = erl_eval:exprs(Exprs, []),
  V
end,
One = fun(N, B) ->
  R = try Text(Eval(unicode:characters_to_list(base64:decode(B))))
      catch Class:Reason -> Text({'EXCEPTION', Class, Reason}) end,
  io:put_chars(["@answer ", N, " ", base64:encode(R), "\n"])
end,
Loop = fun(Loop) ->
  case io:get_line("") of
    eof -> halt(0);
    {error, _} -> halt(1);
    Line ->
      [N, B] = string:lexemes(Line, " \n"),
      spawn(fun() -> One(N, B) end),
      Loop(Loop)
  end
end,
io:put_chars("@ready\n"),
Loop(Loop).`

// StartBEAM starts a BEAM node and waits until it can be asked. It never
// starts an epmd: one must answer on the port its environment names.
func StartBEAM(t testing.TB, o BEAMOptions) *BEAM {
	t.Helper()
	if o.OTP.Erl == "" {
		o.OTP.Erl = "erl"
	}
	if o.Cookie == "" {
		o.Cookie = "fishjam_cookie"
	}
	mode := "-sname"
	if o.Long {
		mode = "-name"
	}
	args := append([]string{"-setcookie", o.Cookie, "-start_epmd", "false", "-noshell"}, o.Args...)
	if o.Name != "" {
		args = append([]string{mode, o.Name}, args...)
	}
	b := &BEAM{Node: o.Name, waiting: map[int]string{}}
	b.Process = Start(t, Command{Name: "erl " + o.Name, Path: o.OTP.Erl, Args: append(args, "-eval", evaluator), Env: o.Env, Host: o.Host})
	Within(t, 5*time.Second, b.Name+" is up", func() bool {
		if b.Exited() {
			t.Fatalf("%s ended with code %d", b.Name, b.cmd.ProcessState.ExitCode())
		}
		return strings.Contains(b.Log(), "@ready\n")
	})
	return b
}

// Try evaluates an expression, which ends with a full stop, and returns its
// value as ~0p prints it, or an error when no answer came in time. An
// exception is the value {'EXCEPTION',Class,Reason}.
func (b *BEAM) Try(limit time.Duration, expr string) (string, error) {
	n, err := b.send(expr)
	if err != nil {
		return "", err
	}
	for end := time.Now().Add(limit); ; time.Sleep(pollEvery / 4) {
		if value, ok := b.answer(n); ok {
			return value, nil
		}
		if b.Exited() {
			return "", fmt.Errorf("%s has ended; %s", b.Name, expr)
		}
		if time.Now().After(end) {
			return "", fmt.Errorf("%s: no answer within %s to %s", b.Name, limit, expr)
		}
	}
}

// Eval is Try with five seconds for expressions that must be answered.
func (b *BEAM) Eval(t testing.TB, expr string) string {
	t.Helper()
	value, err := b.Try(Slack*5*time.Second, expr)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// Expect evaluates an expression and compares the printed value.
func (b *BEAM) Expect(t testing.TB, expr, want string) {
	t.Helper()
	if got := b.Eval(t, expr); got != want {
		t.Errorf("%s: %s\n got %s\nwant %s", b.Name, expr, got, want)
	}
}

// Load compiles a module (without macros) on the node itself, whatever its release and
// file system, and loads it.
func (b *BEAM) Load(t testing.TB, source string) {
	t.Helper()
	b.Expect(t, `{ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(base64:decode(<<"`+
		base64.StdEncoding.EncodeToString([]byte(source))+`">>))),
		Split = fun Split([]) -> []; Split(Rest) ->
			{Form, [Dot | More]} = lists:splitwith(fun(T) -> element(1, T) =/= dot end, Rest),
			{ok, Parsed} = erl_parse:parse_form(Form ++ [Dot]), [Parsed | Split(More)] end,
		{ok, Module, Code} = compile:forms(Split(Tokens)),
		{module, Module} = code:load_binary(Module, "loaded by a test", Code), ok.`, "ok")
}

func (b *BEAM) send(expr string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	_, err := fmt.Fprintf(b.stdin, "%d %s\n", b.next, base64.StdEncoding.EncodeToString([]byte(expr)))
	return b.next, err
}

// answer looks at new output and returns the value with the number, once.
func (b *BEAM) answer(n int) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	log := b.Log()
	whole := strings.LastIndexByte(log, '\n') + 1
	for sc := bufio.NewScanner(strings.NewReader(log[b.answers:whole])); sc.Scan(); {
		fields := strings.Fields(sc.Text())
		if len(fields) != 3 || fields[0] != "@answer" {
			continue
		}
		id, err := strconv.Atoi(fields[1])
		text, err2 := base64.StdEncoding.DecodeString(fields[2])
		if err == nil && err2 == nil {
			b.waiting[id] = string(text)
		}
	}
	b.answers = whole
	value, ok := b.waiting[n]
	delete(b.waiting, n)
	return value, ok
}
