package main

import "github.com/fjord-media/fjord/epmd"

// runEPMD is Erlang's epmd program.
func runEPMD(c call) int { return epmd.Main(c.args, c.stdout, c.stderr, c.getenv) }
