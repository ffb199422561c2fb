%% Stands in for the hook of OTP's own test server that epmd_SUITE names. It
%% puts the folder of the program under test first in PATH, from inside the
%% virtual machine: at its start the machine puts its own folder, which holds
%% OTP's epmd, in front of whatever PATH it was given.
-module(ts_install_cth).
-export([init/2]).

init(_Id, _Options) ->
    Folder = os:getenv("EPMD_UNDER_TEST"),
    true = is_list(Folder),
    os:putenv("PATH", Folder ++ ":" ++ os:getenv("PATH")),
    Found = os:find_executable("epmd"),
    Found = filename:join(Folder, "epmd"),
    {ok, []}.
