defmodule Double.PubSub do
  @moduledoc """
  The part of Phoenix.PubSub that other nodes see: one process per node in the
  group of the adapter, in pg's scope of the library; a broadcast is a message
  to each of them.
  """

  @scope Phoenix.PubSub

  def start(product) do
    group = :erlang.binary_to_atom(:erlang.atom_to_binary(product, :utf8) <> ".PubSub.Adapter", :utf8)
    Double.set(:group, group)
    Double.set(:product, product)
    {:ok, _} = :pg.start(@scope)
    parent = self()

    worker =
      spawn(fn ->
        :erlang.register(group, self())
        :ok = :pg.join(@scope, group, self())
        send(parent, {:joined, self()})
        :timer.send_interval(1000, :report)
        loop()
      end)

    receive do: ({:joined, ^worker} -> :ok)
  end

  defp loop() do
    receive do
      {:forward_to_local, topic, message, Phoenix.PubSub} -> heard(topic, message)
      :report -> broadcast("metrics", {:metrics, "{}"})
      other -> Double.note(:violation, {:message, other})
    end

    loop()
  end

  # event is a server notification of this node.
  def event(event), do: broadcast("server_notification", {:server_notification, event})

  def broadcast(topic, message) do
    heard(topic, message)
    own = :pg.get_local_members(@scope, Double.get(:group))

    :lists.foreach(
      fn pid -> :lists.member(pid, own) or send(pid, {:forward_to_local, topic, message, Phoenix.PubSub}) end,
      :pg.get_members(@scope, Double.get(:group))
    )
  end

  # heard is what subscribers of this node do; what would crash them is noted as
  # a violation.
  defp heard("server_notification", {:server_notification, event}) do
    if known(event), do: Double.note(:event, event), else: Double.note(:violation, {:event, event})
  end

  defp heard("metrics", {:metrics, json}) when is_binary(json), do: Double.note(:metrics, json)
  defp heard(topic, message) when topic in ["server_notification", "metrics", "fishjams", "jellyfishes"], do: Double.note(:violation, {topic, message})
  defp heard(topic, message), do: Double.note(:other, {topic, message})

  defp known({kind, room}) when kind in [:room_created, :room_deleted, :room_crashed, :hls_uploaded, :hls_upload_crashed],
    do: is_binary(room)

  defp known({kind, room, name})
       when kind in [:peer_added, :peer_deleted, :peer_connected, :peer_disconnected, :component_crashed, :hls_playable],
       do: is_binary(room) and is_binary(name)

  defp known({:peer_crashed, room, peer, reason}), do: is_binary(room) and is_binary(peer) and (reason == nil or is_binary(reason))
  defp known({:peer_metadata_updated, room, peer, _}), do: is_binary(room) and is_binary(peer)

  defp known({kind, room, {owner, name}, track})
       when kind in [:track_added, :track_removed, :track_metadata_updated] and owner in [:peer_id, :component_id],
       do: is_binary(room) and is_binary(name) and track(kind, track)

  defp known(_), do: false

  # track: a struct of this product, or in track_added the engine's message.
  defp track(_, %{__struct__: struct, id: id, type: type, metadata: _}),
    do: is_binary(id) and type in [:audio, :video] and struct == :erlang.binary_to_atom(:erlang.atom_to_binary(Double.get(:product), :utf8) <> ".Track", :utf8)

  defp track(:track_added, %{__struct__: Membrane.RTC.Engine.Message.TrackAdded, track_id: id, track_type: type, track_metadata: _}),
    do: is_binary(id) and type in [:audio, :video]

  defp track(_, _), do: false
end
