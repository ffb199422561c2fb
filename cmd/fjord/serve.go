package main

import (
	"context"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/internal/logx"
)

// serve runs the server until ctx is done.
func serve(ctx context.Context, cfg config.Config, log *logx.Logger) error {
	main := log.Slog("main")
	main.Info("Starting Fjord " + version + " (" + cfg.GitCommit + ")")
	main.Info(cfg.DistributionLine(""))
	main.Info(cfg.WebRTCLine())
	main.Info(cfg.ComponentsLine())
	<-ctx.Done()
	return nil
}
