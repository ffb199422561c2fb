// Package pb is what travels on the two websockets and in webhooks: protobuf
// messages with the field numbers of Fishjam 0.6 and Jellyfish 0.5. Package
// names are not on the wire, so one set of definitions serves both.
package pb

//go:generate go build -o ../build/protoc-gen-go google.golang.org/protobuf/cmd/protoc-gen-go
//go:generate protoc --plugin=../build/protoc-gen-go --go_out=. --go_opt=paths=source_relative peer.proto server.proto
