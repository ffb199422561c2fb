// Command emptygin serves an empty handler of the HTTP framework, for the
// benchmarks to compare with: no handler of ours can be faster. It prints its
// address and ends with its standard input.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	routes := gin.New()
	routes.NoRoute(func(c *gin.Context) { c.Status(http.StatusOK) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	server := &http.Server{Handler: routes, ReadHeaderTimeout: time.Minute}
	time.AfterFunc(0, func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	})
	_ = server.Serve(l) // always an error: it was closed
}
