# elixir compile.exs FOLDER OUT: compiles the double. For each module OUT gets
# MODULE.beam, for the release of OTP that runs this and later ones, and
# MODULE.forms, the abstract code that any release can compile; and the file
# "release".
[folder, out] = System.argv()
files = Path.wildcard(Path.join(folder, "*.ex"))
{:ok, modules, warnings} = Kernel.ParallelCompiler.compile_to_path(files, out)
if warnings != [], do: System.halt(2)

for module <- modules do
  beam = Path.join(out, "#{module}.beam")
  {:ok, {_, [debug_info: {:debug_info_v1, backend, data}, imports: imports]}} =
    :beam_lib.chunks(String.to_charlist(beam), [:debug_info, :imports])

  for {used, function, _} <- imports, match?("Elixir." <> _, to_string(used)), used not in modules do
    IO.puts(:stderr, "#{inspect(module)} calls #{inspect(used)}.#{function}, which is not there without Elixir")
    System.halt(3)
  end

  {:ok, forms} = backend.debug_info(:erlang_v1, module, data, [])
  File.write!(Path.join(out, "#{module}.forms"), :erlang.term_to_binary(forms, [:compressed]))
end

File.write!(Path.join(out, "release"), System.otp_release())
