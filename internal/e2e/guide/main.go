// Command guide is the program of goupnp's GUIDE.md ("Internet Gateways"): it searches for the three connection services, takes what it finds,
// asks for the external address and forwards TCP port 8080 for an hour. Two things are of its own: where a search finds several services it
// takes the first of them instead of none, and it says what happened in lines that a test can read.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/huin/goupnp/dcps/internetgateway2"
	"github.com/huin/goupnp/soap"
)

func main() {
	if err := forward(); err != nil {
		if f, ok := errors.AsType[*soap.SOAPFaultError](err); ok {
			fmt.Println("code", f.Detail.UPnPError.Errorcode)
		}
		fmt.Println("failed", err)
		os.Exit(1)
	}
	fmt.Println("open")
}

func forward() error {
	client, err := pick()
	if err != nil {
		return err
	}
	fmt.Println("found")
	address, err := client.GetExternalIPAddress()
	if err != nil {
		return err
	}
	fmt.Println("address", address)
	return client.AddPortMapping("", 8080, "TCP", 8080, client.LocalAddr().String(), true, "stranger", 3600)
}

// router is what the three services have in common.
type router interface {
	AddPortMapping(remote string, external uint16, protocol string, internal uint16, client string, enabled bool, text string, lease uint32) error
	GetExternalIPAddress() (string, error)
	LocalAddr() net.IP
}

func pick() (router, error) {
	var ip1 []*internetgateway2.WANIPConnection1
	var ip2 []*internetgateway2.WANIPConnection2
	var ppp1 []*internetgateway2.WANPPPConnection1
	var errs [3]error
	var wait sync.WaitGroup
	wait.Go(func() { ip1, _, errs[0] = internetgateway2.NewWANIPConnection1Clients() })
	wait.Go(func() { ip2, _, errs[1] = internetgateway2.NewWANIPConnection2Clients() })
	wait.Go(func() { ppp1, _, errs[2] = internetgateway2.NewWANPPPConnection1Clients() })
	wait.Wait()
	switch err := errors.Join(errs[:]...); {
	case err != nil:
		return nil, err
	case len(ip2) > 0:
		return ip2[0], nil
	case len(ip1) > 0:
		return ip1[0], nil
	case len(ppp1) > 0:
		return ppp1[0], nil
	}
	return nil, errors.New("no services found")
}
