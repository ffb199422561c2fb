defmodule Double.Service do
  @moduledoc "The process that makes rooms, one after the other, and their table."

  @behaviour :gen_server

  def start(name, product), do: :gen_server.start({:local, name}, __MODULE__, product, [])

  # usage is what get_resource_usage/0 returns. The process is not asked, as the
  # original's is not.
  def usage() do
    usage = %{node: node(), forwarded_tracks_number: Double.get(:tracks), rooms_number: :ets.info(:double_rooms, :size)}
    freeze(:usage)
    usage
  end

  # freeze stops the whole node from inside, as SIGSTOP does, if the test has set
  # that for this moment. On a busy machine the signal takes a while to reach all
  # threads; nothing is answered meanwhile.
  def freeze(moment) do
    case {Double.get(:freezing), Double.get(:freeze)} do
      {true, _} ->
        :timer.sleep(20)
        freeze(moment)

      {false, ^moment} ->
        Double.set(:freezing, true)
        Double.set(:freeze, nil)
        :os.cmd(:erlang.binary_to_list("kill -STOP ") ++ :os.getpid())
        :timer.sleep(500)
        Double.set(:freezing, false)

      _ ->
        :ok
    end
  end

  @impl true
  def init(product), do: {:ok, product}

  @impl true
  def handle_call({:create_room, config}, _from, product) do
    freeze(:create)
    :timer.sleep(Double.get(:sleep))
    {:reply, create(product, config), product}
  end

  def handle_call({:delete_room, id}, _from, product), do: {:reply, delete(id), product}

  @impl true
  def handle_cast(_, product), do: {:noreply, product}

  # create insists on the whole struct.
  def create(
        product,
        %{
          __struct__: struct,
          room_id: id,
          max_peers: _,
          video_codec: codec,
          webhook_url: _,
          peerless_purge_timeout: _,
          peer_disconnected_timeout: _
        } = config
      )
      when is_binary(id) and codec in [nil, :h264, :vp8] do
    true = struct == :erlang.binary_to_atom(:erlang.atom_to_binary(product, :utf8) <> ".Room.Config", :utf8)
    id = if Double.get(:routing), do: routed(id), else: id
    config = %{config | room_id: id}

    case :ets.insert_new(:double_rooms, {id, config, %{}}) do
      true ->
        Double.PubSub.event({:room_created, id})
        {:ok, state(product, id, config, %{}), Double.get(:address)}

      false ->
        {:error, :room_already_exists}
    end
  end

  # routed ids end with the name of their node.
  defp routed(_) do
    <<_::binary-9, rest::binary>> = Double.uuid()
    rest <> "-" <> Double.hex(:erlang.atom_to_binary(node(), :utf8))
  end

  def state(product, id, config, peers) do
    %{
      __struct__: :erlang.binary_to_atom(:erlang.atom_to_binary(product, :utf8) <> ".Room.State", :utf8),
      id: id,
      config: config,
      engine_pid: self(),
      network_options: [turn_options: [ip: {127, 0, 0, 1}, mock_ip: {127, 0, 0, 1}, ports_range: {50000, 59999}]],
      components: %{},
      peers: peers,
      last_peer_left: 0
    }
  end

  def find(id) do
    case :ets.lookup(:double_rooms, id) do
      [{^id, config, peers}] -> {:ok, state(Fishjam, id, config, peers)}
      [] -> {:error, :room_not_found}
    end
  end

  def list() do
    :lists.map(fn {id, config, peers} -> state(Fishjam, id, config, peers) end, :ets.tab2list(:double_rooms))
  end

  def delete(id) do
    case :ets.take(:double_rooms, id) do
      [] ->
        {:error, :room_not_found}

      [_] ->
        Double.PubSub.event({:room_deleted, id})
        :ok
    end
  end

  # crash_all is what the end of the node does to its rooms.
  def crash_all(), do: :lists.foreach(fn {id, _, _} -> Double.PubSub.event({:room_crashed, id}) end, :ets.tab2list(:double_rooms))

  # add_peer and remove_peer change the table entry of a room.
  def add_peer(id, type, options) do
    case :ets.lookup(:double_rooms, id) do
      [] ->
        {:error, :room_not_found}

      [{^id, config, peers}] ->
        name = Double.uuid()

        peer = %{
          __struct__: Fishjam.Peer,
          id: name,
          type: type,
          engine_endpoint: nil,
          status: :disconnected,
          socket_pid: nil,
          tracks: %{},
          metadata: :maps.get("metadata", options, nil),
          last_time_connected: nil
        }

        :ets.insert(:double_rooms, {id, config, :maps.put(name, peer, peers)})
        Double.PubSub.event({:peer_added, id, name})
        {:ok, peer}
    end
  end

  def remove_peer(id, name) do
    [{^id, config, peers}] = :ets.lookup(:double_rooms, id)

    case :maps.take(name, peers) do
      {_, rest} ->
        :ets.insert(:double_rooms, {id, config, rest})
        Double.PubSub.event({:peer_deleted, id, name})
        :ok

      :error ->
        {:error, :peer_not_found}
    end
  end
end

defmodule Double.Signals do
  @moduledoc "SIGTERM ends the rooms, with a word to all, and then the node."

  @behaviour :gen_event

  @impl true
  def init(_), do: {:ok, nil}

  @impl true
  def handle_event(:sigterm, state) do
    Double.Service.crash_all()
    :init.stop()
    {:ok, state}
  end

  def handle_event(_, state), do: {:ok, state}

  @impl true
  def handle_call(_, state), do: {:ok, :ok, state}
end

defmodule Fishjam.RoomService do
  @moduledoc "What 0.6.3 has beside the process of this name; others call the first only."

  def get_resource_usage(), do: Double.Service.usage()
  def list_rooms(), do: Double.Service.list()
  def get_room(id), do: Double.Service.find(id)
  def delete_room(id), do: :gen_server.call(Fishjam.RoomService, {:delete_room, id})
end

defmodule Jellyfish.RoomService do
  @moduledoc "The same of Jellyfish 0.5."

  def get_resource_usage(), do: Double.Service.usage()
  def list_rooms(), do: Double.Service.list()
  def get_room(id), do: Double.Service.find(id)
  def delete_room(id), do: :gen_server.call(Jellyfish.RoomService, {:delete_room, id})
end

defmodule Fishjam.Local.RoomService do
  @moduledoc "What the main branch offers to other nodes."

  def get_resource_usage(), do: Double.Service.usage()
  def create_room(config), do: :gen_server.call(Double.LocalRooms, {:create_room, config})
  def delete_room(id), do: Double.Service.delete(id)
  def get_room(id), do: Double.Service.find(id)
  def list_rooms(), do: Double.Service.list()

  def find_room(id) do
    case Double.Service.find(id) do
      {:ok, _} -> {:ok, self()}
      error -> error
    end
  end
end

defmodule Fishjam.Local.Room do
  @moduledoc "What the main branch offers of single rooms."

  def add_peer(id, type, options), do: Double.Service.add_peer(id, type, options)
  def remove_peer(id, peer), do: Double.Service.remove_peer(id, peer)
end

defmodule Fishjam do
  @moduledoc "What the main branch asks a node for redirects."

  def address(), do: Double.get(:address)
end
