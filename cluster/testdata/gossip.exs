# The other side of the strategy GOSSIP, for its test: sends the packets of
# libcluster's Gossip as node elixir@h and prints the nodes that it hears.
# Arguments: port, secret ("" for none).
[port, secret] = System.argv()
port = String.to_integer(port)
group = {233, 252, 1, 32}
local = {127, 0, 0, 1}

{:ok, socket} =
  :gen_udp.open(port, [
    :binary,
    active: true,
    ip: {0, 0, 0, 0},
    reuseaddr: true,
    multicast_ttl: 1,
    multicast_loop: true,
    multicast_if: local,
    add_membership: {group, local}
  ])

key = :crypto.hash(:sha256, secret)

seal = fn plain ->
  if secret == "" do
    plain
  else
    iv = :crypto.strong_rand_bytes(16)
    n = 16 - rem(byte_size(plain), 16)
    padded = plain <> :binary.copy(<<n>>, n)
    iv <> :crypto.crypto_one_time(:aes_256_cbc, key, iv, padded, true)
  end
end

open = fn packet ->
  if secret == "" do
    packet
  else
    <<iv::binary-16, sealed::binary>> = packet
    padded = :crypto.crypto_one_time(:aes_256_cbc, key, iv, sealed, false)
    n = :binary.last(padded)
    binary_part(padded, 0, byte_size(padded) - n)
  end
end

packet = fn -> seal.("heartbeat::" <> :erlang.term_to_binary(%{node: :elixir@h})) end

loop = fn loop ->
  :ok = :gen_udp.send(socket, group, port, packet.())

  receive do
    {:udp, _, _, _, bytes} ->
      case open.(bytes) do
        "heartbeat::" <> term -> IO.puts("heard " <> inspect(:erlang.binary_to_term(term)))
        _ -> IO.puts("not understood")
      end

      Process.sleep(20)
  after
    100 -> :ok
  end

  loop.(loop)
end

spawn(fn ->
  IO.read(:eof)
  System.halt(0)
end)

loop.(loop)
