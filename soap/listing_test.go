package soap

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const listingBegin = `<p:PortMappingList xmlns:p="urn:schemas-upnp-org:gw:WANIPConnection" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` +
	`xsi:schemaLocation="urn:schemas-upnp-org:gw:WANIPConnection http://www.upnp.org/schemas/gw/WANIPConnection-v2.xsd">`

func TestWritePortListing(t *testing.T) {
	want := listingBegin + `<p:PortMappingEntry><p:NewRemoteHost></p:NewRemoteHost><p:NewExternalPort>8080</p:NewExternalPort><p:NewProtocol>TCP</p:NewProtocol>` +
		`<p:NewInternalPort>80</p:NewInternalPort><p:NewInternalClient>192.168.1.10</p:NewInternalClient><p:NewEnabled>1</p:NewEnabled>` +
		`<p:NewDescription>a &amp; b</p:NewDescription><p:NewLeaseTime>3600</p:NewLeaseTime></p:PortMappingEntry></p:PortMappingList>`
	entries := []PortListingEntry{{ExternalPort: 8080, Protocol: "TCP", InternalPort: 80, InternalClient: "192.168.1.10", Enabled: true, Description: "a & b", Lease: time.Hour + time.Millisecond}}
	got := WritePortListing(entries)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	back, quirks, err := ParsePortListing(got)
	entries[0].Lease = time.Hour
	if d := cmp.Diff(entries, back); d != "" || err != nil || len(quirks) > 0 {
		t.Errorf("%v, forgiven %q (-want +got)\n%s", err, quirks, d)
	}
	if got, want := WritePortListing(nil), listingBegin+"</p:PortMappingList>"; got != want {
		t.Errorf("empty: %q", got)
	}
}

func TestParsePortListing(t *testing.T) {
	full := `<PortMappingEntry><NewRemoteHost/><NewExternalPort>1</NewExternalPort><NewProtocol>UDP</NewProtocol><NewInternalPort>2</NewInternalPort>` +
		`<NewInternalClient>10.0.0.1</NewInternalClient><NewEnabled>0</NewEnabled><NewDescription/><NewLeaseTime>0</NewLeaseTime></PortMappingEntry>`
	one := PortListingEntry{ExternalPort: 1, Protocol: "UDP", InternalPort: 2, InternalClient: "10.0.0.1"}
	with := func(change func(*PortListingEntry)) PortListingEntry {
		e := one
		change(&e)
		return e
	}
	tests := []struct {
		name, s string
		want    []PortListingEntry
		quirks  []string
	}{
		{"empty", " ", nil, nil},
		{"empty list", "<PortMappingList/>", nil, nil},
		{"no namespace", "<PortMappingList>" + full + full + "</PortMappingList>", []PortListingEntry{one, one}, nil},
		{"no list around", full, []PortListingEntry{one}, nil},
		{"cut short", listingBegin + full + "<p:PortMappingEntry><p:NewRemo", []PortListingEntry{one, {Unknown: []string{"NewRemoteHost", "NewExternalPort", "NewProtocol",
			"NewInternalPort", "NewInternalClient", "NewEnabled", "NewDescription", "NewLeaseTime"}}}, []string{XMLTruncated, ArgMissing}},
		{"names of the action", "<PortMappingList>" + strings.NewReplacer("NewDescription", "NewPortMappingDescription", "NewLeaseTime", "NewLeaseDuration").Replace(full) + "</PortMappingList>",
			[]PortListingEntry{one}, []string{ListingArgNames}},
		{"names in another case", "<PortMappingList>" + strings.ReplaceAll(full, "NewProtocol", "newProtocol") + "</PortMappingList>", []PortListingEntry{one}, []string{ArgCase}},
		{"lease unreadable", "<PortMappingList>" + strings.Replace(full, "<NewLeaseTime>0", "<NewLeaseTime>-1", 1) + "</PortMappingList>",
			[]PortListingEntry{with(func(e *PortListingEntry) { e.Unknown = []string{"NewLeaseTime"} })}, []string{ValueUnreadable}},
		{"blanks", "<PortMappingList>" + strings.Replace(full, "10.0.0.1", " 10.0.0.1\n", 1) + "</PortMappingList>", []PortListingEntry{one}, []string{ValueBlanks}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, quirks, err := ParsePortListing(tt.s)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if d := cmp.Diff(tt.quirks, quirks, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("quirks (-want +got)\n%s", d)
			}
		})
	}
	var syntax *SyntaxError
	if _, _, err := ParsePortListing("<html/>"); !errors.As(err, &syntax) {
		t.Errorf("a page: %v, want *SyntaxError", err)
	}
}
