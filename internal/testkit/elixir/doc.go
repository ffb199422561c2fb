// Package elixir puts doubles of the original media server beside Fjord nodes:
// BEAM nodes that make exactly the calls of one of its generations, answer
// them, keep rooms and take part in PubSub.
//
// The double is a small Elixir program of our own in the folder double. It is
// compiled by the system's Elixir and runs on nodes of any OTP release without
// Elixir: its modules call nothing but Erlang's own.
package elixir
