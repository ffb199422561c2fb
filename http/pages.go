package httpapi

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/fjord-media/fjord/http/assets"
)

// page is a file that is served to anybody: what it shows is asked for with
// the token.
type page struct{ path, file, kind string }

func pages() []page {
	const html, script, style = "text/html; charset=utf-8", "text/javascript; charset=utf-8", "text/css; charset=utf-8"
	list := []page{
		{"/openapi.json", "openapi.json", jsonType},
		{"/docs", "docs.html", html},
		{"/docs/start.js", "start.js", script},
		{"/docs/swagger-ui.css", "swagger/swagger-ui.css.gz", style},
		{"/docs/swagger-ui-bundle.js", "swagger/swagger-ui-bundle.js.gz", script},
		{"/dashboard", "dashboard/index.html", html},
		{"/dashboard/style.css", "dashboard/style.css", style},
	}
	for _, module := range []string{"app", "api", "peer", "view", "wire", "media"} {
		list = append(list, page{"/dashboard/" + module + ".js", "dashboard/" + module + ".js", script})
	}
	return list
}

// policy of our pages: nothing comes from elsewhere, but rooms may be on other
// nodes.
const pagePolicy = "default-src 'self'; connect-src *; img-src 'self' data:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

func (a *api) pageRoutes(r gin.IRoutes) {
	for _, p := range pages() {
		r.GET(p.path, func(c *gin.Context) {
			if err := p.serve(c); err != nil {
				a.internalError(c, err)
			}
		})
	}
}

func (p page) serve(c *gin.Context) error {
	content, err := assets.Read(p.file)
	if err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	if strings.HasSuffix(p.file, ".gz") {
		if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
			c.Header("Content-Encoding", "gzip")
		} else if content, err = unzip(content); err != nil {
			return fmt.Errorf("unpack page: %w", err)
		}
		c.Header("Vary", "Accept-Encoding")
	}
	c.Header("Content-Security-Policy", pagePolicy)
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, p.kind, content)
	return nil
}

func unzip(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
