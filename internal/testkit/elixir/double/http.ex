defmodule Double.HTTP do
  @moduledoc "As much of the REST interface as tests of clusters use."

  def start({ip, port}) do
    family = if tuple_size(ip) == 8, do: [:inet6], else: []
    {:ok, listener} = :gen_tcp.listen(port, [:binary, {:ip, ip}, {:active, false}, {:packet, :http_bin}, {:reuseaddr, true}, {:backlog, 512} | family])
    owner = spawn(fn -> receive do: (:go -> accept(listener)) end)
    :ok = :gen_tcp.controlling_process(listener, owner)
    send(owner, :go)
    {:ok, port} = :inet.port(listener)
    port
  end

  defp accept(listener) do
    {:ok, socket} = :gen_tcp.accept(listener)
    server = spawn(fn -> receive do: (:go -> serve(socket)) end)
    :ok = :gen_tcp.controlling_process(socket, server)
    send(server, :go)
    accept(listener)
  end

  # One request for each connection.
  defp serve(socket) do
    with {:ok, {:http_request, method, {:abs_path, path}, _}} <- :gen_tcp.recv(socket, 0, 10_000),
         {:ok, body} <- rest(socket, 0) do
      {status, json} = answer(method, :binary.split(path, "/", [:global, :trim_all]), body)
      head = "HTTP/1.1 " <> :erlang.integer_to_binary(status) <> " x\r\ncontent-type: application/json\r\nconnection: close\r\n"
      :gen_tcp.send(socket, [head, "content-length: ", :erlang.integer_to_binary(:erlang.iolist_size(json)), "\r\n\r\n", json])
    end

    :gen_tcp.close(socket)
  end

  defp rest(socket, length) do
    case :gen_tcp.recv(socket, 0, 10_000) do
      {:ok, {:http_header, _, :"Content-Length", _, value}} -> rest(socket, :erlang.binary_to_integer(value))
      {:ok, {:http_header, _, _, _, _}} -> rest(socket, length)
      {:ok, :http_eoh} when length == 0 -> {:ok, ""}
      {:ok, :http_eoh} -> :inet.setopts(socket, packet: :raw) && :gen_tcp.recv(socket, length, 10_000)
      error -> error
    end
  end

  defp answer(method, path, body) do
    try do
      request(method, path, body)
    catch
      class, reason ->
        Double.note(:crash, {class, reason})
        {500, "{\"errors\":{\"detail\":\"Internal Server Error\"}}"}
    end
  end

  defp request(:GET, ["health"], _) do
    count = :erlang.integer_to_binary(length(:erlang.nodes()) + 1)
    {200, ["{\"data\":{\"distribution\":{\"enabled\":true,\"nodeStatus\":\"UP\",\"nodesInCluster\":", count, "},\"status\":\"UP\"}}"]}
  end

  defp request(:POST, ["room"], body) do
    case Double.post_room(params(body)) do
      {201, state, address} ->
        {201, ["{\"data\":{\"room\":", room(state), ",\"fishjam_address\":\"", address, "\",\"jellyfish_address\":\"", address, "\"}}"]}

      {status, reason} ->
        {status, ["{\"errors\":\"", :io_lib.format("~0p", [reason]), "\"}"]}
    end
  end

  defp request(:GET, ["room"], _), do: {200, ["{\"data\":[", :lists.join(",", :lists.map(&room/1, Double.Service.list())), "]}"]}

  defp request(method, ["room", id], _) when method in [:GET, :DELETE] do
    {function, done} = if method == :GET, do: {:get_room, 200}, else: {:delete_room, 204}

    case on_owner(id, function) do
      {:ok, state} -> {done, ["{\"data\":", room(state), "}"]}
      :ok -> {done, ""}
      {:error, :room_not_found} -> {404, ["{\"errors\":\"Room ", id, " does not exist\"}"]}
      {:error, reason} -> {503, ["{\"errors\":\"", :io_lib.format("~0p", [reason]), "\"}"]}
    end
  end

  defp request(_, _, _), do: {404, "{\"errors\":{\"detail\":\"Not Found\"}}"}

  # on_owner calls where the room is: with request routing on the node that the id
  # names, after a look whether it is there, as the main branch does.
  defp on_owner(id, function) do
    with true <- Double.get(:routing),
         {:ok, owner} <- owner(id),
         {:ok, _} <- call(owner, :find_room, id) do
      call(owner, function, id)
    else
      false when function == :get_room -> Double.Service.find(id)
      false -> Double.Service.delete(id)
      error -> error
    end
  end

  defp call(node, function, id) do
    try do
      :erpc.call(node, Fishjam.Local.RoomService, function, [id])
    catch
      class, reason -> {:error, {class, reason}}
    end
  end

  defp owner(id) do
    hex = :lists.last(:binary.split(id, "-", [:global]))

    try do
      name = :erlang.binary_to_existing_atom(:erlang.list_to_binary(unhex(:erlang.binary_to_list(hex))), :utf8)
      if :lists.member(name, [node() | :erlang.nodes()]), do: {:ok, name}, else: {:error, :room_not_found}
    catch
      _, _ -> {:error, :room_not_found}
    end
  end

  defp unhex([a, b | rest]), do: [:erlang.list_to_integer([a, b], 16) | unhex(rest)]
  defp unhex([]), do: []

  # params reads the few keys that tests send.
  defp params(body) do
    :maps.from_list(
      :lists.filtermap(
        fn {name, key} ->
          case :re.run(body, ["\"", name, "\"\\s*:\\s*\"([^\"]*)\""], [{:capture, :all_but_first, :binary}]) do
            {:match, [value]} -> {true, {key, value}}
            :nomatch -> false
          end
        end,
        [{"roomId", :room_id}, {"webhookUrl", :webhook_url}]
      )
    )
  end

  defp room(%{id: id, config: config, peers: peers}) do
    ids = if is_map(peers), do: :maps.keys(peers), else: []
    list = :lists.join(",", :lists.map(fn p -> ["{\"id\":\"", p, "\",\"status\":\"disconnected\",\"type\":\"webrtc\",\"tracks\":[],\"metadata\":null}"] end, ids))
    ["{\"id\":\"", id, "\",\"config\":{\"roomId\":\"", :maps.get(:room_id, config, id), "\"},\"components\":[],\"peers\":[", list, "]}"]
  end
end
