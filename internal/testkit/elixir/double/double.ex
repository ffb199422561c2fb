# A double of the original media server for tests: it makes the calls of one of
# its generations, answers them, keeps rooms (as entries of a table: there is no
# media) and takes part in PubSub.
#
# The modules call nothing but Erlang's own at run time, so that they run on
# nodes without Elixir, and on any release of OTP.

defmodule Double do
  @moduledoc "Start, settings and what a test asks the double."

  # options: name and names (as net_kernel:start takes them), dialect (:fishjam,
  # :main, :jellyfish, :none), address (what rooms are announced at), nodes
  # (connected once at the start, as libcluster's Epmd strategy does), routing
  # (main: ids that name their owner), http ({ip, port}; port 0: any). It returns
  # the port of HTTP.
  def start(options) do
    parent = self()

    keeper =
      spawn(fn ->
        for_table(:double_settings)
        for_table(:double_rooms)
        for_table(:double_log)
        send(parent, {:tables, self()})
        receive do: (:stop -> :ok)
      end)

    receive do: ({:tables, ^keeper} -> :ok)
    defaults = %{dialect: :fishjam, address: "double:8080", nodes: [], routing: false, tracks: 0, freeze: nil, freezing: false, sleep: 0}
    settings = :maps.merge(defaults, options)
    :maps.map(fn key, value -> set(key, value) end, settings)
    # Milliseconds between ticks, of which four are net_ticktime.
    tick = :application.get_env(:kernel, :net_ticktime, 60) * 250
    {:ok, _} = :net_kernel.start([settings.name, settings.names, tick])
    product = product(settings.dialect)
    Double.PubSub.start(product)

    case settings.dialect do
      :fishjam -> Double.Service.start(Fishjam.RoomService, Fishjam)
      :jellyfish -> Double.Service.start(Jellyfish.RoomService, Jellyfish)
      :main -> Double.Service.start(Double.LocalRooms, Fishjam)
      :none -> :ok
    end

    :gen_event.swap_handler(:erl_signal_server, {:erl_signal_handler, []}, {Double.Signals, []})
    port = Double.HTTP.start(settings.http)
    :lists.foreach(fn node -> node == node() or :net_kernel.connect_node(node) end, settings.nodes)
    port
  end

  defp for_table(name), do: :ets.new(name, [:named_table, :public, :ordered_set])

  defp product(:jellyfish), do: Jellyfish
  defp product(_), do: Fishjam

  def set(key, value), do: :ets.insert(:double_settings, {key, value})
  def get(key), do: :ets.lookup_element(:double_settings, key, 2)

  # note adds to the log of what happened: {kind, what}, told by log/1.
  def note(kind, what), do: :ets.insert(:double_log, {:erlang.unique_integer([:monotonic]), kind, what})
  def log(kind), do: :lists.append(:ets.match(:double_log, {:_, kind, :"$1"}))

  # post_room does what the original does for POST /room, in the process of the
  # request: {201, state, address} | {400, reason} | {503, reason}, or an exception,
  # which is its 500.
  def post_room(params) do
    case get(:dialect) do
      :fishjam -> Double.Placement.plain(Fishjam.RoomService, config(Fishjam.Room.Config, params))
      :jellyfish -> Double.Placement.plain(Jellyfish.RoomService, config(Jellyfish.Room.Config, params))
      :main -> Double.Placement.main(config(Fishjam.Room.Config, params))
    end
  end

  defp config(struct, params) do
    given = fn key -> :maps.get(key, params, nil) end

    %{
      __struct__: struct,
      room_id: :maps.get(:room_id, params, uuid()),
      max_peers: given.(:max_peers),
      video_codec: given.(:video_codec),
      webhook_url: given.(:webhook_url),
      peerless_purge_timeout: given.(:peerless_purge_timeout),
      peer_disconnected_timeout: given.(:peer_disconnected_timeout)
    }
  end

  def uuid() do
    <<a::48, _::4, b::12, _::2, c::62>> = <<:rand.uniform(0x1_0000_0000_0000_0000) - 1::64, :rand.uniform(0x1_0000_0000_0000_0000) - 1::64>>
    <<g1::binary-8, g2::binary-4, g3::binary-4, g4::binary-4, g5::binary-12>> = hex(<<a::48, 4::4, b::12, 2::2, c::62>>)
    g1 <> "-" <> g2 <> "-" <> g3 <> "-" <> g4 <> "-" <> g5
  end

  def hex(bytes), do: :erlang.iolist_to_binary(:lists.map(fn b -> :io_lib.format("~2.16.0b", [b]) end, :erlang.binary_to_list(bytes)))
end

defmodule Double.Placement do
  @moduledoc "How each generation finds the node for a new room."

  # 0.6.3 and Jellyfish: rpc:multicall without a time limit; on a tie the last of
  # [self | nodes] wins.
  def plain(service, config) do
    {results, failed} = :rpc.multicall(service, :get_resource_usage, [])
    if failed != [], do: Double.note(:warning, {:nodes_do_not_exist, failed})
    usages = drop_failed(:lists.zip(results, :lists.duplicate(length(results), nil)))

    case least(usages) do
      nil -> :erlang.error(:empty)
      best -> answer(:gen_server.call({service, if(length(usages) > 1, do: best.node, else: node())}, {:create_room, config}))
    end
  end

  # main: erpc without a time limit; the asking node wins a tie.
  def main(config) do
    nodes = [node() | :erlang.nodes()]

    results =
      :erpc.multicall(nodes, Fishjam.Local.RoomService, :get_resource_usage, [])
      |> :lists.zip(nodes)
      |> :lists.reverse()

    best = least(drop_failed(results))
    try do
      answer(:erpc.call(best.node, Fishjam.Local.RoomService, :create_room, [config]))
    catch
      class, reason -> {503, {class, reason}}
    end
  end

  defp drop_failed(results), do: :lists.filtermap(&usage/1, results)

  defp usage({{:ok, value}, node}), do: usage({value, node})
  defp usage({%{node: _, forwarded_tracks_number: _, rooms_number: _} = usage, _}), do: {true, usage}

  defp usage({failure, node}) do
    Double.note(:warning, {:rpc_failed, node, failure})
    false
  end

  # Strictly less stays, so the later of two equal ones wins.
  defp least([]), do: nil

  defp least([first | rest]) do
    :lists.foldl(
      fn x, best -> if {best.forwarded_tracks_number, best.rooms_number} < {x.forwarded_tracks_number, x.rooms_number}, do: best, else: x end,
      first,
      rest
    )
  end

  # What the original's view touches of the state.
  defp answer({:ok, %{id: id, config: %{__struct__: _} = config, components: components, peers: peers} = state, address})
       when is_binary(id) and is_binary(address) and is_atom(:erlang.map_get(:__struct__, config)) do
    true = empty(components) and empty(peers)
    {201, state, address}
  end

  defp answer({:error, :room_already_exists}), do: {400, :room_already_exists}
  defp answer({:error, :room_doesnt_start}), do: {400, :room_doesnt_start}

  defp empty([]), do: true
  defp empty(map), do: map_size(map) == 0
end
