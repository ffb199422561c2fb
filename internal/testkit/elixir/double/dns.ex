defmodule Double.DNS do
  @moduledoc """
  Discovery as dns_cluster does it: each interval the addresses of a name are
  asked for, and the node BASENAME@ADDRESS is connected unless it is. Nobody is
  disconnected.
  """

  # types: [:aaaa], [:a, :aaaa]; server: address of the name server.
  def start(query, types, interval, server) do
    spawn(fn -> loop(:erlang.binary_to_list(query), types, interval, server) end)
    :ok
  end

  defp loop(query, types, interval, server) do
    [base, own] = :binary.split(:erlang.atom_to_binary(node(), :utf8), "@")

    :lists.foreach(
      fn type ->
        addresses = :inet_res.lookup(query, :in, type, [{:nameservers, [{server, 53}]}, {:timeout, 1000}])

        :lists.foreach(
          fn address ->
            host = :erlang.list_to_binary(:inet.ntoa(address))
            name = :erlang.binary_to_atom(base <> "@" <> host, :utf8)

            if host != own and not :lists.member(name, :erlang.nodes()) do
              spawn(fn -> :net_kernel.connect_node(name) == true and Double.note(:connected, name) end)
            end
          end,
          addresses
        )
      end,
      types
    )

    :timer.sleep(interval)
    loop(query, types, interval, server)
  end
end
