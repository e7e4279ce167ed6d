package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
)

// peer is the program that runs beside a gateway in these tests, in place of a user's:
//
//	peer env             prints the IGD_ variables
//	peer open PORT       opens a port at IGD_LOCATION and prints its external address
//	peer with PORT       opens a port and closes it
//	peer garbage         sends a SOAP request that is none
//	peer search          finds a gateway through IGD_SSDP, or by multicast without it, and prints its address
//	peer wait            prints "started", waits for a signal, prints it and ends with code 7
//	peer exit N          ends with code N
//	peer kill            is killed
func peer(args []string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err := errors.New("unknown command")
	switch args[0] {
	case "env":
		err = nil
		for _, v := range os.Environ() {
			if strings.HasPrefix(v, "IGD_") {
				fmt.Println(v)
			}
		}
	case "open":
		_, err = peerOpen(ctx, args[1])
	case "with":
		var m *client.Mapping
		if m, err = peerOpen(ctx, args[1]); err == nil {
			err = m.Close(ctx)
		}
	case "garbage":
		err = peerGarbage(ctx)
	case "search":
		err = peerSearch(ctx)
	case "wait":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, cli.Forwarded()...)
		fmt.Println("started")
		fmt.Println("got", <-signals)
		return 7
	case "exit":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return n
	case "kill":
		self, _ := os.FindProcess(os.Getpid())
		err = self.Kill()
		<-ctx.Done()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		return 1
	}
	return 0
}

func peerOpen(ctx context.Context, port string) (*client.Mapping, error) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	location := os.Getenv("IGD_LOCATION")
	if location == "" {
		return nil, errors.New("IGD_LOCATION is not set")
	}
	m, err := client.Map(ctx, client.Request{InternalPort: uint16(n)}, client.Options{Gateway: location})
	if err != nil {
		return nil, err
	}
	for _, e := range m.Entries() {
		fmt.Println("open", e.External)
	}
	return m, nil
}

func peerGarbage(ctx context.Context) error {
	g, err := client.Find(ctx, client.Options{Gateway: os.Getenv("IGD_LOCATION")})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", g.Service.ControlURL, strings.NewReader("garbage"))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func peerSearch(ctx context.Context) error {
	g, err := client.Find(ctx, client.Options{SSDP: os.Getenv("IGD_SSDP")})
	if err != nil {
		return err
	}
	ip, err := g.ExternalIP(ctx)
	if err != nil {
		return err
	}
	fmt.Println("found", g.Location, ip)
	return nil
}
