package httpapi

import "regexp"

// RoutesForTest lists the routes of an API as "METHOD /path/{param}".
func RoutesForTest(opts Options) []string {
	a := newAPI(opts)
	var list []string
	for _, r := range a.routes().Routes() {
		list = append(list, r.Method+" "+regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}"))
	}
	return list
}
