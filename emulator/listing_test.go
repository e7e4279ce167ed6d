package emulator

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// Without NewManage a range is the caller's own, whoever else has mappings in it.
func TestRangesOfTwoClients(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Clock: clock})
	c.do(ipConnection, 2, "AddPortMapping", add("NewExternalPort", "2003")...)
	c.do(ipConnection, 2, "AddPortMapping", add("NewExternalPort", "2001")...)
	c.as(them).do(ipConnection, 2, "AddPortMapping", add("NewExternalPort", "2002", "NewInternalClient", them)...)
	clock.Advance(time.Minute)
	list := func(c caller, manage string) string {
		t.Helper()
		code, out := c.do(ipConnection, 2, "GetListOfPortMappings",
			"NewStartPort", "2000", "NewEndPort", "2010", "NewProtocol", "TCP", "NewManage", manage, "NewNumberOfPorts", "0")
		if code != 0 {
			return fmt.Sprint("error ", code)
		}
		entries, _, err := soap.ParsePortListing(out[0].Value)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range entries {
			all = append(all, fmt.Sprint(e.ExternalPort, " ", e.InternalClient, " ", e.Lease))
		}
		return strings.Join(all, ", ")
	}
	want := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	theirs := "2002 127.0.0.2 59m0s"
	want("our list", list(c, "0"), "2001 127.0.0.1 59m0s, 2003 127.0.0.1 59m0s")
	want("their list", list(c.as(them), "0"), theirs)
	want("everybody's list", list(c, "1"), "2001 127.0.0.1 59m0s, "+theirs+", 2003 127.0.0.1 59m0s")
	remove := func(manage string) int {
		code, _ := c.do(ipConnection, 2, "DeletePortMappingRange",
			"NewStartPort", "2000", "NewEndPort", "2010", "NewProtocol", "TCP", "NewManage", manage)
		return code
	}
	for i, step := range []struct {
		manage string
		code   int
	}{{"1", 606}, {"0", 0}, {"0", 730}} {
		if got := remove(step.manage); got != step.code {
			t.Errorf("deletion %d: error %d, want %d", i, got, step.code)
		}
	}
	want("what is left", list(c, "1"), theirs)
}

// miniupnpc does not decode the listing: it must be found in the body as it is, in a CDATA section like miniupnpd's.
func TestListingIsCDATA(t *testing.T) {
	c := call1(t, Options{})
	c.do(ipConnection, 2, "AddPortMapping", add("NewPortMappingDescription", "]]> & <b>")...)
	urn := serviceURN + ipConnection + ":2"
	reply := c.request("POST", c.path(ipConnection), http1.Fields{{Name: "SOAPAction", Value: `"` + urn + `#GetListOfPortMappings"`}},
		soap.WriteRequest(urn, "GetListOfPortMappings", []soap.Arg{
			{Name: "NewStartPort", Value: "0"}, {Name: "NewEndPort", Value: "65535"}, {Name: "NewProtocol", Value: "TCP"},
			{Name: "NewManage", Value: "1"}, {Name: "NewNumberOfPorts", Value: "0"},
		}))
	for _, want := range []string{"<NewPortListing><![CDATA[<p:PortMappingList ", "<p:NewExternalPort>8080</p:NewExternalPort>", "</p:PortMappingList>]]></NewPortListing>"} {
		if !strings.Contains(string(reply.Body), want) {
			t.Errorf("no %s in\n%s", want, reply.Body)
		}
	}
	_, out := c.read(reply, urn, "GetListOfPortMappings")
	if entries, _, err := soap.ParsePortListing(out[0].Value); err != nil || len(entries) != 1 || entries[0].Description != "]]> & <b>" {
		t.Errorf("listing %+v, %v", entries, err)
	}
}
