#!/usr/bin/env escript
%%! -noinput +pc latin1
%% The other end of the interop test: packets of 4-byte length on stdin and
%% stdout. The first byte of a request says what is wanted.
%%
%%     $e Bin          Bin decoded and encoded again
%%     $p Bin          the term as io:format("~0tp") prints it
%%     $w Bin          the term as io:format("~tw") prints it
%%     $x Text         the term that Erlang's own parser reads, or "error"
%%     $c N:32 A B     A compared with B: "<", "=" or ">"; A has N bytes
%%     $g N:32         N random terms, each as size:32 Bin
%%     $s N:32 A B     "true" when A =:= B

main(_) ->
    rand:seed(exsss, {1, 2, 3}),
    Port = open_port({fd, 0, 1}, [binary, {packet, 4}, eof]),
    loop(Port).

loop(Port) ->
    receive
        {Port, {data, <<Op, Data/binary>>}} ->
            Reply = try handle(Op, Data)
                    catch Class:Reason -> io_lib:format("!~0tp", [{Class, Reason}])
                    end,
            port_command(Port, Reply),
            loop(Port);
        {Port, eof} ->
            ok
    end.

handle($e, Bin) -> term_to_binary(binary_to_term(Bin), [{minor_version, 2}]);
handle($p, Bin) -> print("~0tp", Bin);
handle($w, Bin) -> print("~tw", Bin);
handle($x, Text) -> parse(unicode:characters_to_list(Text));
handle($c, <<N:32, A:N/binary, B/binary>>) -> compare(binary_to_term(A), binary_to_term(B));
handle($s, <<N:32, A:N/binary, B/binary>>) -> atom_to_list(binary_to_term(A) =:= binary_to_term(B));
handle($g, <<N:32>>) ->
    [begin B = term_to_binary(random(4), options()), [<<(byte_size(B)):32>>, B] end || _ <- lists:seq(1, N)].

print(Format, Bin) ->
    Text = io_lib:format(Format, [binary_to_term(Bin)]),
    %% The first number of an identifier is only this node's name for another.
    Plain = re:replace(Text, "(#Ref<|#Port<|<)[0-9]+\\.(?=[0-9.]+>)", "\\g{1}0.", [unicode, global, {return, list}]),
    unicode:characters_to_binary(Plain).

compare(A, B) when A < B -> "<";
compare(A, B) when A == B -> "=";
compare(_, _) -> ">".

parse(Text) ->
    case erl_scan:string(Text ++ "\n.") of
        {ok, Tokens, _} ->
            case erl_parse:parse_exprs(Tokens) of
                {ok, [Expr]} -> normalise(Expr);
                _ -> "error"
            end;
        _ -> "error"
    end.

%% Only literals: evaluating finds nothing else, as nothing is bound.
normalise(Expr) ->
    try erl_eval:expr(Expr, erl_eval:new_bindings()) of
        {value, V, _} -> term_to_binary(V, [{minor_version, 2}])
    catch _:_ -> "error"
    end.

options() ->
    case rand:uniform(4) of
        1 -> [compressed];
        2 -> [{minor_version, 1}];
        _ -> [{minor_version, 2}]
    end.

random(0) -> scalar(rand:uniform(9));
random(Depth) ->
    case rand:uniform(16) of
        1 -> list_to_tuple(many(Depth));
        2 -> many(Depth);
        3 -> many(Depth) ++ random(Depth - 1);
        4 -> maps:from_list([{random(Depth - 1), random(Depth - 1)} || _ <- lists:seq(1, rand:uniform(6))]);
        5 -> #{random(Depth - 1) => random(Depth - 1)};
        6 -> make_ref();
        7 -> case rand:uniform(3) of 1 -> self(); 2 -> hd(erlang:ports()); 3 -> hd(processes()) end;
        8 -> fun lists:map/2;
        9 -> X = random(Depth - 1), fun(Y) -> {X, Y} end;
        10 -> maps:from_list([{K, V} || K <- lists:seq(1, 40), V <- [random(0)]]);
        _ -> random(0)
    end.

many(Depth) -> [random(Depth - 1) || _ <- lists:seq(1, rand:uniform(6) - 1)].

scalar(1) -> rand:uniform(1000) - 500;
scalar(2) -> sign() * rand:uniform(1 bsl rand:uniform(70));
scalar(3) -> sign() * rand:uniform(1 bsl rand:uniform(3000));
scalar(4) -> sign() * math:pow(10, rand:uniform(600) - 300) * rand:uniform();
scalar(5) -> list_to_atom([char() || _ <- lists:seq(1, rand:uniform(20))]);
scalar(6) -> rand:bytes(rand:uniform(40) - 1);
scalar(7) -> N = rand:uniform(60), <<B:N/bitstring, _/bitstring>> = rand:bytes(8), B;
scalar(8) -> [char() || _ <- lists:seq(1, rand:uniform(20))];
scalar(9) -> unicode:characters_to_binary([char() || _ <- lists:seq(1, rand:uniform(20))]).

sign() -> case rand:uniform(2) of 1 -> -1; 2 -> 1 end.

char() ->
    case rand:uniform(8) of
        1 -> rand:uniform(255);
        2 -> 255 + rand:uniform(16#d000);
        3 -> 16#ffff + rand:uniform(16#fffff);
        _ -> 96 + rand:uniform(26)
    end.
