// Keep is a node that wants to be called: it listens on a port and keeps it open on the Internet gateway for as long as
// it runs, through reboots of the router and changes of its address.
//
// It needs no router to be tried:
//
//	go run ./cmd/fakeigd run -- go run ./examples/keep
package main

import (
	"context"
	"log"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/igdkit/igdkit/client"
)

const port = 9000

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	l, err := net.ListenTCP("tcp", &net.TCPAddr{Port: port})
	if err != nil {
		log.Fatal(err)
	}
	context.AfterFunc(ctx, func() { l.Close() })

	// These three lines are all that a node needs: it runs on at once, and the port follows as soon as there is a router.
	// An empty IGD_LOCATION means that the network is searched, as it should be outside of tests.
	node := client.Keep(ctx, client.Request{InternalPort: port, AnyPort: true}, client.Options{Gateway: os.Getenv("IGD_LOCATION")})
	defer closePort(node)
	go tell(node)

	for {
		conn, err := l.Accept()
		if err != nil {
			return // interrupted
		}
		log.Printf("%v called", conn.RemoteAddr())
		conn.Close()
	}
}

// tell says what happens to the port: its address is what other nodes must be told.
func tell(node *client.Mapping) {
	for e := range node.Events() {
		log.Print(e)
	}
}

// closePort gives the port back. The router may have gone: it gets two seconds.
func closePort(node *client.Mapping) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := node.Close(ctx); err != nil {
		log.Print(err)
	}
}
