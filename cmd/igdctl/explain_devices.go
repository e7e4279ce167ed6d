package main

import (
	"errors"
	"net"
	"runtime"
	"strings"

	"github.com/igdkit/igdkit/client"
)

// explainDevices explains a search that found nothing, or a device that is no gateway.
func explainDevices(err error) (failure, bool) {
	if e, ok := errors.AsType[*client.DiscoveryError](err); ok {
		for _, d := range e.Devices {
			if d.Reason != client.NoService || d.SwitchedOff() {
				return explainDevice(d, true), true
			}
		}
		if asked, ok := errors.AsType[*askedError](err); ok {
			if name, ok := errors.AsType[*net.DNSError](err); ok {
				return failure{kind: "unreachable", exit: exitBroken, message: asked.where + " cannot be asked" + because(name), hints: []string{
					"igdctl discover without --ssdp and IGD_SSDP searches the whole network"}}, true
			}
			return failure{kind: "no_gateway", exit: exitNoGateway, message: "no gateway answered at " + asked.where,
				hints: []string{"igdctl discover without --ssdp and IGD_SSDP searches the whole network"}}, true
		}
		if f, ok := explainKeptIn(e, runtime.GOOS); ok {
			return f, true
		}
		f := failure{kind: "no_gateway", exit: exitNoGateway, message: "no gateway answered", hints: []string{
			"UPnP may be switched off: look for \"UPnP\" in the settings of the router",
			"igdctl doctor looks for what is in the way on this computer and in the network",
		}}
		switch {
		case len(e.Interfaces) > 0 && errors.Is(e.Interfaces[0], client.ErrNoNetwork) && e.Interfaces[0].Interface == "":
			f.message = "this computer is on no network with a router"
			f.hints = []string{"plug in the cable, or switch on the wireless network"}
		case e.VPN:
			f.message += " on " + strings.Join(e.Searched, ", ") + ": only a VPN is up, and no network with a router"
			f.hints = []string{"connect this computer to the router, by cable or the wireless network"}
		case len(e.Searched) > 0:
			f.message += " on " + strings.Join(e.Searched, ", ")
		case len(e.Interfaces) > 0:
			f.message = "no network could be searched for a gateway: " + e.Interfaces[0].Error()
			f.hints = []string{"--interface names the one towards the router", "igdctl status --gateway ADDRESS asks the router at that address directly"}
		}
		return f, true
	}
	if e, ok := errors.AsType[*client.NotGatewayError](err); ok {
		return explainDevice(e, false), true
	}
	if errors.Is(err, client.ErrNoGateway) {
		return failure{kind: "no_gateway", exit: exitNoGateway, message: err.Error()}, true
	}
	return failure{}, false
}

// explainDevice explains one device, that a search found or that the user named.
func explainDevice(e *client.NotGatewayError, found bool) failure {
	if kept, ok := errors.AsType[*client.OutboundError](e); ok {
		return failure{kind: "filtered", exit: exitBroken, message: keptInText(kept), hints: letOut(runtime.GOOS)}
	}
	f := failure{kind: "protocol", exit: exitBroken, hints: deviceHints(e, found)}
	switch e.Reason {
	case client.NoService:
		f.kind, f.exit = "no_gateway", exitNoGateway
		f.message = e.Location + " is a UPnP device, but no gateway"
		if e.SwitchedOff() {
			f.message = e.Location + " is a router, and offers nothing that opens ports: UPnP is switched off there, or has no connection to work on"
			f.hints = []string{"look for \"UPnP\" in the settings of the router, and switch it on"}
		}
	case client.Unreachable:
		f.kind = "unreachable"
		f.message = e.Location + " cannot be reached" + because(e.Err)
	case client.HangsUp:
		f.message = e.Location + " closes the connection without an answer"
	case client.Silent:
		f.kind = "timeout"
		f.message = e.Location + " does not answer"
		f.hints = append(f.hints, longer(e)...)
	case client.Slow:
		f.kind = "timeout"
		f.message = e.Location + " is too slow: its description does not end in time"
		f.hints = append(f.hints, longer(e)...)
	case client.TooLarge:
		f.message = e.Location + " is no gateway: what it sends has no end"
	case client.HTTPFailure:
		f.message = e.Location + " does not answer as a gateway" + because(e.Err)
	case client.BadLocation:
		f.message = e.Location + " cannot be used as a gateway" + because(e.Err)
	default:
		f.message = e.Location + " is no gateway: it sends no device description"
	}
	return f
}

// deviceHints are what to do about it.
func deviceHints(e *client.NotGatewayError, found bool) []string {
	if !found {
		return []string{discoverHint}
	}
	switch e.Reason {
	case client.Unreachable, client.HangsUp, client.Silent, client.Slow, client.HTTPFailure:
		return []string{"restart the router: it answers searches, and not what comes after them"}
	}
	return []string{"look for a new firmware of the router, or forward the port in its settings"}
}

// longer is the hint that waits longer. Only the description at a URL that is named is waited for as long as --timeout says.
func longer(e *client.NotGatewayError) []string {
	if !strings.HasPrefix(e.Location, "http://") {
		return nil
	}
	return []string{"--gateway " + e.Location + " --timeout 2m waits longer"}
}
