#!/usr/bin/env escript
%% Makes golden.txt: external terms as OTP writes them, and terms in old or
%% rare encodings that OTP reads. One term a line:
%%
%%     name <TAB> hex <TAB> term as io:format("~0tp") prints it <TAB> how
%%
%% how is "same" when term_to_binary gives exactly these bytes, "read" when
%% binary_to_term only reads them. Run: escript golden.escript > golden.txt
%% made by OTP 25.

main(_) ->
    io:setopts([{encoding, unicode}]),
    [same(Name, Term) || {Name, Term} <- terms()],
    [read(Name, term_to_binary(Term, Opts)) || {Name, Term, Opts} <- with_options()],
    [read(Name, Bin) || {Name, Bin} <- encodings()].

%% Keys of a map stand in any order; the maps here have one key.
same(Name, Term) -> line(Name, term_to_binary(Term, [{minor_version, 2}]), Term, "same").

read(Name, Bin) -> line(Name, Bin, binary_to_term(Bin), "read").

line(Name, Bin, Term, How) ->
    Hex = [io_lib:format("~2.16.0b", [B]) || <<B>> <= Bin],
    Text = case size(Bin) > 2000 of
               true -> "-";
               false -> channel0(io_lib:format("~0tp", [Term]))
           end,
    io:format("~s\t~s\t~ts\t~s~n", [Name, Hex, Text, How]).

%% The first number of an identifier is only this run's name for a node.
channel0(Text) ->
    re:replace(Text, "(#Ref<|#Port<|<)[0-9]+\\.", "\\g{1}0.", [unicode, global, {return, list}]).

terms() ->
    integers() ++ others().

integers() ->
    [{"int " ++ integer_to_list(N), N} ||
        N <- [0, 1, 255, 256, -1, -255, -256, 16#7fffffff, 16#80000000, -16#80000000, -16#80000001,
              1 bsl 59 - 1, 1 bsl 59, 1 bsl 60, 1 bsl 62, 1 bsl 63 - 1, 1 bsl 63, -(1 bsl 63), -(1 bsl 63) - 1,
              1 bsl 64 - 1, 1 bsl 64, -(1 bsl 64), 1 bsl 64 + 1, 1 bsl 200, -(1 bsl 200)]]
    ++ [{"big of 255 bytes", 1 bsl (255 * 8) - 1}, {"big of 256 bytes", 1 bsl (255 * 8)},
        {"negative big of 256 bytes", -(1 bsl (255 * 8))}, {"big of 600 bytes", 1 bsl (600 * 8) - 12345}].

others() ->
    [{"float 0", 0.0}, {"float 1", 1.0}, {"float negative", -1.5}, {"float smallest", 5.0e-324},
     {"float largest", 1.7976931348623157e308}, {"float pi", 3.141592653589793},
     {"atom", hello}, {"atom empty", ''}, {"atom true", true}, {"atom nil", nil},
     {"atom Latin-1", 'é'}, {"atom Polish", 'żółw'}, {"atom emoji", '\x{1F600}'},
     {"atom of 255", list_to_atom(lists:duplicate(255, $a))},
     {"atom of 255 times 2 bytes", list_to_atom(lists:duplicate(255, 16#f3))},
     {"atom of 255 times 4 bytes", list_to_atom(lists:duplicate(255, 16#1F600))},
     {"atom with quote", 'it\'s'}, {"Elixir module", 'Elixir.Fishjam.RoomService'},
     {"binary empty", <<>>}, {"binary", <<"abc">>}, {"binary UTF-8", <<"é"/utf8>>}, {"binary zeros", <<0, 0, 0>>},
     {"bits 1", <<1:1>>}, {"bits 3", <<5:3>>}, {"bits 7", <<127:7>>}, {"bits 11", <<1, 5:3>>},
     {"tuple 0", {}}, {"tuple 1", {a}}, {"tuple 3", {a, 1, <<"b">>}},
     {"tuple 255", list_to_tuple(lists:seq(1, 255))}, {"tuple 256", list_to_tuple(lists:seq(1, 256))},
     {"nil", []}, {"string", "abc"}, {"string zeros", [0, 0]}, {"list 256", [256]}, {"list mixed", [1, a, "x"]},
     {"list of lists", [[], [[]], [[[]]]]},
     {"improper", [a | b]}, {"improper 2", [a, b | c]}, {"improper bytes", [1, 2 | 3]}, {"improper tuple", [[] | {}]},
     {"alias tag", [alias | ref()]},
     {"map 0", #{}}, {"map atom key", #{a => 1}}, {"map binary key", #{<<"k">> => v}}, {"map tuple key", #{{a, 1} => v}},
     {"map map key", #{#{a => b} => v}}, {"map list key", #{[1, 2] => v}}, {"map float key", #{1.0 => one}},
     {"map in map", #{a => #{b => #{}}}},
     {"pid", pid()}, {"ref", ref()}, {"ref of 1", ref(1)}, {"ref of 2", ref(2)}, {"ref of 5", ref(5)},
     {"port small", port(89, <<17:32>>)}, {"port large", port(120, <<1234567890123:64>>)},
     {"export", fun lists:map/2}, {"export quoted", fun 'A b':'C d'/255}].

%% Identifiers of another node, so that the bytes do not change from run to run.
node_atom() -> <<119, 9, "other@box">>.
pid() -> binary_to_term(<<131, 88, (node_atom())/binary, 1234:32, 7:32, 16#65000000:32>>).
ref() -> ref(3).
ref(N) ->
    Words = << <<(W * 1000003):32>> || W <- lists:seq(1, N) >>,
    binary_to_term(<<131, 90, N:16, (node_atom())/binary, 16#65000000:32, Words/binary>>).
port(Tag, Id) -> binary_to_term(<<131, Tag, (node_atom())/binary, Id/binary, 16#65000000:32>>).

with_options() ->
    [{"text float", 1.5, [{minor_version, 0}]}, {"text float tiny", -5.0e-324, [{minor_version, 0}]}]
    ++ [{"Latin-1 atom of OTP 25", hello, [{minor_version, 1}]}, {"Latin-1 atom é", 'é', [{minor_version, 1}]}]
    ++ [{"compressed", lists:duplicate(300, {a, <<"aaaa">>}), [{compressed, 9}]},
        {"compressed binary", binary:copy(<<"0123456789">>, 150), [compressed]}].

%% Written by hand: what OTP 25 reads but no longer writes.
encodings() ->
    N = node_atom(),
    Fun = fun_ext(),
    [{"SMALL_ATOM_EXT", <<131, 115, 3, "a", 16#e9, "b">>},
     {"ATOM_EXT", <<131, 100, 0, 3, "a", 16#e9, "b">>},
     {"ATOM_UTF8_EXT short", <<131, 118, 0, 2, "ok">>},
     {"PID_EXT", <<131, 103, N/binary, 5:32, 6:32, 2>>},
     {"PID_EXT Latin-1 node", <<131, 103, 100, 0, 3, "a@b", 5:32, 6:32, 2>>},
     {"PORT_EXT", <<131, 102, N/binary, 5:32, 2>>},
     {"NEW_PORT_EXT", <<131, 89, N/binary, 5:32, 77:32>>},
     {"REFERENCE_EXT", <<131, 101, N/binary, 5:32, 2>>},
     {"NEW_REFERENCE_EXT", <<131, 114, 3:16, N/binary, 2, 1:32, 2:32, 3:32>>},
     {"INTEGER_EXT small", <<131, 98, 5:32>>},
     {"SMALL_BIG_EXT small", <<131, 110, 1, 0, 5>>},
     {"SMALL_BIG_EXT zeros", <<131, 110, 4, 1, 5, 0, 0, 0>>},
     {"SMALL_BIG_EXT empty", <<131, 110, 0, 0>>},
     {"LARGE_BIG_EXT small", <<131, 111, 9:32, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0>>},
     {"LARGE_TUPLE_EXT small", <<131, 105, 2:32, 97, 1, 97, 2>>},
     {"LIST_EXT of bytes", <<131, 108, 2:32, 97, 1, 97, 2, 106>>},
     {"LIST_EXT with list tail", <<131, 108, 1:32, 97, 1, 108, 1:32, 97, 2, 107, 2:16, 3, 4>>},
     {"LIST_EXT without elements", <<131, 108, 0:32, 106>>},
     {"LIST_EXT only a tail", <<131, 108, 0:32, 97, 1>>},
     {"STRING_EXT empty", <<131, 107, 0, 0>>},
     {"BIT_BINARY_EXT 8 bits", <<131, 77, 2:32, 8, 1, 2>>},
     {"BIT_BINARY_EXT dirty", <<131, 77, 2:32, 3, 1, 16#ff>>},
     {"BIT_BINARY_EXT empty", <<131, 77, 0:32, 0>>},
     {"MAP_EXT two keys", <<131, 116, 2:32, 119, 1, "b", 97, 2, 119, 1, "a", 97, 1>>},
     {"NEW_FUN_EXT", <<131, Fun/binary>>},
     {"EXPORT_EXT Latin-1", <<131, 113, 100, 0, 1, "m", 100, 0, 1, "f", 97, 3>>}].

fun_ext() ->
    Body = <<2, (list_to_binary(lists:seq(1, 16)))/binary, 4:32, 2:32, 119, 3, "mod", 97, 4, 98, 123456:32,
             88, (node_atom())/binary, 1:32, 2:32, 3:32, 119, 1, "x", 109, 1:32, "y">>,
    <<112, (byte_size(Body) + 4):32, Body/binary>>.
