// Command fjord is the Fjord media server.
package main

func main() {}
