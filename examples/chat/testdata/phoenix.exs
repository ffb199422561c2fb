# The Elixir side of the chat, as an application with Phoenix.PubSub 2 has it:
# the pg scope, the adapter's worker, and one subscriber of "room:1" that hears
# every broadcast and answers it. It takes nothing but Elixir itself.

defmodule Phoenix.Socket.Broadcast do
  defstruct topic: nil, event: nil, payload: nil
end

defmodule Gossipy.Worker do
  use GenServer

  @scope Phoenix.PubSub
  @group Gossipy.PubSub.Adapter

  def start_link(hears), do: GenServer.start_link(__MODULE__, hears, name: @group)

  def broadcast(topic, message) do
    for pid <- :pg.get_members(@scope, @group), node(pid) != node() do
      send(pid, {:forward_to_local, topic, message, Phoenix.Channel.Server})
    end
  end

  @impl true
  def init(hears) do
    :ok = :pg.join(@scope, @group, self())
    {:ok, hears}
  end

  @impl true
  def handle_info({:forward_to_local, topic, message, dispatcher}, hears) do
    hears.(topic, message, dispatcher)
    {:noreply, hears}
  end
end

defmodule Gossipy.Subscriber do
  def hears(topic, message, dispatcher) do
    %Phoenix.Socket.Broadcast{topic: ^topic, event: "shout", payload: payload} = message
    IO.puts("heard #{topic} #{inspect(dispatcher)} #{inspect(payload)}")

    with "room:1" <- topic, %{"message" => "ask " <> question} <- payload do
      answer = %{"message" => "answer " <> question, "of" => %{"list" => [1, 2.5, nil, true, "ä"]}}
      Gossipy.Worker.broadcast(topic, %{message | payload: answer})
    end
  end
end

{:ok, _} = :pg.start_link(Phoenix.PubSub)

{:ok, _} = Gossipy.Worker.start_link(&Gossipy.Subscriber.hears/3)

IO.puts("phoenix is up")
Process.sleep(:infinity)
